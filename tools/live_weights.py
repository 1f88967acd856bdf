"""What the site's live figures need of a run: weights, and numbers to test them by.

A code cell's metadata names what `make refresh` stores after the cell has run, such as

    "live": {"name": "01_char_rnn", "store": "live_writing.char_rnn(model, characters)"}

The expression is evaluated in the chapter's kernel, on a module of tools/ and the
chapter's own variables. Its value is a pair of dicts, `page` and `tests`:
docs/live/weights/NAME.js holds the first, for docs/live/base.js to read, and
tests/site/live/NAME.json the second.
"""

import base64
import contextlib
import json
import time

import numpy as np

from tools import chapters

WEIGHTS = chapters.ROOT / "docs" / "live" / "weights"
TESTS = chapters.ROOT / "tests" / "site" / "live"
SCRIPT = """\
// Written by `make refresh`; see tools/live_weights.py.
live.weights["{name}"] = {content};
"""
# Names of its own, so that none of the chapter's changes.
IN_KERNEL = """\
exec(
    '''import importlib, sys
if {root!r} not in sys.path:
    sys.path.append({root!r})
from tools import live_weights
{module} = importlib.import_module("tools.{module}")
live_weights.store({name!r}, *({expression}))''',
    dict(globals()),
)
"""


def code_for(live):
    """Return the code that stores in a kernel what a cell's metadata asks for.

    Args:
        live: a dict with "name" and "store", a call of a function of a tools/ module.

    Raises:
        ValueError: something else is asked for.
    """
    if set(live) != {"name", "store"} or "." not in live["store"]:
        raise ValueError(
            f"The metadata {live} cannot be understood: give a name, and in store a "
            "call such as live_writing.char_rnn(model, characters)."
        )
    module, expression = live["store"].partition(".")[0], live["store"]
    root = str(chapters.ROOT)
    return IN_KERNEL.format(
        root=root, module=module, name=live["name"], expression=expression
    )


def store(name, page, tests):
    """Write the weights and settings of a network, and what to test them by.

    Args:
        name: such as "01_char_rnn".
        page: a dict that JSON can hold, except that its "tensors" are arrays by name.
        tests: a dict that JSON can hold.

    Raises:
        ValueError: a weight is no number, or too large for float16.
    """
    tensors = {key: packed(array, key) for key, array in page["tensors"].items()}
    script = SCRIPT.format(name=name, content=_json(page | {"tensors": tensors}))
    chapters.write(WEIGHTS / f"{name}.js", script)
    chapters.write(TESTS / f"{name}.json", _json(tests) + "\n")


def _json(content):
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def packed(array, name="array"):
    """Return an array as a page reads it: its shape, and base64 of float16.

    Raises:
        ValueError: a number is not finite, or too large for float16.
    """
    halves = _halves(array, name)
    data = base64.b64encode(halves.astype("<f2").tobytes()).decode("ascii")
    return {"shape": list(halves.shape), "data": data}


def rounded(array, name="array"):
    """Return an array as the pages see it: rounded to float16, in float32.

    Raises:
        ValueError: a number is not finite, or too large for float16.
    """
    return _halves(array, name).astype(np.float32)


def _halves(array, name):
    with np.errstate(over="ignore"):
        halves = np.asarray(array).astype(np.float16)
    if not np.isfinite(halves).all():
        raise ValueError(f"{name} has a number that float16 cannot hold.")
    return halves


@contextlib.contextmanager
def uncounted():
    """Keep the CPU time of a block out of what the chapter's claims say it costs."""
    from nlp_helpers import course  # kernels find it, and only they need it

    began = time.process_time()
    try:
        yield
    finally:
        course.run.cpu_start += time.process_time() - began


def rounded_weights(model):
    """Let a model have rounded weights for a while: those that a page computes with."""
    return other_weights([model], [[rounded(array) for array in model.get_weights()]])


@contextlib.contextmanager
def other_weights(layers, weights):
    """Let layers, or models, have other weights for a while.

    Args:
        layers: what has `get_weights` and `set_weights`.
        weights: for each of them, the list of arrays that it shall have.
    """
    before = [layer.get_weights() for layer in layers]
    try:
        for layer, arrays in zip(layers, weights, strict=True):
            layer.set_weights(arrays)
        yield
    finally:
        for layer, arrays in zip(layers, before, strict=True):
            layer.set_weights(arrays)


def listed(array, digits=7):
    """Return an array as nested lists of numbers with so many significant digits."""
    array = np.asarray(array)
    if array.ndim:
        return [listed(part, digits) for part in array]
    return float(f"{array:.{digits}g}")
