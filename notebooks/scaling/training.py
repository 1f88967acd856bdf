"""Chapter 8's Transformer on sharded data, on one device or under a strategy."""

import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from nlp_helpers.transformer import Transformer, TransformerConfig
from nlp_helpers.vocabulary import PAD

from scaling import resume, shards
from scaling.cluster import check_batch_size

keras = tf.keras


def sentence_loss(targets, logits):
    """Return the mean loss of the real words of each sentence, `[batch]`.

    Every sentence counts alike, and so does every worker with as many of them.

    Args:
        targets: ids `[batch, steps]`; the loss of nothing but padding is 0.
        logits: `[batch, steps, target_size]`.
    """
    losses = keras.losses.sparse_categorical_crossentropy(
        targets, logits, from_logits=True
    )
    real = tf.cast(targets != PAD, losses.dtype)
    n_words = tf.reduce_sum(real, axis=1)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * real, axis=1), n_words)


class CountingTransformer(Transformer):
    """The Transformer of a job, which remembers what examples it was trained on.

    Attributes:
        example_counts: how often each example was trained on, `[epochs, n_examples]`.
            Every worker adds to its own copy; read from all of them, it is their sum.
            Checkpoints hold it.
    """

    def __init__(self, job):
        """Build the layers that a `TrainingJob` describes."""
        sizes = {"source_size": job.source_size, "target_size": job.target_size}
        super().__init__(TransformerConfig(**job.transformer), **sizes)
        self.steps_per_epoch = job.steps_per_epoch
        self.example_counts = tf.Variable(
            tf.zeros([job.epochs, job.n_examples]),
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )

    def train_step(self, data):
        """Make one update, and count its examples."""
        numbers, inputs, targets = data
        epoch = self.optimizer.iterations // self.steps_per_epoch
        epochs, n_examples = self.example_counts.shape
        ones = tf.ones(tf.shape(numbers))
        counts = tf.math.unsorted_segment_sum(ones, numbers, n_examples)
        counts = tf.one_hot(epoch, epochs)[:, tf.newaxis] * counts
        self.example_counts.assign_add(counts)
        return super().train_step((inputs, targets))


class StepLog(keras.callbacks.Callback):
    """Write down how long each step took, and how far the training is.

    Attributes:
        n_done: number of steps that are done, which is also in the file.
        seconds: how long each step took that this log has seen.
    """

    def __init__(self, path, n_done=0, pause=0.0):
        """Start with a number of steps that are done; pause for seconds after each."""
        super().__init__()
        self.path, self.n_done, self.pause = Path(path), n_done, pause
        self.seconds = []

    def on_train_batch_begin(self, batch, logs=None):
        """Start the clock."""
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Stop the clock."""
        self.seconds.append(time.perf_counter() - self.start)
        self.n_done += 1
        self.path.write_text(f"{self.n_done}\n", "utf-8")
        time.sleep(self.pause)


def build_model(job):
    """Return the compiled model of a `TrainingJob`, with all its variables."""
    model = CountingTransformer(job)
    optimizer = keras.optimizers.Adam(job.learning_rate, epsilon=job.epsilon)
    model.compile(loss=sentence_loss, optimizer=optimizer)
    # With all variables there, the training step is traced once, not twice.
    model((tf.ones([1, job.source_steps]), tf.ones([1, job.target_steps - 1])))
    optimizer.build(model.trainable_variables)
    return model


def train(job, folder, strategy=None):
    """Train, from the last backup on if there is one.

    Args:
        job: a `TrainingJob`.
        folder: where `progress` is written.
        strategy: a `tf.distribute.Strategy`; None trains on one device.

    Returns:
        The model, the history of `fit`, and the `StepLog`.

    Raises:
        ValueError: the workers do not divide the batch size, or a shard is damaged.
        FileNotFoundError: a shard is missing.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_batch_size(job.batch_size, strategy.num_replicas_in_sync)
    keras.utils.set_random_seed(job.seed)
    dataset = shards.read_batches(job, first_step=resume.batches_to_skip(job))
    with strategy.scope():
        model = build_model(job)
    log = StepLog(Path(folder) / "progress", resume.updates_done(job), job.pause)
    try:
        history = model.fit(
            dataset,
            epochs=job.epochs,
            steps_per_epoch=job.steps_per_epoch,
            callbacks=[*resume.backup_callbacks(job), log],
            verbose=0,
        )
    except tf.errors.DataLossError:
        shards.check_records(shards.find(job.data))
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

    def seconds(n):
        start = time.perf_counter()
        add_up(n).numpy()
        return time.perf_counter() - start

    return [float(np.median([seconds(n) for _ in range(repeats)])) for n in sizes]
