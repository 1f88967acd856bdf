"""Chapter 4: what the text embedding refuses, and the ids and batches beside it."""

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture(scope="module")
def text_embedding(definitions):
    words, vectors = ["good", "bad"], np.float32([[1, 1], [0, -2]])
    return definitions("04", "TextEmbedding").TextEmbedding(words, vectors)


@pytest.mark.parametrize("texts", [[1, 2], "just a string", [["a", "b"]]])
def test_only_a_list_of_texts_is_embedded(text_embedding, texts):
    with pytest.raises(TypeError, match="Can not cast"):
        text_embedding(tf.constant(texts))


def test_a_matrix_begins_with_padding_and_follows_the_vocabulary(definitions):
    embedding_matrix = definitions("04", "embedding_matrix").embedding_matrix
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    matrix = embedding_matrix(np.array([3, 1]), vectors)
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[0, 0], [6, 7], [2, 3]]


@pytest.mark.parametrize("vectors", [np.ones([5, 2]), np.ones(8)])
def test_a_word_without_a_vector_is_refused(definitions, vectors):
    embedding_matrix = definitions("04", "embedding_matrix").embedding_matrix
    with pytest.raises(IndexError, match="out of "):
        embedding_matrix(np.array([0, 7]), vectors)


@pytest.mark.parametrize("training", [False, True])
def test_buckets_hold_each_review_once(definitions, training):
    lengths = [1, 50, 2, 13, 51, 3, 14, 4]
    reviews = [np.full(length, k + 1) for k, length in enumerate(lengths)]
    given = {
        "ids": {"train": tf.ragged.stack(reviews)},
        "labels": {"train": np.arange(8)},
        "recurrent_batch_size": 3,
    }
    in_buckets = definitions("04", "in_buckets", **given).in_buckets
    found = []
    for ids, labels in in_buckets("train", training):
        n_words = np.take(lengths, labels)
        assert ids.shape == (len(labels), n_words.max())
        assert n_words.max() - n_words.min() < 8
        assert np.count_nonzero(ids, axis=1).tolist() == n_words.tolist()
        assert (ids[:, 0] - 1).numpy().tolist() == labels.numpy().tolist()
        found += labels.numpy().tolist()
    assert sorted(found) == list(range(8))
