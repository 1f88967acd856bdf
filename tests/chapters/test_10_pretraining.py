"""Chapter 10: tokens and numbers of the pretrained network, LoRA, and masking."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from nlp_helpers.data import minilm, movie_reviews
from tokenizers import BertWordPieceTokenizer

SIZE = 9  # ids: five special ones and four tokens
SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=6)  # [batch, steps]
BATCHES = arrays(np.int32, SHAPES, elements=st.integers(0, SIZE - 1))
SEEDS = st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=2)
NEARLY_ALL = float(np.nextafter(np.float32(1), np.float32(0)))


REFERENCE = json.loads(
    (Path(__file__).parent / "minilm" / "reference.json").read_text("utf-8")
)
BASE = [*"aeo", "A", "é", "Å", "İ", "ß", "漢", "한", " ", "\t", "-", "'", "$", "_", "№"]
STRANGE = [*BASE, "\u0301", "\u200b", "\x07", "€", "☃", "…", "“", "##", "[SEP"]


@pytest.fixture(scope="module")
def chapter(definitions):
    return definitions("10", "mask_tokens", vocab_size=SIZE)


@pytest.fixture(scope="module")
def encoder(definitions):
    """Return a function that gives the definitions of the pretrained encoder."""

    def encoder(**given):
        sizes, weights, vocabulary = minilm.load()
        names = {"sizes": sizes, "weights": weights, "vocabulary": vocabulary}
        names["id_of"] = {token: id for id, token in enumerate(vocabulary)}
        wanted = ["to_ids", "make_bert", "make_lora", "LowRank"]
        return definitions("10", *wanted, **names | given)

    return encoder


@pytest.fixture(scope="module")
def pretrained(encoder):
    return encoder()


@pytest.fixture(scope="module")
def library(pretrained):
    return BertWordPieceTokenizer(pretrained.id_of, lowercase=True)


def furthest(chapter, bert):
    """Return the largest difference from the reference, for all texts in one batch."""
    vectors = bert(chapter.to_ids([row["text"] for row in REFERENCE])).numpy()
    return max(
        np.abs(found[: len(row["ids"]), :6] - row["first_numbers"]).max()
        for row, found in zip(REFERENCE, vectors, strict=True)
    )


def test_tokens_of_reviews_are_those_of_the_library(pretrained, library):
    reviews, _ = movie_reviews.load()
    n = pretrained.n_tokens
    for text, _ in reviews["test"].take(400).as_numpy_iterator():
        text = text.decode()
        ids = library.encode(text).ids
        expected = ids if len(ids) <= n else [*ids[: n - 1], ids[-1]]
        assert pretrained.to_ids([text])[0].numpy().tolist() == expected, text


@given(text=st.lists(st.sampled_from(STRANGE), max_size=20).map("".join))
def test_tokens_of_strange_text_are_those_of_the_library(pretrained, library, text):
    assert pretrained.to_ids([text])[0].numpy().tolist() == library.encode(text).ids


def test_vectors_are_those_of_the_reference(pretrained):
    for row in REFERENCE:
        assert pretrained.to_ids([row["text"]])[0].numpy().tolist() == row["ids"]
    assert furthest(pretrained, pretrained.make_bert()) < 1e-4


def test_the_approximate_gelu_is_not_the_same(encoder):
    changed = encoder(gelu=lambda x: tf.nn.gelu(x, approximate=True))
    assert furthest(changed, changed.make_bert()) > 1e-4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("5.attention.self.query.weight", "5.attention.self.key.weight"),
        ("2.attention.self.query.bias", "2.attention.self.value.bias"),
        ("3.attention.output.LayerNorm.weight", "3.output.LayerNorm.weight"),
        ("0.intermediate.dense.bias", "1.intermediate.dense.bias"),
    ],
)
def test_a_weight_in_the_place_of_its_neighbour_is_noticed(
    encoder, pretrained, first, second
):
    first, second = f"encoder.layer.{first}", f"encoder.layer.{second}"
    weights = dict(pretrained.weights)
    weights[first], weights[second] = weights[second], weights[first]
    changed = encoder(weights=weights)
    assert furthest(changed, changed.make_bert()) > 1e-4


def test_padding_does_not_count_in_the_mean(definitions):
    mean_pool = definitions("10", "mean_pool", id_of={"[PAD]": 0}).mean_pool
    vectors = tf.random.stateless_normal([1, 5, 3], [1, 2])
    means = mean_pool(vectors, tf.constant([[7, 8, 0, 0, 0]]))
    np.testing.assert_allclose(means, vectors[:, :2].numpy().mean(axis=1), atol=1e-6)


def test_padding_is_what_the_mask_hides(pretrained):
    bert, ids = pretrained.make_bert(), pretrained.to_ids(["A silly film."])
    padded = bert(tf.pad(ids, [[0, 0], [0, 7]]))[:, : ids.shape[1]]
    np.testing.assert_allclose(padded, bert(ids), atol=1e-5)


def test_lora_begins_with_the_same_function_and_trains_nothing_else(pretrained):
    plain, lora = pretrained.make_bert(), pretrained.make_lora()
    ids = pretrained.to_ids(["A silly film."])
    np.testing.assert_allclose(lora(ids), plain(ids), atol=1e-5)
    shapes = [tuple(weight.shape) for weight in lora.trainable_weights]
    assert sorted(shapes) == [(8, 384)] * 12 + [(384, 8)] * 12


@pytest.mark.parametrize(("rank", "alpha"), [(1, 1), (2, 8), (4, 2)])
def test_lora_is_scaled_by_alpha_over_the_rank(pretrained, rank, alpha):
    dense = tf.keras.layers.Dense(3)
    x = tf.random.stateless_normal([2, 5], [1, 2])
    dense(x)
    layer = pretrained.LowRank(dense, 5, rank=rank, alpha=alpha)
    layer.B.assign(tf.random.stateless_normal([rank, 3], [3, 4]))
    added = layer(x) - dense(x)
    expected = alpha / rank * x.numpy() @ layer.A.numpy() @ layer.B.numpy()
    np.testing.assert_allclose(added, expected, atol=1e-5)
    merged = tf.matmul(x, layer.merged_kernel()) + dense.bias
    np.testing.assert_allclose(merged, layer(x), atol=1e-5)


@given(ids=BATCHES, seed=SEEDS, rate=st.floats(0.01, 0.99))
def test_what_is_not_chosen_stays(chapter, ids, seed, rate):
    hidden, chosen = (x.numpy() for x in chapter.mask_tokens(ids, seed, rate))
    np.testing.assert_array_equal(hidden[~chosen], ids[~chosen])


@given(ids=BATCHES, seed=SEEDS)
def test_at_the_highest_rate_all_but_special_tokens_are_chosen(chapter, ids, seed):
    _, chosen = chapter.mask_tokens(ids, seed, NEARLY_ALL)
    np.testing.assert_array_equal(chosen, ids >= len(chapter.SPECIAL))


def test_a_chosen_token_becomes_a_mask_or_any_token_that_is_not_special(chapter):
    tokens = range(len(chapter.SPECIAL), SIZE)
    ids = np.repeat([[tokens[0]], [tokens[-1]]], 1_000, axis=1)
    hidden, _ = chapter.mask_tokens(ids, [1, 2], NEARLY_ALL)
    changed = hidden.numpy()[hidden != ids]
    assert set(changed) == {chapter.MASK, *tokens}
