"""Chapter 4: texts, saved modules, ids and batches, and the ways that it compares."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub

STRANGE = ["", "<br /><br />", "zqxj", "😀", "정말 좋은 영화였다", b"\xff\xfe\x80"]


@pytest.fixture(scope="module")
def text_embedding(definitions):
    words, vectors = ["good", "bad"], np.float32([[1, 1], [0, -2]])
    return definitions("04", "TextEmbedding").TextEmbedding(words, vectors)


@pytest.fixture(scope="module")
def loaded(text_embedding, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("module"))
    tf.saved_model.save(text_embedding, folder)
    return hub.load(folder)


@pytest.mark.parametrize("texts", [[1, 2], "just a string", [["a", "b"]]])
def test_only_a_list_of_texts_is_embedded(text_embedding, texts):
    with pytest.raises(TypeError, match="Can not cast"):
        text_embedding(tf.constant(texts))


def test_texts_without_a_known_word_get_zeros(text_embedding):
    assert text_embedding(tf.constant(STRANGE)).numpy().tolist() == [[0, 0]] * 6
    assert text_embedding(tf.constant([], tf.string)).shape == [0, 2]


def test_what_is_not_known_neither_adds_nor_counts(text_embedding):
    texts = ["good " * 10_000, "좋은 good 😀", b"\xff good \x80", "<b>Good</b> zqxj!"]
    np.testing.assert_allclose(text_embedding(texts), [[1, 1]] * 4, rtol=1e-3)
    np.testing.assert_allclose(text_embedding(["bad good, bad"]), [[1 / 3, -1]])


def test_a_loaded_module_gives_the_same_vectors(text_embedding, loaded):
    texts = tf.constant([*STRANGE, "A good film.", "good " * 10_000, "bad, good"])
    assert np.array_equal(loaded(texts), text_embedding(texts))
    rows = loaded.known_rows(texts)
    assert rows[-1].numpy().tolist() == [1, 0]


def test_words_are_split_as_glove_has_them(definitions):
    split_words = definitions("04", "split_words").split_words
    texts = ["It isn't Bergman's BEST...<br />", "Très bon!", "they’ll  say", ""]
    assert [b" ".join(row).decode() for row in split_words(texts).to_list()] == [
        "it is n't bergman 's best . . .",
        "très bon !",
        "they 'll say",
        "",
    ]


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


def test_ids_are_the_last_words_that_have_one(definitions):
    given = {"id_of_row": np.array([0, 2, 0, 1])}
    encode = definitions("04", "encode", **given).encode
    rows = tf.ragged.constant([[1, 0, 3, 2, 1], [], [0, 2]], dtype=tf.int64)
    assert encode(rows, 2).to_list() == [[1, 2], [], []]
    assert encode(rows, 9).to_list() == [[2, 1, 2], [], []]


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


def test_a_masked_mean_leaves_out_padding(definitions):
    mean = definitions("04", "MaskedMean").MaskedMean()
    X = np.float32([[[1, 2], [3, 4], [9, 9]], [[5, 5], [5, 5], [5, 5]]])
    mask = np.array([[True, True, False], [False, False, False]])
    assert mean(X, mask=mask).numpy().tolist() == [[2, 3], [0, 0]]


def test_means_of_many_reviews_are_means_of_each(definitions):
    all_means = definitions("04", "all_means").all_means
    ids = tf.ragged.constant([[1], [], [1, 2]] * 700)
    table = np.float32([[7, 7], [1, 2], [3, 4]])
    assert all_means(table, ids).tolist() == [[1, 2], [0, 0], [2, 3]] * 700


def test_naive_bayes_adds_up_logarithms_of_ratios(definitions):
    naive_bayes = definitions("04", "naive_bayes", vocab_size=5).naive_bayes
    X = np.array([[1, 1, 2], [1, 0, 0], [3, 2, 0], [3, 1, 0]])
    weights, bias = naive_bayes(X, np.array([1, 1, 1, 0]))
    # Reviews with the words 1 to 3: 2, 2, 1 of the positive and 1, 0, 1 of the negative
    # ones, each count one larger.
    positive, negative = np.array([3, 3, 2]) / 8, np.array([2, 1, 2]) / 5
    np.testing.assert_allclose(weights[1:4], np.log(positive / negative))
    assert weights[[0, 4]].tolist() == [0, 0]
    assert bias == pytest.approx(np.log(3))


class Rates:
    """Stands in for a network that does best at one learning rate."""

    def __init__(self, scores):
        self.scores, self.given = scores, []

    def evaluate(self, X, y, **_):
        return self.scores[self.rate]


def test_a_rate_is_chosen_on_reviews_that_are_held_out(definitions):
    network = Rates({0.01: (0.2, 0.7), 0.03: (0.9, 0.8), 0.1: (0.8, 0.8)})

    def train_anew(model, first_values, X, y, rate, n_updates):
        assert X.tolist() == list(range(2, 10))
        model.rate = rate

    chosen = definitions("04", "best_rate", train_anew=train_anew).best_rate
    assert chosen(network, None, np.arange(10), np.arange(10), 5) == 0.1


def test_training_begins_from_the_first_values_again(definitions):
    names = ["compiled", "train_anew"]
    given = {"tables": {"means": None}, "starts": {}, "embed_size": 2, "vocab_size": 3}
    chapter = definitions("04", *names, **given)
    model, first_values = chapter.compiled("means")
    X, y = np.float32([[1, 0], [0, 1]] * 5), np.array([1, 0] * 5)
    results = []
    for _ in range(2):
        chapter.keras.utils.set_random_seed(0)
        chapter.train_anew(model, first_values, X, y, 0.1, 20)
        results.append(model.get_weights())
    assert not np.allclose(results[0][0], first_values[0])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
