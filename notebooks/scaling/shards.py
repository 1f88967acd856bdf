"""Shards: the pairs of a corpus in several TFRecord files, written and read here.

A record is a `tf.train.Example` with three lists of integers: "number", by which the
example is known, and the ids "source" and "target".
"""

import functools
import re
from pathlib import Path

import tensorflow as tf


def path_of(folder, shard, n_shards):
    """Return the path of one of n_shards shards, counted from 0."""
    return Path(folder) / f"pairs-{shard:05d}-of-{n_shards:05d}.tfrecord"


def find(folder):
    """Return the paths of all the shards in a folder, in order.

    Raises:
        FileNotFoundError: there are none, or not as many as their names say.
    """
    found = sorted(Path(folder).glob("pairs-*-of-*.tfrecord"))
    if not found:
        raise FileNotFoundError(f"There is no shard in {Path(folder).name}.")
    n_shards = int(re.search(r"-of-(\d+)", found[0].name)[1])
    wanted = [path_of(folder, shard, n_shards) for shard in range(n_shards)]
    if missing := sorted({p.name for p in wanted} - {p.name for p in found}):
        raise FileNotFoundError(f"Missing: {', '.join(missing)}.")
    return [str(p) for p in wanted]


def write(folder, n_shards, source, target):
    """Write numbered pairs; pair k goes to the shard `k % n_shards`.

    Args:
        folder: where the shards go; it has to exist.
        n_shards: number of files.
        source: ids `[n_examples, source_steps]`.
        target: ids `[n_examples, target_steps]`.
    """
    for shard in range(n_shards):
        with tf.io.TFRecordWriter(str(path_of(folder, shard, n_shards))) as writer:
            for k in range(shard, len(source), n_shards):
                ids = {"number": [k], "source": source[k], "target": target[k]}
                feature = {
                    name: tf.train.Feature(int64_list=tf.train.Int64List(value=values))
                    for name, values in ids.items()
                }
                example = tf.train.Example(features=tf.train.Features(feature=feature))
                writer.write(example.SerializeToString())


def check_records(paths):
    """Read all the records of some shards.

    Raises:
        ValueError: one is damaged; the message names the shard and the record.
    """
    for path in paths:
        n_good = 0
        try:
            for _ in tf.data.TFRecordDataset(path):
                n_good += 1
        except tf.errors.DataLossError:
            raise ValueError(
                f"{Path(path).name} is damaged: its record {n_good}, counted from 0, "
                "cannot be read. Write this shard anew."
            ) from None


def read_batches(job, first_step=0):
    """Return all the batches of a training, from one of its steps on.

    The order of the examples depends only on the job's seed, TensorFlow's own (which
    `training.train` sets to the same) and the epoch, so a training can go on where it
    was interrupted. Each epoch shuffles the shards, reads four of them in turns, and
    shuffles the records in a buffer; nothing else is kept in memory. To skip an epoch
    costs nothing; the skipped batches of an epoch that was begun are read again.

    Args:
        job: a `TrainingJob`. What does not fill the last batch of an epoch is left out.
        first_step: number of batches to skip.

    Returns:
        A `tf.data.Dataset` of `(numbers, (source, decoder_inputs), targets)`, int64
        `[batch]` and int32 `[batch, steps]`; the targets are the decoder's inputs one
        step ahead.

    Raises:
        FileNotFoundError: a shard is missing.
    """
    paths = find(job.data)
    shapes = {"number": [], "source": [job.source_steps], "target": [job.target_steps]}
    spec = {k: tf.io.FixedLenFeature(shape, tf.int64) for k, shape in shapes.items()}

    def parse(records):
        ids = tf.io.parse_example(records, spec)
        source, target = (tf.cast(ids[k], tf.int32) for k in ("source", "target"))
        return ids["number"], (source, target[:, :-1]), target[:, 1:]

    def epoch(k):
        order = {"seed": job.seed + k, "reshuffle_each_iteration": False}
        files = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths), **order)
        records = files.interleave(
            tf.data.TFRecordDataset,
            cycle_length=4,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        records = records.shuffle(1_000, **order)
        return records.take(job.steps_per_epoch * job.batch_size)

    n_whole, n_batches = divmod(first_step, job.steps_per_epoch)
    epochs = map(epoch, range(n_whole, job.epochs))
    records = functools.reduce(
        tf.data.Dataset.concatenate, epochs, epoch(0).take(0)
    ).skip(n_batches * job.batch_size)
    dataset = records.batch(job.batch_size, drop_remainder=True).map(parse)
    options = tf.data.Options()
    # Each of n workers reads all the files and keeps every n-th batch of its own size,
    # so all have equally many, whatever the number and the sizes of the files.
    policy = tf.data.experimental.AutoShardPolicy.DATA
    options.experimental_distribute.auto_shard_policy = policy
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)
