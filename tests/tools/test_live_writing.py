"""What is stored of chapter 1's network for the live figure "writing"."""

import numpy as np
import tensorflow as tf
from nlp_helpers import sampling
from nlp_helpers.vocabulary import Characters

from tools import live_weights, live_writing

keras = tf.keras


def make_model(vocab_size, n_layers=2):
    keras.utils.set_random_seed(1)
    layers = [keras.layers.GRU(5, return_sequences=True) for _ in range(n_layers)]
    return keras.Sequential(
        [
            keras.Input([None], dtype=tf.int32),
            keras.layers.Embedding(vocab_size, 4),
            *layers,
            keras.layers.Dense(vocab_size),
        ]
    )


def test_the_network_of_chapter_1_is_stored_whole_and_left_as_it_was():
    characters = Characters("".join(live_writing.PROMPTS))
    model = make_model(characters.size)
    before = model.get_weights()
    page, tests = live_writing.char_rnn(model, characters)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert len(before) == len(page["tensors"])
    assert all(map(np.array_equal, before, page["tensors"].values()))
    assert page["n_layers"] == 2
    assert page["tensors"]["gru_1/kernel"].shape == (5, 15)
    assert page["alphabet"] == characters.alphabet

    # What the page is compared with comes from the rounded weights.
    assert len(tests["inputs"]) == len(tests["logits"]) == 50
    exact = model(np.array(tests["inputs"])).numpy()[:, -1]
    model.set_weights([live_weights.rounded(array) for array in before])
    rounded = model(np.array(tests["inputs"])).numpy()[:, -1]
    assert np.allclose(tests["logits"], rounded, rtol=1e-5, atol=1e-7)
    assert not np.allclose(tests["logits"], exact, rtol=1e-5, atol=1e-7)
    greedy = sampling.generate(model, characters, tests["prompts"], 80, top_k=1)
    assert tests["greedy"] == greedy
