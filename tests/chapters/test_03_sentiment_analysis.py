"""Chapter 3: the ids of words, and reviews with nothing in them or too much."""

import numpy as np
import pytest
import tensorflow as tf

STRANGE = ["", "<br />", "재미있다!", "great " * 100_000]


@pytest.fixture(scope="module")
def reading(definitions):
    """Return what turns texts into ids, for a vocabulary of four words, and a network.

    The words `a` and `great` have the ids 2 and 1, all others 3 to 5.
    """
    make_table = definitions("03", "make_table").make_table
    _, table = make_table({b"a": 2, b"great": 3}, vocab_size=9, n_oov_buckets=3)
    names = ["split_words", "encode", "padded", "make_model"]
    return definitions("03", *names, table=table, n_ids=6, embed_size=4, n_units=4)


def test_the_most_frequent_words_get_ids_from_0_and_the_others_share_some(definitions):
    counts = {b"a": 2, b"b": 1, b"c": 2, b"d": 5, b"e": 1}
    vocabulary, table = definitions("03", "make_table").make_table(counts, 4, 2)
    assert vocabulary == [b"d", b"c", b"a", b"e"]
    assert table.lookup(tf.constant(vocabulary)).numpy().tolist() == [0, 1, 2, 3]
    unknown = table.lookup(tf.constant([str(k) for k in range(20)])).numpy()
    assert set(unknown) == {4, 5}
    assert table.lookup(tf.constant(["7"]))[0] == unknown[7]


def test_no_review_breaks_the_network(reading):
    ids = reading.padded(reading.encode(reading.split_words(STRANGE)))
    logits = reading.make_model()(ids)[:, 0]
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(logits[:3], logits[0], rtol=1e-6)
    assert abs(logits[3] - logits[0]) > 1e-6


def test_a_batch_without_words_has_one_step(reading):
    ids = reading.padded(reading.encode(reading.split_words(STRANGE[:3])))
    assert ids.numpy().tolist() == [[0], [0], [0]]


def test_a_review_is_cut_by_characters(reading):
    [words] = reading.split_words(["éé great film"], n_chars=8).to_list()
    assert words == [b"great"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (b"caf\xe9", tf.errors.InvalidArgumentError, "Invalid formatting"),
        (1.5, TypeError, "dtype string"),
    ],
)
def test_what_is_no_text_is_refused(reading, text, error, message):
    with pytest.raises(error, match=message):
        reading.split_words([text])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("name", ["padded_batches", "bucketed_batches"])
def test_batches_hold_each_review_once_padded_on_the_right(definitions, name, shuffle):
    reviews = [[3, 4], [], [5], [], [6, 7, 8, 9], [1, 2], [3]]
    batches = getattr(definitions("03", name, batch_size=2), name)
    found = []
    for ids, labels in batches(tf.ragged.constant(reviews), np.arange(7), shuffle):
        assert len(ids) <= 2
        assert ids.shape[1] == max(1, np.count_nonzero(ids, axis=1).max())
        for row, label in zip(ids.numpy(), labels.numpy(), strict=True):
            found.append(label)
            n_words = len(reviews[label])
            assert row[:n_words].tolist() == reviews[label]
            assert not row[n_words:].any()
    assert sorted(found) == list(range(7))
