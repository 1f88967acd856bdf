"""How outputs are compared: function by function, then as pytest runs notebooks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tests.chapters import comparison
from tools import chapters
from tools.chapters import ROOT, code_hash

PLUGIN = "tests.chapters.comparison"


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def cell(source="pass", stored=None, tags=(), count=None):
    if isinstance(stored, str):
        stored = printed(stored)
    return new_code_cell(
        source,
        outputs=[stored] if stored else [],
        metadata={"tags": list(tags)},
        execution_count=count,
    )


def notebook(*cells):
    """Return a notebook as `make refresh` leaves it: counted from 1, and hashed."""
    chapter = new_notebook(cells=list(cells))
    for count, one in enumerate(chapters.code_cells(chapter), start=1):
        one.execution_count = count
    chapter.metadata["code_sha256"] = code_hash(chapter)
    return chapter


# How a cell is compared


@pytest.mark.parametrize(
    ("tags", "packaged", "original"),
    [
        ([], ("exact", None), ("exact", None)),
        (["hide-cell"], ("exact", None), ("exact", None)),
        (["nbval-approx:0.02"], ("approx", 0.02), ("approx", 0.02)),
        (["nbval-approx:0.1"], ("approx", 0.1), ("approx", 0.1)),
        (["corpus"], ("exact", None), ("corpus", None)),
        (["corpus", "nbval-approx:.05"], ("approx", 0.05), ("corpus", None)),
        (["nbval-ignore-output"], ("ignored", None), ("ignored", None)),
        (["corpus", "nbval-ignore-output"], ("ignored", None), ("ignored", None)),
        (["learned", "nbval-approx:0.02"], ("approx", 0.02), ("approx", 0.02)),
        (["seed"], ("exact", None), ("exact", None)),
        (["study", "nbval-approx:0.1"], ("approx", 0.1), ("approx", 0.1)),
        (["study:length_2"], ("exact", None), ("exact", None)),
    ],
)
def test_tags_and_edition_say_how_a_cell_is_compared(tags, packaged, original):
    tagged = cell(stored="loss 0.5", tags=tags)
    assert comparison.comparison_of(tagged) == packaged
    assert comparison.comparison_of(tagged, "packaged") == packaged
    assert comparison.comparison_of(tagged, "original") == original


@pytest.mark.parametrize("others", [[], ["nbval-approx:0.02"]])
def test_what_depends_on_the_seed_is_not_compared_with_another_one(others):
    tagged = cell(stored="loss 0.5", tags=["seed", *others])
    compared = comparison.comparison_of(tagged, seed=42)
    assert compared == (("approx", 0.02) if others else ("exact", None))
    assert comparison.comparison_of(tagged, seed=43) == ("seed", None)
    ignored = cell(stored="loss 0.5", tags=["seed", "nbval-ignore-output"])
    assert comparison.comparison_of(ignored, seed=43) == ("ignored", None)
    untagged = cell(stored="loss 0.5", tags=others)
    assert comparison.comparison_of(untagged, seed=43) == compared


@pytest.mark.parametrize("tag", ["seed", "line"])
def test_what_depends_on_the_line_is_not_compared_on_another_one(tag):
    tagged = cell(stored="loss 0.5", tags=[tag])
    assert comparison.comparison_of(tagged, line="addons") == ("exact", None)
    assert comparison.comparison_of(tagged, line="current") == ("line", None)
    ignored = cell(stored="loss 0.5", tags=[tag, "nbval-ignore-output"])
    assert comparison.comparison_of(ignored, line="current") == ("ignored", None)
    untagged = cell(stored="loss 0.5")
    assert comparison.comparison_of(untagged, line="current") == ("exact", None)


def test_learned_whole_numbers_need_a_tolerance():
    with pytest.raises(comparison.PolicyError, match="says nothing without"):
        comparison.comparison_of(cell(stored="epoch 5", tags=["learned"]))


@pytest.mark.parametrize("tags", [[], ["nbval-approx:0.02"], ["hide-cell"]])
def test_a_cell_without_stored_output_is_silent(tags):
    assert comparison.comparison_of(cell(tags=tags)) == ("silent", None)


def test_every_kind_has_a_meaning_in_the_summary():
    kinds = {"exact", "approx", "corpus", "seed", "line", "ignored", "silent"}
    assert set(comparison.KINDS) == kinds


@pytest.mark.parametrize(
    "tag", ["nbval-skip", "nbval-ignore-ouput", "Corpus", "study:", "study:Length"]
)
def test_an_unknown_tag_is_refused_by_name(tag):
    with pytest.raises(comparison.PolicyError, match=f"unknown tag {tag!r}.*corpus"):
        comparison.comparison_of(cell(tags=[tag]))


@pytest.mark.parametrize(
    "tolerance",
    [
        *("", ":", ":0", ":0.0", ":-0.1", ":0.11", ":1.0", ":100", ":2%", ":nan"),
        *(":1e-3", ":0.05 ", "=0.05", "imate:0.05", ":0.0.5"),
    ],
)
def test_a_tolerance_that_is_malformed_or_too_wide_is_refused(tolerance):
    for others in ([], ["nbval-ignore-output"], ["corpus"]):
        tagged = cell(stored="0.5", tags=[f"nbval-approx{tolerance}", *others])
        with pytest.raises(comparison.PolicyError, match=r"above 0 and at most 0\.1"):
            comparison.comparison_of(tagged, "original")


# Numbers within a tolerance

values = st.floats(1e-6, 1e12) | st.floats(-1e12, -1e-6) | st.integers(1, 10**12)
words = st.text(alphabet="ab %:,()-\n", max_size=4)
tolerances = st.sampled_from([0.001, 0.02, 0.05, 0.1])
FORMATS = ("{!r}", "{:.17e}", "{:+.12g}", "{:,}", "{!r}%", "({!r})", "[{!r}, 'a']")


@given(values, st.floats(-0.99, 0.99), tolerances, st.sampled_from(FORMATS))
def test_a_number_inside_the_tolerance_is_accepted(value, part, rtol, number):
    reference = f"GRU2: loss {number.format(value)} nats"
    close = f"GRU2: loss {number.format(value * (1 + part * rtol))} nats"
    assert comparison.within(reference, close, rtol, learned=True) == reference


@given(values, st.floats(1.01, 50), st.sampled_from([1, -1]), tolerances)
def test_a_number_outside_the_tolerance_is_left_as_it_is(value, times, sign, rtol):
    reference, far = f"loss {value!r}", f"loss {value * (1 + sign * times * rtol)!r}"
    assert comparison.within(reference, far, rtol) == far != reference
    assert comparison.within(reference, far, rtol, learned=True) == far


@given(st.integers(0, 10**9), st.integers(1, 9), tolerances)
@example(100_200, 99, 0.1)
def test_whole_numbers_are_equal_or_disagree(value, difference, rtol):
    for number in ("{}", "{:,}", "best epoch {} of", "[{:,}]", "{:,}, 5"):
        reference, found = number.format(value), number.format(value + difference)
        assert comparison.within(reference, found, rtol) != reference
        assert comparison.within(reference, reference, rtol) == reference


@given(st.text() | st.from_regex(r"[-+.,eE0-9 x%]{0,20}", fullmatch=True))
@example("nan inf 1e999 -0.0 0x7f .5 5. 1,,2")
def test_a_text_agrees_with_itself(text):
    assert comparison.within(text, text, 0.02) == text


@given(words, words, words, words)
def test_the_text_around_numbers_has_to_be_the_same(before, after, other, another):
    reference, found = f"{before}1.50{after}", f"{other}1.51{another}"
    squeezed = [
        re.sub(" +", " ", f"{a}#{b}") for a, b in [(before, after), (other, another)]
    ]
    assume(squeezed[0] != squeezed[1])
    assert comparison.within(reference, found, 0.1) != reference


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("1,115,394.0 characters", "1,120,000.0 characters"),
        ("1,115,394.0 characters", "1120000.0 characters"),
        ("1,115,394 characters", "1115394 characters"),
        ("accuracy 81.4%", "accuracy 81.9%"),
        ("slope -0.50", "slope -0.504"),
        ("rate 6.0e-03", "rate 6.05e-03"),
        ("1.0e+05 updates", "1.001e+05 updates"),
        ("1.0e+05 updates", "100100 updates"),
        ("x1 = 2.00, GRU2 = 3.00", "x1 = 2.01, GRU2 = 3.01"),
        ("[1.62, 1.58]\n(2.00)", "[1.63, 1.57]\n(2.01)"),
        ("0.5-0.7", "0.501-0.702"),
        ("[5.35 4.8  4.5 ]", "[5.34 4.81 4.49]"),
        ("[ 5.35 10.02]", "[5.36 9.97]"),
        ("0.0", "0.00"),
        ("nan", "nan"),
    ],
)
def test_texts_with_close_numbers_agree(reference, found):
    assert comparison.within(reference, found, 0.01) == reference


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("loss 1.50", "Loss 1.50"),
        ("loss 1.50 nats", "loss 1.50 bits"),
        ("loss 1.50\n", "loss 1.50"),
        ("81.4%", "81.4"),
        ("-0.50", "0.50"),
        ("0.0", "1e-9"),
        ("6e-3", "6e-4"),
        ("1,000", "1.000"),
        ("1,115,394", "1,115"),
        ("100 of 1000", "101 of 1500"),
        ("0.5", "nan"),
        ("nan", "0.5"),
        ("inf", "1e999"),
        ("1.50 1.40", "1.50"),
        ("1.50", "1.50 1.50"),
        ("GRU200", "GRU201"),
        ("x1000 = 1", "x1001 = 1"),
        ("layer_100", "layer_101"),
        ("[100, 200]", "[100 200]"),
        ("after 5, it", "after 5 it"),
        ("[1,2,3]", "[1,2,4]"),
        ("[100,200]", "[101,900]"),
        ("[100,200,300]", "[100,299,300]"),
        ("best epoch 200", "best epoch 201"),
        ("1,115,394 characters", "1,120,000 characters"),
    ],
)
def test_texts_that_differ_in_more_than_close_numbers_disagree(reference, found):
    assert comparison.within(reference, found, 0.01) != reference


@pytest.mark.parametrize(
    ("reference", "found", "agree"),
    [
        ("best epoch 200", "best epoch 201", True),
        ("1,115,394 characters", "1,120,000 characters", True),
        ("best epoch 20", "best epoch 21", False),
        ("[100,200,300]", "[100,299,300]", False),
        ("[100, 200]", "[101, 201]", True),
    ],
)
def test_learned_whole_numbers_may_be_close(reference, found, agree):
    close = comparison.within(reference, found, 0.01, learned=True)
    assert (close == reference) == agree


# Whether stored outputs belong to the code


def test_outputs_of_one_run_from_top_to_bottom_are_fresh():
    chapter = notebook(cell("x = 1"), cell("x"))
    chapter.cells.insert(0, nbformat.v4.new_markdown_cell("Prose has no count."))
    comparison.check_outputs_are_fresh(chapter)


@pytest.mark.parametrize("counts", [(None, None), (1, None), (2, 1), (1, 3), (2, 3)])
def test_cells_that_did_not_run_in_order_are_refused(counts):
    chapter = notebook(cell("x = 1"), cell("x"))
    for one, count in zip(chapter.cells, counts, strict=True):
        one.execution_count = count
    with pytest.raises(comparison.PolicyError, match="once each, from top to bottom"):
        comparison.check_outputs_are_fresh(chapter)


def test_outputs_of_other_code_are_refused():
    chapter = notebook(cell("x = 1"), cell("x"))
    chapter.cells[1].source = "x + 1"
    with pytest.raises(comparison.PolicyError, match="stale"):
        comparison.check_outputs_are_fresh(chapter)


def test_outputs_without_a_hash_are_refused():
    chapter = notebook(cell("x = 1"))
    del chapter.metadata["code_sha256"]
    with pytest.raises(comparison.PolicyError, match="stale"):
        comparison.check_outputs_are_fresh(chapter)


# The comparison at work in a run of pytest

APPROX, CORPUS, IGNORE = "nbval-approx:0.02", "corpus", "nbval-ignore-output"
SEED, LEARNED, LINE = "seed", "learned", "line"
PICTURE = new_output("display_data", {"image/png": "AAAB", "text/plain": "line"})
SHOW_PICTURE = """
from IPython.display import display
display({"image/png": "AAAA", "text/plain": "line"}, raw=True)
"""
WIPED_BAR = ("\r  0%|     | 0/2", "\r100%|#####| 2/2", "\r                 \r")
SHOW_BAR = f"import sys\nfor t in {WIPED_BAR}:\n    print(t, end='', file=sys.stderr)"
# source, stored output, tags, whether it passes as packaged edition with the same seed,
# and as original edition with another one and on the other line of packages
CELLS = {
    "exact, equal": ("print('loss 1.00')", "loss 1.00\n", [], True, True),
    "exact, off": ("print('loss 1.01')", "loss 1.00\n", [], False, False),
    "approx, inside": ("print('loss 1.01')", "loss 1.00\n", [APPROX], True, True),
    "approx, outside": ("print('loss 1.03')", "loss 1.00\n", [APPROX], False, False),
    "approx, text": ("print('Loss 1.00')", "loss 1.00\n", [APPROX], False, False),
    "corpus, equal": ("print('100 lines')", "100 lines\n", [CORPUS], True, True),
    "corpus, off": ("print('101 lines')", "100 lines\n", [CORPUS], False, True),
    "corpus, approx": ("print(1.01)", "1.00\n", [CORPUS, APPROX], True, True),
    "seed, equal": ("print('at 0.51')", "at 0.51\n", [SEED], True, True),
    "seed, off": ("print('at 0.61')", "at 0.51\n", [SEED], False, True),
    "seed, approx": ("print(1.03)", "1.00\n", [SEED, APPROX], False, True),
    "line, off": ("print('Keras 3')", "Keras 2\n", [LINE], False, True),
    "line, output is gone": ("x = 1", "addons\n", [LINE], False, True),
    "line, prints now": ("print('left out')", None, [LINE], False, True),
    "learned, close": ("print(101)", "100\n", [LEARNED, APPROX], True, True),
    "whole, close": ("print(101)", "100\n", [APPROX], False, False),
    "ignored, off": ("print('7 s')", "5 s\n", [IGNORE], True, True),
    "ignored picture": (SHOW_PICTURE, PICTURE, [IGNORE], True, True),
    "picture is gone": ("print('line')", PICTURE, [IGNORE], False, False),
    "silent": ("x = 1", None, [], True, True),
    "silent, prints now": ("print(1)", None, [], False, False),
    "output is gone": ("x = 1", "1\n", [APPROX], False, False),
    "bar wiped itself": (SHOW_BAR, None, [], True, True),
    "first line": (
        "print('Chapter 01, seed 43, on 2 GPU')",
        "Chapter 01, seed 42, on CPU\n",
        *([], True, True),
    ),
}
# The first cell raises an error, whatever its tags; the second needs the first.
STOPPED = cell("x = 1 / 0", None, [CORPUS, IGNORE]), cell("print(x)", "1\n")
# So does a claim that does not hold.
CLAIM = "raise AssertionError('This claim does not hold. loss: 2 (at most 1)')"
UNTRUE = cell(CLAIM), cell("print(1)", "1\n")


def exercise(number, solution, *define):
    """Return the task of an exercise, and its solution."""
    metadata = {"exercise": {"define": define}}
    return new_markdown_cell(f"**{number}.** Do.", metadata=metadata), cell(solution)


# The second solution counts on, so that it is wrong when it is put back.
EXERCISES = (
    cell("from itertools import count\nnumbers = count()"),
    new_markdown_cell("## Exercises"),
    *exercise(1, "x = 1\nassert x == 1", "x: one"),
    *exercise(2, "y = next(numbers)\nassert y == 0", "y: the first number"),
)

LINES = {"packaged": "addons", "original": "current"}  # of the run of each edition


def start_pytest(folder, *options, edition):
    """Start pytest with the course's comparison of the notebooks of a folder."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(
        "from nlp_helpers import settings\n"
        f"settings.line = lambda: {LINES[edition]!r}\n"
        f"pytest_plugins = [{PLUGIN!r}]\n"
    )
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "NLP_"))
    }
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "-rA", "--color=no"),
            *("-p", "no:cacheprovider", "-p", "nbval.plugin", "-p", "xdist.plugin"),
            *("--nbval", "--nbval-current-env"),
            *options,
        ],
        cwd=folder,
        env={
            **inherited,
            "NLP_DATA": edition,
            "NLP_SEED": "43" if edition == "original" else "42",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "notebooks")]),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a faster start
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def summary_counts(stdout):
    """Return the counts of the closing summary, by kind."""
    return {
        kind: int(re.search(rf"^ *(\d+) {re.escape(meaning)}$", stdout, re.M)[1])
        for kind, meaning in comparison.KINDS.items()
    }


def broken_notebooks():
    """Return notebooks that break the rules, by name, and the reasons to be told."""
    broken = {
        "not_run": notebook(cell("print(1)")),
        "stale": notebook(cell("print(1)", "1\n")),
        "no_hash": notebook(cell("print(1)", "1\n")),
        "unknown_tag": notebook(cell("print(1)", "1\n", ["nbval-skip"])),
        "too_wide": notebook(cell("print(1)", "1\n", ["nbval-approx:1.0"])),
    }
    no_mark = new_markdown_cell("**1.** Do.")
    task = new_markdown_cell("## Exercises"), no_mark, cell("assert True")
    broken["unmarked"] = notebook(*task)
    broken["not_run"].cells[0].execution_count = None
    broken["stale"].cells[0].source = "print(2)"
    del broken["no_hash"].metadata["code_sha256"]
    return broken, {
        "not_run": "the cells were not run once each, from top to bottom",
        "stale": "the outputs are stale",
        "no_hash": "the outputs are stale",
        "unknown_tag": "unknown tag 'nbval-skip'",
        "too_wide": "tag 'nbval-approx:1.0'",
        "unmarked": "Exercise 1: 'exercise' is missing",
    }


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Run CELLS in both editions at the same time, and return what pytest printed.

    The packaged run meets the broken notebooks too; the original one is sent to
    another process, as `make test` does it.
    """
    cells = [cell(*case[:3]) for case in CELLS.values()]
    good = {"cells": notebook(*cells)}
    good |= {"stopped": notebook(*STOPPED), "untrue": notebook(*UNTRUE)}
    good["exercises"] = notebook(*EXERCISES)
    broken, _ = broken_notebooks()
    runs = {}
    for edition, notebooks, options in [
        ("packaged", good | broken, ["--continue-on-collection-errors"]),
        ("original", good, ["-n", "1", "--dist", "loadscope"]),
    ]:
        folder = tmp_path_factory.mktemp(edition)
        for name, chapter in notebooks.items():
            nbformat.write(chapter, folder / f"{name}.ipynb")
        runs[edition] = start_pytest(folder, *options, edition=edition)
    return {edition: run.communicate(timeout=200)[0] for edition, run in runs.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("edition", "column"), [("packaged", 3), ("original", 4)])
def test_each_cell_passes_or_fails_by_its_tags(reports, edition, column):
    outcomes = re.findall(
        r"^(PASSED|FAILED) cells\.ipynb::Cell (\d+)", reports[edition], re.M
    )
    passed = {list(CELLS)[int(k)]: outcome == "PASSED" for outcome, k in outcomes}
    expected = {name: case[column] for name, case in CELLS.items()}
    assert passed == expected, reports[edition]


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["packaged", "original"])
def test_a_cell_that_raises_an_error_fails_and_stops_its_chapter(reports, edition):
    for name in ("stopped", "untrue"):
        assert re.search(rf"^FAILED {name}\.ipynb::Cell 0", reports[edition], re.M)
        assert not re.search(rf"^\w+ {name}\.ipynb::Cell 1 ", reports[edition], re.M)
    assert re.search(r"^SKIPPED \[2\] .*cell 0 failed", reports[edition], re.M)


@pytest.mark.slow
def test_each_exercise_is_solved_as_the_student_edition_has_it(reports):
    outcomes = re.findall(
        r"^([A-Z]+) exercises\.ipynb::(\w+ \d)", reports["packaged"], re.M
    )
    assert outcomes == [
        *[("PASSED", name) for name in ("Cell 0", "Cell 1", "Exercise 1", "Cell 2")],
        ("FAILED", "Exercise 2"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edition", "counts"),
    [
        ("packaged", {"exact": 4, "approx": 3, "corpus": 0, "seed": 0, "line": 0}),
        ("original", {"exact": 2, "approx": 2, "corpus": 3, "seed": 3, "line": 3}),
    ],
)
def test_the_summary_counts_the_cells_that_passed(reports, edition, counts):
    assert "notebook cells" in reports[edition]
    expected = counts | {"ignored": 2, "silent": 2 + 3}  # three beside exercises
    assert summary_counts(reports[edition]) == expected


@pytest.mark.slow
def test_the_summary_says_which_kinds_of_failure_there_were(reports):
    counts = {"error": 2, "claim": 1, "picture": 1, "tolerance": 5, "difference": 7}
    for kind, advice in comparison.ADVICE.items():
        assert f"{counts[kind]:5d} {kind}: {advice}" in reports["packaged"]
    assert "seed: " not in reports["packaged"]


def test_a_readers_own_notebook_is_left_alone():
    class_of = {
        name: comparison.collector_of(chapters.NOTEBOOKS / f"{name}.ipynb")
        for name in ("01_char_rnn", "01_my_notes", "Untitled")
    }
    assert class_of == {
        "01_char_rnn": comparison.ChapterFile,
        "01_my_notes": comparison.ReadersOwnFile,
        "Untitled": comparison.ReadersOwnFile,
    }
    assert list(comparison.ReadersOwnFile.collect(None)) == []


@pytest.mark.slow
def test_a_notebook_that_breaks_the_rules_is_refused_with_the_reason(reports):
    _, reasons = broken_notebooks()
    refused = re.findall(r"^ERROR (\w+)\.ipynb", reports["packaged"], re.M)
    assert sorted(refused) == sorted(reasons)
    for name, reason in reasons.items():
        assert f"{name}.ipynb: {reason}" in reports["packaged"]
    by_refresh = len(reasons) - 1  # it marks no exercise
    assert reports["packaged"].count("`make refresh` runs it anew") >= by_refresh


def test_another_scale_is_refused_with_the_way_to_run_it(monkeypatch):
    monkeypatch.setattr(comparison.settings, "scale", lambda: "full")
    with pytest.raises(pytest.UsageError, match=r"only that scale.*NLP_SCALE=full"):
        comparison.pytest_configure(None)


def test_this_repository_runs_pytest_with_the_comparison(request):
    config = request.config
    assert config.pluginmanager.hasplugin(PLUGIN)
    assert config.option.nbval
    assert not config.option.nbval_lax
    assert config.option.nbval_current_env
    assert Path(config.option.nbval_sanitize_with).samefile(comparison.SANITIZE)
