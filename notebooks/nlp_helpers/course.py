"""How a chapter begins, and the values that belong to its scale and its edition."""

import os
import sys
import time
import warnings
from dataclasses import dataclass

from nlp_helpers import settings


@dataclass
class Run:
    """The chapter that this process runs.

    Attributes:
        chapter: its number, two digits, or None before `begin`.
        cpu_start: the CPU clock of the process when the chapter began, in seconds.
    """

    chapter: str | None = None
    cpu_start: float = 0.0


run = Run()


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
    run.chapter, run.cpu_start = chapter, time.process_time()
    gpus = len(tf.config.list_physical_devices("GPU"))
    data, scale = settings.edition(), settings.scale()
    device = f"{gpus} GPU" if gpus else "CPU"
    print(f"Chapter {chapter}: {data} data, {scale} scale, seed {seed}, on {device}")


def by_scale(*, quick, full):
    """Return the size that belongs to the scale of this run (`NLP_SCALE`)."""
    return {"quick": quick, "full": full}[settings.scale()]


def by_edition(*, packaged, original):
    """Return the value that belongs to the data edition of this run (`NLP_DATA`)."""
    return {"packaged": packaged, "original": original}[settings.edition()]
