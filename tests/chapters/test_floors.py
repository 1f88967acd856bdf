"""A claim about quality proves something: its bound is well beyond its floor."""

import statistics

import pytest
from nlp_helpers.claims import NO_DIFFERENCE
from nlp_helpers.intervals import SEEDS_OF_A_VERDICT

from tools import results_tables

# By how much a bound must lie beyond its floor, by the unit of the claim. Where a claim
# has runs, their standard deviation takes its place.
MARGINS = {"": 0.05, "BLEU": 5, "nats": 0.1, "nats/char": 0.1, "bits/char": 0.15}

# Claims that prove too little, in both editions, as (chapter, name): their experiments
# have to be made anew. Nothing may be added here, and what proves enough must go.
EXCEPTIONS = set()


def weakness(row):
    """Return what a claim fails to prove, in a line, or None."""
    if row["kind"] != "quality":
        return None
    name, floor = row["floor"]
    runs = row["runs"] or []
    if name == NO_DIFFERENCE[0] and len(runs) < SEEDS_OF_A_VERDICT:
        return (
            f"{row['claim']}: a comparison over {len(runs) or 1} seeds. A verdict "
            f"takes {SEEDS_OF_A_VERDICT}."
        )
    if row["at_least"] is not None:
        beyond = row["at_least"] - floor
    else:
        beyond = floor - row["at_most"]
    margin = statistics.stdev(runs) if runs else MARGINS[row["unit"]]
    if beyond < margin:
        return (
            f"{row['claim']}: its bound is beyond {name} ({floor:g}) by {beyond:.3g}, "
            f"and must be by {margin:.3g}. A model that knows nothing may pass it."
        )
    return None


def excepted(row):
    """Return the name by which the exceptions list a claim of one edition."""
    return row["chapter"], row["edition"], row["claim"]


def test_a_claim_about_quality_proves_something():
    weak = {excepted(row): weakness(row) for row in results_tables.load()}
    weak = {name: line for name, line in weak.items() if line}
    unlisted = [line for name, line in weak.items() if name not in EXCEPTIONS]
    assert unlisted == []
    assert EXCEPTIONS - set(weak) == set(), (
        "These prove enough: take them off the list."
    )


@pytest.fixture
def row():
    """A claim that proves enough."""
    return {
        "claim": "accuracy",
        "kind": "quality",
        "unit": "",
        "floor": ["majority class", 0.53],
        "runs": None,
        "at_least": 0.78,
        "at_most": None,
    }


def test_a_bound_well_beyond_the_floor_proves_something(row):
    assert weakness(row) is None
    assert weakness(row | {"kind": "cost", "floor": None}) is None


@pytest.mark.parametrize("at_least", [0.5, 0.53, 0.57])
def test_a_bound_at_the_floor_proves_nothing(row, at_least):
    line = weakness(row | {"at_least": at_least})
    assert line.startswith("accuracy: its bound is beyond majority class (0.53) by")


def test_a_loss_has_its_floor_above(row):
    loss = {"unit": "nats/char", "at_least": None, "floor": ["letter frequencies", 3.3]}
    assert weakness(row | loss | {"at_most": 1.7}) is None
    assert "must be by 0.1" in weakness(row | loss | {"at_most": 3.25})


def test_a_verdict_takes_five_seeds(row):
    gain = {"floor": list(NO_DIFFERENCE), "at_least": 0.1}
    runs = [0.11, 0.12, 0.13, 0.14, 0.15]
    assert "comparison over 1 seeds" in weakness(row | gain)
    assert "comparison over 4 seeds" in weakness(row | gain | {"runs": runs[:4]})
    assert weakness(row | gain | {"runs": runs}) is None


def test_a_bound_is_beyond_the_floor_by_more_than_the_spread_of_the_runs(row):
    gain = {"floor": list(NO_DIFFERENCE), "runs": [0.0, 0.1, 0.2, 0.3, 0.4]}
    assert weakness(row | gain | {"at_least": 0.16}) is None
    assert "must be by 0.158" in weakness(row | gain | {"at_least": 0.15})
