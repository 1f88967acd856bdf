"""Chapter 8's Transformer on sharded data, on one device or under a strategy."""

import re
import time
from pathlib import Path

import tensorflow as tf

from nlp_helpers.cluster import check_batch_size
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


def batches(
    paths, n_steps, batch_size, steps_per_epoch, *, epochs=1, seed=42, first_step=0
):
    """Return all the batches of a training, from one of its steps on.

    The order of the examples depends on the seed and the epoch alone, so a training
    can go on where it was interrupted. Nothing is kept in memory but a shuffle buffer.

    Args:
        paths: the shards, in order.
        n_steps: lengths of source and target.
        batch_size: number of examples in a batch, over all workers.
        steps_per_epoch: number of batches; what is left over is not used.
        epochs: how often the data are read.
        seed: seed of the order.
        first_step: number of batches that are over and done.

    Returns:
        A `tf.data.Dataset` of `(numbers, (source, decoder_inputs), targets)`.
    """
    lengths = dict(zip(("source", "target"), n_steps, strict=True))
    shapes = {"number": [], **{name: [length] for name, length in lengths.items()}}
    spec = {k: tf.io.FixedLenFeature(shape, tf.int64) for k, shape in shapes.items()}

    def parse(records):
        ids = tf.io.parse_example(records, spec)
        ids = {name: tf.cast(tensor, tf.int32) for name, tensor in ids.items()}
        target = ids["target"]
        return ids["number"], (ids["source"], target[:, :-1]), target[:, 1:]

    def epoch(k):
        records = tf.data.TFRecordDataset(paths)
        records = records.shuffle(1_000, seed + k, reshuffle_each_iteration=False)
        return records.take(steps_per_epoch * batch_size)

    records = epoch(0)
    for k in range(1, epochs):
        records = records.concatenate(epoch(k))
    records = records.skip(first_step * batch_size)
    dataset = records.batch(batch_size, drop_remainder=True).map(parse)
    options = tf.data.Options()
    # Each worker takes every n-th batch of its own size, whatever the files.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
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
        counts = tf.math.unsorted_segment_sum(
            tf.ones(tf.shape(numbers)), numbers, n_examples
        )
        self.seen.assign_add(tf.one_hot(epoch, epochs)[:, tf.newaxis] * counts)
        return super().train_step((inputs, targets))


class StepLog(keras.callbacks.Callback):
    """Write down how long each step took, and how far the training is."""

    def __init__(self, path, first_step=0, pause=0.0):
        """Start with a number of steps that are done; pause for seconds after each."""
        super().__init__()
        self.path, self.n_done, self.pause = Path(path), first_step, pause
        self.seconds, self.cpu_seconds = [], []

    def on_train_batch_begin(self, batch, logs=None):
        """Start the clocks."""
        self.start = time.perf_counter(), time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        """Stop the clocks."""
        self.seconds.append(time.perf_counter() - self.start[0])
        self.cpu_seconds.append(time.process_time() - self.start[1])
        self.n_done += 1
        self.path.write_text(f"{self.n_done}\n")
        time.sleep(self.pause)


def backed_up_steps(folder):
    """Return the number of updates in the last backup of a folder, 0 without one."""
    latest = tf.train.latest_checkpoint(str(Path(folder) / "chief"))
    if latest is None:
        return 0
    reader = tf.train.load_checkpoint(latest)
    return int(
        reader.get_tensor("model/optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE")
    )


def train(job, folder, strategy=None):
    """Train, from the last backup on if there is one.

    Args:
        job: a dict with "data", the folder of the shards; "n_examples", "n_steps",
            "sizes", "learning_rate", "batch_size" over all workers,
            "steps_per_epoch", "epochs", "seed"; "save_every" updates, 0 for never, into
            "backup"; and "resume_data": go on in the data, too.
        folder: where `progress` is written.
        strategy: a `tf.distribute.Strategy`; None trains on one device.

    Returns:
        The model, the history of `fit`, and the `StepLog`.

    Raises:
        ValueError: the workers do not divide the batch size, or a shard is damaged.
        FileNotFoundError: a shard is missing.
    """
    strategy = strategy or tf.distribute.get_strategy()
    batch_size, paths = job["batch_size"], shards(job["data"])
    check_batch_size(batch_size, strategy.num_replicas_in_sync)
    keras.utils.set_random_seed(job["seed"])
    with strategy.scope():
        counted = (job["epochs"], job["steps_per_epoch"], job["n_examples"])
        model = CountingTransformer(*counted, *job["sizes"])
        optimizer = keras.optimizers.Adam(job["learning_rate"], epsilon=job["epsilon"])
        model.compile(loss=sentence_loss, optimizer=optimizer)
        # With all variables there, the training step is traced once, not twice.
        source_steps, target_steps = job["n_steps"]
        model((tf.ones([1, source_steps]), tf.ones([1, target_steps - 1])))
        optimizer.build(model.trainable_variables)
    done = backed_up_steps(job["backup"]) if job["save_every"] else 0
    dataset = batches(
        paths,
        job["n_steps"],
        batch_size,
        job["steps_per_epoch"],
        epochs=job["epochs"],
        seed=job["seed"],
        first_step=done if job["resume_data"] else 0,
    )
    log = StepLog(Path(folder) / "progress", done, job["pause"])
    callbacks = [log]
    if job["save_every"]:
        backup = keras.callbacks.BackupAndRestore(
            job["backup"], save_freq=job["save_every"]
        )
        callbacks.insert(0, backup)
    try:
        history = model.fit(
            dataset,
            epochs=job["epochs"],
            steps_per_epoch=job["steps_per_epoch"],
            callbacks=callbacks,
            verbose=0,
        )
    except tf.errors.DataLossError as error:
        if (found := damaged(paths)) is None:
            raise
        name, n_good = found
        raise ValueError(
            f"{name} is damaged: its record {n_good}, counted from 0, cannot be read."
        ) from error
    return model, history.history, log


def time_all_reduce(strategy, sizes, repeats=20):
    """Return the seconds that adding up n numbers over all workers takes.

    Args:
        strategy: the strategy of the workers, who all have to call this.
        sizes: the numbers n.
        repeats: how often each is timed.

    Returns:
        A list with the median of the seconds for each n.
    """

    @tf.function
    def add_up(n):
        def of_one_replica(x):
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, x)

        return strategy.run(of_one_replica, args=(tf.ones([n]),))

    medians = []
    for n in sizes:
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            add_up(n).numpy()
            seconds.append(time.perf_counter() - start)
        medians.append(sorted(seconds)[repeats // 2])
    return medians


def served_numbers(paths, dispatcher, job_name):
    """Return the numbers of all examples, read by the workers of a tf.data service.

    Args:
        paths: the shards, which the workers share out among themselves.
        dispatcher: address of the dispatcher, `host:port`.
        job_name: those who read under the same name share one epoch.
    """
    service = tf.data.experimental.service
    spec = {"number": tf.io.FixedLenFeature([], tf.int64)}
    dataset = tf.data.Dataset.from_tensor_slices(paths)
    dataset = dataset.interleave(tf.data.TFRecordDataset, cycle_length=1)
    dataset = dataset.map(lambda x: tf.io.parse_single_example(x, spec)["number"])
    address = f"grpc://{dispatcher}"
    return dataset.apply(
        service.distribute(
            "distributed_epoch", address, job_name, max_outstanding_requests=2
        )
    )
