"""What training and other work cost, in CPU-seconds and in memory.

CPU-seconds are those of this process over all its threads. Other programs on the
machine hardly change them, which cannot be said of the time on the clock.
"""

import re
import sys
import time
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

keras = tf.keras


def cpu_seconds(function, repeats=1):
    """Return the CPU-seconds of one call, the mean over some.

    One more call comes first and does not count: it compiles, and fills caches.

    Args:
        function: a function without arguments.
        repeats: number of calls that count.
    """
    function()
    start = time.process_time()
    for _ in range(repeats):
        function()
    return (time.process_time() - start) / repeats


def peak_memory_mb():
    """Return the largest resident memory of this process so far, in megabytes."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    if sys.platform == "linux":
        # Unlike getrusage, this is not inherited from the process that started us.
        status = Path("/proc/self/status").read_text()
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

    def on_train_begin(self, logs=None):
        """Start with no epochs, and open the bar."""
        self.cpu_seconds, self.history = [], {}
        n_updates = self.params["epochs"] * (self.params["steps"] or 0)
        self.bar = tqdm(total=n_updates or None, unit="update", leave=False)

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        """Read the clock: validation may follow, which is no training."""
        self.bar.update()
        self.stop = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        """Note what the epoch took, and what it reached."""
        spent = self.stop - self.start
        TrainingLog.total += spent
        self.cpu_seconds.append(sum(self.cpu_seconds[-1:]) + spent)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.bar.set_postfix(logs)

    def on_train_end(self, logs=None):
        """Wipe the bar."""
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
    """
    log = TrainingLog()
    model.fit(dataset, callbacks=[log, *callbacks], verbose=0, **options)
    return log


def adam(learning_rate, n_updates, *, n_warm_up, **options):
    """Return chapter 1's optimizer: Adam with warm-up, a cosine to zero, clipping.

    Args:
        learning_rate: the largest one, reached at the end of the warm-up.
        n_updates: number of updates after which the learning rate is zero.
        n_warm_up: number of updates of the warm-up, a part of these.
        **options: the other arguments of `keras.optimizers.Adam`.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=learning_rate,
        warmup_steps=n_warm_up,
        decay_steps=n_updates - n_warm_up,
    )
    return keras.optimizers.Adam(schedule, global_clipnorm=1.0, **options)
