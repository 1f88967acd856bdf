"""What the environment asks for: `NLP_DATA` and `NLP_SCALE`, read once, only here."""

import os

ALLOWED = {  # the first value of each variable is its default
    "NLP_DATA": ("packaged", "original"),
    "NLP_SCALE": ("quick", "full"),
}


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


def _read(variable):
    allowed = ALLOWED[variable]
    value = os.environ.get(variable) or allowed[0]
    if value not in allowed:
        raise ValueError(
            f"{variable}={value!r} is not known. Set it to one of "
            f"{', '.join(allowed)}, or unset it to get {allowed[0]!r}."
        )
    return value


def _unchanged(variable):
    at_start = _AT_START[variable]
    if _read(variable) != at_start:
        raise RuntimeError(
            f"{variable} was {at_start!r} when this process began, and is now "
            f"{_read(variable)!r}. A running chapter cannot change it: restart the "
            "kernel, and set the variable before Jupyter is started."
        )
    return at_start


_AT_START = {variable: _read(variable) for variable in ALLOWED}
