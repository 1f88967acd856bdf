"""What a study runs, stores and shows, with functions that train nothing."""

import contextlib
import dataclasses
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import collecting, course, settings, studies, study_files
from nlp_helpers.collecting import Job
from nlp_helpers.intervals import interval
from nlp_helpers.studies import Study, study
from nlp_helpers.study_files import StudyError

ARMS = {"with": {"gain": 3.0}, "without": {"gain": 0.0}}
SETUP, UPDATE = 20.0, {3.0: 2.0, 0.0: 0.5}  # CPU-seconds


pytestmark = pytest.mark.usefixtures("default_seed")


@pytest.fixture
def clock(monkeypatch):
    """Replace the CPU clock by one that only `train` moves; return its hands."""
    hands = [0.0]
    monkeypatch.setattr(collecting.time, "process_time", lambda: hands[0])
    return hands


@pytest.fixture
def train(clock):
    """Return a function as a study takes it, which lists its calls."""
    calls = []

    def run(*, seed, n_updates, folder, gain):
        assert list(folder.iterdir()) == []
        (folder / "checkpoint").touch()
        calls.append((gain, seed, n_updates))
        clock[0] += SETUP + n_updates * UPDATE[gain]
        return 10.0 * seed + gain

    run.calls = calls
    return run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Store studies in a folder of this test; return it."""
    places = {"folder": tmp_path / "studies", "checkpoints": tmp_path / "build"}
    monkeypatch.setattr(collecting, "job", Job(**places))
    return tmp_path / "studies"


def ask(run, seeds=(0, 1), name="07/length", arms=ARMS, tiny=1, **options):
    budget = {} if "cpu_seconds" in options else {"n_updates": 100}
    return study(name, run, arms=arms, seeds=seeds, tiny=tiny, **budget | options)


def collect(run, seeds=(0, 1), *, code="a", elsewhere=False, **options):
    name = options.get("name", "07/length")
    changed = {"name": name, "code": code, "elsewhere": elsewhere}
    job = dataclasses.replace(collecting.job, **changed)
    with collecting.collecting(job):
        return ask(run, seeds, **options)


def rows_in(folder, name="07_length"):
    return json.loads((folder / f"{name}.json").read_text("utf-8"))["rows"]


# What runs, and what is stored


def test_rows_are_stored_with_what_made_them(train, folder):
    collect(train)
    stored = json.loads((folder / "07_length.json").read_text("utf-8"))
    first = stored["rows"][0]
    assert {k: first[k] for k in ("arm", "seed", "n_updates", "values", "code")} == {
        "arm": "with",
        "seed": 0,
        "n_updates": 100,
        "values": {"value": 3.0},
        "code": "a",
    }
    assert first["cpu_seconds"] == SETUP + 100 * UPDATE[3.0]
    assert first["machine"].keys() == {"architecture", "processor", "cores", "gpus"}
    assert first["versions"].keys() == {"Python", "TensorFlow", "Keras", "NumPy"}
    assert (stored["edition"], stored["scale"]) == ("packaged", "quick")
    order = [(row["seed"], row["arm"]) for row in stored["rows"]]
    assert order == [(0, "with"), (0, "without"), (1, "with"), (1, "without")]


def test_the_tiny_run_happens_in_every_notebook_run(train):
    collect(train)
    for _ in range(2):
        train.calls.clear()
        shown = ask(train)
        assert train.calls == [(3.0, 0, 1)]
        assert shown.values("with").tolist() == [3, 13]


def test_the_tiny_run_finds_code_that_does_not_run(train):
    collect(train)

    def rotten(**_):
        raise NameError("gone")

    with pytest.raises(NameError, match="gone"):
        ask(rotten)
    with pytest.raises(FloatingPointError, match=r"07/length, with, seed 0: .*nan"):
        ask(lambda **_: math.nan)
    with pytest.raises(StudyError, match="returns loss; its stored rows have value"):
        ask(lambda **_: {"loss": 1.0})


def test_names_are_compared_on_the_edition_of_the_study_only(train, edition):
    collect(train)
    with edition("original"):
        assert ask(lambda **_: {"50 labels": 1.0}).names == ["value"]


def test_a_notebook_prints_only_what_is_missing(train, capsys):
    ask(train)
    line = (
        "Of the study 07/length, 4 of 4 rows are missing. "
        "Run: make study NAME=07/length\n"
    )
    assert capsys.readouterr() == (line, "")
    collect(train)
    capsys.readouterr()
    ask(train)
    assert capsys.readouterr() == ("", "")
    ask(train, seeds=range(3))
    assert "2 of 6 rows are missing" in capsys.readouterr().out


def test_the_tiny_run_leaves_the_chapters_seed(train):
    import tensorflow as tf

    tf.keras.utils.set_random_seed(settings.seed())
    expected = np.random.rand(), float(tf.random.uniform([]))
    ask(train, seeds=[5])
    assert (np.random.rand(), float(tf.random.uniform([]))) == expected


def test_every_run_begins_with_its_seed(train):
    def draw(*, folder, **arguments):
        train(folder=folder, **arguments)
        return np.random.rand()

    result = collect(draw, [3, 4])
    assert result.difference("with", "without").tolist() == [0, 0]
    assert len(set(result.values("with"))) == 2


def test_rows_are_written_one_by_one_and_not_made_again(train, folder):
    def breaks_off(**arguments):
        if arguments["seed"] == 1 and arguments["gain"] == 0.0:
            raise KeyboardInterrupt
        return train(**arguments)

    with pytest.raises(KeyboardInterrupt):
        collect(breaks_off)
    assert len(rows_in(folder)) == 3
    train.calls.clear()
    collect(train)
    assert train.calls == [(0.0, 1, 100)]  # neither rows nor prices a second time
    assert len(rows_in(folder)) == 4


def test_more_seeds_add_rows_and_fewer_leave_them(train, folder, capsys):
    collect(train, [0, 1])
    train.calls.clear()
    collect(train, [1, 2])
    assert {call[1] for call in train.calls} == {2}
    assert len(rows_in(folder)) == 6
    assert ask(train, [1, 2]).values("with").tolist() == [13, 23]
    capsys.readouterr()
    collect(train, [1, 2])
    assert "nothing to do, all 4 rows" in capsys.readouterr().err


def test_what_a_killed_run_left_is_there_again_and_goes_with_its_row(
    train, folder, tmp_path
):
    seen = []

    def run(*, seed, n_updates, folder, gain):
        seen.append([path.name for path in folder.iterdir()])
        (folder / "state").touch()
        if n_updates == 100 and len([s for s in seen if s]) == 0:
            raise KeyboardInterrupt
        folder.joinpath("state").unlink()
        return train(seed=seed, n_updates=n_updates, folder=folder, gain=gain)

    with pytest.raises(KeyboardInterrupt):
        collect(run)
    assert len(list((tmp_path / "build").iterdir())) == 1
    result = collect(run)
    assert [names for names in seen if names] == [["state"]]
    assert list((tmp_path / "build").iterdir()) == []
    resumed = [row["resumed"] for row in rows_in(folder)]
    assert resumed == [True, False, False, False]
    assert "Killed and gone on with: 1 run" in result.table()


def test_what_other_code_or_another_machine_left_is_not_gone_on_with(
    train, folder, tmp_path, monkeypatch
):
    def interrupted(*, folder, n_updates, **arguments):
        value = train(folder=folder, n_updates=n_updates, **arguments)
        if n_updates in (100, 50):
            raise KeyboardInterrupt
        return value

    there = study_files.machine_and_versions()
    there["machine"] = there["machine"] | {"cores": 999}
    changes = [{}, {"code": "b"}, {"n_updates": 50}, {"elsewhere": True}]
    for n, change in enumerate(changes, start=1):
        if "elsewhere" in change:
            monkeypatch.setattr(collecting, "machine_and_versions", lambda: there)
        with pytest.raises(KeyboardInterrupt):
            collect(interrupted, **change)  # `train` asserts that its folder is empty
        assert len(list((tmp_path / "build").iterdir())) == n
        assert not folder.exists()  # nothing was stored that could be gone on with


# Prices


def test_a_given_number_of_updates_needs_no_price(train, folder):
    result = collect(train, n_updates=100)
    assert train.calls == [(gain, seed, 100) for seed in (0, 1) for gain in (3.0, 0.0)]
    assert result.stored["prices"] == {}
    # More seeds later, and what a chapter shows, do without one as well.
    collect(train, [2], n_updates=100)
    assert len(train.calls) == len(rows_in(folder)) == 6


def test_the_price_of_an_update_is_without_what_a_run_costs_beside(train, folder):
    result = collect(train, cpu_seconds=300)
    prices = result.stored["prices"]["cpu_seconds"]
    assert prices == pytest.approx({"with": 2.0, "without": 0.5})
    priced = train.calls[: -len(rows_in(folder))]
    gains = [gain for gain, *_ in priced]
    assert gains[:5] == [3.0, *[3.0, 0.0] * 2]  # one run to begin with, then in turns


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0, 1000))
def test_any_price_is_found(price, other, setup):
    costs = {"a": price, "b": other}
    experiment = collecting.Experiment(
        name="07/length",
        run=None,
        arms={"a": {}, "b": {}},
        seeds=(0,),
        n_updates=1,
        cpu_seconds=None,
        tiny=1,
        edition="packaged",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            collecting.Experiment,
            "_costs",
            lambda _, runs: {arm: setup + n * costs[arm] for arm, n in runs.items()},
        )
        assert experiment.prices() == pytest.approx(costs, rel=1e-6)


def test_arms_of_equal_cost_have_updates_by_their_price(train, folder):
    collect(train, cpu_seconds=300)
    assert {row["arm"]: row["n_updates"] for row in rows_in(folder)} == {
        "with": 150,
        "without": 600,
    }


def test_an_arm_that_counts_makes_no_updates_and_costs_none(clock, folder):
    def run(*, seed, n_updates, folder, gain=0):
        clock[0] += n_updates
        return gain + n_updates

    arms = {"counts": {"n_updates": 0}, "trained": {"gain": 1}}
    for budget in [{"n_updates": 100}, {"cpu_seconds": 50}]:
        name = f"07/{next(iter(budget))}"
        found = collect(run, arms=arms, name=name, **{"n_updates": None} | budget)
        if "cpu_seconds" in budget:  # else no price is needed
            prices = found.stored["prices"]["cpu_seconds"]
            assert prices == {"counts": 0, "trained": pytest.approx(1)}
        rows = rows_in(folder, name.replace("/", "_"))
        n_updates = budget.get("n_updates", 50)
        assert [row["n_updates"] for row in rows] == [0, n_updates] * 2
        assert found.values("trained").tolist() == [n_updates + 1] * 2


def test_examples_of_the_first_seed_are_stored_beside_the_values(folder):
    def run(*, seed, n_updates, folder, gain):
        return {"value": gain, "examples": [f"seed {seed}, gain {gain:g}"]}

    found = collect(run)
    assert found.names == ["value"]
    assert found.examples("with") == ["seed 0, gain 3"]
    assert [row.get("examples") for row in rows_in(folder)] == [
        ["seed 0, gain 3"],
        ["seed 0, gain 0"],
        None,
        None,
    ]
    assert ask(run, name="07/none").examples("with") == []
    with pytest.raises(ValueError, match="has no arm 'none'"):
        found.examples("none")


def test_updates_that_cost_nothing_have_no_price(clock, folder):
    def run(**_):
        clock[0] += 1
        return 1.0

    with pytest.raises(StudyError, match="Does the function use n_updates"):
        collect(run, cpu_seconds=300)
    with pytest.raises(StudyError, match="could not be measured"):
        collect(lambda **_: 1.0, cpu_seconds=300)
    assert not folder.exists()


# What must not mix


def test_rows_from_two_machines_do_not_mix_silently(train, folder, monkeypatch):
    collect(train, [0])
    here = study_files.machine_and_versions()
    for part, name in (("machine", "processor"), ("versions", "TensorFlow")):
        there = here | {part: here[part] | {name: "Other"}}
        monkeypatch.setattr(
            collecting, "machine_and_versions", lambda there=there: there
        )
        with pytest.raises(settings.SettingError) as refused:
            collect(train, [0, 1])
        for place in (here, there):
            assert study_files.place_of(place) in str(refused.value)
        assert "make study NAME=07/length ELSEWHERE=1" in str(refused.value)
        assert len(rows_in(folder)) == 2
    mixed = collect(train, [0, 1], elsewhere=True)
    assert len(rows_in(folder)) == 4
    footer = mixed.table().splitlines()[-3:]
    assert footer[0] == "Made on 2 machines, or with other versions:"
    assert footer[1:] == [study_files.place_of(place) for place in (here, there)]


def test_a_price_from_another_machine_counts_too(train, folder, monkeypatch):
    with pytest.raises(ZeroDivisionError):  # 300 CPU-seconds buy 150 updates
        collect(lambda **a: train(**a) / (a["n_updates"] != 150), cpu_seconds=300)
    assert rows_in(folder) == []
    there = study_files.machine_and_versions() | {"machine": {"architecture": "arm64"}}
    there["machine"] |= {"processor": "M9", "cores": 8, "gpus": 1}
    monkeypatch.setattr(collecting, "machine_and_versions", lambda: there)
    with pytest.raises(settings.SettingError, match="arm64, M9, 8 cores, 1 GPU"):
        collect(train, cpu_seconds=300)


def test_rows_of_other_code_are_neither_gone_on_with_nor_deleted(train, folder):
    collect(train, [0])
    before = (folder / "07_length.json").read_bytes()
    for seeds in ([0], [0, 1]):
        with pytest.raises(
            StudyError, match=r"code of 07/length has changed"
        ) as caught:
            collect(train, seeds, code="b")
    assert "To begin anew, delete studies/07_length.json." in str(caught.value)
    assert (folder / "07_length.json").read_bytes() == before


def test_settings_are_those_of_the_study(train, edition, monkeypatch):
    collect(train, [0])
    for variable, value in [
        ("edition", "original"),
        ("scale", "full"),
        ("seed", 43),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(settings, variable, lambda value=value: value)
            with pytest.raises(settings.SettingError) as refused:
                collect(train, [0, 1])
        command = "make study NAME=07/length NLP_DATA=packaged NLP_SCALE=quick"
        assert f"Run: {command} NLP_SEED=42" in str(refused.value)
    with pytest.raises(settings.SettingError, match="NLP_DATA=original"):
        collect(train, name="07/other", edition="original")
    with edition("original"):
        collect(train, name="07/other", edition="original")
    # A chapter shows what is stored, whatever data it runs on itself.
    assert "original data" in ask(train, name="07/other", edition="original").table()


@given(st.data())
def test_a_damaged_file_is_an_error_and_is_left_alone(data):
    with collected_once() as path:
        text = path.read_text("utf-8")
        cut = text[: data.draw(st.integers(0, len(text) - 3))]
        path.write_text(cut, "utf-8")
        for call in (ask, collect):
            with pytest.raises(StudyError, match=r"07_length\.json is damaged"):
                call(lambda **_: 1.0)
        assert path.read_text("utf-8") == cut


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["rows"][1].pop("values"),
        lambda stored: stored["rows"][0].update(values=3),
        lambda stored: stored["rows"][0].update(cpu_seconds="many"),
        lambda stored: stored["rows"][0]["machine"].pop("cores"),
        lambda stored: stored["prices"].pop("code"),
        lambda stored: stored.update(rows=None),
    ],
)
def test_a_file_without_something_is_damaged(change):
    with collected_once() as path:
        stored = json.loads(path.read_text("utf-8"))
        change(stored)
        path.write_text(json.dumps(stored), "utf-8")
        with pytest.raises(StudyError, match=r"damaged \(\w+: .*Get it back from Git"):
            ask(lambda **_: 1.0)


def test_a_file_is_written_whole_or_not_at_all(folder):
    path = folder / "07_length.json"
    study_files.write(path, {"arms": ["é"]})
    with pytest.raises(UnicodeEncodeError):
        study_files.write(path, {"arms": ["x" * 100_000 + "\ud800"]})
    with pytest.raises(ValueError, match="JSON"):
        study_files.write(path, {"rows": [math.nan]})
    assert json.loads(path.read_text("utf-8")) == {"arms": ["é"]}


@contextlib.contextmanager
def collected_once():
    """Yield the file of a small study that is stored."""
    path = collecting.job.folder / "07_length.json"
    row = {"arm": "with", "seed": 0, "n_updates": 1, "values": {"value": 1.0}}
    machine = {"architecture": "x", "processor": "é", "cores": 1, "gpus": 0}
    origin = {"code": "a", "machine": machine, "versions": {"Python": "3"}}
    rows = [row | origin | {"cpu_seconds": 1.0, "resumed": False}] * 2
    prices = {"cpu_seconds": {"with": 1.0}} | origin
    chosen = {"study": "07/length", "edition": "packaged", "scale": "quick"}
    study_files.write(path, chosen | {"arms": ["with"], "prices": prices, "rows": rows})
    yield path


# Arguments


@pytest.mark.parametrize(
    "name", ["7/length", "07length", "07/", "07/../x", "07/A", "", 7]
)
def test_a_name_is_a_chapter_and_a_word(train, name):
    with pytest.raises(ValueError, match="must be like 07/length"):
        ask(train, name=name)


def test_a_study_belongs_to_its_chapter(train, monkeypatch):
    monkeypatch.setattr(course, "run", course.Run(chapter="08"))
    with pytest.raises(ValueError, match="must be like 08/length"):
        ask(train)
    ask(train, name="08/depth")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"arms": {}}, "at least one arm"),
        ({"seeds": []}, "one seed"),
        ({"seeds": [1, 1]}, "no seed twice"),
        ({"n_updates": None}, "one of n_updates and cpu_seconds"),
        ({"cpu_seconds": 1, "n_updates": 1}, "one of n_updates and cpu_seconds"),
        ({"n_updates": 0}, "above 0"),
        ({"cpu_seconds": math.inf}, "above 0"),
        ({"tiny": 0}, "above 0: 100, and tiny=0"),
        ({"edition": "new"}, "must be one of packaged, original"),
        ({"arms": {"a": {"n_updates": 5}}}, "no other number of its own: [5]"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(train, options, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        ask(train, **options)
    assert train.calls == []


def test_numbers_of_updates_and_seeds_are_whole(train):
    for options in ({"seeds": [0.5]}, {"n_updates": 1.5}, {"tiny": 0.5}):
        with pytest.raises(TypeError):
            ask(train, **options)


# What is shown


def shown(values, seeds=range(5), unit="BLEU", n_values=1):
    """Return a study with the given values of each arm, one for each seed."""
    machine = {"architecture": "x86_64", "processor": "A1", "cores": 2, "gpus": 0}
    origin = {"machine": machine, "versions": {"Python": "3.11.7"}, "resumed": False}
    rows = [
        {"arm": arm, "seed": seed, "n_updates": 2000, "cpu_seconds": 360.0, **origin}
        | {"values": {"value": value, "loss": -value} if n_values > 1 else {"v": value}}
        for arm, of_seeds in values.items()
        for seed, value in of_seeds.items()
    ]
    stored = {"edition": "packaged", "scale": "quick", "rows": rows, "prices": {}}
    return Study("07/length", tuple(values), tuple(seeds), unit, stored)


def test_a_table_shows_means_intervals_and_costs():
    result = shown(
        {
            "with attention": dict(enumerate([84.0, 85.0, 84.5, 84.2, 84.8])),
            "without": {0: 62.0},
            "never": {},
        }
    )
    assert repr(result) == str(result) == result.table()
    assert result.table().splitlines() == [
        "Study 07/length, in BLEU",
        "",
        "                mean  95 % interval  seeds  updates  CPU-s",
        "with attention  84.5   84.0 to 85.0      5    2,000    360",
        "without           62              -      1    2,000    360",
        "never              -              -      0        -      -",
        "",
        "packaged data, quick scale; 2,160 CPU-seconds together",
        "x86_64, A1, 2 cores, no GPU, Python 3.11.7",
    ]
    assert result.cpu_seconds == 6 * 360


def test_values_and_differences_are_paired_by_seed():
    values = {"a": {2: 2.5, 0: 1.0, 1: 9.0}, "b": {0: 2.0, 1: 8.0}}
    result = shown(values, seeds=[2, 1, 0])
    assert result.values("a").tolist() == [2.5, 9.0, 1.0]
    assert result.values("b").tolist() == [8.0, 2.0]
    assert result.difference("a", "b").tolist() == [1.0, -1.0]
    assert result.difference("b", "a").tolist() == [-1.0, 1.0]


def test_several_values_have_names():
    values = {arm: dict.fromkeys(range(5), 1.0) for arm in ("a", "b")}
    result = shown(values, n_values=2)
    assert result.values("a", "loss").tolist() == [-1.0] * 5
    with pytest.raises(ValueError, match=r"no value None\. It has 'value', 'loss'"):
        result.values("a")
    assert "b: loss " in result.table()
    (only,) = [line for line in result.table("loss").splitlines() if line[:1] == "b"]
    assert only.split()[:2] == ["b", "-1.00"]
    assert result.verdict("a", "b", "loss").startswith("loss: no difference")


def test_an_unknown_arm_or_value_is_refused_with_the_known_ones():
    result = shown({"a": {0: 1.0}, "b": {0: 1.0}})
    with pytest.raises(ValueError, match=r"no arm 'c'\. It has 'a', 'b'"):
        result.values("c")
    with pytest.raises(ValueError, match=r"no value 'x'\. It has 'v'"):
        result.difference("a", "b", "x")


def test_without_rows_there_is_nothing_to_draw(train):
    nothing = ask(train)
    assert nothing.table() == "Study 07/length: nothing is stored yet"
    with pytest.raises(ValueError, match="It has no rows yet"):
        nothing.values("with")


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ([2.5, 3.0, 3.2, 3.5, 3.3], "a is 3.1 (2.6 to 3.6) BLEU above b"),
        ([-2.5, -3.0, -3.2, -3.5, -3.3], "a is 3.1 (2.6 to 3.6) BLEU below b"),
        (
            [0.5, -0.4, 0.1, 0.5, -0.2],
            "no difference between a and b is shown: 0.1 (-0.4 to 0.6) BLEU",
        ),
        ([0.0] * 5, "no difference between a and b is shown: 0.00 (0.00 to 0.00) BLEU"),
    ],
)
def test_a_verdict_quotes_its_interval(differences, sentence):
    noise = [0.0, 50.0, -30.0, 20.0, 10.0]  # of the seeds: it cancels out
    a = {
        seed: x + d for seed, (x, d) in enumerate(zip(noise, differences, strict=True))
    }
    assert shown({"a": a, "b": dict(enumerate(noise))}).verdict("a", "b") == sentence


@given(st.lists(st.integers(-99, 99), min_size=5, max_size=8))
def test_a_verdict_is_given_where_the_interval_is_on_one_side_of_zero(differences):
    a, b = dict(enumerate(differences)), dict.fromkeys(range(8), 0)
    result = shown({"a": a, "b": b}, seeds=range(8))
    low, high = interval(differences)
    words = result.verdict("a", "b").split()
    assert ("above" in words) == (low > 0)
    assert ("below" in words) == (high < 0)
    assert (words[0] == "no") == (low <= 0 <= high)


def test_a_verdict_takes_five_seeds():
    result = shown(
        {"a": dict.fromkeys(range(5), 1.0), "b": dict.fromkeys(range(4), 1.0)}
    )
    with pytest.raises(ValueError, match="takes 5 seeds: 07/length has 4 of both"):
        result.verdict("a", "b")


def test_hours_are_called_hours():
    assert studies._duration(5400) == "1.5 CPU-hours"
    assert studies._duration(3599) == "3,599 CPU-seconds"
