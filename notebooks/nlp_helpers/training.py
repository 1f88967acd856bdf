"""Chapter 8's Transformer on sharded data, on one device or under a strategy."""

import json
import re
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from nlp_helpers.text import PAD
from nlp_helpers.transformer import Transformer

keras = tf.keras


def write_shards(folder, n_shards, source, target):
    """Write numbered pairs of ids to `pairs-00000-of-00004.tfrecord` and so on.

    Args:
        folder: where the shards go.
        n_shards: number of files; pair k is in shard `k % n_shards`.
        source: ids `[n, source_steps]`, padded.
        target: ids `[n, steps]`, from `<sos>` to `<eos>`, padded.
    """
    for shard in range(n_shards):
        path = Path(folder) / f"pairs-{shard:05d}-of-{n_shards:05d}.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for k in range(shard, len(source), n_shards):
                ids = {"number": [k], "source": source[k], "target": target[k]}
                feature = {
                    name: tf.train.Feature(int64_list=tf.train.Int64List(value=values))
                    for name, values in ids.items()
                }
                example = tf.train.Example(features=tf.train.Features(feature=feature))
                writer.write(example.SerializeToString())


def shards(folder):
    """Return the paths of all the shards in a folder, in order.

    Raises:
        FileNotFoundError: there are none, or not as many as their names say.
    """
    found = sorted(path.name for path in Path(folder).glob("*-of-*.tfrecord"))
    if not found:
        raise FileNotFoundError(f"There is no shard in {Path(folder).name}.")
    stem, total = re.fullmatch(r"(.*)-\d+-of-(\d+)\.tfrecord", found[0]).groups()
    wanted = [f"{stem}-{k:05d}-of-{total}.tfrecord" for k in range(int(total))]
    if missing := sorted(set(wanted) - set(found)):
        raise FileNotFoundError(f"Missing: {', '.join(missing)}.")
    return [str(Path(folder) / name) for name in wanted]


def damaged(paths):
    """Return the name of the first shard that has a damaged record, and its number."""
    for path in paths:
        n_good = 0
        try:
            for _ in tf.data.TFRecordDataset(path):
                n_good += 1
        except tf.errors.DataLossError:
            return Path(path).name, n_good
    return None


def batches(paths, batch_size, n_steps, *, epochs=1, seed=42, first_step=0):
    """Return all the batches of a training, from one of its steps on.

    The order of the examples depends on the seed and the epoch alone, so that a
    training can go on where it was interrupted. An example that does not fill the last
    batch of an epoch is left out of it.

    Args:
        paths: the shards, in order.
        batch_size: number of examples in a batch, over all workers.
        n_steps: lengths of source and target.
        epochs: how often the data are read.
        seed: seed of the order.
        first_step: number of batches that are over and done.

    Returns:
        A `tf.data.Dataset` of `(numbers, (source, decoder_inputs), targets)`.
    """
    records = tf.data.TFRecordDataset(paths).cache() # TODO
    spec = {
        "number": tf.io.FixedLenFeature([], tf.int64),
        "source": tf.io.FixedLenFeature([n_steps[0]], tf.int64),
        "target": tf.io.FixedLenFeature([n_steps[1]], tf.int64),
    }
