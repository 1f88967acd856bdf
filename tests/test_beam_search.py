"""Beam search against plain Python, exhaustion and TensorFlow Addons."""

import gc
import heapq
import itertools
import math
import weakref
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers.beam_search import beam_search, translate
from nlp_helpers.seq2seq import EncoderDecoder
from nlp_helpers.vocabulary import Words

seeds = st.integers(0, 10_000)
penalties = st.sampled_from([0.0, 0.6, 1.0, 2.0])

N_TABLES = 101  # a prime, so that hashes of what is written spread


class Written(NamedTuple):
    """What a sentence has read: a number of fixed size, and a cache that grows."""

    code: tf.Tensor  # [batch]
    ids: tf.Tensor  # [batch, steps, 1]

    @classmethod
    def nothing(cls, batch_size):
        empty = tf.zeros([batch_size, 0, 1], tf.int32)
        return cls(tf.zeros([batch_size], tf.int32), empty)


def step(ids, written, memory):
    """Look up logits that depend on all the ids so far, and on the sentence."""
    code = (written.code * 7 + ids + 1) % N_TABLES
    cache = tf.concat([written.ids, ids[:, tf.newaxis, tf.newaxis]], axis=1)
    place = (code + tf.reduce_sum(cache, axis=[1, 2])) % N_TABLES
    return tf.gather(memory[0], place, batch_dims=1), Written(code, cache)


def random_tables(seed, batch_size, vocab_size):
    """Return logits `[batch, N_TABLES, vocab_size]`, other ones for each sentence."""
    shape = [batch_size, N_TABLES, vocab_size]
    return np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32)


def search(tables, **how):
    state = Written.nothing(len(tables))
    ids, scores = beam_search(step, state, [tf.constant(tables)], **how)
    return ids.numpy(), scores.numpy()


def next_log_probs(table, ids):
    """Return the log-probabilities of the ids that may follow some ids."""
    code = 0
    for id in (Words.SOS, *ids):
        code = (code * 7 + id + 1) % N_TABLES
    logits = table[(code + Words.SOS + sum(ids)) % N_TABLES].astype(np.float64)
    return logits - np.logaddexp.reduce(logits)


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
                    ((*ids, k), log_prob + p)
                    for k, p in enumerate(log_probs)
                    if k != Words.PAD
                ]
        beams = heapq.nlargest(
            beam_width, successors, key=lambda beam: score_of(beam, length_penalty)
        )
    return beams


def assert_found(beams, ids, scores, length_penalty):
    """Check the results of one sentence against the beams that they have to be."""
    expected = [score_of(beam, length_penalty) for beam in beams]
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    rows = [[*beam, *[Words.PAD] * (ids.shape[1] - len(beam))] for beam, _ in beams]
    np.testing.assert_array_equal(ids, rows)


@settings(max_examples=25)
@given(seed=seeds, length_penalty=penalties, data=st.data())
def test_beam_search_equals_plain_python(seed, length_penalty, data):
    vocab_size = data.draw(st.integers(5, 9))
    beam_width = data.draw(st.integers(1, vocab_size - 1))
    max_length = data.draw(st.integers(1, 6))
    tables = random_tables(seed, 3, vocab_size)
    tables[:, :, Words.EOS] += data.draw(st.sampled_from([0, 2]))
    how = {"max_length": max_length, "length_penalty": length_penalty}
    ids, scores = search(tables, beam_width=beam_width, **how)
    assert ids.shape == (3, beam_width, max_length)
    assert ids.dtype == np.int32
    for table, ids_of_one, scores_of_one in zip(tables, ids, scores, strict=True):
        beams = plain_beam_search(table, beam_width, max_length, length_penalty)
        assert_found(beams, ids_of_one, scores_of_one, length_penalty)


@settings(max_examples=10)
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
    how = {"max_length": max_length, "length_penalty": length_penalty}
    ids, scores = search(tables, beam_width=vocab_size - 1, **how)
    n_all = len(ended + cut_off)
    for table, ids_of_one, scores_of_one in zip(tables, ids, scores, strict=True):
        beams = [
            (s, sum(next_log_probs(table, s[:k])[id] for k, id in enumerate(s)))
            for s in ended + cut_off
        ]
        beams.sort(key=lambda beam: -score_of(beam, length_penalty))
        assert_found(beams, ids_of_one[:n_all], scores_of_one[:n_all], length_penalty)


@settings(max_examples=10)
@given(seed=seeds, length_penalty=penalties, n_best=st.integers(1, 4))
def test_stopping_early_changes_nothing(seed, length_penalty, n_best):
    how = {"beam_width": 4, "max_length": 10, "length_penalty": length_penalty}
    tables = random_tables(seed, 5, 6)
    all_ids, all_scores = search(tables, **how)
    ids, scores = search(tables, **how, n_best=n_best)
    np.testing.assert_array_equal(ids, all_ids[:, :n_best])
    np.testing.assert_array_equal(scores, all_scores[:, :n_best])


@pytest.mark.parametrize(("n_best", "n_steps"), [(1, 1), (2, 2), (4, 2)])
def test_stops_when_no_live_beam_can_win(n_best, n_steps):
    tables = random_tables(0, 3, 6)
    tables[:, :, Words.EOS] = 30.0  # the end is all but certain at once
    calls = []

    def counting_step(*arguments):
        calls.append(arguments)
        return step(*arguments)

    how = {"beam_width": 4, "max_length": 50, "n_best": n_best}
    beam_search(counting_step, Written.nothing(3), [tf.constant(tables)], **how)
    assert len(calls) == n_steps


@pytest.mark.parametrize("batch_size", [None, 3])
def test_compiled_with_or_without_a_fixed_batch_size(batch_size):
    tables, how = random_tables(1, 3, 6), {"beam_width": 4, "max_length": 7}

    @tf.function(input_signature=[tf.TensorSpec([batch_size, N_TABLES, 6])])
    def compiled(memory):
        return beam_search(step, Written.nothing(tf.shape(memory)[0]), [memory], **how)

    ids, scores = compiled(tables)
    expected_ids, expected_scores = search(tables, **how)
    np.testing.assert_array_equal(ids, expected_ids)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5)


@pytest.fixture(scope="module")
def encoded():
    """Return an LSTM with large random weights, and 40 sentences as it reads them."""
    tf.keras.utils.set_random_seed(2)
    model = EncoderDecoder(source_size=12, target_size=12, embed_size=8, n_units=16)
    source = np.random.default_rng(5).integers(4, 12, [40, 6])
    model((source, source))
    # What is written depends much on what was read.
    model.set_weights([3 * weights for weights in model.get_weights()])
    # Padding is never written here, and Addons does not know of it.
    model.output_layer.bias.assign(-1e6 * tf.one_hot(Words.PAD, 12))
    return model, *model.encode(source)


@pytest.mark.parametrize("beam_width", [1, 5, 11])
def test_beam_search_equals_tensorflow_addons(encoded, beam_width):
    tfa = pytest.importorskip("tensorflow_addons")
    model, state, memory = encoded
    decoder = tfa.seq2seq.BeamSearchDecoder(
        model.decoder.cell,
        beam_width,
        embedding_fn=model.target_embedding,
        output_layer=model.output_layer,
        maximum_iterations=9,
    )
    outputs, last, _ = decoder(
        None,
        start_tokens=tf.fill([40], Words.SOS),
        end_token=Words.EOS,
        initial_state=tfa.seq2seq.tile_batch(state, beam_width),
    )
    expected = tf.transpose(outputs.predicted_ids, [0, 2, 1]).numpy()
    expected[(np.cumsum(expected == Words.EOS, axis=-1) > 1) | (expected < 0)] = 0
    ids, scores = beam_search(
        model.step, state, memory, beam_width=beam_width, max_length=9
    )
    ends = np.argmax(ids == Words.EOS, axis=-1)
    assert len(np.unique(ends)) > 3  # 0 for those that do not end
    n_steps = expected.shape[-1]
    np.testing.assert_array_equal(ids[:, :, :n_steps], expected)
    assert not np.any(ids[:, :, n_steps:])
    np.testing.assert_allclose(scores, last.log_probs, rtol=1e-4)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"beam_width": 0}, "beam_width=0 leaves no beam"),
        ({"beam_width": 6}, "beam_width=6 is more than the 5 ids"),
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
        search(random_tables(0, 2, 6), **{"beam_width": 3, "max_length": 4, **bad})


def test_beam_search_refuses_batches_that_do_not_match():
    memory = [tf.constant(random_tables(0, 2, 6))]
    with pytest.raises(ValueError, match=r"have batches of \[2, 3\]"):
        beam_search(step, Written.nothing(3), memory, beam_width=3, max_length=4)


# Translating

WORDS = Words(["one two three four five six seven eight"])
SENTENCES = [
    *("one two three", "eight", "seven two one four five", "six six", "two five"),
    *("five", "one two", "four three two one", "eight seven six five four"),
]


class TableModel:
    """A model that looks up its logits, in one of eleven tables for each source."""

    max_words = 5
    step = staticmethod(step)

    def __init__(self):
        self.tables = tf.Variable(random_tables(0, 11, WORDS.size))

    def encode(self, source):
        hashed = tf.reduce_sum(source * tf.range(3, 3 + tf.shape(source)[1]), axis=1)
        memory = [tf.gather(self.tables, hashed % 11)]
        return Written.nothing(tf.shape(source)[0]), memory


@pytest.fixture(scope="module")
def model():
    return TableModel()


def translated(model, sentences, **how):
    how = {"max_length": 8, **how}
    return translate(model, sentences, WORDS, WORDS, **how)


def plain_translate(model, sentences, beam_width, length_penalty=0.0):
    """Translate sentence by sentence with the search in plain Python."""
    found = []
    for sentence in sentences:
        _, [table] = model.encode(WORDS.encode([sentence]))
        [(ids, _), *_] = plain_beam_search(
            table[0].numpy(), beam_width, 8, length_penalty
        )
        found += WORDS.decode([ids])
    return found


@pytest.mark.parametrize(("beam_width", "length_penalty"), [(1, 0), (3, 0), (3, 4)])
def test_translations_are_those_of_beam_search(model, beam_width, length_penalty):
    how = {"beam_width": beam_width, "length_penalty": length_penalty}
    translations = translated(model, SENTENCES, **how)
    assert translations == plain_translate(model, SENTENCES, **how)
    assert len(set(translations)) > 4


@settings(max_examples=20)
@given(order=st.permutations(range(len(SENTENCES))), batch_size=st.integers(1, 10))
def test_order_and_batches_do_not_matter(model, order, batch_size):
    expected = translated(model, SENTENCES, beam_width=3)
    shuffled = [SENTENCES[k] for k in order]
    found = translated(model, shuffled, beam_width=3, batch_size=batch_size)
    assert found == [expected[k] for k in order]


@pytest.mark.parametrize("seed", range(5))
def test_padding_is_never_written_however_likely_it_is(seed):
    tables = random_tables(seed, 3, 6)
    tables[:, :, Words.PAD] = 20.0
    for beam_width in (1, 3, 5):
        ids, scores = search(tables, beam_width=beam_width, max_length=6)
        for row in ids.reshape(-1, 6).tolist():
            n_written = row.index(Words.EOS) + 1 if Words.EOS in row else 6
            assert Words.PAD not in row[:n_written]
        assert np.isfinite(scores).all()


def test_the_largest_penalties_give_finite_scores():
    how = {"beam_width": 3, "max_length": 50, "length_penalty": 31.0}
    _, scores = search(random_tables(0, 2, 6), **how)
    assert np.isfinite(scores).all()


def test_numpy_integers_are_integers(model):
    how = {"beam_width": 3, "max_length": 8, "batch_size": 2}
    as_numpy = {name: np.int64(value) for name, value in how.items()}
    assert translated(model, SENTENCES, **as_numpy) == translated(
        model, SENTENCES, **how
    )
    with pytest.raises(TypeError):
        translated(model, SENTENCES, beam_width=2.0)


def test_a_model_may_have_a_largest_length(model, monkeypatch):
    monkeypatch.setattr(model, "max_length", 8, raising=False)
    assert translated(model, ["one"], max_length=8) == plain_translate(
        model, ["one"], 1
    )
    with pytest.raises(ValueError, match=r"max_length=9 is too large: .* 8 words"):
        translated(model, ["one"], max_length=9)


class Bigram(tf.keras.Model):
    """A model in which a word depends on the one before, and on nothing else."""

    max_words = 5

    def __init__(self):
        super().__init__()
        self.output_layer = self.always("one")

    @staticmethod
    def always(word):
        """Return a layer whose logits make one word certain."""
        bias = np.where(np.arange(WORDS.size) == WORDS.encode([word])[0, 1], 99, 0)
        start = tf.keras.initializers.Constant(bias)
        layer = tf.keras.layers.Dense(WORDS.size, bias_initializer=start)
        layer.build([None, WORDS.size])
        return layer

    def encode(self, source):
        return tf.zeros_like(source[:, :1]), ()

    def step(self, ids, state, memory):
        return self.output_layer(tf.one_hot(ids, WORDS.size)), state


def test_another_layer_is_used_at_once():
    model = Bigram()
    for word in ("one", "two"):
        model.output_layer = Bigram.always(word)
        for _ in range(2):  # the second time nothing has changed
            assert translated(model, ["three"], max_length=2) == [f"{word} {word}"]


def test_nothing_holds_on_to_a_model_that_has_translated():
    model = Bigram()
    translated(model, ["three"], max_length=2)
    held = weakref.ref(model)
    del model
    gc.collect()
    assert held() is None


def test_logits_that_are_not_finite_are_reported():
    model = Bigram()
    model.output_layer.bias.assign(np.full(WORDS.size, np.nan))
    with pytest.raises(FloatingPointError, match="logits are not finite"):
        translated(model, ["three"])


def test_new_weights_are_used_at_once(model):
    tables, before = model.tables.numpy(), translated(model, SENTENCES)
    try:
        model.tables.assign(random_tables(1, 11, WORDS.size))
        after = translated(model, SENTENCES)
        assert before != after == plain_translate(model, SENTENCES, beam_width=1)
    finally:
        model.tables.assign(tables)


def test_unknown_words_can_be_allowed(model):
    sentences = ["one two", "ten eleven", "nine"]
    found = translated(model, sentences, allow_unknown=True)
    assert found == plain_translate(model, sentences, beam_width=1)
    with pytest.raises(ValueError, match="A sentence is empty"):
        translated(model, [*sentences, ""], allow_unknown=True)


def test_no_sentences_give_no_translations(model):
    assert translated(model, []) == []


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (["one", ""], "A sentence is empty"),
        (["  "], "A sentence is empty"),
        (["one two", "one " * 6], r"'one one .*' has 6 words: the model takes 5"),
        (["one", "ten eleven"], "Not in the vocabulary: 'ten'.*; 'eleven'"),
        ("one two", "is one string"),
    ],
)
def test_sentences_that_cannot_be_translated_are_refused(model, sentences, message):
    with pytest.raises(ValueError, match=message):
        translated(model, sentences)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"beam_width": 0}, "beam_width=0 leaves no beam"),
        ({"beam_width": 12}, "beam_width=12 is more than the 11 ids"),
        ({"max_length": 0}, "max_length=0 leaves no word"),
        ({"length_penalty": -1}, "length_penalty=-1 is not allowed"),
        ({"length_penalty": math.nan}, "length_penalty=nan is not allowed"),
        (
            {"length_penalty": 100},
            "length_penalty=100 .* up to 89.3 at this max_length",
        ),
        ({"batch_size": 0}, "batch_size=0 must be at least 1"),
        ({"batch_size": -1}, "batch_size=-1 must be at least 1"),
    ],
)
def test_translate_refuses_numbers_out_of_range_before_it_searches(model, bad, message):
    with pytest.raises(ValueError, match=message):
        translated(model, [], **bad)
