"""How a chapter begins, and the values that belong to its scale, edition and line."""

import contextlib
import logging
import os
import sys
import tempfile
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
        own_data: whether the reader has put a corpus of their own in the place of the
            course's. Claims are then stated and never fail, since their bounds belong
            to the course's data, and they are not stored as results of the course.
    """

    chapter: str | None = None
    cpu_start: float = 0.0
    own_data: bool = False


run = Run()


def begin(chapter):
    """Make the run reproducible and quiet. The first call of every chapter.

    It sets what TensorFlow reads only while it is imported, so it has to come before
    `import tensorflow`; then it fixes the seed and asks for deterministic operations.
    The same seed (`NLP_SEED`) gives the same run on one machine.

    Args:
        chapter: two digits, such as "01".

    Raises:
        RuntimeError: TensorFlow is imported already.
        SettingError: the environment has a setting that does not work.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "course.begin must run before `import tensorflow`, whose settings it "
            "makes. Restart the kernel and run the cells from the top."
        )
    _leave_out_the_readers_settings()
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN rounds differently per machine
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The matrices of this course are too small to be worth splitting over threads:
    # one thread per operation, several operations at once, is faster and uses less.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    warnings.filterwarnings("ignore", message="[^.]*TensorFlow Addons")
    # Keras 3 says the first of each data set that is handed to `fit`, whoever shuffles
    # it, and the second of each whose length it did not know.
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed")
    if settings.line() == "current":
        warnings.filterwarnings("ignore", message="Your input ran out of data")

    with no_messages_of_libraries():
        import tensorflow as tf

        gpus = len(tf.config.list_physical_devices("GPU"))
    seed = settings.seed()
    tf.get_logger().setLevel("ERROR")
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    run.chapter, run.cpu_start = chapter, time.process_time()
    data, scale = settings.edition(), settings.scale()
    device = f"{gpus} GPU" if gpus else "CPU"
    print(f"Chapter {chapter}: {data} data, {scale} scale, seed {seed}, on {device}")


@contextlib.contextmanager
def no_messages_of_libraries():
    """Drop what TensorFlow's libraries write to standard error while they load.

    They write before anybody can tell them not to, in every process, with its number.
    """
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def without_proxy():
    """Let this process and those it starts talk to each other past any proxy."""
    for variable in ("no_proxy", "NO_PROXY"):
        hosts = [h for h in os.environ.get(variable, "").split(",") if h]
        here = [h for h in ("127.0.0.1", "localhost") if h not in hosts]
        os.environ[variable] = ",".join(hosts + here)


def check_folder(path, name):
    """Check that TensorFlow can read its checkpoints and models below a folder.

    It takes their paths for patterns.

    Args:
        path: the folder.
        name: what sets it, such as "TMPDIR".

    Raises:
        SettingError: the path has a sign of patterns.
    """
    if set("[]*?") & set(str(path)):
        raise settings.SettingError(
            f"TensorFlow cannot read files below {str(path)!r}: set {name} to a folder "
            "whose path has none of [ ] * ?"
        )


def _leave_out_the_readers_settings():
    """Let no setting that a reader made for other work change what a chapter does.

    Raises:
        SettingError: TensorFlow cannot read what is in the folder of temporary files.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # Keras reads keras.json in its home, and may find another float type there.
    os.environ["KERAS_HOME"] = os.devnull
    without_proxy()
    # It warns, with a path of the machine, of a home that it cannot write to.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    check_folder(tempfile.gettempdir(), "TMPDIR")


def by_scale(*, quick, full):
    """Return the size that belongs to the scale of this run (`NLP_SCALE`)."""
    return {"quick": quick, "full": full}[settings.scale()]


def by_edition(*, packaged, original):
    """Return the value that belongs to the data edition of this run (`NLP_DATA`)."""
    return {"packaged": packaged, "original": original}[settings.edition()]


def by_line(*, addons, current):
    """Return the value that belongs to the line of packages of this run."""
    return {"addons": addons, "current": current}[settings.line()]
