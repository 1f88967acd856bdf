"""Attention of chapter 7: what padding does to it, and how alignment is counted."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers.data import grammar

N_SENTENCES = 20


@pytest.fixture(scope="module")
def attend(definitions):
    return definitions("07", "attend").attend


def random(*shape, seed=1):
    return tf.random.stateless_normal(shape, seed=[seed, 2])


def test_the_context_is_the_weighted_mean_of_the_values(attend):
    scores = tf.math.log([[[1.0, 2.0, 5.0]]])
    contexts, weights = attend(
        scores, tf.constant([[[10.0], [20.0], [90.0]]]), tf.fill([1, 3], True)
    )
    np.testing.assert_allclose(weights, [[[0.125, 0.25, 0.625]]], rtol=1e-6)
    np.testing.assert_allclose(contexts, [[[62.5]]], rtol=1e-6)


def test_padding_changes_nothing(attend):
    scores, values = random(2, 3, 5), random(2, 5, 6)
    contexts, weights = attend(scores, values, tf.fill([2, 5], True))
    longer = [tf.concat([scores, tf.fill([2, 3, 2], 1e6)], axis=-1)]
    longer.append(tf.concat([values, tf.fill([2, 2, 6], 1e6)], axis=1))
    mask = tf.concat([tf.fill([2, 5], True), tf.fill([2, 2], False)], axis=1)
    padded_contexts, padded_weights = attend(*longer, mask)
    np.testing.assert_allclose(padded_contexts, contexts, rtol=1e-5)
    np.testing.assert_allclose(padded_weights[:, :, :5], weights, rtol=1e-5)
    assert not np.any(padded_weights[:, :, 5:])


def test_a_row_of_padding_gives_zeros_and_no_nan(attend):
    scores, values = random(2, 3, 5), random(2, 5, 6)
    mask = tf.constant([[True] * 5, [False] * 5])
    with tf.GradientTape() as tape:
        tape.watch([scores, values])
        contexts, weights = attend(scores, values, mask)
    assert not np.any(contexts[1])
    assert not np.any(weights[1])
    np.testing.assert_allclose(tf.reduce_sum(weights[0], axis=-1), 1, rtol=1e-5)
    for gradient in tape.gradient(contexts, [scores, values]):
        assert np.all(np.isfinite(gradient))
        assert np.any(gradient[0])
        assert not np.any(gradient[1])


@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_large_scores_do_not_overflow(attend, size):
    weights = attend(
        tf.constant([[[size, size, 0.0]]]), random(1, 3, 2), tf.fill([1, 3], True)
    )[1]
    expected = [0.5, 0.5, 0.0] if size > 0 else [0.0, 0.0, 1.0]
    np.testing.assert_allclose(weights[0, 0], expected)


# Alignment


@pytest.fixture(scope="module")
def sentences():
    return grammar.sentences()["validation"][:N_SENTENCES]


def shares_of(definitions, sentences, place_of):
    """Return the shares for a network that looks where `place_of` says.

    Args:
        definitions: the fixture.
        sentences: of the grammar.
        place_of: a function from a sentence and the number of a Korean word to the
            number of an English word.
    """
    most = 40
    weights = np.zeros([len(sentences), most, most], np.float32)
    for looks, sentence in zip(weights, sentences, strict=True):
        for j in range(len(sentence.words("ko"))):
            looks[j, 1 + place_of(sentence, j)] = 1  # <sos> is read first
    ids = np.ones([len(sentences), most], np.int32)
    corpus = SimpleNamespace(encode=lambda name: [ids, ids])
    shares = definitions("07", "alignment_shares").alignment_shares
    network = lambda inputs, return_weights: (None, weights)  # noqa: E731
    return shares(network, corpus, "ko", n=len(sentences))


def aligned_with(sentence, j):
    return next((i for i, k in sentence.alignment("ko") if k == j), 0)


def test_who_looks_at_the_aligned_word_is_always_right(definitions, sentences):
    attention, *diagonals = shares_of(definitions, sentences, aligned_with)
    assert attention == 1
    assert max(diagonals) < 0.5


def test_who_looks_one_word_off_is_mostly_wrong(definitions, sentences):
    shares = shares_of(definitions, sentences, lambda s, j: aligned_with(s, j) + 1)
    assert shares[0] < 0.5


def test_who_looks_along_the_diagonal_is_as_good_as_the_floor(definitions, sentences):
    def diagonal(sentence, j):
        n_source, n_target = (len(sentence.words(x)) for x in ["en", "ko"])
        return round(j * (n_source - 1) / max(n_target - 1, 1))

    attention, floor, _ = shares_of(definitions, sentences, diagonal)
    assert attention == floor > 0
