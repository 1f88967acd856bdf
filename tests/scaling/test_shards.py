"""Shards: what is written comes back, each example once an epoch; damage is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scaling import shards


def numbers_of(dataset):
    return [numbers.tolist() for numbers, _, _ in dataset.as_numpy_iterator()]


def test_the_pairs_come_back_as_they_were_written(job, pairs):
    source, target = pairs
    for numbers, (sources, inputs), targets in shards.read_batches(job):
        assert np.array_equal(sources, source[numbers])
        assert np.array_equal(inputs, target[numbers, :-1])
        assert np.array_equal(targets, target[numbers, 1:])


def test_each_epoch_has_each_example_once_in_an_order_of_its_own(job):
    batches = shards.read_batches(job)
    numbers = np.array(numbers_of(batches))
    first, second = numbers.reshape(job.epochs, job.n_examples)
    assert np.array_equal(np.sort([first, second]), [range(job.n_examples)] * 2)
    assert not np.array_equal(first, second)
    for same in (batches, shards.read_batches(job)):
        assert numbers_of(same) == numbers.tolist()
    assert numbers_of(shards.read_batches(replace(job, seed=4))) != numbers.tolist()


def test_what_does_not_fill_a_batch_is_left_out(job):
    job = replace(job, batch_size=5, steps_per_epoch=4)
    numbers = np.array(numbers_of(shards.read_batches(job)))
    assert numbers.shape == (2 * 4, 5)
    assert [len(set(epoch)) for epoch in numbers.reshape(2, 20).tolist()] == [20, 20]


@pytest.mark.parametrize("first_step", [1, 8, 12])
def test_batches_can_be_skipped(job, first_step):
    whole = numbers_of(shards.read_batches(job))
    assert numbers_of(shards.read_batches(job, first_step)) == whole[first_step:]


def test_missing_shards_are_named(job):
    first, second, third = map(Path, shards.find(job.data))
    assert third == shards.path_of(job.data, 2, 3)
    first.unlink()
    third.unlink()
    missing = "Missing: pairs-00000-of-00003.tfrecord, pairs-00002-of-00003.tfrecord"
    with pytest.raises(FileNotFoundError, match=missing):
        shards.read_batches(job)
    second.unlink()
    with pytest.raises(FileNotFoundError, match="There is no shard in data"):
        shards.find(job.data)


def test_a_damaged_record_is_named(job, damage):
    paths = shards.find(job.data)
    shards.check_records(paths)
    path = Path(paths[1])
    n_records, size = job.n_examples // 3, path.stat().st_size  # all of one length
    for position in (0, size // 3, size // 2, size - 1):
        damage(path, position)
        record = position * n_records // size
        message = rf"pairs-00001-of-00003\.tfrecord is damaged: its record {record},"
        with pytest.raises(ValueError, match=message):
            shards.check_records(paths)
        damage(path, position)  # and whole again


def test_each_epoch_begins_with_four_shards_of_its_own(job, tmp_path):
    n_shards, n_examples = 8, 8 * 600  # a shuffle buffer holds 1,000
    (tmp_path / "many").mkdir()
    ids = np.ones([n_examples, 4], int)
    shards.write(tmp_path / "many", n_shards, ids[:, :3], ids)
    many = replace(job, data=str(tmp_path / "many"), n_examples=n_examples)
    many = replace(many, batch_size=64, steps_per_epoch=1)
    first, second = (
        set(np.mod(b, n_shards)) for b in numbers_of(shards.read_batches(many))
    )
    assert len(first) == len(second) == 4
    assert first != second
