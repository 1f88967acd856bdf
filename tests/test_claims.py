import math
import os
import time

import numpy as np
import pytest
from nlp_helpers import claims, course, families, settings
from nlp_helpers.claims import NO_DIFFERENCE, claim, faster
from nlp_helpers.measuring import peak_memory_mb

QUALITY = {"kind": "quality", "floor": ("letter frequencies", 3.3), "text": "plays"}


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
    claim("loss", value, kind="cost", unit="nats", **bounds)
    assert capsys.readouterr().out == f"{stated}\n"


def test_a_claim_needs_no_unit(capsys):
    claim("ratio", 3, kind="cost", at_least=2)
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
        claim("loss", value, kind="equality", unit="nats/char", **bounds)
    for name, bound in bounds.items():
        assert f"{name.replace('_', ' ')} {bound:g}" in str(caught.value)
    assert not displayed


@pytest.mark.usefixtures("at_full_scale")
def test_at_full_scale_a_value_beyond_its_bound_is_only_stated(capsys):
    claim("training", 500, kind="cost", at_most=120, unit="CPU-s")
    claim("training", 100, kind="cost", at_most=120, unit="CPU-s")
    beyond, within = capsys.readouterr().out.splitlines()
    stated = "training: 500 CPU-s (at most 120): beyond the bound of the quick scale"
    assert beyond == stated
    assert within == "training: 100 CPU-s (at most 120)"


@pytest.mark.usefixtures("at_full_scale")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
@pytest.mark.parametrize("bound", ["at_least", "at_most"])
def test_a_claim_of_no_finite_number_fails_at_full_scale_too(value, bound):
    with pytest.raises(AssertionError, match=r"does not hold\. loss: "):
        claim("loss", value, kind="cost", **{bound: 0})


@pytest.fixture
def own_data(monkeypatch):
    monkeypatch.setattr(course, "run", course.Run(chapter="07", own_data=True))


@pytest.mark.usefixtures("own_data")
def test_with_a_reader_s_own_data_a_value_beyond_its_bound_is_only_stated(capsys):
    claim("accuracy", 0.6, at_least=0.8, **{**QUALITY, "floor": ("majority", 0.5)})
    faster("ours", than="theirs", cpu_seconds=(2, 1), at_least=1.5)
    beyond, slower = capsys.readouterr().out.splitlines()
    assert beyond == (
        "accuracy: 0.6 (at least 0.8; majority: 0.5): beyond the bound of the "
        "course's own data"
    )
    assert slower.startswith("ours is 0.5 times as fast as theirs (at least 1.5):")


@pytest.mark.usefixtures("own_data")
def test_a_claim_about_own_data_must_still_be_a_number():
    with pytest.raises(AssertionError, match=r"does not hold\. loss: "):
        claim("loss", math.nan, kind="cost", at_least=0)


@pytest.mark.usefixtures("own_data")
def test_what_own_data_give_is_shown_and_not_stored_as_a_result(displayed):
    claim("training", 100, kind="cost", at_most=120, unit="CPU-s")
    assert displayed == [({"text/plain": "training: 100 CPU-s (at most 120)"}, {})]


def test_a_claim_needs_a_bound():
    with pytest.raises(ValueError, match="claim 'loss' needs a bound"):
        claim("loss", 1, kind="cost")


def test_bounds_between_which_there_is_nothing_are_refused():
    with pytest.raises(ValueError, match="Nothing can be within the bounds of 'loss'"):
        claim("loss", 1, kind="cost", at_least=2, at_most=1)


@pytest.mark.parametrize("bound", [math.nan, math.inf, -math.inf])
def test_the_bounds_of_a_claim_must_be_finite(bound):
    for name in ("at_least", "at_most"):
        with pytest.raises(ValueError, match=f"'loss' must be finite: .*{bound}"):
            claim("loss", 1, kind="cost", **{name: bound})


# What proves it


@pytest.mark.parametrize("kind", ["", "speed", None])
def test_a_claim_is_of_a_kind(kind):
    with pytest.raises(ValueError, match="choose quality, equality, cost"):
        claim("loss", 1, kind=kind, at_most=2)


@pytest.mark.parametrize("lacking", ["floor", "text"])
def test_quality_needs_a_floor_and_a_text(lacking):
    given = QUALITY | {lacking: None}
    with pytest.raises(ValueError, match="'loss' is about quality"):
        claim("loss", 1, at_most=2, **given)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_floor_is_a_number(value):
    with pytest.raises(ValueError, match=r"floor of the claim 'loss' must be finite"):
        claim("loss", 1, at_most=2, **QUALITY | {"floor": ("nothing", value)})


def test_the_floor_is_shown_beside_the_bound(capsys):
    claim("loss", 1.7, at_most=2, unit="nats", **QUALITY)
    stated = "loss: 1.7 nats (at most 2; letter frequencies: 3.3)\n"
    assert capsys.readouterr().out == stated


def test_runs_are_shown_by_their_interval(capsys):
    runs = np.array([1, 2, 3, 4, 5]) / 10
    about = QUALITY | {"floor": NO_DIFFERENCE}
    claim("gain", runs.mean(), at_least=0.2, runs=runs, **about)
    stated = (
        "gain: 0.3, 95 % interval 0.1037 to 0.4963 (at least 0.2; no difference: 0)"
    )
    assert capsys.readouterr().out == f"{stated}\n"


def test_the_value_is_the_mean_of_its_runs():
    with pytest.raises(ValueError, match=r"1\.5, which is not the mean of its runs, 2"):
        claim("loss", 1.5, at_most=2, runs=[1, 3], **QUALITY)


# Speed


def test_a_ratio_says_what_is_how_many_times_as_fast_as_what(capsys):
    faster("generate", than="re-reading, compiled", cpu_seconds=(2, 234), at_least=50)
    stated = "generate is 117 times as fast as re-reading, compiled (at least 50)\n"
    assert capsys.readouterr().out == stated


def test_a_ratio_has_three_digits(capsys):
    faster("ours", than="theirs", cpu_seconds=(1, 2345.6), at_least=50)
    assert "is 2,350 times as fast" in capsys.readouterr().out


def test_a_ratio_below_its_bound_fails():
    with pytest.raises(AssertionError, match=r"not hold\. ours is 2 times as fast as"):
        faster("ours", than="theirs", cpu_seconds=(1, 2), at_least=3)


def test_what_is_slower_is_no_claim_about_speed():
    with pytest.raises(AssertionError, match=r"ours is slower than theirs: 2 CPU-"):
        faster("ours", than="theirs", cpu_seconds=(2, 1), at_least=1.5)


@pytest.mark.usefixtures("at_full_scale")
def test_at_full_scale_what_is_slower_is_only_stated(capsys):
    faster("ours", than="theirs", cpu_seconds=(2, 1), at_least=1.5)
    assert "ours is 0.5 times as fast as theirs (at" in capsys.readouterr().out


@pytest.mark.parametrize("at_least", [1, 0.9, math.nan])
def test_equal_speed_is_not_claimed(at_least):
    with pytest.raises(ValueError, match="more than 1 times as fast as 'theirs'"):
        faster("ours", than="theirs", cpu_seconds=(1, 2), at_least=at_least)


@pytest.mark.parametrize("costs", [(0, 1), (1, 0), (-1, 1), (1, math.inf)])
def test_a_cost_is_a_positive_number(costs):
    with pytest.raises(ValueError, match="costs of 'ours' must be positive"):
        faster("ours", than="theirs", cpu_seconds=costs, at_least=2)


# What is stored


@pytest.fixture
def begun(monkeypatch):
    run = course.Run(chapter="07", cpu_start=time.process_time() - 100)
    monkeypatch.setattr(course, "run", run)
    children = families.cpu_seconds_of_children()
    monkeypatch.setattr("nlp_helpers.claims.CHILDREN_BEFORE", children)
    monkeypatch.setattr(families.PeakMemory, "of_all", 0.0)


def circumstances_of(row):
    """Take what a claim stores of the moment out of its row, and check it."""
    assert 100 <= row.pop("cpu_seconds") < 110
    assert row.pop("peak_memory_mb") == pytest.approx(peak_memory_mb(), rel=0.1)
    assert f"{os.cpu_count()} cores" in row.pop("machine")
    assert row.pop("chapter") == "07"
    assert row.pop("edition") == settings.edition()
    assert row.pop("scale") == settings.scale()
    return row


@pytest.mark.usefixtures("begun")
def test_a_claim_stores_a_row_of_the_results(displayed):
    claim("loss", 1.23456789, at_most=2, unit="nats", headline=True, **QUALITY)
    [(data, metadata)] = displayed
    stated = "loss: 1.235 nats (at most 2; letter frequencies: 3.3)"
    assert data == {"text/plain": stated}
    assert circumstances_of(metadata["claim"]) == {
        "claim": "loss",
        "kind": "quality",
        "text": "plays",
        "value": 1.235,
        "unit": "nats",
        "interval": None,
        "runs": None,
        "floor": ["letter frequencies", 3.3],
        "at_least": None,
        "at_most": 2.0,
        "headline": True,
        "sentence": "loss: 1.235 nats",
    }


@pytest.mark.usefixtures("begun")
def test_runs_are_stored_with_their_interval(displayed):
    claim("loss", 2, at_most=3, runs=[1.123456, 2.876544], **QUALITY)
    row = displayed[0][1]["claim"]
    assert row["runs"] == [1.123, 2.877]
    assert row["interval"] == pytest.approx([-9.138, 13.14], rel=1e-3)


@pytest.mark.usefixtures("begun")
def test_a_ratio_stores_both_ways(displayed):
    faster("ours", than="theirs", cpu_seconds=(3, 10), at_least=2, text="plays")
    row = circumstances_of(displayed[0][1]["claim"])
    assert row == {
        "claim": "ours",
        "than": "theirs",
        "kind": "cost",
        "text": "plays",
        "value": 3.333,
        "unit": "times as fast",
        "interval": None,
        "runs": None,
        "floor": None,
        "at_least": 2.0,
        "at_most": None,
        "headline": False,
        "sentence": "ours is 3.33 times as fast as theirs",
    }
