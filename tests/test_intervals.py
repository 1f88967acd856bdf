import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers.intervals import interval


def test_an_interval_is_that_of_a_table_of_t():
    # For 4 degrees of freedom the table has 2.776; the standard error is 0.7071.
    low, high = interval([1, 2, 3, 4, 5])
    assert (low, high) == pytest.approx((3 - 2.776 * 0.7071, 3 + 2.776 * 0.7071), 1e-3)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=9), st.floats(-9, 9))
def test_an_interval_is_around_the_mean_and_moves_along(values, shift):
    low, high = interval(values)
    assert low <= np.mean(values) + 1e-9
    assert high >= np.mean(values) - 1e-9
    moved = interval(np.add(values, shift))
    assert moved == pytest.approx((low + shift, high + shift), abs=1e-6)


def test_95_of_100_intervals_hold_the_true_mean():
    draws = np.random.default_rng(1).normal(2.0, 3.0, size=(4_000, 5))
    ends = np.array([interval(row) for row in draws])
    held = np.mean((ends[:, 0] <= 2) & (ends[:, 1] >= 2))
    assert held == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("values", [[], [1.0], 3.0, [[1, 2], [3, 4]]])
def test_an_interval_takes_two_seeds(values):
    with pytest.raises(ValueError, match="two seeds at least"):
        interval(values)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_interval_of_no_number_is_refused(value):
    with pytest.raises(ValueError, match="not defined"):
        interval([1.0, value])
