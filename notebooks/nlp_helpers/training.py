"""Chapter 8's Transformer on sharded data, on one device or under a strategy."""

import functools
import re
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from nlp_helpers.cluster import check_batch_size
from nlp_helpers.text import PAD
from nlp_helpers.transformer import Transformer

keras = tf.keras


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


def batches(job, first_step=0):
    """Return all the batches of a training, from one of its steps on.

    The order of the examples depends on the seed and the epoch alone, so a training
    can go on where it was interrupted. Nothing is kept in memory but a shuffle buffer.

    Args:
        job: see `train`. What does not fill the last batch of an epoch is left out.
        first_step: number of batches that are over and done.

    Returns:
        A `tf.data.Dataset` of `(numbers, (source, decoder_inputs), targets)`.
    """
    paths, batch_size, n_steps = shards(job["data"]), job["batch_size"], job["n_steps"]
    shapes = {"number": [], "source": n_steps[:1], "target": n_steps[1:]}
    spec = {k: tf.io.FixedLenFeature(shape, tf.int64) for k, shape in shapes.items()}

    def parse(records):
        ids = tf.io.parse_example(records, spec)
        ids = {name: tf.cast(tensor, tf.int32) for name, tensor in ids.items()}
        target = ids["target"]
        return ids["number"], (ids["source"], target[:, :-1]), target[:, 1:]

    def add_epoch(records, k):
        epoch = tf.data.TFRecordDataset(paths)
        epoch = epoch.shuffle(1_000, job["seed"] + k, reshuffle_each_iteration=False)
        return records.concatenate(epoch.take(job["steps_per_epoch"] * batch_size))

    empty = tf.data.TFRecordDataset([])
    records = functools.reduce(add_epoch, range(job["epochs"]), empty)
    records = records.skip(first_step * batch_size)
    dataset = records.batch(batch_size, drop_remainder=True).map(parse)
    options = tf.data.Options()
    # Each worker takes every n-th batch of its own size, whatever the files.
    policy = tf.data.experimental.AutoShardPolicy.DATA
    options.experimental_distribute.auto_shard_policy = policy
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


def sentence_loss(targets, logits):
    """Return the mean loss of the real words of each sentence, `[batch]`.

    Every sentence counts alike, and so does every worker with as many of them.
    """
    losses = keras.losses.sparse_categorical_crossentropy(
        targets, logits, from_logits=True
    )
    real = tf.cast(targets != PAD, losses.dtype)
    return tf.reduce_sum(losses * real, axis=1) / tf.reduce_sum(real, axis=1)


class CountingTransformer(Transformer):
    """A Transformer that remembers which examples its weights come from.

    Attributes:
        seen: how often each example was trained on, `[epochs, n_examples]`. Every
            worker adds to its own copy; read from all of them, it is their sum.
            Checkpoints hold it.
    """

    def __init__(self, epochs, steps_per_epoch, n_examples, *sizes, **options):
        """Build the layers; sizes and options are those of `Transformer`."""
        super().__init__(*sizes, **options)
        self.steps_per_epoch = steps_per_epoch
        self.seen = tf.Variable(
            tf.zeros([epochs, n_examples]),
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )

    def train_step(self, data):
        """Make one update, and count its examples."""
        numbers, inputs, targets = data
        epoch = self.optimizer.iterations // self.steps_per_epoch
        epochs, n_examples = self.seen.shape
        ones = tf.ones(tf.shape(numbers))
        counts = tf.math.unsorted_segment_sum(ones, numbers, n_examples)
        self.seen.assign_add(tf.one_hot(epoch, epochs)[:, tf.newaxis] * counts)
        return super().train_step((inputs, targets))


class StepLog(keras.callbacks.Callback):
    """Write down how long each step took, and how far the training is."""

    def __init__(self, path, first_step=0, pause=0.0):
        """Start with a number of steps that are done; pause for seconds after each."""
        super().__init__()
        self.path, self.n_done, self.pause = Path(path), first_step, pause
        self.seconds = []

    def on_train_batch_begin(self, batch, logs=None):
        """Start the clock."""
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Stop the clock."""
        self.seconds.append(time.perf_counter() - self.start)
        self.n_done += 1
        self.path.write_text(f"{self.n_done}\n")
        time.sleep(self.pause)


def backed_up_steps(folder):
    """Return the number of updates in the last backup of a folder, 0 without one."""
    latest = tf.train.latest_checkpoint(str(Path(folder) / "chief"))
    if latest is None:
        return 0
    name = "model/optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE"
    return int(tf.train.load_checkpoint(latest).get_tensor(name))


def train(job, folder, strategy=None):
    """Train, from the last backup on if there is one.

    Args:
        job: a dict with "data", the folder of the shards; "n_examples" in them;
            "n_steps", the lengths of source and target; "sizes" of the Transformer;
            "learning_rate" and "epsilon" of Adam; "batch_size" over all workers;
            "steps_per_epoch"; "epochs"; "seed"; "save_every" so many updates, 0 for
            never, into "backup"; "skip", whether a training that is resumed skips the
            data it has seen; and "pause" after each step, in seconds.
        folder: where `progress` is written.
        strategy: a `tf.distribute.Strategy`; None trains on one device.

    Returns:
        The model, the history of `fit`, and the `StepLog`.

    Raises:
        ValueError: the workers do not divide the batch size, or a shard is damaged.
        FileNotFoundError: a shard is missing.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_batch_size(job["batch_size"], strategy.num_replicas_in_sync)
    keras.utils.set_random_seed(job["seed"])
    done = backed_up_steps(job["backup"]) if job["save_every"] else 0
    dataset = batches(job, first_step=done if job["skip"] else 0)
    with strategy.scope():
        counted = job["epochs"], job["steps_per_epoch"], job["n_examples"]
        model = CountingTransformer(*counted, *job["sizes"])
        optimizer = keras.optimizers.Adam(job["learning_rate"], epsilon=job["epsilon"])
        model.compile(loss=sentence_loss, optimizer=optimizer)
        # With all variables there, the training step is traced once, not twice.
        source_steps, target_steps = job["n_steps"]
        model((tf.ones([1, source_steps]), tf.ones([1, target_steps - 1])))
        optimizer.build(model.trainable_variables)
    log = StepLog(Path(folder) / "progress", done, job["pause"])
    callbacks = [log]
    if job["save_every"]:
        save = keras.callbacks.BackupAndRestore(job["backup"], job["save_every"])
        callbacks.insert(0, save)
    options = {k: job[k] for k in ("epochs", "steps_per_epoch")}
    try:
        history = model.fit(dataset, **options, callbacks=callbacks, verbose=0)
    except tf.errors.DataLossError:
        check_records(shards(job["data"]))
        raise
    return model, history.history, log


def time_all_reduce(strategy, sizes, repeats=20):
    """Return the median seconds that adding up n numbers over all workers takes.

    Args:
        strategy: the strategy of the workers, who all have to call this.
        sizes: the numbers n.
        repeats: how often each is timed.
    """
    add_up = tf.function(
        lambda n: strategy.reduce("SUM", strategy.run(tf.ones, ([n],)), axis=None)
    )
    medians = []
    for n in sizes:
        times = [time.perf_counter()]
        for _ in range(repeats):
            add_up(n).numpy()
            times.append(time.perf_counter())
        medians.append(float(np.median(np.diff(times))))
    return medians
