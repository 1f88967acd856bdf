"""Results that a chapter states, stores in its output, and fails without."""

import math
import os
import platform
import time

import numpy as np
import tensorflow as tf
from IPython import get_ipython
from IPython.display import display

from nlp_helpers import course, families, settings
from nlp_helpers.intervals import interval
from nlp_helpers.measuring import peak_memory_mb
from nlp_helpers.studies import study

__all__ = ["NO_DIFFERENCE", "claim", "faster", "study"]

KINDS = ("quality", "equality", "cost")
CHILDREN_BEFORE = families.cpu_seconds_of_children()
# The floor of a comparison: what a gain is when nothing is gained.
NO_DIFFERENCE = ("no difference", 0.0)


def claim(
    name,
    value,
    *,
    kind,
    at_least=None,
    at_most=None,
    floor=None,
    runs=None,
    unit="",
    text=None,
    headline=False,
):
    """State a result of the chapter, and fail if it does not hold.

    The sentence is shown under the cell, and the numbers are stored in its output,
    from which `make results` collects the tables of the whole course. Bounds are those
    of the quick scale and of the course's data: at full scale, or with a reader's own
    data, a value beyond one is stated, and nothing fails.

    Args:
        name: what was measured, such as "validation loss".
        value: the measured number.
        kind: "quality" of what a network does, "equality" of two ways to compute the
            same, or "cost" in time or memory.
        at_least: lower bound, or None.
        at_most: upper bound, or None. One of the two has to be given.
        floor: what knows nothing, and the value that it gets in this run, such as
            `("majority class", 0.53)`; `NO_DIFFERENCE` for a gain. Quality needs one.
        runs: the values of several seeds, of which `value` is the mean, or None. Their
            95 % interval is shown. For a comparison they are differences, by seed.
        unit: unit of the value and of its bounds, such as "nats/char".
        text: what it was measured on, such as "tinyshakespeare". Quality needs one.
        headline: whether it is one of the main results on the page of results.

    Raises:
        ValueError: something that the claim needs is missing or makes no sense.
        AssertionError: the value breaks a bound at quick scale on the course's data, or
            is not a finite number on any.
    """
    value = float(value)
    bounds = _bounds(name, at_least, at_most)
    _check_proof(name, value, kind, floor, runs, text)
    ends = None if runs is None else [float(end) for end in interval(runs)]
    row = {
        "claim": name,
        "kind": kind,
        "text": text,
        "value": value,
        "unit": unit,
        "interval": ends,
        "runs": None if runs is None else [float(run) for run in runs],
        "floor": None if floor is None else [floor[0], float(floor[1])],
        **bounds,
        "headline": headline,
    }
    _state(row)


def faster(name, *, than, cpu_seconds, at_least, text=None, headline=False):
    """State how many times as fast one way is as another; fail if it is not.

    Everything else is as in `claim`. Ways that are about equally fast are printed, not
    claimed.

    Args:
        name: the fast way, such as "generate".
        than: the slow way, such as "re-reading, compiled".
        cpu_seconds: what the two cost, in this order, for the same work.
        at_least: the ratio that must be reached, above 1.
        text: what it was measured on, if that matters.
        headline: whether it is one of the main results on the page of results.

    Raises:
        ValueError: a cost is not a positive number, or the bound is not above 1.
        AssertionError: the ratio is below its bound, or below 1, at quick scale on the
            course's data.
    """
    fast, slow = map(float, cpu_seconds)
    if not (0 < fast < math.inf and 0 < slow < math.inf):
        raise ValueError(f"The costs of {name!r} must be positive: {fast}, {slow}.")
    if not at_least > 1:
        raise ValueError(
            f"{name!r} must be claimed to be more than 1 times as fast as {than!r}, "
            f"not {at_least}. Ways that are about equally fast are printed."
        )
    row = {
        "claim": name,
        "than": than,
        "kind": "cost",
        "text": text,
        "value": slow / fast,
        "unit": "times as fast",
        "interval": None,
        "runs": None,
        "floor": None,
        **_bounds(name, at_least, None),
        "headline": headline,
    }
    if row["value"] < 1 and _bounds_hold_here():
        raise AssertionError(
            f"{name} is slower than {than}: {_number(fast)} CPU-seconds against "
            f"{_number(slow)}. Either the two are in the wrong order, or this is no "
            "claim about speed: print what it costs."
        )
    _state(row)


def _sentence(row):
    if "than" in row:
        ratio = float(f"{row['value']:.3g}")
        return f"{row['claim']} is {ratio:,.10g} times as fast as {row['than']}"
    measured = f"{_number(row['value'])} {row['unit']}".strip()
    if row["interval"]:
        low, high = map(_number, row["interval"])
        measured += f", 95 % interval {low} to {high}"
    return f"{row['claim']}: {measured}"


def _bounds(name, at_least, at_most):
    given = {"at_least": at_least, "at_most": at_most}
    bounds = {k: None if bound is None else float(bound) for k, bound in given.items()}
    finite = [bound for bound in bounds.values() if bound is not None]
    if not finite:
        raise ValueError(f"The claim {name!r} needs a bound: at_least or at_most.")
    if not all(map(math.isfinite, finite)):
        raise ValueError(f"The bounds of the claim {name!r} must be finite: {finite}.")
    if finite != sorted(finite):
        raise ValueError(f"Nothing can be within the bounds of {name!r}: {finite}.")
    return bounds


def _check_proof(name, value, kind, floor, runs, text):
    """Check that a claim says what it has to be compared with.

    Raises:
        ValueError: it does not.
    """
    if kind not in KINDS:
        raise ValueError(
            f"kind={kind!r} of the claim {name!r}: choose {', '.join(KINDS)}."
        )
    if kind == "quality" and not (floor and text):
        raise ValueError(
            f"The claim {name!r} is about quality. It needs a floor, what knows "
            "nothing and what that gets in this run, such as floor=('majority class', "
            "0.53), and the text that it was measured on, such as text='IMDb reviews'."
        )
    if floor and not math.isfinite(floor[1]):
        raise ValueError(f"The floor of the claim {name!r} must be finite: {floor}.")
    if runs is not None and not np.isclose(value, np.mean(runs), rtol=1e-6):
        raise ValueError(
            f"The claim {name!r} has the value {value}, which is not the mean of its "
            f"runs, {np.mean(runs)}."
        )


def _state(row):
    """Show a claim and store it, or fail if its value is not within its bounds."""
    row["sentence"] = _sentence(row)
    value, at_least, at_most = row["value"], row["at_least"], row["at_most"]
    given = {"at least": at_least, "at most": at_most}
    limits = [
        f"{k} {_number(bound)}" for k, bound in given.items() if bound is not None
    ]
    if row["floor"]:
        name, known = row["floor"]
        limits[-1] += f"; {name}: {_number(known)}"
    stated = f"{row['sentence']} ({' and '.join(limits)})"
    low = value if at_least is None else at_least
    high = value if at_most is None else at_most
    within = low <= value <= high
    if not math.isfinite(value) or (not within and _bounds_hold_here()):
        raise AssertionError(f"This claim does not hold. {stated}")
    if not within:
        whose = "the course's own data" if course.run.own_data else "the quick scale"
        stated += f": beyond the bound of {whose}"
    if get_ipython() is None:
        print(stated)
    elif course.run.own_data:
        display({"text/plain": stated}, raw=True, metadata={})
    else:
        stored = _rounded(row) | _circumstances()
        display({"text/plain": stated}, raw=True, metadata={"claim": stored})


def _bounds_hold_here():
    """Say whether the bounds were made for this scale and for these data."""
    return settings.scale() == "quick" and not course.run.own_data


def _circumstances():
    return {
        "chapter": course.run.chapter,
        "edition": settings.edition(),
        "scale": settings.scale(),
        **_costs(),
        "machine": _machine(),
    }


def _costs():
    """Return what this process and all that it has started have cost so far."""
    own = time.process_time() - course.run.cpu_start
    children = families.cpu_seconds_of_children() - CHILDREN_BEFORE
    memory = max(peak_memory_mb(), families.PeakMemory.of_all)
    return {
        "cpu_seconds": round(own + children, 1),
        "peak_memory_mb": round(memory),
    }


def _rounded(value):
    """Return a value with all the measured numbers in it rounded to four digits."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _number(value):
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _machine():
    gpus = len(tf.config.list_physical_devices("GPU"))
    return f"{platform.machine()}, {os.cpu_count()} cores, {gpus or 'no'} GPU"
