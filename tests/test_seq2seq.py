"""Batches, loss, model and beam search against plain Python, exhaustion and tfa."""

import heapq
import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import seq2seq
from nlp_helpers.text import Words

keras = tf.keras

few_examples = settings(max_examples=25)
seeds = st.integers(0, 10_000)
penalties = st.sampled_from([0.0, 0.6, 1.0, 2.0])

N_TABLES = 101  # a prime, so that hashes of prefixes spread


def random_tables(seed, batch_size, vocab_size, spread=2.0):
    """Return logits `[batch, N_TABLES, vocab_size]`, other ones for each sentence."""
    shape = [batch_size, N_TABLES, vocab_size]
    return np.random.default_rng(seed).normal(0, spread, shape).astype(np.float32)


def step(ids, state, memory):
    """Look up logits that depend on all the ids so far, and on the sentence."""
    [(code, *_)] = state
    code = (code * 7 + ids + 1) % N_TABLES
    return tf.gather(memory[0], code, batch_dims=1), [(code,)]


def search(tables, **how):
    state = [(tf.zeros([len(tables)], tf.int32),)]
    ids, scores = seq2seq.beam_search(step, state, [tf.constant(tables)], **how)
    return ids.numpy(), scores.numpy()


def log_softmax(logits):
    shifted = np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def next_log_probs(table, ids):
    """Return the log-probabilities of the ids that may follow some ids."""
    code = 0
    for id in (Words.SOS, *ids):
        code = (code * 7 + id + 1) % N_TABLES
    return log_softmax(table[code])


def score_of(beam, length_penalty):
    ids, log_prob = beam
    return log_prob / ((5 + len(ids)) / 6) ** length_penalty


def plain_beam_search(table, beam_width, max_length, length_penalty):
    """Return the best beams `(ids, log-probability)` of one sentence, best first."""
    beams = [((), 0.0)]
    for _ in range(max_length):
        successors = []
        for ids, log_prob in beams:
            if ids[-1:] == (Words.EOS,):
                successors.append((ids, log_prob))
            else:
                log_probs = next_log_probs(table, ids)
                successors += [
                    ((*ids, k), log_prob + p) for k, p in enumerate(log_probs)
                ]
        beams = heapq.nlargest(
            beam_width, successors, key=lambda beam: score_of(beam, length_penalty)
        )
    return beams


def padded(beams, max_length):
    return [[*ids, *[Words.PAD] * (max_length - len(ids))] for ids, _ in beams]


# Beam search


@few_examples
@given(seed=seeds, length_penalty=penalties, data=st.data())
def test_beam_search_equals_plain_python(seed, length_penalty, data):
    vocab_size = data.draw(st.integers(5, 9))
    beam_width = data.draw(st.integers(1, vocab_size))
    max_length = data.draw(st.integers(1, 6))
    tables = random_tables(seed, 3, vocab_size)
    ids, scores = search(
        tables,
        beam_width=beam_width,
        max_length=max_length,
        length_penalty=length_penalty,
    )
    assert ids.shape == (3, beam_width, max_length)
    assert ids.dtype == np.int32
    for table, ids_of_one, scores_of_one in zip(tables, ids, scores, strict=True):
        beams = plain_beam_search(table, beam_width, max_length, length_penalty)
        expected = [score_of(beam, length_penalty) for beam in beams]
        np.testing.assert_allclose(scores_of_one, expected, rtol=1e-4)
        np.testing.assert_array_equal(ids_of_one, padded(beams, max_length))


@few_examples
@given(seed=seeds, length_penalty=penalties)
def test_a_width_that_holds_all_sequences_is_an_exhaustive_search(seed, length_penalty):
    possible, max_length, vocab_size = (Words.EOS, 5, 9), 4, 40
    # The width may not be above the number of ids: most of these are impossible.
    tables = random_tables(seed, 2, vocab_size)
    tables[:, :, np.setdiff1d(range(vocab_size), possible)] = -1e6
    ended = [
        (*words, Words.EOS)
        for n in range(max_length)
        for words in itertools.product(possible[1:], repeat=n)
    ]
    cut_off = list(itertools.product(possible[1:], repeat=max_length))
    ids, scores = search(
        tables,
        beam_width=vocab_size,
        max_length=max_length,
        length_penalty=length_penalty,
    )
    assert len(ended + cut_off) == 31 <= vocab_size
    for table, ids_of_one, scores_of_one in zip(tables, ids, scores, strict=True):
        beams = [
            (s, sum(next_log_probs(table, s[:k])[id] for k, id in enumerate(s)))
            for s in ended + cut_off
        ]
        beams.sort(key=lambda beam: -score_of(beam, length_penalty))
        expected = [score_of(beam, length_penalty) for beam in beams]
        np.testing.assert_allclose(scores_of_one[:31], expected, rtol=1e-4)
        np.testing.assert_array_equal(ids_of_one[:31], padded(beams, max_length))


@few_examples
@given(seed=seeds)
def test_width_1_takes_the_most_likely_id_at_each_step(seed):
    tables = random_tables(seed, 4, 6)
    ids, scores = search(tables, beam_width=1, max_length=8)
    for table, [ids_of_one], [score] in zip(tables, ids, scores, strict=True):
        greedy, total = (), 0.0
        while len(greedy) < 8 and greedy[-1:] != (Words.EOS,):
            log_probs = next_log_probs(table, greedy)
            greedy = (*greedy, int(np.argmax(log_probs)))
            total += log_probs.max()
        assert list(ids_of_one[: len(greedy)]) == list(greedy)
        assert score == pytest.approx(total, rel=1e-4)


@few_examples
@given(seed=seeds, length_penalty=penalties, n_best=st.integers(1, 4))
def test_stopping_early_changes_nothing(seed, length_penalty, n_best):
    how = {"beam_width": 4, "max_length": 10, "length_penalty": length_penalty}
    tables = random_tables(seed, 5, 6)
    all_ids, all_scores = search(tables, **how)
    ids, scores = search(tables, **how, n_best=n_best)
    np.testing.assert_array_equal(ids, all_ids[:, :n_best])
    np.testing.assert_array_equal(scores, all_scores[:, :n_best])


def test_stops_when_no_live_beam_can_win():
    tables = random_tables(0, 3, 6, spread=0.1)
    tables[:, :, Words.EOS] = 9.0  # the end is all but certain at once
    calls = []

    def counting_step(ids, state, memory):
        calls.append(ids)
        return step(ids, state, memory)

    state = [(tf.zeros([3], tf.int32),)]
    for n_best, n_steps in [(1, 1), (2, 2), (4, 2)]:
        calls.clear()
        seq2seq.beam_search(
            *(counting_step, state, [tf.constant(tables)]),
            beam_width=4,
            max_length=50,
            n_best=n_best,
        )
        assert len(calls) == n_steps


@few_examples
@given(seed=seeds, length_penalty=penalties)
def test_the_score_is_the_penalised_log_probability_up_to_eos(seed, length_penalty):
    tables = random_tables(seed, 4, 7)
    tables[:, :, Words.EOS] += 1.5
    ids, scores = search(
        tables, beam_width=5, max_length=7, length_penalty=length_penalty
    )
    assert Words.EOS in ids
    for table, beams, scores_of_one in zip(tables, ids, scores, strict=True):
        assert list(scores_of_one) == sorted(scores_of_one, reverse=True)
        assert len({tuple(beam) for beam in beams}) == 5
        for beam, score in zip(beams.tolist(), scores_of_one, strict=True):
            end = beam.index(Words.EOS) + 1 if Words.EOS in beam else len(beam)
            assert set(beam[end:]) <= {Words.PAD}  # nothing is written after <eos>
            log_probs = [next_log_probs(table, beam[:k])[beam[k]] for k in range(end)]
            expected = sum(log_probs) / ((5 + end) / 6) ** length_penalty
            assert score == pytest.approx(expected, rel=1e-4)


def test_the_length_penalty_favours_longer_sequences():
    tables = random_tables(3, 20, 8)
    tables[:, :, Words.EOS] += 1
    mean_lengths, best_scores = [], []
    for length_penalty in (0.0, 1.0, 3.0):
        ids, scores = search(
            tables, beam_width=8, max_length=10, length_penalty=length_penalty
        )
        ended = np.cumsum(ids[:, 0] == Words.EOS, axis=1) > 0
        mean_lengths.append(10 - ended.sum(axis=1).mean())
        best_scores.append(scores[:, 0].mean())
    assert mean_lengths[0] < mean_lengths[1] < mean_lengths[2]
    assert best_scores[0] < best_scores[1] < best_scores[2]


def test_a_wider_search_may_lose_the_greedy_path():
    # After two steps both beams begin with 5, and neither goes on well.
    tables = np.full([1, N_TABLES, 8], -30.0, np.float32)
    for ids, following in {
        (): {4: 0.5, 5: 0.45, 6: 0.05},
        (4,): {4: 0.4, 5: 0.3, 6: 0.3},
        (5,): {6: 0.5, 7: 0.5},
        (4, 4): {Words.EOS: 1.0},
        (5, 6): {4: 0.25, 5: 0.25, 6: 0.25, 7: 0.25},
        (5, 7): {4: 0.25, 5: 0.25, 6: 0.25, 7: 0.25},
    }.items():
        code = 0
        for id in (Words.SOS, *ids):
            code = (code * 7 + id + 1) % N_TABLES
        tables[0, code, list(following)] = np.log(list(following.values()))
    best = {
        width: np.exp(search(tables, beam_width=width, max_length=3, n_best=1)[1])
        for width in (1, 2, 3)
    }
    assert best[1] == pytest.approx(0.5 * 0.4, rel=1e-4)
    assert best[2] == pytest.approx(0.45 * 0.5 * 0.25, rel=1e-4)
    assert best[3] == best[1]


@pytest.mark.parametrize("batch_size", [None, 3])
def test_compiled_with_or_without_a_fixed_batch_size(batch_size):
    tables = random_tables(1, 3, 6)

    @tf.function(input_signature=[tf.TensorSpec([batch_size, N_TABLES, 6])])
    def compiled(memory):
        state = [(tf.zeros([tf.shape(memory)[0]], tf.int32),)]
        return seq2seq.beam_search(step, state, [memory], beam_width=4, max_length=7)

    ids, scores = compiled(tables)
    expected_ids, expected_scores = search(tables, beam_width=4, max_length=7)
    np.testing.assert_array_equal(ids, expected_ids)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5)


def small_model(vocab_size=12, seed=2, n_units=16, max_words=50):
    keras.utils.set_random_seed(seed)
    model = seq2seq.EncoderDecoder(vocab_size, vocab_size, 8, n_units, max_words)
    model((np.ones([1, 2], np.int32), np.ones([1, 2], np.int32)))
    # Large weights make what is written depend much on what was read.
    model.set_weights([3 * weights for weights in model.get_weights()])
    return model


def some_source(n=40, vocab_size=12):
    rng = np.random.default_rng(5)
    source = rng.integers(4, vocab_size, [n, 6]).astype(np.int32)
    source[np.arange(6) >= rng.integers(1, 7, n)[:, np.newaxis]] = Words.PAD
    return source


@pytest.mark.parametrize("beam_width", [1, 2, 5, 12])
def test_beam_search_equals_tensorflow_addons(beam_width):
    tfa = pytest.importorskip("tensorflow_addons")
    model, source, max_length = small_model(), some_source(), 9
    state, memory = model.encode(source)
    decoder = tfa.seq2seq.BeamSearchDecoder(
        model.decoder.cell,
        beam_width,
        embedding_fn=model.target_embedding,
        output_layer=model.output_layer,
        maximum_iterations=max_length,
    )
    outputs, last, _ = decoder(
        None,
        start_tokens=tf.fill([len(source)], Words.SOS),
        end_token=Words.EOS,
        initial_state=tfa.seq2seq.tile_batch(state, beam_width),
    )
    expected = tf.transpose(outputs.predicted_ids, [0, 2, 1]).numpy()
    expected[(np.cumsum(expected == Words.EOS, axis=-1) > 1) | (expected < 0)] = 0
    ids, scores = seq2seq.beam_search(
        model.step, state, memory, beam_width=beam_width, max_length=max_length
    )
    ends = np.argmax(ids == Words.EOS, axis=-1)
    assert len(np.unique(ends)) > 3  # 0 for those that do not end
    n_steps = expected.shape[-1]
    np.testing.assert_array_equal(ids[:, :, :n_steps], expected)
    assert not np.any(ids[:, :, n_steps:])
    np.testing.assert_allclose(scores, last.log_probs, rtol=1e-4)


GOOD = {"beam_width": 3, "max_length": 4}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"beam_width": 0}, "beam_width=0 leaves no beam"),
        ({"beam_width": -1}, "beam_width=-1 leaves no beam"),
        ({"beam_width": 7}, "beam_width=7 is more than the 6 ids"),
        ({"max_length": 0}, "max_length=0 leaves no word"),
        ({"length_penalty": -0.1}, "length_penalty=-0.1 is not allowed"),
        ({"length_penalty": float("nan")}, "length_penalty=nan is not allowed"),
        ({"length_penalty": float("inf")}, "length_penalty=inf is not allowed"),
        ({"n_best": 0}, "n_best=0 is not a number from 1 to 3"),
        ({"n_best": 4}, "n_best=4 is not a number from 1 to 3"),
    ],
)
def test_beam_search_refuses_numbers_out_of_range(bad, message):
    with pytest.raises(ValueError, match=message):
        search(random_tables(0, 2, 6), **{**GOOD, **bad})


def test_beam_search_refuses_batches_that_do_not_match():
    state = [(tf.zeros([3], tf.int32),)]
    memory = [tf.constant(random_tables(0, 2, 6))]
    with pytest.raises(ValueError, match=r"have batches of \[2, 3\]"):
        seq2seq.beam_search(step, state, memory, **GOOD)


# The model


@pytest.fixture(scope="module")
def model():
    return small_model()


def test_steps_give_the_logits_of_all_steps_at_once(model):
    source, written = some_source(), some_source()[::-1]
    at_once = model((source, written))
    state, memory = model.encode(source)
    for k in range(written.shape[1]):
        logits, state = model.step(written[:, k], state, memory)
        np.testing.assert_allclose(logits, at_once[:, k], rtol=1e-4, atol=1e-4)


def test_the_state_is_what_the_encoder_said_last_in_each_direction(model):
    source = some_source()
    outputs, *_ = model.encoder(
        model.source_embedding(source), mask=tf.constant(source != Words.PAD)
    )
    ends = np.sum(source != Words.PAD, axis=1) - 1
    half = outputs.shape[-1] // 2
    last = [outputs[row, end, :half] for row, end in enumerate(ends)]
    (h, c), _ = model.encode(source)
    np.testing.assert_allclose(h[:, :half], last, rtol=1e-5)
    np.testing.assert_allclose(h[:, half:], outputs[:, 0, half:], rtol=1e-5)
    # An LSTM puts out h, which is tanh(c) times a gate.
    assert np.all(np.abs(h) <= np.abs(np.tanh(c)) + 1e-6)
    assert np.mean(np.abs(h) < np.abs(np.tanh(c))) > 0.9


def test_padding_of_the_source_changes_nothing(model):
    source = some_source()
    padded_more = np.pad(source, [(0, 0), (0, 3)])
    state, state_padded = model.encode(source)[0], model.encode(padded_more)[0]
    np.testing.assert_allclose(state, state_padded, rtol=1e-5)


def test_an_odd_number_of_units_is_refused():
    with pytest.raises(ValueError, match="n_units=15 is odd"):
        small_model(n_units=15)


# Loss and accuracy


@few_examples
@given(seed=seeds)
def test_loss_and_accuracy_are_means_over_the_real_targets(seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 8, [4, 1])
    targets = np.where(np.arange(7) < lengths, rng.integers(1, 9, [4, 7]), Words.PAD)
    logits = rng.normal(0, 3, [4, 7, 9]).astype(np.float32)
    logits[targets == Words.PAD, Words.PAD] = 20 * (seed % 2)  # right or wrong
    real = targets != Words.PAD
    log_probs = np.take_along_axis(log_softmax(logits), targets[:, :, np.newaxis], 2)
    right = np.argmax(logits, axis=-1) == targets

    loss = seq2seq.masked_loss(tf.constant(targets), tf.constant(logits))
    accuracy = seq2seq.masked_accuracy(tf.constant(targets), tf.constant(logits))
    assert float(loss) == pytest.approx(-log_probs[real].mean(), rel=1e-4)
    assert float(accuracy) == pytest.approx(right[real].mean(), abs=1e-6)


def test_fit_reports_the_masked_loss(model):
    source, target = some_source(), some_source()[::-1]
    other = small_model(seed=3)
    other.compile(loss=seq2seq.masked_loss, metrics=[seq2seq.masked_accuracy])
    reported = other.evaluate((source, target), target, batch_size=40, verbose=0)
    logits = other((source, target))
    assert reported == pytest.approx(
        [seq2seq.masked_loss(target, logits), seq2seq.masked_accuracy(target, logits)]
    )


# Pairs and batches

sentences = st.lists(st.sampled_from(["a", "b", "."]), max_size=4).map(" ".join)


@given(
    st.lists(st.tuples(sentences, sentences)), st.integers(1, 4), st.integers(0, 2**32)
)
def test_pairs_stay_together_and_long_ones_are_left_out(pairs, max_words, seed):
    short = [
        (source, target)
        for source, target in pairs
        if len(source.split()) <= max_words and len(target.split()) <= max_words
    ]
    if short:
        sources, targets = seq2seq.shuffled_pairs(pairs, max_words, seed)
        assert sorted(zip(sources, targets, strict=True)) == sorted(short)
        again = seq2seq.shuffled_pairs(pairs, max_words, seed)
        assert again == (sources, targets)
    else:
        with pytest.raises(ValueError, match=f"None of {len(pairs)} pairs"):
            seq2seq.shuffled_pairs(pairs, max_words, seed)


def test_pairs_are_shuffled():
    pairs = [(f"a{k}", f"b{k}") for k in range(100)]
    orders = [tuple(seq2seq.shuffled_pairs(pairs, 1, seed)[0]) for seed in range(5)]
    assert len({*orders, tuple(source for source, _ in pairs)}) == 6


def some_pairs(n=200):
    """Return ids of pairs, each with words of its own, of many different lengths."""
    rng = np.random.default_rng(0)
    target = np.zeros([n, 14], np.int32)
    for row, length in zip(target, rng.integers(0, 13, n), strict=True):
        row[: length + 2] = [Words.SOS, *rng.integers(4, 99, length), Words.EOS]
    source = np.zeros([n, 5], np.int32)
    source[:, 0], source[:, 1] = Words.SOS, np.arange(n) + 4
    source[:, 2] = Words.EOS
    return source, target


def test_the_decoder_reads_the_target_one_step_late():
    for (_, decoder_inputs), targets in seq2seq.batches(*some_pairs(), 16):
        assert decoder_inputs.shape == targets.shape
        assert np.all(decoder_inputs[:, 0] == Words.SOS)
        np.testing.assert_array_equal(
            decoder_inputs[:, 1:],
            np.where(
                targets[:, 1:] == Words.PAD, decoder_inputs[:, 1:], targets[:, :-1]
            ),
        )
        last = [row[row != Words.PAD][-1] for row in targets.numpy()]
        assert set(last) == {Words.EOS}


def test_without_a_seed_all_pairs_come_once():
    source, target = some_pairs()
    seen = {}
    for (some_sources, decoder_inputs), targets in seq2seq.batches(source, target, 16):
        assert len(targets) <= 16
        rows = zip(
            some_sources.numpy(), decoder_inputs.numpy(), targets.numpy(), strict=True
        )
        for s, d, t in rows:
            assert s[1] not in seen
            seen[s[1]] = [d[0], *t[t != Words.PAD]]
    assert len(seen) == len(source)
    for s, t in zip(source, target, strict=True):
        assert seen[s[1]] == list(t[t != Words.PAD])


def test_a_batch_has_targets_of_like_lengths():
    source, target = some_pairs()
    lengths = np.sum(target != Words.PAD, axis=1)
    bounds = np.quantile(lengths, [0.2, 0.4, 0.6, 0.8]).astype(int) + 1
    n_padding = n_all = 0
    for _, targets in seq2seq.batches(source, target, 16):
        of_batch = np.sum(targets.numpy() != Words.PAD, axis=1) + 1
        assert len(np.unique(np.digitize(of_batch, bounds))) == 1
        assert targets.shape[1] == of_batch.max() - 1
        n_padding += np.sum(targets == Words.PAD)
        n_all += targets.numpy().size
    assert n_padding / n_all < 0.15 < np.mean(target == Words.PAD) / 2


def test_the_seed_decides_the_order_and_batches_go_on_without_end():
    def first_sources(seed):
        dataset = seq2seq.batches(*some_pairs(), 16, seed=seed)
        return [s[:, 1].numpy().tolist() for (s, _), _ in dataset.take(30)]

    assert first_sources(1) == first_sources(1) != first_sources(2)
    assert len(first_sources(1)) == 30 > 200 / 16


@pytest.mark.parametrize("sizes", [(3, 2), (2, 3), (0, 0)])
def test_batches_refuse_sides_that_do_not_match(sizes):
    source, target = some_pairs()
    message = f"{sizes[0]} sources and {sizes[1]} targets"
    with pytest.raises(ValueError, match=message):
        seq2seq.batches(source[: sizes[0]], target[: sizes[1]], 2)


# Translating

WORDS = Words(["one two three four five six seven eight"])
SENTENCES = [
    *("one two three", "eight", "seven two one four five six", "six six", "two nine"),
    *("five", "one two", "four three two one", "eight seven six five four three two"),
]


def translate(model, sentences, **how):
    how = {"max_length": 8, **how}
    return seq2seq.translate(model, sentences, WORDS, WORDS, **how)


def test_translations_are_those_of_beam_search(model):
    for beam_width in (1, 3):
        alone = []
        for sentence in SENTENCES:
            ids, _ = seq2seq.beam_search(
                model.step,
                *model.encode(WORDS.encode([sentence])),
                beam_width=beam_width,
                max_length=8,
            )
            alone += WORDS.decode(ids[:, 0])
        assert translate(model, SENTENCES, beam_width=beam_width) == alone
        assert len(set(alone)) > 4


@few_examples
@given(order=st.permutations(range(len(SENTENCES))), batch_size=st.integers(1, 10))
def test_order_and_batches_do_not_matter(model, order, batch_size):
    expected = translate(model, SENTENCES, beam_width=3)
    shuffled = [SENTENCES[k] for k in order]
    translated = translate(model, shuffled, beam_width=3, batch_size=batch_size)
    assert translated == [expected[k] for k in order]


def test_the_length_penalty_reaches_the_search(model):
    short, long = (
        translate(model, SENTENCES, beam_width=3, length_penalty=p) for p in (0, 4)
    )
    assert sum(map(len, long)) > sum(map(len, short))


def test_new_weights_are_used_at_once(model):
    other = small_model(seed=0)
    before = translate(other, SENTENCES)
    other.set_weights(model.get_weights())
    assert before != translate(other, SENTENCES) == translate(model, SENTENCES)


def test_sentences_of_unknown_words_only_can_be_allowed(model):
    sentences = ["one two", "ten eleven", "nine"]
    translated = translate(model, sentences, allow_unknown=True)
    assert len(translated) == 3
    assert translated[:1] == translate(model, sentences[:1])
    with pytest.raises(ValueError, match="A sentence is empty"):
        translate(model, [*sentences, ""], allow_unknown=True)


def test_no_sentences_give_no_translations(model):
    assert translate(model, []) == []


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["one", ""], "A sentence is empty"),
        (["  "], "A sentence is empty"),
        (["one two", "one " * 6], r"'one one .*' has 6 words: the model takes 5"),
        (["one", "ten eleven"], "No word of 'ten eleven' is in the vocabulary"),
        ("one two", "is one string"),
    ],
)
def test_sentences_that_cannot_be_translated_are_refused(sentences, message):
    with pytest.raises(ValueError, match=message):
        translate(small_model(max_words=5), sentences)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"beam_width": 0}, "beam_width=0 leaves no beam"),
        ({"beam_width": 13}, "beam_width=13 is more than the 12 ids"),
        ({"max_length": 0}, "max_length=0 leaves no word"),
        ({"length_penalty": -1}, "length_penalty=-1 is not allowed"),
    ],
)
def test_translate_refuses_numbers_out_of_range(model, bad, message):
    assert WORDS.size == 12
    with pytest.raises(ValueError, match=message):
        translate(model, SENTENCES, **bad)
