import importlib

import pytest
from nlp_helpers import settings

READERS = {"NLP_DATA": "edition", "NLP_SCALE": "scale"}


@pytest.fixture
def start(monkeypatch):
    """Return a function that reads the settings as a new process with these would."""

    def start_with(**variables):
        for variable in READERS:
            monkeypatch.delenv(variable, raising=False)
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        importlib.reload(settings)

    yield start_with
    monkeypatch.undo()
    importlib.reload(settings)


def read(variable):
    return getattr(settings, READERS[variable])()


@pytest.mark.parametrize(
    ("variables", "edition", "scale"),
    [
        ({}, "packaged", "quick"),
        ({"NLP_DATA": "", "NLP_SCALE": ""}, "packaged", "quick"),
        ({"NLP_DATA": "packaged", "NLP_SCALE": "full"}, "packaged", "full"),
        ({"NLP_DATA": "original", "NLP_SCALE": "quick"}, "original", "quick"),
    ],
)
def test_the_environment_decides(start, variables, edition, scale):
    start(**variables)
    assert (settings.edition(), settings.scale()) == (edition, scale)


@pytest.mark.parametrize("value", ["tiny", "Full", " quick", "0"])
@pytest.mark.parametrize(
    ("variable", "allowed"),
    [("NLP_DATA", "packaged, original"), ("NLP_SCALE", "quick, full")],
)
def test_an_unknown_value_is_refused_at_once(start, variable, allowed, value):
    with pytest.raises(ValueError, match=f"one of {allowed}, or unset it") as caught:
        start(**{variable: value})
    assert str(caught.value).startswith(f"{variable}={value!r} is not known")


@pytest.mark.parametrize(
    ("variable", "before", "after"),
    [("NLP_DATA", "packaged", "original"), ("NLP_SCALE", "full", "quick")],
)
def test_a_change_in_a_running_process_is_refused(
    start, monkeypatch, variable, before, after
):
    start(**{variable: before})
    monkeypatch.setenv(variable, after)
    with pytest.raises(RuntimeError, match="restart the kernel") as caught:
        read(variable)
    message = f"{variable} was {before!r} when this process began, and is now {after!r}"
    assert message in str(caught.value)
    monkeypatch.setenv(variable, before)
    assert read(variable) == before
