"""The environment in which chapters run: nothing that a reader set for other work."""

import atexit
import os
import tempfile

from nlp_helpers.course import without_proxy

# They change figures, warnings and logs of whatever Python program sees them.
LEFT_OUT = ("MPLBACKEND", "MATPLOTLIBRC", "PYTHONWARNINGS", "TF_CPP_MIN_LOG_LEVEL")


def isolate():
    """Let the kernels that this process starts use none of the reader's own settings.

    IPython's profile, Jupyter's configuration and what kernels write down go to an
    empty folder, which is deleted when this process ends: a home may be read-only.
    """
    folder = tempfile.TemporaryDirectory(
        prefix="nlp-course-", ignore_cleanup_errors=True
    )
    atexit.register(folder.cleanup)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        os.environ[name] = os.path.join(folder.name, name.lower())
    for name in LEFT_OUT:
        os.environ.pop(name, None)
    without_proxy()
