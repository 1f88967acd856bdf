"""How a chapter begins, how large it is, and how it states what it has shown."""

import math
import os
import platform
import re
import sys
import time
import warnings
from pathlib import Path

from IPython import get_ipython
from IPython.display import display

from nlp_helpers import EDITIONS, SCALES, setting

EDITION = setting("NLP_DATA", EDITIONS)
SCALE = setting("NLP_SCALE", SCALES)

_chapter = {}  # number of the running chapter, and its CPU clock at the start


def begin(chapter, seed=42):
    """Make the run reproducible and quiet. The first call of every chapter.

    It sets what TensorFlow reads only while it is imported, so it has to come before
    `import tensorflow`; then it fixes the seed and asks for deterministic operations.

    Args:
        chapter: two digits, such as "01".
        seed: an integer from 0; the same seed gives the same run on one machine.

    Raises:
        RuntimeError: TensorFlow is imported already.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "course.begin must run before `import tensorflow`, whose settings it "
            "makes. Restart the kernel and run the cells from the top."
        )
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN rounds differently per machine
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The matrices of this course are too small to be worth splitting over threads:
    # one thread per operation, several operations at once, is faster and uses less.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    warnings.filterwarnings("ignore", message="[^.]*TensorFlow Addons")

    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    _chapter.update(number=chapter, cpu_start=time.process_time())
    gpus = len(tf.config.list_physical_devices("GPU"))
    device = f"{gpus} GPU" if gpus else "CPU"
    print(f"Chapter {chapter}: {EDITION} data, {SCALE} scale, seed {seed}, on {device}")


def scale(*, quick, full):
    """Return the size that belongs to the scale of this run (`NLP_SCALE`)."""
    return {"quick": quick, "full": full}[SCALE]


def by_edition(*, packaged, original):
    """Return the value that belongs to the data edition of this run (`NLP_DATA`)."""
    return {"packaged": packaged, "original": original}[EDITION]


def claim(name, value, *, at_least=None, at_most=None, unit=""):
    """State a result of the chapter, and fail if it does not hold.

    The sentence is shown under the cell, and the numbers are stored in its output,
    from which `make results` collects the table of the whole course. Bounds are those
    of the quick scale: at full scale a value beyond one is stated, and nothing fails.

    Args:
        name: what was measured, such as "validation loss".
        value: the measured number.
        at_least: lower bound, or None.
        at_most: upper bound, or None. One of the two has to be given.
        unit: unit of the value and of its bounds, such as "nats/char".

    Raises:
        ValueError: no bound is given, or one is not a finite number.
        AssertionError: the value breaks a bound at quick scale, or is not a finite
            number at any.
    """
    if at_least is None and at_most is None:
        raise ValueError(f"The claim {name!r} needs a bound: at_least or at_most.")
    value = float(value)
    bounds = {"at_least": at_least, "at_most": at_most}
    bounds = {key: None if b is None else float(b) for key, b in bounds.items()}
    if not all(b is None or math.isfinite(b) for b in bounds.values()):
        raise ValueError(f"The bounds of the claim {name!r} must be finite: {bounds}.")
    stated = " and ".join(
        f"{key.replace('_', ' ')} {_number(b)}"
        for key, b in bounds.items()
        if b is not None
    )
    sentence = f"{name}: {_number(value)}{' ' * bool(unit)}{unit} ({stated})"
    within = (at_least is None or value >= bounds["at_least"]) and (
        at_most is None or value <= bounds["at_most"]
    )
    if not math.isfinite(value) or (not within and SCALE == "quick"):
        raise AssertionError(f"This claim does not hold. {sentence}")
    if not within:
        sentence += ": beyond the bound of the quick scale"
    row = {
        "chapter": _chapter.get("number"),
        "claim": name,
        "value": float(f"{value:.4g}"),
        "unit": unit,
        **bounds,
        "edition": EDITION,
        "scale": SCALE,
        "cpu_seconds": round(time.process_time() - _chapter.get("cpu_start", 0.0), 1),
        "peak_memory_mb": round(peak_memory_mb()),
        "machine": _machine(),
    }
    if get_ipython() is None:
        print(sentence)
    else:
        display({"text/plain": sentence}, raw=True, metadata={"claim": row})


def training_log():
    """Return a Keras callback that shows a bar, leaves no output, and counts CPU time.

    Its `cpu_seconds` lists, for each epoch, the CPU-seconds of training up to its end,
    over all threads and without validation. The log is for one call of `fit`.
    """
    import tensorflow as tf
    from tqdm import tqdm

    class TrainingLog(tf.keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.cpu_seconds = []
            n_updates = self.params["epochs"] * (self.params["steps"] or 0)
            self.bar = tqdm(total=n_updates or None, unit="update", leave=False)

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.process_time()

        def on_train_batch_end(self, batch, logs=None):
            self.bar.update()
            self.stop = time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            spent = self.stop - self.start
            self.cpu_seconds.append(sum(self.cpu_seconds[-1:]) + spent)
            _chapter["training"] = _chapter.get("training", 0.0) + spent
            self.bar.set_postfix(logs)

        def on_train_end(self, logs=None):
            self.bar.close()

    return TrainingLog()


def training_cpu_seconds():
    """Return the CPU-seconds that the chapter has spent in training so far."""
    return _chapter.get("training", 0.0)


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


def _number(value):
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _machine():
    import tensorflow as tf

    gpus = len(tf.config.list_physical_devices("GPU"))
    return f"{platform.machine()}, {os.cpu_count()} cores, {gpus or 'no'} GPU"
