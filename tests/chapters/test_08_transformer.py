"""Chapter 8: rotary positions with a cache, and BLEU against several references."""

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers.transformer import causal_mask


def test_rotary_attention_in_steps_is_that_of_all_at_once(definitions):
    layer = definitions("08", "RotaryAttention").RotaryAttention(8, 2)
    x = tf.random.stateless_normal([2, 5, 8], [1, 2])
    whole, *_ = layer(x, x, causal_mask(5))
    first, _, cache = layer(x[:, :2], x[:, :2], causal_mask(2))
    others, *_ = layer(x[:, 2:], x[:, 2:], causal_mask(3, 2), cache=cache)
    assert np.allclose(tf.concat([first, others], axis=1), whole, atol=1e-5)


def test_rotary_attention_sees_the_order(definitions):
    layer = definitions("08", "RotaryAttention").RotaryAttention(8, 2)
    x = tf.random.stateless_normal([1, 4, 8], [1, 2])
    outputs, reversed_outputs = layer(x, x)[0], layer(x[:, ::-1], x[:, ::-1])[0]
    assert not np.allclose(outputs, reversed_outputs[:, ::-1], atol=1e-3)


@pytest.mark.parametrize("kind", ["sinusoidal", "learned", "rotary"])
def test_only_learned_positions_are_weights(definitions, kind):
    sizes = {"source_size": 9, "target_size": 9}
    small = {"d_model": 8, "n_heads": 2, "d_ff": 8, "n_blocks": 1, "max_steps": 6}
    chapter = definitions("08", "with_positions", "config", sizes=sizes, **small)
    model = chapter.with_positions(kind)
    model((tf.constant([[2, 4, 3]]), tf.constant([[2, 5]])))
    shapes = [tuple(weight.shape) for weight in model.trainable_weights]
    assert shapes.count((6, 8)) == 2 * (kind == "learned")
    is_rotary = type(model.decoder.blocks[0].self_attention).__name__
    assert (is_rotary == "RotaryAttention") == (kind == "rotary")


def test_folded_heads_take_one_mask_for_each_sentence(definitions):
    layer = definitions("08", "FoldedHeads", V=tf.zeros([2, 5, 16])).FoldedHeads(8, 2)
    x = tf.random.stateless_normal([2, 3, 8], [1, 2])
    mask = tf.constant([[[True, True, False]], [[True, False, False]]])
    outputs = layer(x, x, mask)
    hidden = tf.concat([x[:, :2], x[:, 2:] + 1], axis=1)
    assert np.allclose(layer(x, hidden, mask), outputs, atol=1e-6)
    assert not np.allclose(layer(hidden, x, mask)[:, 2], outputs[:, 2], atol=1e-3)
