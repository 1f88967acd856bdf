"""Chapter 3: cleaning, ids, batches, pieces, and reviews with nothing in them."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

STRANGE = ["", "<br />", "!?", "great " * 100_000]


@pytest.fixture(scope="module")
def reading(definitions):
    """Return what turns texts into ids, for a vocabulary of four words, and a network.

    The words `a` and `great` have the ids 2 and 1, all others 3 to 5.
    """
    make_table = definitions("03", "make_table").make_table
    _, table = make_table({b"a": 2, b"great": 3}, vocab_size=9, n_oov_buckets=3)
    names = ["split_words", "encode", "padded", "make_gru"]
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
    logits = reading.make_gru()(ids)[:, 0]
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(logits[:3], logits[0], rtol=1e-6)
    assert abs(logits[3] - logits[0]) > 1e-6


def test_a_batch_without_words_has_one_step(reading):
    ids = reading.padded(reading.encode(reading.split_words(STRANGE[:3])))
    assert ids.numpy().tolist() == [[0], [0], [0]]


def test_a_review_is_cut_by_characters(reading):
    [words] = reading.split_words(["éé great film"], n_chars=8).to_list()
    assert words == ["éé".encode(), b"great"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Amélie: TRÈS charmé", ["amélie", "très", "charmé"]),
        ("Ame\u0301lie", ["ame\u0301lie"]),
        ("재미있다! 정말...", ["재미있다", "정말"]),
        ("''Dead Poets'' isn't 'dead'", ["dead", "poets", "isn't", "dead"]),
        ("the dogs' 'cats' ' '' y", ["the", "dogs", "cats", "y"]),
        ("good<br /><br/>film<BR>10/10", ["good", "film"]),
    ],
)
def test_cleaning_keeps_letters_of_any_language_and_no_quotes(reading, text, words):
    [found] = reading.split_words([text]).to_list()
    assert [word.decode() for word in found] == words


@given(st.text(alphabet="ab' é\"-<", max_size=30))
def test_no_word_begins_or_ends_with_an_apostrophe(reading, text):
    [found] = reading.split_words([text]).to_list()
    for word in found:
        assert word.strip(b"'") == word != b""


@pytest.fixture(scope="module")
def bpe(definitions):
    return definitions("03", "learn_bpe", "bpe_pieces")


@given(st.text(alphabet="abc", min_size=1, max_size=12))
def test_pieces_of_a_word_make_up_the_word(bpe, word):
    merges = bpe.learn_bpe({"abc": 3, "bca": 2, "abcabc": 1}, n_merges=5)
    assert "".join(bpe.bpe_pieces(word, merges)) == f"▁{word}"


@pytest.mark.parametrize("shuffle", [None, 1])
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
