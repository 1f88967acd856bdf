"""What training and other work cost, in CPU-seconds and in memory.

CPU-seconds are those of this process over all its threads. Other programs on the
machine hardly change them, which cannot be said of the time on the clock.
"""

import math
import operator
import re
import sys
import time
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

keras = tf.keras

SHORTEST = 0.02  # CPU-seconds: what takes less is called more than once


def cpu_seconds(function):
    """Return the CPU-seconds of one call of a function without arguments."""
    return compare_cpu_seconds(function)[0]


def compare_cpu_seconds(*functions, rounds=3):
    """Return the CPU-seconds of one call of each function, measured side by side.

    One more call of each comes first and does not count: it compiles, and fills caches.
    Then the functions take turns, and the best round of each counts: what else the
    machine does costs time, and never saves any.

    Args:
        *functions: functions without arguments.
        rounds: number of turns.
    """
    for function in functions:
        function()
    n_calls = [1] * len(functions)
    best = [math.inf] * len(functions)
    for _ in range(rounds):
        for k, function in enumerate(functions):
            seconds = _cpu_seconds_of(function, n_calls[k])
            while seconds * n_calls[k] < SHORTEST:
                n_calls[k] *= 2
                seconds = _cpu_seconds_of(function, n_calls[k])
            best[k] = min(best[k], seconds)
    return best


def _cpu_seconds_of(function, n_calls):
    start = time.process_time()
    for _ in range(n_calls):
        function()
    return (time.process_time() - start) / n_calls


def peak_memory_mb():
    """Return the largest resident memory of this process so far, in megabytes."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    if sys.platform == "linux":
        # Unlike getrusage, this is not inherited from the process that started us.
        status = Path("/proc/self/status").read_text("utf-8")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


class TrainingLog(keras.callbacks.Callback):
    """A Keras callback that shows a bar, leaves no output, and counts CPU time.

    Attributes:
        cpu_seconds: for each epoch the CPU-seconds of training up to its end, without
            validation; it begins anew with each call of `fit`.
        history: a dict from "loss" and other names to their values, one an epoch.
        total: CPU-seconds of training of all the logs of this process.
    """

    total = 0.0
    bar = None

    def on_train_begin(self, logs=None):
        """Start with no epochs, and open the bar."""
        self.cpu_seconds, self.history = [], {}
        # A bar whose length is no number keeps tqdm's lock, and everybody waits.
        epochs = operator.index(self.params["epochs"])
        n_updates = epochs * (self.params["steps"] or 0)
        self.bar = tqdm(total=n_updates or None, unit="update", leave=False)

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        """Read the clock: validation may follow, which is no training."""
        self.bar.update()
        self.stop = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        """Note what the epoch took, and what it reached.

        Raises:
            FloatingPointError: that is no finite number.
        """
        spent = self.stop - self.start
        TrainingLog.total += spent
        self.cpu_seconds.append(sum(self.cpu_seconds[-1:]) + spent)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"{name} is {value} after epoch {epoch + 1}: the training has "
                    "failed. Look for a division by zero, or lower the learning rate."
                )
        self.bar.set_postfix(logs)

    def on_train_end(self, logs=None):
        """Wipe the bar."""
        if self.bar is not None:
            self.bar.close()


def training_cpu_seconds():
    """Return the CPU-seconds that this process has spent in training so far."""
    return TrainingLog.total


def fit(model, dataset, *, callbacks=(), **options):
    """Train a compiled model quietly, and return its `TrainingLog`.

    Args:
        model: a Keras model.
        dataset: what `model.fit` takes first.
        callbacks: more callbacks.
        **options: the other arguments of `model.fit`, such as `epochs`.

    Raises:
        FloatingPointError: a loss or a metric is no finite number.
    """
    log = TrainingLog()
    try:
        model.fit(dataset, callbacks=[log, *callbacks], verbose=0, **options)
    finally:
        log.on_train_end()  # Keras leaves that out when the training is interrupted
    return log


def adam(learning_rate, n_updates, *, n_warm_up, **options):
    """Return chapter 1's optimizer: Adam with warm-up, a cosine to zero, clipping.

    Args:
        learning_rate: the largest one, reached at the end of the warm-up.
        n_updates: number of updates after which the learning rate is zero.
        n_warm_up: number of updates of the warm-up, a part of these.
        **options: the other arguments of `keras.optimizers.Adam`.

    Raises:
        TypeError: a number of updates is not whole.
        ValueError: the warm-up is not shorter than the whole, or below 0.
    """
    n_updates, n_warm_up = operator.index(n_updates), operator.index(n_warm_up)
    if not 0 <= n_warm_up < n_updates:
        raise ValueError(
            f"n_warm_up={n_warm_up} of n_updates={n_updates} updates is not allowed: "
            "the warm-up must be a part of the updates, 0 or more."
        )
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=learning_rate,
        warmup_steps=n_warm_up,
        decay_steps=n_updates - n_warm_up,
    )
    return keras.optimizers.Adam(schedule, global_clipnorm=1.0, **options)
