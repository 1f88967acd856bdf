import importlib

import pytest
from nlp_helpers import settings

READERS = {"NLP_DATA": "edition", "NLP_SCALE": "scale", "NLP_SEED": "seed"}


@pytest.fixture
def start(monkeypatch):
    """Return a function that reads the settings as a new process with these would."""

    def start_with(**variables):
        for variable in READERS:
            monkeypatch.delenv(variable, raising=False)
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        importlib.reload(settings)

    before = dict(vars(settings))
    yield start_with
    # Not reloaded: other tests would meet another class of the same name.
    vars(settings).update(before)


def read(variable):
    return getattr(settings, READERS[variable])()


@pytest.mark.parametrize(
    ("variables", "edition", "scale", "seed"),
    [
        ({}, "packaged", "quick", 42),
        ({"NLP_DATA": "", "NLP_SCALE": "", "NLP_SEED": ""}, "packaged", "quick", 42),
        ({"NLP_DATA": "packaged", "NLP_SCALE": "full"}, "packaged", "full", 42),
        ({"NLP_DATA": "original", "NLP_SEED": "7"}, "original", "quick", 7),
        ({"NLP_SEED": "0"}, "packaged", "quick", 0),
        ({"NLP_SEED": "2147483647"}, "packaged", "quick", 2**31 - 1),
    ],
)
def test_the_environment_decides(start, variables, edition, scale, seed):
    start(**variables)
    assert (settings.edition(), settings.scale()) == (edition, scale)
    assert settings.seed() == seed


@pytest.mark.parametrize("value", ["tiny", "Full", " quick", "0"])
@pytest.mark.parametrize(
    ("variable", "allowed"),
    [("NLP_DATA", "packaged, original"), ("NLP_SCALE", "quick, full")],
)
def test_an_unknown_value_is_refused_at_once(start, variable, allowed, value):
    with pytest.raises(ValueError, match=f"one of {allowed}, or unset it") as caught:
        start(**{variable: value})
    assert str(caught.value).startswith(f"{variable}={value!r} is not known")


@pytest.mark.parametrize("value", ["-1", "4.2", "many", "2147483648", "0x5", " 5"])
def test_what_is_no_seed_is_refused_at_once(start, value):
    with pytest.raises(ValueError, match=r"from 0 to 2147483647, or unset") as caught:
        start(NLP_SEED=value)
    assert str(caught.value).startswith(f"NLP_SEED={value!r} is no seed")


@pytest.mark.parametrize(
    ("variable", "before", "after"),
    [
        ("NLP_DATA", "packaged", "original"),
        ("NLP_SCALE", "full", "quick"),
        ("NLP_SEED", "5", "6"),
    ],
)
def test_a_change_in_a_running_process_is_refused(
    start, monkeypatch, variable, before, after
):
    start(**{variable: before})
    monkeypatch.setenv(variable, after)
    with pytest.raises(RuntimeError, match="restart the kernel") as caught:
        read(variable)
    message = f"{variable} was {before} when this process began, and is now {after}."
    assert message in str(caught.value).replace("'", "")
    monkeypatch.setenv(variable, before)
    assert str(read(variable)) == before
