"""The questions of each chapter to check oneself, and the numbers in their answers.

A number in an answer that is not in its question needs a function here, such as
`@answers("05", 2)`, which computes what the answer has to say. To add a chapter, write
its section, and these functions.
"""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers import windows
from nlp_helpers.transformer import Transformer, TransformerConfig

from tools import chapters

keras = tf.keras
HEADING = "## Check yourself"
QUESTION = re.compile(
    r"\*\*(\d+)\.\*\* (.+?)\n\n"
    r"<details><summary>Answer</summary>\n\n(.+?)\n\n</details>",
    re.DOTALL,
)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
COMPUTED = {}  # (chapter, question): what its answer must say


def answers(chapter, question):
    """Register a function from `definitions` to strings that the answer contains."""

    def register(compute):
        assert (chapter, question) not in COMPUTED
        COMPUTED[chapter, question] = compute
        return compute

    return register


# What the answers say


@answers("01", 1)
def loss_of_a_new_network(definitions):
    chapter = definitions("01", "make_model", vocab_size=65)
    keras.utils.set_random_seed(42)
    ids = np.random.default_rng(42).integers(1, 65, size=[8, 65])
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = float(crossentropy(ids[:, 1:], chapter.make_model()(ids[:, :-1])))
    return f"= {loss:.2f} nats", f"a perplexity of {np.exp(loss):.0f}"


@answers("01", 2)
def weights_of_a_gru(definitions):
    model = definitions("01", "make_model", vocab_size=65).make_model()
    return f"= {model.layers[1].count_params():,}", f"{model.count_params():,} weights"


@answers("01", 3)
def numbers_of_windows(definitions):
    chapter = definitions("01", "classic_windows")
    ids = np.arange(1_000)
    classic = len(list(chapter.classic_windows(ids, 100, batch_size=1)))
    return f"{classic} windows", f"{len(windows.sequential(ids, 100, 1))} and not"


@answers("01", 4)
def temperatures(definitions):
    logits = np.log([0.8, 0.2])
    low, high = (tf.nn.softmax(logits / T).numpy() for T in [0.5, 2])
    return [f"{p[0]:.2f} and {p[1]:.2f}" for p in (low, high)]


@answers("01", 5)
def characters_read_again(definitions):
    short, long = (sum(range(1, n + 1)) for n in (200, 400))
    times = f"{long:,} for the longer text: {long / short:.0f} times"
    return f"{short:,} characters", times, f"reads {400 / 200:.0f} times"


@answers("02", 1)
def places_of_streams(definitions):
    streams = definitions("02", "streams_by_zip").streams_by_zip
    batches = list(streams(np.arange(1_001), n_steps=25, batch_size=4))
    return f"{len(batches)} windows", f"character {batches[0][0][2, 0]}"


@answers("02", 2)
def reach_of_the_gradient(definitions):
    n_steps = definitions("02", "n_steps").n_steps
    gru = keras.layers.GRU(4, return_sequences=True, stateful=True)
    inputs = tf.random.stateless_normal([1, 2 * n_steps, 3], [1, 2])
    reached = []
    for step in [n_steps - 1, 0]:  # of the second window
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            gru(inputs[:, :n_steps])
            output = gru(inputs[:, n_steps:])[:, step]
        gradient = tape.gradient(output, inputs)
        reached.append(np.count_nonzero(np.any(gradient[0], axis=-1)))
    return f"all {reached[0]} characters", f"from the first step {reached[1]},"


@answers("02", 3)
def weights_of_a_stateful_model(definitions):
    chapter = definitions("02", "make_model", "n_units", vocab_size=65)
    model = chapter.make_model(batch_size=64, stateful=True)
    n_weights = sum(np.prod(weight.shape) for weight in model.trainable_weights)
    (state,) = model.layers[1].states
    return f"{n_weights:,} weights", f"= {np.prod(state.shape):,} numbers"


@answers("02", 4)
def updates_of_a_pass(definitions):
    ids = np.zeros(980_870, np.int32)
    halved, whole = (len(windows.streams(ids, 32, rows)) for rows in [128, 64])
    assert whole == 2 * halved
    return f"{halved} updates", "128 of them"


@answers("03", 1)
def share_of_padding(definitions):
    padded = definitions("03", "padded").padded
    batch = padded(tf.ragged.constant([[5] * n for n in [4, 0, 7]])).numpy()
    n_padding, share = np.sum(batch == 0), np.mean(batch == 0)
    places = f"{batch.size} places {np.sum(batch > 0)} hold"
    return f"{list(batch.shape)}", places, f"{n_padding} are", f"{100 * share:.0f} %"


@answers("03", 2)
def first_merges(definitions):
    chapter = definitions("03", "learn_bpe", "bpe_pieces")
    words = {"in": 3, "tin": 2, "it": 1}
    first, second = chapter.learn_bpe(words, 2)
    pieces = chapter.bpe_pieces("tin", [first, second])
    n_first = sum(words[word] for word in ("in", "tin"))
    return (
        f"`{' '.join(first)}` occurs {n_first} times",
        f"`{' '.join(second)}` is the most frequent pair, with {words['in']}",
        f"{len(pieces)} pieces, `{' '.join(pieces)}`",
    )


@answers("03", 3)
def size_of_an_embedding(definitions):
    sizes = definitions("03", "vocab_size", "n_oov_buckets")
    n_ids = 1 + sizes.vocab_size + sizes.n_oov_buckets
    network = definitions("03", "make_classic", n_ids=n_ids).make_classic(True)
    embedding, *others = network.layers
    assert embedding.count_params() > 5 * sum(x.count_params() for x in others)
    return f"{n_ids:,} rows", f"{embedding.count_params():,} numbers"


@answers("03", 4)
def loss_of_the_majority_class(definitions):
    labels = np.array([1.0] * 53 + [0.0] * 47)
    loss = keras.losses.BinaryCrossentropy()(labels, np.full(100, 0.53))
    coin = keras.losses.BinaryCrossentropy()(labels, np.full(100, 0.5))
    return f"accuracy is {labels.mean()}", f"= {loss:.3f}", f"= {coin:.3f} of"


@answers("04", 1)
def mean_of_known_words(definitions):
    vectors = np.float32([[1, 1], [0, -2]])
    embed = definitions("04", "TextEmbedding").TextEmbedding(["good", "sad"], vectors)
    x, y = embed(["sad good cow"]).numpy()[0]
    return [f"({x:g}, {y:g})"]


@answers("04", 2)
def weights_of_a_head(definitions):
    head = definitions("04", "make_head").make_head()
    n_weights = keras.Sequential([keras.Input([50]), *head]).count_params()
    return f"{n_weights:,} in all", f"{n_weights + 400_000 * 50:,}"


@answers("04", 3)
def first_steps_of_adagrad(definitions):
    rate, gradient = 0.03, 1e-4
    by_formula = [rate * gradient / (s + gradient**2) ** 0.5 for s in (0.1, 1e-8)]
    weight = tf.Variable(0.0)
    optimizer = definitions("04", "adagrad").adagrad(rate)
    optimizer.apply_gradients([(tf.constant(gradient), weight)])
    return (
        f"the step is {by_formula[0]:.7f}",
        f"it is {by_formula[1]:.3f}",
        f"makes it {-weight.numpy():.3f}",
    )


@answers("04", 4)
def standard_error_of_an_accuracy(definitions):
    return [f"is {(0.66 * 0.34 / 1_002) ** 0.5:.3f}"]


def translator_of(definitions):
    sizes = [SimpleNamespace(size=size) for size in (385, 653)]
    words = dict(zip(["english_words", "spanish_words"], sizes, strict=True))
    return definitions("05", "Translator", "one_way", "two_way", **words)


@answers("05", 1)
def shapes_of_a_translator(definitions):
    chapter = translator_of(definitions)
    network = chapter.Translator(chapter.one_way())
    source, target = (np.ones([32, n], np.int32) for n in (15, 11))
    handed_over = {
        sum(state.shape[-1] for state in network.encode(ids))
        for ids in (source, np.ones([32, 30], np.int32))
    }
    (n_numbers,) = handed_over
    return f"{list(network((source, target)).shape)}", f"{n_numbers} numbers"


@answers("05", 2)
def weights_of_encoders(definitions):
    chapter = translator_of(definitions)
    encoders = chapter.one_way(), chapter.two_way()
    for encoder in encoders:
        encoder(tf.ones([1, 1, 128]))
    return [f"{encoder.count_params():,}" for encoder in encoders]


@answers("05", 3)
def exact_matches_by_length(definitions):
    return [f"{{{n}}}$ = {0.9**n:.2f}" for n in (10, 20)]


@answers("05", 4)
def accuracy_of_padding(definitions):
    masked_accuracy = definitions("05", "masked_accuracy").masked_accuracy
    targets = tf.ragged.constant([[5] * n for n in (4, 6, 10)]).to_tensor()
    logits = tf.one_hot(tf.zeros_like(targets), 6)  # the id 0 is padding
    n_padding, n_places = np.sum(targets == 0), tf.size(targets).numpy()
    return (
        f"{n_padding} of the {n_places} places",
        f"{n_padding / n_places:.2f} of",
        f"accuracy is {masked_accuracy(targets, logits):.0f}.",
    )


@answers("06", 1)
def two_beams_in_the_tree(definitions):
    names = ["plain_beam_search", "best_words_of_tree", "all_sentences"]
    chapter = definitions("06", *names)
    beams = chapter.plain_beam_search(chapter.best_words_of_tree, 2, max_length=5)
    assert [words[:-1] for words, _ in beams] == [
        ("How", "are", "you"),
        ("How", "are", "you", "doing"),
    ]
    found = [np.exp(log_prob) for _, log_prob in beams]
    of_all = sorted((p for _, p in chapter.all_sentences()), reverse=True)
    assert np.isclose(of_all[0], found[0])
    assert sum(found[1] + 1e-9 < p < found[0] - 1e-9 for p in of_all) == 4
    what_is_it = dict(chapter.all_sentences())["What", "is", "it", "<eos>"]
    return *(f"with {p:.4f}" for p in found), f"with {what_is_it:.1f}"


@answers("06", 2)
def candidates_of_a_step(definitions):
    return f"= {5 * 653:,} candidates", f"{5 * 5} are left"


@answers("06", 3)
def scores_of_two_lengths(definitions):
    score = definitions("06", "normalised").normalised(1)
    beams = [((0,) * n, n * np.log(p)) for n, p in [(4, 0.5), (10, 0.7)]]
    short, long = (log_prob for _, log_prob in beams)
    divisors = [log_prob / score((words, log_prob)) for words, log_prob in beams]
    return (
        f"short one has {short:.2f} and the long one {long:.2f}",
        "{:.1f} and {:.1f}: ".format(*divisors),
        "{:.2f} and {:.2f}, and".format(*map(score, beams)),
    )


@answers("07", 1)
def contexts_of_three_keys(definitions):
    attend = definitions("07", "attend").attend
    scores = tf.math.log([[[1.0, 2.0, 1.0]]])
    values = tf.constant([[[10.0], [20.0], [90.0]]])
    masks = [[[True, True, True]], [[True, True, False]]]
    whole, padded = (attend(scores, values, tf.constant(m))[0] for m in masks)
    return f"context is {whole[0, 0, 0]:.0f}.", f"context is {padded[0, 0, 0]:.2f}."


@answers("07", 2)
def shape_of_attention_weights(definitions):
    chapter = definitions("07", "attend", "GeneralScores")
    states, queries = tf.ones([64, 12, 256]), tf.ones([64, 9, 256])
    general = chapter.GeneralScores(256)
    scores = general(queries, general.keys(states))
    _, weights = chapter.attend(scores, states, tf.ones([64, 12], bool))
    assert np.allclose(tf.reduce_sum(weights, axis=-1), 1)
    return [f"{list(weights.shape)}"]


@answers("07", 3)
def weights_of_scores(definitions):
    chapter = definitions("07", "GeneralScores", "AdditiveScores")
    states = tf.ones([1, 1, 256])
    layers = chapter.GeneralScores(256), chapter.AdditiveScores(256)
    for layer in layers:
        layer(states, layer.keys(states))
    return [f"{layer.count_params():,}" for layer in layers]


@answers("07", 4)
def recurrent_steps(definitions):
    backward, forward = 5 - 1, 20 - 5
    return f"{backward} steps", f"forward {forward}", f"has {backward + 10}"


@answers("08", 1)
def weights_of_attention(definitions):
    chapter = definitions("08", "Attention4")
    vectors = tf.ones([1, 1, 128])
    layers = [chapter.Attention4(128, n_heads) for n_heads in (4, 8)]
    for layer in layers:
        layer(vectors, vectors)
    (n_weights,) = {layer.count_params() for layer in layers}
    return [f"{n_weights:,} with either"]


@answers("08", 2)
def keys_under_a_causal_mask(definitions):
    chapter = definitions("08", "causal_mask", "attention_2")
    mask = chapter.causal_mask(6)
    V = tf.random.stateless_normal([1, 6, 4], [1, 2])
    without_diagonal = mask & ~tf.eye(6, dtype=bool)
    first = chapter.attention_2(V, V, V, without_diagonal)[:, 0]
    assert np.allclose(first, tf.reduce_mean(V, axis=1), atol=1e-6)
    return [f"+ 6 = {np.sum(mask)}"]


@answers("08", 3)
def products_of_positions(definitions):
    table = definitions("08", "sinusoids").sinusoids(100, 128)
    (product,) = {f"{vector @ vector:.0f}" for vector in table}
    return f"{product} at every position", f"{table.shape[1] // 2} pairs"


@answers("08", 4)
def positions_with_a_cache(definitions):
    sizes = {"d_model": 128, "n_heads": 4, "d_ff": 8, "n_blocks": 2, "max_steps": 100}
    network = Transformer(TransformerConfig(**sizes), source_size=9, target_size=9)
    memory, _ = network.encoder(tf.ones([1, 3], tf.int32))
    _, _, cache = network.decoder(tf.ones([1, 100], tf.int32), memory)
    n_numbers = sum(tf.size(kept).numpy() for kept in tf.nest.flatten(cache))
    recomputed = f"+ 100 = {sum(range(1, 101)):,} positions"
    return recomputed, "a cache 100.", f"= {n_numbers:,} numbers"


@answers("09", 1)
def merges_and_bytes(definitions):
    chapter = definitions("09", "byte_ids", "BYTES", "printable")
    n_ids = len(chapter.byte_ids("한"))
    n_bytes = len(chapter.BYTES)
    return (
        f"{1_000 - n_bytes} merges",
        f"the {n_bytes} bytes",
        f"is {n_ids} bytes, so it is {n_ids} tokens",
    )


@answers("09", 2)
def bits_of_a_character(definitions):
    bits = definitions("09", "bits_per_char").bits_per_char(3.5, range(40), "x" * 100)
    assert bits < 2.2
    return [f"= {bits:.2f} bits per character"]


@answers("09", 3)
def tokens_of_top_p(definitions):
    top_p = definitions("09", "top_p").top_p
    logits, found = tf.math.log([[0.4, 0.3, 0.2, 0.1]]), []
    for p in [0.6, 0.75]:
        kept = tf.nn.softmax(top_p(logits, p))[0].numpy()
        n_kept = np.count_nonzero(kept)
        total = 0.4 / kept[0]
        found += [f"{p} it keeps {n_kept} tokens", f"0.4 / {total:.1f} = {kept[0]:.2f}"]
    return found


@answers("09", 4)
def bytes_of_a_cache(definitions):
    chapter = definitions("09", "GPT", "GPTConfig", "one_step", config=None)
    config = chapter.GPTConfig(5, n_steps=2, d_model=768, n_heads=12, n_blocks=12)
    _, cache = chapter.one_step(chapter.GPT(config), tf.constant([[1]]), 0, [None] * 12)
    a_token = sum(4 * tf.size(kept).numpy() for kept in tf.nest.flatten(cache))
    return (
        f"= {1_024 * a_token:,} bytes",
        f"a third: {1_024 * a_token * 4 // 12:,} bytes",
    )


@answers("10", 1)
def weights_of_lora(definitions):
    low_rank = definitions("10", "LowRank").LowRank
    dense = keras.layers.Dense(384)
    dense.build([None, 384])
    layer = low_rank(dense, 384, rank=4)
    trained = sum(np.prod(weight.shape) for weight in layer.trainable_weights)
    kernels = 12 * np.prod(dense.kernel.shape)
    return (
        f"= {trained:,} weights, and there are {6 * 2} of them",
        f"{12 * trained:,} weights",
        f"= {kernels:,}, which is {kernels / (12 * trained):.0f} times",
    )


@answers("10", 2)
def pieces_of_a_word(definitions):
    pieces = ["un", "una", "##able", "##ble", "##le"]
    known = {piece: id for id, piece in enumerate(pieces)}
    split = definitions("10", "split_word", id_of=known).split_word("unable")
    return [f"`{' '.join(split)}`"]


@answers("10", 3)
def fates_of_tokens(definitions):
    chapter = definitions("10", "mask_tokens", "mask_rate", vocab_size=30_000)
    ids = tf.fill([500, 2_000], 9)
    hidden, chosen = (part.numpy() for part in chapter.mask_tokens(ids, [1, 2]))
    masked = hidden == chapter.MASK
    counts = [chosen, masked, chosen & ~masked & (hidden != 9), chosen & (hidden == 9)]
    per_text = [np.sum(count) / 500 for count in counts]
    rounded = [round(count, -1) for count in per_text]
    assert np.allclose(rounded, per_text, atol=2)
    n_chosen, n_masked, n_random, n_left = map(int, rounded)
    return (
        f"{chapter.mask_rate:.0%}".replace("%", " %"),
        f"about {n_chosen}. About {n_masked} of them",
        f"{n_random} become a random token, and {n_left} stay",
    )


@answers("10", 4)
def ratio_of_probabilities(definitions):
    return [f"= {np.exp(1.4):.1f}."]


@answers("11", 1)
def bytes_and_rounds_of_a_ring(definitions):
    seconds = definitions("11", "all_reduce_seconds").all_reduce_seconds
    sent, rounds = seconds(4, 440, 0, 1), seconds(4, 0, 1, 1)
    return f"2 × 3/4 × 440 = {sent:.0f} MB", f"2 × 3 = {rounds:.0f} rounds"


@answers("11", 2)
def operations_of_a_product(definitions):
    n = definitions("11", "operations").operations([(64, 128, 256, 1)])
    return f"2 × 64 × 128 × 256 = {n:,} operations", f"3 times as many: {3 * n:,}"


@answers("11", 3)
def place_after_a_restart(definitions):
    saved = max(update for update in range(1, 24) if update % 5 == 0)
    epoch = (saved // 16) * 16
    again = list(range(saved + 1, 24))
    return (
        f"after update {saved}, so it goes on with update {saved + 1}",
        f"began with update {epoch + 1}: {saved - epoch} batches",
        f"{again[0]}, {again[1]} and {again[2]} are made again",
    )


@answers("11", 4)
def efficiency_of_a_step(definitions):
    names = {"workers": 2, "cases": {"a step": (60, 1)}, "links": {"a link": ()}}
    found = definitions(
        "11", "efficiency", all_reduce_seconds=lambda *_: np.array(30.0), **names
    )
    plain, hidden = (found.efficiency("a step", "a link", o) for o in [False, True])
    return (
        f"60 / {60 + 30} = {plain:.0%}".replace("%", " %"),
        f"takes {60 * 2 / 3:.0f} ms",
        f"is {hidden:.0%}".replace("%", " %"),
    )


# What every chapter keeps


def section_of(chapter):
    """Return the place and the text of the cell with the questions, or None."""
    cells = enumerate(cell.source for cell in chapter.notebook.cells)
    return next(((k, s) for k, s in cells if s.startswith(f"{HEADING}\n")), None)


CHAPTERS = [chapter for chapter in chapters.read_all() if section_of(chapter)]
QUESTIONS = {  # (chapter, question): the question and its answer
    (chapter.number, int(number)): (question, answer)
    for chapter in CHAPTERS
    for number, question, answer in QUESTION.findall(section_of(chapter)[1])
}


def name_of(place):
    return "-".join(map(str, place))


def says(answer, expected):
    """Say whether a text stands in an answer, and not inside of a longer number."""
    return bool(re.search(rf"(?<![\d.,]){re.escape(expected)}(?![.,]?\d)", answer))


@pytest.mark.parametrize("place", COMPUTED, ids=name_of)
def test_an_answer_says_what_is_computed(place, definitions):
    _, answer = QUESTIONS[place]
    assert [x for x in COMPUTED[place](definitions) if not says(answer, x)] == []


@pytest.mark.parametrize("place", QUESTIONS, ids=name_of)
def test_a_number_that_the_question_does_not_give_is_computed(place):
    given, found = (set(NUMBER.findall(text)) for text in QUESTIONS[place])
    assert found <= given or place in COMPUTED


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.path.stem)
def test_a_chapter_has_questions_with_folded_answers_before_its_exercises(chapter):
    place, section = section_of(chapter)
    numbers = [int(number) for number, _, _ in QUESTION.findall(section)]
    assert 3 <= len(numbers) <= 5
    assert numbers == list(range(1, len(numbers) + 1))
    assert QUESTION.sub("", section).split() == HEADING.split()
    assert chapter.notebook.cells[place + 1].source.startswith("## Exercises")
    assert sum((chapter.number, number) in COMPUTED for number in numbers) >= 2


@pytest.mark.parametrize(
    ("answer", "expected", "is_there"),
    [
        ("It has 900 windows.", "900 windows", True),
        ("It is 0.35, and then less.", "0.35", True),
        ("It is 1,900 windows.", "900 windows", False),
        ("It is 0.355.", "0.35", False),
        ("It is 35,000.", "35", False),
        ("It is 35.", "35", True),
    ],
)
def test_what_an_answer_says(answer, expected, is_there):
    assert says(answer, expected) == is_there
