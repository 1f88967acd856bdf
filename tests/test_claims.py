import math
import os
import time

import numpy as np
import pytest
from nlp_helpers import claims, course, settings
from nlp_helpers.claims import claim
from nlp_helpers.measuring import peak_memory_mb


@pytest.fixture
def at_full_scale(monkeypatch):
    monkeypatch.setattr(settings, "scale", lambda: "full")


@pytest.fixture
def displayed(monkeypatch):
    """Return what a notebook would have been given: pairs of data and metadata."""
    calls = []
    monkeypatch.setattr(claims, "get_ipython", object)
    monkeypatch.setattr(
        claims, "display", lambda data, raw, metadata: calls.append((data, metadata))
    )
    return calls


@pytest.mark.parametrize(
    ("value", "bounds", "stated"),
    [
        (1.5, {"at_least": 1.5}, "loss: 1.5 nats (at least 1.5)"),
        (1.5, {"at_most": 1.5}, "loss: 1.5 nats (at most 1.5)"),
        (np.float32(2), {"at_most": np.int64(3)}, "loss: 2 nats (at most 3)"),
        (2.34567, {"at_least": 2}, "loss: 2.346 nats (at least 2)"),
        (
            *(12345.6, {"at_least": 1000, "at_most": 2e6}),
            "loss: 12,346 nats (at least 1000 and at most 2,000,000)",
        ),
    ],
)
def test_a_claim_that_holds_is_stated(capsys, value, bounds, stated):
    claim("loss", value, unit="nats", **bounds)
    assert capsys.readouterr().out == f"{stated}\n"


def test_a_claim_needs_no_unit(capsys):
    claim("ratio", 3, at_least=2)
    assert capsys.readouterr().out == "ratio: 3 (at least 2)\n"


@pytest.mark.parametrize(
    ("value", "bounds"),
    [
        (1.49, {"at_least": 1.5}),
        (1.51, {"at_most": 1.5}),
        (0.6, {"at_least": -1, "at_most": 0.5}),
        (-1.1, {"at_least": -1, "at_most": 0.5}),
    ],
)
def test_a_claim_beyond_its_bound_fails_and_stores_nothing(displayed, value, bounds):
    with pytest.raises(AssertionError, match=f"loss: {value:g} nats/char ") as caught:
        claim("loss", value, unit="nats/char", **bounds)
    for name, bound in bounds.items():
        assert f"{name.replace('_', ' ')} {bound:g}" in str(caught.value)
    assert not displayed


@pytest.mark.usefixtures("at_full_scale")
def test_at_full_scale_a_value_beyond_its_bound_is_only_stated(capsys):
    claim("training", 500, at_most=120, unit="CPU-s")
    claim("training", 100, at_most=120, unit="CPU-s")
    beyond, within = capsys.readouterr().out.splitlines()
    stated = "training: 500 CPU-s (at most 120): beyond the bound of the quick scale"
    assert beyond == stated
    assert within == "training: 100 CPU-s (at most 120)"


@pytest.mark.usefixtures("at_full_scale")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
@pytest.mark.parametrize("bound", ["at_least", "at_most"])
def test_a_claim_of_no_finite_number_fails_at_full_scale_too(value, bound):
    with pytest.raises(AssertionError, match=r"does not hold\. loss: "):
        claim("loss", value, **{bound: 0})


def test_a_claim_needs_a_bound():
    with pytest.raises(ValueError, match="claim 'loss' needs a bound"):
        claim("loss", 1)


def test_bounds_between_which_there_is_nothing_are_refused():
    with pytest.raises(ValueError, match="Nothing can be within the bounds of 'loss'"):
        claim("loss", 1, at_least=2, at_most=1)


@pytest.mark.parametrize("bound", [math.nan, math.inf, -math.inf])
def test_the_bounds_of_a_claim_must_be_finite(bound):
    for name in ("at_least", "at_most"):
        with pytest.raises(ValueError, match=f"'loss' must be finite: .*{bound}"):
            claim("loss", 1, **{name: bound})


def test_a_claim_stores_a_row_of_the_results(monkeypatch, displayed):
    begun = course.Run(chapter="07", cpu_start=time.process_time() - 100)
    monkeypatch.setattr(course, "run", begun)
    claim("loss", 1.23456789, at_most=2, unit="nats")
    [(data, metadata)] = displayed
    assert data == {"text/plain": "loss: 1.235 nats (at most 2)"}
    row = metadata["claim"]
    assert 100 <= row.pop("cpu_seconds") < 110
    assert row.pop("peak_memory_mb") == pytest.approx(peak_memory_mb(), rel=0.1)
    assert f"{os.cpu_count()} cores" in row.pop("machine")
    assert row == {
        "chapter": "07",
        "claim": "loss",
        "value": 1.235,
        "unit": "nats",
        "at_least": None,
        "at_most": 2.0,
        "edition": settings.edition(),
        "scale": settings.scale(),
    }
