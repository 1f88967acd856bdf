"""Chapter 8's Transformer on sharded data, on one device or under a strategy."""

import contextlib
import functools
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


class TrainingState(tf.train.Checkpoint):
    """All that changes while a job trains, and so all that a backup holds.

    Attributes:
        model: chapter 8's Transformer.
        optimizer: Adam.
        n_updates: number of updates so far.
        epoch_losses: the sum of the losses of the updates so far, `[epochs]`.
        example_counts: how often each example was trained on, `[epochs, n_examples]`.
            Every worker adds to its own copy; read from all of them, it is their sum.
    """

    def __init__(self, job):
        """Build, with all its variables, what a `TrainingJob` describes."""
        sizes = {"source_size": job.source_size, "target_size": job.target_size}
        model = Transformer(TransformerConfig(**job.transformer), **sizes)
        model((tf.ones([1, job.source_steps]), tf.ones([1, job.target_steps - 1])))
        optimizer = keras.optimizers.Adam(job.learning_rate, epsilon=job.epsilon)
        optimizer.build(model.trainable_variables)
        super().__init__(
            model=model,
            optimizer=optimizer,
            n_updates=tf.Variable(
                tf.zeros([], tf.int64),
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            ),
            epoch_losses=tf.Variable(
                tf.zeros([job.epochs]),
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            ),
            example_counts=tf.Variable(
                tf.zeros([job.epochs, job.n_examples]),
                trainable=False,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.SUM,
            ),
        )

    @property
    def weights(self):
        """The trained variables, as TensorFlow's own: Keras 3 wraps them."""
        variables = self.model.trainable_variables
        return [v.value for v in variables] if hasattr(keras, "Variable") else variables

    def update(self, job, numbers, inputs, targets):
        """Make one update with the part of a batch that one device has.

        Returns:
            Its share of the loss: over all devices they add up to the batch's.
        """
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            loss = tf.reduce_sum(sentence_loss(targets, logits)) / job.batch_size
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        # Adds up the gradients of all devices first: the all-reduce.
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self._count(self.n_updates // job.steps_per_epoch, numbers)
        self.n_updates.assign_add(1)
        return loss

    def _count(self, epoch, numbers):
        epochs, n_examples = self.example_counts.shape
        ones = tf.ones(tf.shape(numbers))
        counts = tf.math.unsorted_segment_sum(ones, numbers, n_examples)
        self.example_counts.assign_add(
            tf.one_hot(epoch, epochs)[:, tf.newaxis] * counts
        )


class StepLog:
    """Write down how long each step took, and how far the training is.

    Attributes:
        n_done: number of steps that are done, which is also in the file.
        seconds: how long each step took that this log has seen.
    """

    def __init__(self, path, n_done=0):
        """Start with a number of steps that are done."""
        self.path, self.n_done, self.seconds = Path(path), n_done, []

    @contextlib.contextmanager
    def step(self):
        """Time the step that is made inside, and count it."""
        start = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - start)
        self.n_done += 1
        self.path.write_text(f"{self.n_done}\n", "utf-8")


def train(job, folder, strategy=None):
    """Train, from the last backup on if there is one.

    Args:
        job: a `TrainingJob`.
        folder: where `progress` is written.
        strategy: a `tf.distribute.Strategy`; None trains on one device.

    Returns:
        The `TrainingState`, the mean loss of each epoch in a list, and the `StepLog`.
        The backups are still there: `job.delete_backups` removes them.

    Raises:
        ValueError: the workers do not divide the batch size, or a shard is damaged.
        FileNotFoundError: a shard is missing.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_batch_size(job.batch_size, strategy.num_replicas_in_sync)
    keras.utils.set_random_seed(job.seed)
    dataset = shards.read_batches(job, first_step=resume.batches_to_skip(job))
    batches = strategy.experimental_distribute_dataset(dataset)
    with strategy.scope():
        state = TrainingState(job)
        backups = resume.Backups(job, state, strategy)

    @tf.function
    def update(batch):
        epoch = state.n_updates // job.steps_per_epoch
        shares = strategy.run(functools.partial(state.update, job), batch)
        loss = strategy.reduce("SUM", shares, axis=None)
        state.epoch_losses.assign_add(loss * tf.one_hot(epoch, job.epochs))
        return loss

    log = StepLog(Path(folder) / "progress", int(state.n_updates.numpy()))
    n_steps = job.epochs * job.steps_per_epoch
    try:
        for _, batch in zip(range(log.n_done, n_steps), batches, strict=False):
            with log.step():
                update(batch).numpy()  # waits until the update is done
            backups.save_if_due(log.n_done, is_last=log.n_done == n_steps)
            time.sleep(job.pause)
    except tf.errors.DataLossError:
        shards.check_records(shards.find(job.data))
        raise
    return state, (state.epoch_losses.numpy() / job.steps_per_epoch).tolist(), log


def wait_for_all(strategy):
    """Return when all workers have called this; an error if one of them is gone."""
    time_all_reduce(strategy, [1], repeats=1)


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
