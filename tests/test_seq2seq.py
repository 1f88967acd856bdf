from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import seq2seq
from nlp_helpers.vocabulary import Words

# Pairs and batches

sentence = st.lists(st.sampled_from(["a", "b", "."]), max_size=4).map(" ".join)


@given(
    st.lists(st.tuples(sentence, sentence)), st.integers(1, 4), st.integers(0, 2**32)
)
def test_pairs_stay_together_and_long_ones_are_left_out(pairs, max_words, seed):
    short = [pair for pair in pairs if max(len(s.split()) for s in pair) <= max_words]
    if short:
        sources, targets = seq2seq.shuffled_pairs(pairs, max_words, seed)
        assert Counter(zip(sources, targets, strict=True)) == Counter(short)
        again = seq2seq.shuffled_pairs(pairs, max_words, seed)
        assert again == (sources, targets)
    else:
        with pytest.raises(ValueError, match=f"None of {len(pairs)} pairs"):
            seq2seq.shuffled_pairs(pairs, max_words, seed)


def test_pairs_are_shuffled():
    pairs = [(f"a{k}", f"b{k}") for k in range(100)]
    orders = [tuple(seq2seq.shuffled_pairs(pairs, 1, seed)[0]) for seed in range(5)]
    assert len({*orders, tuple(source for source, _ in pairs)}) == 6


def random_sentences(n, seed, max_words=12):
    """Return ids `[n, max_words + 2]` of sentences of 0 to max_words words."""
    rng = np.random.default_rng(seed)
    ids = np.full([n, max_words + 2], Words.PAD, np.int32)
    for row, length in zip(ids, rng.integers(0, max_words + 1, n), strict=True):
        row[: length + 2] = [Words.SOS, *rng.integers(4, 99, length), Words.EOS]
    return ids


@pytest.fixture(scope="module")
def pairs():
    return random_sentences(200, seed=0), random_sentences(200, seed=1)


@pytest.fixture(scope="module")
def batches(pairs):
    """Return once through the pairs: arrays of source, decoder inputs and targets."""
    dataset = seq2seq.pair_batches(*pairs, 16)
    return [(s.numpy(), d.numpy(), t.numpy()) for (s, d), t in dataset]


def unpadded(ids):
    return [tuple(row[row != Words.PAD]) for row in ids]


def test_the_decoder_reads_the_target_one_step_late(batches):
    for _, decoder_inputs, targets in batches:
        assert np.all(decoder_inputs[:, 0] == Words.SOS)
        np.testing.assert_array_equal(decoder_inputs[:, 1:], targets[:, :-1])


def test_without_a_seed_all_pairs_come_once(pairs, batches):
    seen = []
    for source, decoder_inputs, targets in batches:
        assert len(source) <= 16
        target = np.concatenate([decoder_inputs[:, :1], targets], axis=1)
        seen += zip(unpadded(source), unpadded(target), strict=True)
    assert Counter(seen) == Counter(zip(*map(unpadded, pairs), strict=True))


def test_a_batch_has_targets_of_like_lengths_and_no_more_padding_than_it_needs(batches):
    for source, _, targets in batches:
        lengths = np.sum(targets != Words.PAD, axis=1)
        assert lengths.max() - lengths.min() <= 3  # of 12: a fifth, and ties
        for ids in (source, targets):
            assert np.any(ids[:, -1] != Words.PAD)


def test_the_seed_decides_the_order_and_batches_go_on_without_end(pairs):
    def sources(seed):
        dataset = seq2seq.pair_batches(*pairs, 16, seed=seed)
        return [source.numpy().tolist() for (source, _), _ in dataset.take(30)]

    assert sources(1) == sources(1) != sources(2)
    assert len(sources(1)) == 30 > 200 / 16 + 5  # one batch of each length may be cut


@pytest.mark.parametrize(("n", "m"), [(3, 2), (2, 3), (0, 0)])
def test_batches_refuse_sides_that_do_not_match(pairs, n, m):
    source, target = pairs
    with pytest.raises(ValueError, match=f"{n} sources and {m} targets"):
        seq2seq.pair_batches(source[:n], target[:m], 2)


# The model


def small_model(n_units=16, attention=False):
    tf.keras.utils.set_random_seed(2)
    return seq2seq.EncoderDecoder(
        source_size=99,
        target_size=99,
        embed_size=8,
        n_units=n_units,
        attention=attention,
    )


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "attention"])
def model(request):
    return small_model(attention=request.param)


def test_steps_give_the_logits_of_all_steps_at_once(model, pairs):
    source, written = pairs
    at_once = model((source, written))
    state, memory = model.encode(source)
    for k in range(written.shape[1]):
        logits, state = model.step(written[:, k], state, memory)
        np.testing.assert_allclose(logits, at_once[:, k], rtol=1e-4, atol=1e-4)


def test_the_state_is_what_the_encoder_said_last_in_each_direction(model, pairs):
    source, _ = pairs
    outputs, *_ = model.encoder(
        model.source_embedding(source), mask=tf.constant(source != Words.PAD)
    )
    last_steps = np.sum(source != Words.PAD, axis=1) - 1
    (h, c), _ = model.encode(source)
    forward, back = tf.split(outputs, 2, axis=-1)
    last = tf.gather(forward, last_steps, batch_dims=1)
    np.testing.assert_allclose(h, tf.concat([last, back[:, 0]], axis=-1), rtol=1e-5)
    # An LSTM puts out h, which is tanh(c) times a gate.
    assert np.all(np.abs(h) < np.abs(np.tanh(c)))


def test_attention_is_that_of_keras(pairs):
    """Keras' layer has no matrices of its own, so ours prepares keys and queries."""
    source, written = pairs
    model = small_model(attention=True)
    logits, weights = model((source, written), return_weights=True)
    state, (keys, values, mask) = model.encode(source)
    outputs, *_ = model.decoder(model.target_embedding(written), initial_state=state)
    contexts, expected = tf.keras.layers.Attention()(
        [outputs / 4, values, keys],  # 4 is the root of 16 units
        mask=[None, mask],
        return_attention_scores=True,
    )
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    combined = model.combine(tf.concat([contexts, outputs], axis=-1))
    np.testing.assert_allclose(logits, model.output_layer(combined), atol=1e-4)


def test_nobody_looks_at_padding(pairs):
    source, written = pairs
    _, weights = small_model(attention=True)((source, written), return_weights=True)
    real = np.broadcast_to((source != Words.PAD)[:, np.newaxis], weights.shape)
    assert not np.any(weights.numpy()[~real])
    np.testing.assert_allclose(np.sum(weights, axis=-1), 1, atol=1e-5)


def test_without_attention_there_are_no_weights(pairs):
    _, weights = small_model()(pairs, return_weights=True)
    assert weights is None


def test_padding_of_the_source_changes_nothing(model, pairs):
    source, _ = pairs
    padded_more = np.pad(source, [(0, 0), (0, 3)])
    state, state_padded = model.encode(source)[0], model.encode(padded_more)[0]
    np.testing.assert_allclose(state, state_padded, rtol=1e-5, atol=1e-6)


def test_an_odd_number_of_units_is_refused():
    with pytest.raises(ValueError, match="n_units=15 is odd"):
        small_model(n_units=15)
