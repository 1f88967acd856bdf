import itertools
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import windows

PIPELINES = (windows.shuffled, windows.sequential, windows.streams)

# Building a pipeline takes milliseconds, so a few examples have to do.
few_examples = settings(max_examples=12)


def batches(dataset):
    """Return the batches as pairs of arrays, as many as the data set says it has."""
    found = [(X.numpy(), y.numpy()) for X, y in dataset]
    assert len(found) == len(dataset)
    return found


def whole_windows(dataset):
    """Return the windows with their last targets, as tuples, in the order seen."""
    found = []
    for X, y in batches(dataset):
        np.testing.assert_array_equal(X[:, 1:], y[:, :-1])
        found += map(tuple, np.concatenate([X, y[:, -1:]], axis=1).tolist())
    return found


def windows_in_plain_python(n_ids, n_steps, shift, offset=0):
    starts = range(offset, n_ids - n_steps, shift)
    return [tuple(range(start, start + n_steps + 1)) for start in starts]


def tf_data_windows(n_ids, n_steps):
    """Return the windows of the usual tf.data pipeline."""
    dataset = tf.data.Dataset.range(n_ids)
    dataset = dataset.window(n_steps + 1, shift=1, drop_remainder=True)
    dataset = dataset.flat_map(lambda window: window.batch(n_steps + 1))
    return [tuple(window.tolist()) for window in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("ids", [range(50), np.arange(50, dtype=np.int64)])
def test_targets_are_the_inputs_one_step_later(pipeline, ids):
    for X, y in batches(pipeline(ids, 4, 3)):
        assert X.shape == (3, 4)
        assert X.dtype == y.dtype == np.int32
        np.testing.assert_array_equal(y, X + 1)


@pytest.mark.parametrize(("n_ids", "n_steps"), [(30, 4), (9, 1), (6, 5)])
def test_shift_one_gives_every_window_once_as_tf_data_does(n_ids, n_steps):
    dataset = windows.shuffled(np.arange(n_ids), n_steps, 1, shift=1)
    assert Counter(whole_windows(dataset)) == Counter(tf_data_windows(n_ids, n_steps))


@few_examples
@given(
    n_steps=st.integers(1, 9),
    shift=st.none() | st.integers(1, 12),
    batch_size=st.integers(1, 4),
    extra=st.integers(0, 40),
    seed=st.integers(0, 2**31),
)
def test_an_epoch_is_windows_every_shift_steps_from_one_offset(
    n_steps, shift, batch_size, extra, seed
):
    distance = shift or n_steps
    n_ids = n_steps + distance * batch_size + extra
    dataset = windows.shuffled(
        np.arange(n_ids), n_steps, batch_size, shift=shift, seed=seed
    )
    for _ in range(2):
        found = whole_windows(dataset)
        assert len(found) == len(dataset) * batch_size
        assert len(set(found)) == len(found)
        offset = found[0][0] % distance
        expected = windows_in_plain_python(n_ids, n_steps, distance, offset)
        assert set(found) <= set(expected)
        # Only what does not fill a batch at the least favourable offset is missing.
        assert len(expected) - len(found) <= batch_size


def test_each_epoch_has_another_offset_and_order():
    dataset = windows.shuffled(np.arange(2000), 50, 8)
    epochs = [whole_windows(dataset) for _ in range(8)]
    assert len({epoch[0][0] % 50 for epoch in epochs}) > 4
    assert all(epoch != sorted(epoch) for epoch in epochs)


def test_order_changes_from_epoch_to_epoch_though_the_windows_are_the_same():
    dataset = windows.shuffled(np.arange(101), 1, 1, shift=1)
    first, second = whole_windows(dataset), whole_windows(dataset)
    assert first != second
    assert sorted(first) == sorted(second)


def test_the_seed_decides_the_batches():
    def two_epochs(seed):
        dataset = windows.shuffled(np.arange(500), 10, 4, seed=seed)
        return [whole_windows(dataset) for _ in range(2)]

    assert two_epochs(1) == two_epochs(1)
    assert two_epochs(1) != two_epochs(2)


@few_examples
@given(
    n_steps=st.integers(1, 9),
    batch_size=st.integers(1, 5),
    n_batches=st.integers(1, 5),
    extra=st.integers(0, 20),
)
def test_streams_continue_row_by_row(n_steps, batch_size, n_batches, extra):
    n_ids = batch_size * n_batches * n_steps + 1 + extra
    found = batches(windows.streams(np.arange(n_ids), n_steps, batch_size))
    length = (n_ids - 1) // batch_size // n_steps * n_steps
    rows = np.arange(batch_size * length).reshape([batch_size, length])
    np.testing.assert_array_equal(np.concatenate([X for X, _ in found], axis=1), rows)
    np.testing.assert_array_equal(
        np.concatenate([y for _, y in found], axis=1), rows + 1
    )


@few_examples
@given(
    n_steps=st.integers(1, 9), batch_size=st.integers(1, 5), extra=st.integers(0, 60)
)
def test_sequential_gives_all_whole_windows_in_order(n_steps, batch_size, extra):
    n_ids = n_steps + 1 + extra
    dataset = windows.sequential(np.arange(n_ids), n_steps, batch_size)
    expected = windows_in_plain_python(n_ids, n_steps, n_steps)
    assert whole_windows(dataset) == expected
    sizes = [len(X) for X, _ in batches(dataset)]
    assert set(sizes[:-1]) <= {batch_size}
    assert sizes[-1] == (len(expected) - 1) % batch_size + 1


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize(("n_ids", "n_steps"), [(0, 1), (1, 1), (50, 50), (9, 10**6)])
def test_a_text_without_one_window_is_refused(pipeline, n_ids, n_steps):
    with pytest.raises(ValueError, match=f"^{n_ids} ids .* n_steps={n_steps}, .* long"):
        pipeline(np.arange(n_ids), n_steps, 1)


@pytest.mark.parametrize("size", [0, -1])
@pytest.mark.parametrize(
    ("pipeline", "name"),
    [
        *itertools.product(PIPELINES, ["n_steps", "batch_size"]),
        (windows.shuffled, "shift"),
    ],
)
def test_sizes_below_one_are_refused(pipeline, name, size):
    sizes = {"n_steps": 4, "batch_size": 3, name: size}
    with pytest.raises(ValueError, match=f"^{name}={size} .* at least 1"):
        pipeline(np.arange(50), **sizes)


@pytest.mark.parametrize(
    ("pipeline", "enough"),
    [(windows.shuffled, 4 * 3 + 4), (windows.streams, 4 * 3 + 1)],
)
def test_one_id_decides_whether_there_is_a_batch(pipeline, enough):
    assert len(pipeline(np.arange(enough), 4, 3)) == 1
    with pytest.raises(ValueError, match=f"^batch_size=3 .* {enough - 1} ids"):
        pipeline(np.arange(enough - 1), 4, 3)


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("shape", [(), (2, 20), (1, 2, 3)])
def test_ids_of_another_shape_are_refused(pipeline, shape):
    with pytest.raises(ValueError, match=r"whole numbers in an array \[n\]") as caught:
        pipeline(np.ones(shape, np.int32), 4, 3)
    assert str(list(shape)) in str(caught.value)


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("ids", [np.arange(50.0), np.full(50, np.nan)])
def test_ids_that_are_not_whole_are_refused(pipeline, ids):
    with pytest.raises(ValueError, match=r"whole numbers .* not float64"):
        pipeline(ids, 4, 3)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_numpy_integers_are_sizes_and_fractions_are_none(pipeline):
    ids = np.arange(50)
    found = whole_windows(pipeline(ids, np.int64(4), np.int32(3)))
    assert found == whole_windows(pipeline(ids, 4, 3))
    with pytest.raises(TypeError):
        pipeline(ids, 4.5, 3)
