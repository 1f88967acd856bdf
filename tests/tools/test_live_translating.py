"""What the live figure "translating" stores of the networks of chapters 5 and 7."""

import base64
import contextlib

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers.seq2seq import EncoderDecoder
from nlp_helpers.vocabulary import Words

from tools import live_translating as lt
from tools.live_weights import rounded

PAIRS = [("a b", "x y"), ("b a b", "y x"), ("a c b", "z y x"), ("c c", "z")] * 20


@pytest.fixture
def words():
    return tuple(Words(side) for side in zip(*PAIRS, strict=True))


@pytest.fixture
def network(words):
    tf.keras.utils.set_random_seed(1)
    sizes = {"source_size": words[0].size, "target_size": words[1].size}
    model = EncoderDecoder(**sizes, embed_size=3, n_units=4, attention=True)
    model((np.array([[2, 4, 3]]), np.array([[2, 4]])))  # makes the weights
    return model


@pytest.fixture
def layers(network):
    return {name: getattr(network, name) for name in lt.PARTS}


def read(stored):
    """Return a matrix as the page reads it, computed in another way."""
    halves = np.frombuffer(base64.b64decode(stored["sizes"]["data"]), "<f2")
    sizes = halves.astype(np.float32)
    alphabet = lt.LETTERS.decode()
    steps = np.array([alphabet.index(letter) - 32 for letter in stored["letters"]])
    shape = [-1, 1] if stored["axis"] else [1, -1]
    return steps.reshape(stored["shape"]) * sizes.reshape(shape)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_matrix_is_rounded_to_63_steps_of_each_column_or_row(axis):
    matrix = np.random.default_rng(0).normal(size=[7, 5]).astype(np.float32)
    matrix[2, 3] = 9
    stored = lt.quantized(matrix, axis)
    assert len(stored["letters"]) == matrix.size
    numbers = lt.dequantized(matrix, axis)
    assert np.array_equal(read(stored), numbers)
    largest = np.abs(matrix).max(axis=axis, keepdims=True)
    assert np.all(np.abs(numbers - matrix) <= 0.51 * largest / 31)
    assert numbers[2, 3] == pytest.approx(9, rel=1e-3)


def test_zeros_stay_zeros():
    matrix = np.array([[0, 1], [0, -2]], np.float32)
    assert np.array_equal(lt.dequantized(matrix, 0)[:, 0], [0, 0])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e8])
def test_numbers_that_cannot_be_stored_are_refused(wrong):
    with pytest.raises(ValueError, match="steps has a number that float16 cannot hold"):
        lt.quantized(np.array([[1.0, wrong]]), 0)


def test_layers_have_the_weights_of_a_page_for_a_while(layers, network):
    before = network.get_weights()
    with contextlib.suppress(KeyError), lt.quantized_weights(layers):
        kernel, bias = layers["combine"].get_weights()
        raise KeyError
    after = network.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    trained, trained_bias = layers["combine"].get_weights()
    assert np.array_equal(kernel, lt.dequantized(trained, 0))
    assert not np.array_equal(kernel, trained)
    assert np.array_equal(bias, rounded(trained_bias))


def test_all_weights_are_stored_with_what_the_page_computes(
    network, words, layers, monkeypatch
):
    monkeypatch.setattr(lt, "EXAMPLE", "a b c")
    network.scores = tf.Module()
    network.scores.key_layer = network.key_layer
    splits = {"validation": PAIRS, "longer": PAIRS}
    page, tests = lt.with_attention(network, words, splits)
    n_stored = sum(len(part["letters"]) for part in page["quantized"].values())
    n_stored += sum(array.size for array in page["tensors"].values())
    assert n_stored == network.count_params()
    assert page["words"] == [side.vocabulary for side in words]
    assert page["example"]["sentence"] == "a b c"
    assert len(page["bleu"]) == 2
    assert len(tests["sentences"]) == len(tests["greedy"]) == 50
    # They are those of the rounded weights, not of the trained ones.
    source, target = (np.array([side[0]]) for side in tests["inputs"])
    trained = network((source, target))[0, -1]
    with lt.quantized_weights(layers):
        logits = network((source, target))[0, -1]
    assert np.allclose(tests["logits"][0], logits, atol=1e-5)
    assert not np.allclose(tests["logits"][0], trained, atol=1e-5)


def test_next_words_are_the_most_frequent_first():
    sentences = ["a b", "a b", "a c", "b", "a b c"]
    words = Words(sentences)
    found = {
        words.vocabulary[id]: [words.vocabulary[other] for other in others]
        for id, others in enumerate(lt.next_words(words, sentences))
    }
    assert found["<sos>"] == ["a", "b"]
    assert found["a"] == ["b", "c"]
    assert found["b"] == ["c"]
    assert found["c"] == found["<pad>"] == found["<eos>"] == []
