"""Results that a chapter states, stores in its output, and fails without."""

import math
import os
import platform
import time

import tensorflow as tf
from IPython import get_ipython
from IPython.display import display

from nlp_helpers import course, settings
from nlp_helpers.measuring import peak_memory_mb


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
    given = {"at least": at_least, "at most": at_most}
    bounds = {key: float(bound) for key, bound in given.items() if bound is not None}
    if not bounds:
        raise ValueError(f"The claim {name!r} needs a bound: at_least or at_most.")
    if not all(map(math.isfinite, bounds.values())):
        raise ValueError(f"The bounds of the claim {name!r} must be finite: {bounds}.")
    if list(bounds.values()) != sorted(bounds.values()):
        raise ValueError(f"Nothing can be within the bounds of {name!r}: {bounds}.")
    value = float(value)
    measured = f"{_number(value)} {unit}".strip()
    stated = " and ".join(f"{key} {_number(bound)}" for key, bound in bounds.items())
    sentence = f"{name}: {measured} ({stated})"
    within = bounds.get("at least", value) <= value <= bounds.get("at most", value)
    if not math.isfinite(value) or (not within and settings.scale() == "quick"):
        raise AssertionError(f"This claim does not hold. {sentence}")
    if not within:
        sentence += ": beyond the bound of the quick scale"
    row = {
        "chapter": course.run.chapter,
        "claim": name,
        "value": float(f"{value:.4g}"),
        "unit": unit,
        "at_least": bounds.get("at least"),
        "at_most": bounds.get("at most"),
        "edition": settings.edition(),
        "scale": settings.scale(),
        "cpu_seconds": round(time.process_time() - course.run.cpu_start, 1),
        "peak_memory_mb": round(peak_memory_mb()),
        "machine": _machine(),
    }
    if get_ipython() is None:
        print(sentence)
    else:
        display({"text/plain": sentence}, raw=True, metadata={"claim": row})


def _number(value):
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _machine():
    gpus = len(tf.config.list_physical_devices("GPU"))
    return f"{platform.machine()}, {os.cpu_count()} cores, {gpus or 'no'} GPU"
