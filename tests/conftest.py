"""Settings and fixtures of all the unit tests."""

import contextlib

import hypothesis
import pytest
from nlp_helpers import settings

# The same examples for everybody, however busy the machine is.
hypothesis.settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("course")


@pytest.fixture(scope="session")
def edition():
    """Return a context manager in which the edition of the data is the named one."""

    @contextlib.contextmanager
    def chosen(name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NLP_DATA", name)
            patch.setitem(settings._AT_START, "NLP_DATA", name)
            yield

    return chosen


@pytest.fixture
def default_seed(monkeypatch):
    """Let a run of the tests with another seed change nothing in a test."""
    monkeypatch.setattr(settings, "seed", lambda: settings.DEFAULT_SEED)
    monkeypatch.delenv("NLP_SEED", raising=False)
