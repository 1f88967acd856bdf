"""The masking of chapter 9, for any pieces, seed and rate."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

SIZE = 9  # ids: five special ones and four pieces
SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=6)  # [batch, steps]
BATCHES = arrays(np.int32, SHAPES, elements=st.integers(0, SIZE - 1))
SEEDS = st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=2)
NEARLY_ALL = float(np.nextafter(np.float32(1), np.float32(0)))


@pytest.fixture(scope="module")
def chapter(definitions):
    return definitions("09", "mask_pieces", vocab_size=SIZE)


@given(ids=BATCHES, seed=SEEDS, rate=st.floats(0.01, 0.99))
def test_what_is_not_chosen_stays(chapter, ids, seed, rate):
    hidden, chosen = (x.numpy() for x in chapter.mask_pieces(ids, seed, rate))
    np.testing.assert_array_equal(hidden[~chosen], ids[~chosen])


@given(ids=BATCHES, seed=SEEDS)
def test_at_the_highest_rate_all_but_special_pieces_are_chosen(chapter, ids, seed):
    _, chosen = chapter.mask_pieces(ids, seed, NEARLY_ALL)
    np.testing.assert_array_equal(chosen, ids >= len(chapter.SPECIAL))


def test_a_chosen_piece_becomes_a_mask_or_any_piece_that_is_not_special(chapter):
    pieces = range(len(chapter.SPECIAL), SIZE)
    ids = np.repeat([[pieces[0]], [pieces[-1]]], 1_000, axis=1)
    hidden, _ = chapter.mask_pieces(ids, [1, 2], NEARLY_ALL)
    changed = hidden.numpy()[hidden != ids]
    assert set(changed) == {chapter.MASK, *pieces}


@given(rate=st.floats(max_value=0) | st.floats(min_value=1) | st.just(float("nan")))
def test_a_rate_that_is_no_share_is_refused(chapter, rate):
    with pytest.raises(ValueError, match="must be a share above 0 and below 1"):
        chapter.mask_pieces(tf.constant([[7, 8]]), [1, 2], rate)
