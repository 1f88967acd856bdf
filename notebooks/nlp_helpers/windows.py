"""Sequences of ids -> `tf.data` pipelines of inputs and targets.

Every pipeline yields pairs `(X, y)` of int32 tensors `[batch, n_steps]` in which `y`
is `X` one step later. Batches are gathered from the whole sequence in one operation.
"""

import operator

import numpy as np
import tensorflow as tf

from nlp_helpers.vocabulary import whole_numbers


def shuffled(ids, n_steps, batch_size, *, shift=None, seed=42):
    """Return windows in random order, laid anew over the sequence at each epoch.

    Each epoch starts at another offset below `shift` and takes one window every
    `shift` steps, so that an epoch sees the whole sequence and each epoch cuts it in
    other places. Windows that do not fill the last batch are left for another epoch.

    Args:
        ids: int array `[n]`.
        n_steps: length of a window.
        batch_size: windows in a batch.
        shift: distance between the starts of two windows; None means `n_steps`, so
            that windows do not overlap.
        seed: seed of the offsets and the order.

    Raises:
        TypeError: a size is not whole.
        ValueError: a size is below 1, the ids are not whole numbers, or there are too
            few of them for a batch.
    """
    shift = n_steps if shift is None else shift
    sizes = {"n_steps": n_steps, "batch_size": batch_size, "shift": shift}
    ids, n_steps, batch_size, shift = _checked(ids, **sizes)
    n_windows = len(range(shift - 1, len(ids) - n_steps, shift))
    n_batches = _count_batches(n_windows, batch_size, len(ids), n_steps)

    def epoch(seed):
        seeds = tf.stack([seed, 0])
        offset = tf.random.stateless_uniform([], seeds, 0, shift, tf.int32)
        starts = tf.range(offset, len(ids) - n_steps, shift)
        starts = tf.random.experimental.stateless_shuffle(starts, seeds)
        batches = tf.reshape(starts[: n_batches * batch_size], [-1, batch_size])
        return tf.data.Dataset.from_tensor_slices(batches)

    # One random number an epoch: iterating again over the data set draws the next.
    epoch_seed = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).take(1)
    return _gather(epoch_seed.flat_map(epoch), ids, n_steps, n_batches)


def sequential(ids, n_steps, batch_size):
    """Return windows that do not overlap, in order, for measuring a loss.

    All of them: the last batch may be smaller. Ids after the last whole window are
    not used.

    Raises:
        TypeError: a size is not whole.
        ValueError: a size is below 1, the ids are not whole numbers, or there are too
            few of them for a window.
    """
    ids, n_steps, batch_size = _checked(ids, n_steps=n_steps, batch_size=batch_size)
    starts = np.arange(0, len(ids) - n_steps, n_steps, dtype=np.int32)
    n_batches = -(-len(starts) // batch_size)
    batches = tf.data.Dataset.from_tensor_slices(starts).batch(batch_size)
    return _gather(batches, ids, n_steps, n_batches)


def streams(ids, n_steps, batch_size):
    """Return batches in which row *i* continues row *i* of the batch before.

    The sequence is cut into `batch_size` streams of equal length, and each batch holds
    the next `n_steps` of every stream. For stateful recurrent layers.

    Raises:
        TypeError: a size is not whole.
        ValueError: a size is below 1, the ids are not whole numbers, or there are too
            few of them for a batch.
    """
    ids, n_steps, batch_size = _checked(ids, n_steps=n_steps, batch_size=batch_size)
    n_windows = (len(ids) - 1) // batch_size // n_steps * batch_size
    n_batches = _count_batches(n_windows, batch_size, len(ids), n_steps)
    length = n_batches * n_steps
    starts = np.arange(0, batch_size * length, length, dtype=np.int32)
    steps = tf.data.Dataset.range(0, length, n_steps, output_type=tf.int32)
    return _gather(steps.map(lambda step: starts + step), ids, n_steps, n_batches)


def _gather(batches, ids, n_steps, n_batches):
    """Turn batches of starts `[batch]` into pairs (X, y) of `[batch, n_steps]`."""
    ids = tf.constant(ids)
    steps = tf.range(n_steps + 1)

    def inputs_and_targets(starts):
        window = tf.gather(ids, starts[:, tf.newaxis] + steps)
        return window[:, :-1], window[:, 1:]

    dataset = batches.map(inputs_and_targets)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(n_batches))
    return dataset.prefetch(tf.data.AUTOTUNE)


def _checked(ids, **sizes):
    """Return the ids as an array, and the sizes as integers of Python, once checked."""
    ids = whole_numbers(ids, "n").astype(np.int32)
    sizes = {name: operator.index(size) for name, size in sizes.items()}
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name}={size} is too small: it must be at least 1.")
    if len(ids) < sizes["n_steps"] + 1:
        raise ValueError(
            f"{len(ids)} ids are too few for a window of n_steps={sizes['n_steps']}, "
            f"which needs {sizes['n_steps'] + 1} with its last target. Use a smaller "
            "n_steps or a longer text."
        )
    return ids, *sizes.values()


def _count_batches(n_windows, batch_size, n_ids, n_steps):
    if n_windows < batch_size:
        raise ValueError(
            f"batch_size={batch_size} leaves no batch: {n_ids} ids give {n_windows} "
            f"windows of {n_steps} steps. Use a smaller batch_size or n_steps, or a "
            "longer text."
        )
    return n_windows // batch_size
