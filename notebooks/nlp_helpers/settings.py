"""What the environment asks for: `NLP_DATA`, `NLP_SCALE` and `NLP_SEED`, read once.

And what it is: the line of packages, which decides between Keras 2 and Keras 3.
"""

import functools
import importlib.metadata
import os

ALLOWED = {  # the first value of each variable is its default
    "NLP_DATA": ("packaged", "original"),
    "NLP_SCALE": ("quick", "full"),
}
DEFAULT_SEED = 42  # the stored outputs come from it
LARGEST_SEED = 2**31 - 1


class SettingError(ValueError):
    """A variable of the environment has a value that the course does not know."""


def edition():
    """Return the edition of the data, "packaged" or "original" (`NLP_DATA`).

    Raises:
        RuntimeError: the variable has changed since this process began.
    """
    return _unchanged("NLP_DATA")


def scale():
    """Return the scale of the sizes, "quick" or "full" (`NLP_SCALE`).

    Raises:
        RuntimeError: the variable has changed since this process began.
    """
    return _unchanged("NLP_SCALE")


def seed():
    """Return the seed of first weights, of the order of batches and of dropout.

    It is `NLP_SEED`, 42 by default. Corpora and splits do not depend on it.

    Raises:
        RuntimeError: the variable has changed since this process began.
    """
    return _unchanged("NLP_SEED")


@functools.cache
def line():
    """Return the line of packages that is installed: "addons" or "current".

    *addons* is TensorFlow 2.15 with Keras 2, the last for which TensorFlow Addons
    works; *current* is a TensorFlow with Keras 3.
    """
    version = importlib.metadata.version("tensorflow")
    return "addons" if version.startswith("2.15.") else "current"


def _choice(variable):
    allowed = ALLOWED[variable]
    value = os.environ.get(variable) or allowed[0]
    if value not in allowed:
        raise SettingError(
            f"{variable}={value!r} is not known. Set it to one of "
            f"{', '.join(allowed)}, or unset it to get {allowed[0]!r}."
        )
    return value


def _seed():
    value = os.environ.get("NLP_SEED") or str(DEFAULT_SEED)
    if not (value.isascii() and value.isdigit() and int(value) <= LARGEST_SEED):
        raise SettingError(
            f"NLP_SEED={value!r} is no seed. Set it to a whole number from 0 to "
            f"{LARGEST_SEED}, or unset it to get {DEFAULT_SEED}."
        )
    return int(value)


def _read(variable):
    return _seed() if variable == "NLP_SEED" else _choice(variable)


def _unchanged(variable):
    at_start = _AT_START[variable]
    if _read(variable) != at_start:
        raise RuntimeError(
            f"{variable} was {at_start!r} when this process began, and is now "
            f"{_read(variable)!r}. A running chapter cannot change it: restart the "
            "kernel, and set the variable before Jupyter is started."
        )
    return at_start


_AT_START = {variable: _read(variable) for variable in (*ALLOWED, "NLP_SEED")}
