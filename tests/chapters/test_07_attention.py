"""Attention of chapter 7, given a mask or values that do not fit the scores."""

import re

import pytest
import tensorflow as tf

KEYS = [2, 5]  # batch and keys


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mask", [2, 4]),
        ("values", [2, 4]),
        # TensorFlow would broadcast these.
        ("mask", [2, 1]),
        ("mask", [1, 5]),
        ("values", [1, 5]),
    ],
)
def test_attend_wants_one_row_for_each_key(definitions, name, shape):
    attend = definitions("07", "attend").attend
    scores = tf.zeros([2, 3, 5])
    shapes = {"values": KEYS, "mask": KEYS, name: shape}
    values, mask = tf.ones([*shapes["values"], 6]), tf.fill(shapes["mask"], True)
    message = f"{name} has the shape {shape} for {KEYS} [batch, keys]: there must be"
    with pytest.raises(ValueError, match=re.escape(message)):
        attend(scores, values, mask)
