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
    return [(X.numpy(), y.numpy()) for X, y in dataset]


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
def test_targets_are_the_inputs_one_step_later(pipeline):
    dataset = pipeline(np.arange(50), 4, 3)
    for X, y in batches(dataset):
        assert X.shape[1] == 4
        assert X.dtype == y.dtype == np.int32
        np.testing.assert_array_equal(y, X + 1)


@pytest.mark.parametrize(("n_ids", "n_steps"), [(30, 4), (31, 4), (9, 1), (6, 5)])
def test_shift_one_gives_every_window_once(n_ids, n_steps):
    dataset = windows.shuffled(np.arange(n_ids), n_steps, 1, shift=1)
    found = Counter(whole_windows(dataset))
    assert found == Counter(windows_in_plain_python(n_ids, n_steps, 1))
    assert found == Counter(tf_data_windows(n_ids, n_steps))
    assert max(window[-1] for window in found) == n_ids - 1


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


def test_windows_do_not_overlap_unless_asked_to():
    found = whole_windows(windows.shuffled(np.arange(1000), 10, 4))
    inputs = [i for window in found for i in window[:-1]]
    assert len(inputs) == len(set(inputs)) > 900


def test_each_epoch_has_another_offset_and_order():
    dataset = windows.shuffled(np.arange(2000), 50, 8)
    epochs = [whole_windows(dataset) for _ in range(8)]
    offsets = {epoch[0][0] % 50 for epoch in epochs}
    assert len(offsets) > 4
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
    ids = np.arange(n_ids)
    found = batches(windows.streams(ids, n_steps, batch_size))
    for (X, _), (X_next, _) in itertools.pairwise(found):
        np.testing.assert_array_equal(X_next[:, 0], X[:, -1] + 1)

    per_row = (n_ids - 1) // batch_size // n_steps
    length = per_row * n_steps
    rows = [ids[i * length : (i + 1) * length + 1] for i in range(batch_size)]
    assert len(found) == per_row
    for k, (X, y) in enumerate(found):
        steps = slice(k * n_steps, (k + 1) * n_steps)
        np.testing.assert_array_equal(X, np.stack([row[:-1][steps] for row in rows]))
        np.testing.assert_array_equal(y, np.stack([row[1:][steps] for row in rows]))


def test_streams_use_the_last_id_as_a_target():
    X, y = batches(windows.streams(np.arange(25), 4, 3))[-1]
    assert y[-1, -1] == 24
    assert X.shape == (3, 4)


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


def test_sequential_uses_the_last_id_as_a_target():
    assert whole_windows(windows.sequential(np.arange(9), 4, 1))[-1][-1] == 8


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("n_ids", [25, 39, 40, 41, 42, 100])
def test_the_length_of_a_data_set_is_its_number_of_batches(pipeline, n_ids):
    dataset = pipeline(np.arange(n_ids), 4, 3)
    assert len(dataset) == len(batches(dataset)) == len(batches(dataset))


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_lists_and_other_integers_are_ids_too(pipeline):
    from_list = whole_windows(pipeline(list(range(50)), 4, 3))
    assert from_list == whole_windows(pipeline(np.arange(50, dtype=np.int64), 4, 3))


@given(
    pipeline=st.sampled_from(PIPELINES),
    n_steps=st.integers(1, 10**6),
    data=st.data(),
)
def test_a_text_without_one_window_is_refused(pipeline, n_steps, data):
    n_ids = data.draw(st.integers(0, min(n_steps, 50)))
    with pytest.raises(ValueError, match=f"^{n_ids} ids .* n_steps={n_steps}, .* long"):
        pipeline(np.arange(n_ids), n_steps, 1)


@given(
    pipeline=st.sampled_from(PIPELINES),
    name=st.sampled_from(["n_steps", "batch_size"]),
    size=st.integers(max_value=0),
)
def test_sizes_below_one_are_refused(pipeline, name, size):
    sizes = {"n_steps": 4, "batch_size": 3, name: size}
    with pytest.raises(ValueError, match=f"^{name}={size} .* at least 1"):
        pipeline(np.arange(50), **sizes)


@given(st.integers(max_value=0))
def test_shifts_below_one_are_refused(shift):
    with pytest.raises(ValueError, match=f"^shift={shift} .* at least 1"):
        windows.shuffled(np.arange(50), 4, 3, shift=shift)


@pytest.mark.parametrize(
    ("pipeline", "enough"),
    [(windows.shuffled, 4 * 3 + 4), (windows.streams, 4 * 3 + 1)],
)
def test_one_id_decides_whether_there_is_a_batch(pipeline, enough):
    assert len(pipeline(np.arange(enough), 4, 3)) == 1
    with pytest.raises(ValueError, match=f"batch_size=3 .* {enough - 1} ids"):
        pipeline(np.arange(enough - 1), 4, 3)


@given(
    pipeline=st.sampled_from([windows.shuffled, windows.streams]),
    batch_size=st.integers(13, 10**6),
)
def test_a_batch_size_that_leaves_no_batch_is_refused(pipeline, batch_size):
    with pytest.raises(ValueError, match=f"^batch_size={batch_size} .* 50 ids"):
        pipeline(np.arange(50), 4, batch_size)


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("shape", [(), (2, 20), (1, 2, 3)])
def test_ids_of_another_shape_are_refused(pipeline, shape):
    with pytest.raises(ValueError, match=r"shape \[n\], not ") as caught:
        pipeline(np.ones(shape, np.int32), 4, 3)
    assert str(list(shape)) in str(caught.value)
