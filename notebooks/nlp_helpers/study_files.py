"""The file of a study: its rows, and on what machine each was made."""

import json
import os
import platform
import re
from pathlib import Path

import numpy as np


class StudyError(ValueError):
    """What is stored of a study cannot be used, or cannot be gone on with."""


def machine_and_versions():
    """Return where this process runs: nothing that names a person or a computer."""
    import keras
    import tensorflow as tf

    return {
        "machine": {
            "architecture": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "gpus": len(tf.config.list_physical_devices("GPU")),
        },
        "versions": {
            "Python": platform.python_version(),
            "TensorFlow": tf.__version__,
            "Keras": keras.__version__,
            "NumPy": np.__version__,
        },
    }


def _processor():
    info = Path("/proc/cpuinfo")
    text = info.read_text("utf-8", "replace") if info.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return model[1] if model else platform.processor()


def place_of(origin):
    """Return the machine and the versions of a row, or of prices, as a text."""
    machine, versions = origin["machine"], origin["versions"]
    named = filter(None, (machine["architecture"], machine["processor"]))
    counts = f"{machine['cores']} cores, {machine['gpus'] or 'no'} GPU"
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{', '.join(named)}, {counts}, {packages}"


def origins(stored):
    """Return all that has a code, a machine and versions: the rows, and the prices."""
    return [*stored["rows"], *filter(None, [stored["prices"]])]


def load(path):
    """Return what is stored of a study, as a dict.

    Raises:
        StudyError: the file is damaged. It is left as it is.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
        _check_shape(stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudyError(
            f"{path.parent.name}/{path.name} is damaged ({type(error).__name__}: "
            f"{error}). Get it back from Git. {to_begin_anew(path)}"
        ) from None
    return stored


def _check_shape(stored):
    """Use all that is used later: what is not there, or of another type, raises."""
    _ = stored["edition"], stored["scale"], list(stored["arms"])
    for origin in origins(stored):
        _ = place_of(origin), origin["code"]
    for row in stored["rows"]:
        _ = row["arm"], row["seed"], row["resumed"]
        _ = [float(x) for x in (row["n_updates"], row["cpu_seconds"])]
        _ = [float(x) for x in row["values"].values()]
        _ = [*row.get("examples", [])]


def to_begin_anew(path):
    """Say how a reader drops all that is stored; nothing else does."""
    return f"To begin anew, delete {path.parent.name}/{path.name}."


def write(path, stored):
    """Write the file in one step: a process that is killed leaves the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    text = json.dumps(stored, indent=1, ensure_ascii=False, allow_nan=False)
    partial.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    partial.replace(path)
