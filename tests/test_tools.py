"""The runner of the chapters, its table of results, and the builder of the site."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tests import nbval_policy as policy
from tools import chapters

ROOT = Path(__file__).resolve().parents[1]


def row(chapter="01", claim="validation loss", edition="packaged", **others):
    measured = {
        "value": 1.7251,
        "unit": "nats/char",
        "at_least": None,
        "at_most": 1.8,
        "scale": "quick",
        "cpu_seconds": 61.6,
        "peak_memory_mb": 712,
        "machine": "x86_64, 2 cores, no GPU",
    }
    named = {"chapter": chapter, "claim": claim, "edition": edition}
    return named | measured | others


def claiming(*rows):
    """Return a notebook with one executed cell, which stored these claims."""
    outputs = [
        new_output("display_data", {"text/plain": "holds"}, metadata={"claim": one})
        for one in rows
    ]
    outputs.insert(0, new_output("stream", text="no claim\n"))
    cell = new_code_cell("x = 1", outputs=outputs, execution_count=1)
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), cell])
    notebook.metadata["code_sha256"] = policy.code_hash(notebook)
    return notebook


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Point the runner at an empty course, and return its folder."""
    (tmp_path / "notebooks").mkdir()
    page = "Before.\n\n{}\n{}\n\nAfter.\n".format(
        "<!-- results: written by make results -->", "<!-- end of results -->"
    )
    tables = {
        tmp_path / "README.md": chapters.summary,
        tmp_path / "results.md": chapters.results_page,
    }
    for path in tables:
        path.write_text(page)
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(chapters, "BUILD", tmp_path / "build")
    monkeypatch.setattr(chapters, "RESULTS", tmp_path / "docs" / "results.json")
    monkeypatch.setattr(chapters, "TABLES", tables)
    for variable in ("NLP_DATA", "NLP_SCALE", "NLP_IMAGES"):
        monkeypatch.setenv(variable, "")  # the runner sets them: restore them after
    return tmp_path


def add_chapter(course, name, *cells):
    path = course / "notebooks" / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


# Choosing chapters


def test_chapters_are_chosen_by_number(course):
    first, second = add_chapter(course, "01_a"), add_chapter(course, "02_b")
    add_chapter(course, "draft")
    assert chapters.chapter_paths() == [first, second]
    assert chapters.chapter_paths(["2"]) == [second]
    assert chapters.chapter_paths(["02", "1"]) == [second, first]


@pytest.mark.parametrize("unknown", ["3", "99", "draft", "0"])
def test_an_unknown_chapter_is_refused_with_the_known_ones(course, unknown):
    add_chapter(course, "01_a")
    add_chapter(course, "02_b")
    message = f"no chapter {unknown.zfill(2)}. Choose from 01, 02."
    with pytest.raises(SystemExit, match=re.escape(message)):
        chapters.chapter_paths(["01", unknown])


# Progress


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=1000.0)
    fake_time = SimpleNamespace(monotonic=lambda: now.seconds)
    monkeypatch.setattr(chapters, "time", fake_time)
    return now


def notebook_that_took(*seconds, n_cells=None):
    cells = [new_code_cell("x = 1") for _ in range(n_cells or len(seconds))]
    notebook = new_notebook(cells=[new_markdown_cell("Prose."), *cells])
    if seconds:
        notebook.metadata["cell_seconds"] = list(seconds)
    return notebook


def test_progress_tells_chapter_cell_elapsed_and_remaining_time(clock, capsys):
    progress = chapters.Progress({"01_a": notebook_that_took(10, 20, 30)})
    progress.cell_starts("01_a", 0)
    clock.seconds += 20  # twice as long as it took before
    progress.cell_starts("01_a", 1)
    clock.seconds += 100
    progress.chapter_ends("01_a")
    assert capsys.readouterr().err.splitlines() == [
        "01_a  cell 1/3  elapsed 0:00  remaining about 1:00",
        "01_a  cell 2/3  elapsed 0:20  remaining about 1:40",
        "01_a  done after 2:00",
    ]


def test_progress_in_a_log_is_a_line_every_ten_seconds(clock, capsys):
    progress = chapters.Progress({"01_a": notebook_that_took(n_cells=40)})
    for number in range(40):
        progress.cell_starts("01_a", number)
        clock.seconds += 1
    shown = re.findall(r"cell (\d+)/40", capsys.readouterr().err)
    assert shown == ["1", "11", "21", "31"]


def test_progress_counts_all_chapters_of_a_run(clock, capsys):
    notebooks = {"01_a": notebook_that_took(60), "02_b": notebook_that_took(60, 60)}
    progress = chapters.Progress(notebooks)
    clock.seconds += 60
    progress.chapter_ends("01_a")
    progress.cell_starts("02_b", 1)
    clock.seconds += 60
    *_, last = capsys.readouterr().err.splitlines()
    assert last == "02_b  cell 2/2  elapsed 1:00  remaining about 0:30"


def test_progress_counts_the_cells_of_now_not_of_the_last_run(clock, capsys):
    edited = notebook_that_took(10, 20, n_cells=4)
    chapters.Progress({"01_a": edited}).cell_starts("01_a", 3)
    assert "cell 4/4" in capsys.readouterr().err


# Running chapters

GOOD_CELLS = (
    new_markdown_cell("# A chapter"),
    new_code_cell(
        "import sys\n"
        "for bar in ('\\r 50%|##  |', '\\r100%|####|', '\\r           \\r'):\n"
        "    print(bar, end='', file=sys.stderr)"
    ),
    new_code_cell(
        "from IPython.display import display\n"
        "display({'text/plain': 'holds'}, raw=True, metadata={'claim': {'value': 1}})",
    ),
    new_code_cell("import os, time\ntime.sleep(0.2)\nprint(os.listdir())"),
)
BAD_CELLS = (
    new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
    new_code_cell("colour = 'blue'\nassert colour == 'red', 'not red but blue'"),
    new_code_cell("open('went_on', 'w').close()"),
)


def test_executing_a_chapter_leaves_its_file_alone(course, capsys):
    stale = [
        new_code_cell(c.source, outputs=[new_output("stream", text="old")])
        if c.cell_type == "code"
        else c
        for c in GOOD_CELLS
    ]
    path = add_chapter(course, "01_good", *stale)
    before = path.read_bytes()
    executed = chapters.execute([path])
    assert list(executed) == [path]
    assert path.read_bytes() == before

    notebook = executed[path]
    policy.check_outputs_are_fresh(notebook)
    bar, claim, listing = chapters.code_cells(notebook)
    assert bar.outputs == []
    assert chapters.claims(notebook) == [{"value": 1}]
    assert len(claim.outputs) == 1
    assert [output.text for output in listing.outputs] == ["['01_good.ipynb']\n"]
    seconds = notebook.metadata["cell_seconds"]
    assert len(seconds) == 3
    assert 0.2 <= seconds[2] < 5
    assert "execution" not in listing.metadata
    nbformat.validate(notebook)
    assert "01_good  done after 0:" in capsys.readouterr().err


def test_a_failing_cell_ends_the_run_and_is_shown(course):
    path = add_chapter(course, "02_bad", *BAD_CELLS)
    before = path.read_bytes()
    with pytest.raises(SystemExit) as failure:
        chapters.execute([path])
    message = str(failure.value)
    assert "02_bad, cell 2 failed" in message
    assert BAD_CELLS[1].source in message
    assert "AssertionError: not red but blue" in message
    assert "ZeroDivisionError" not in message
    assert path.read_bytes() == before
    assert not (course / "notebooks" / "went_on").exists()


@pytest.fixture
def executed(course, monkeypatch):
    """Let the runner find chapter 01 executed, with two claims of its edition."""
    path = add_chapter(course, "01_a", new_code_cell("x = 1"))

    def execute(paths, jobs):
        edition = os.environ["NLP_DATA"] or "packaged"
        claims = [row(edition=edition), row(claim="speed", edition=edition)]
        return {path: claiming(*claims) for path in paths}

    monkeypatch.setattr(chapters, "execute", execute)
    return path


def test_refresh_stores_outputs_and_results(course, executed, monkeypatch):
    monkeypatch.setenv("NLP_DATA", "original")
    monkeypatch.setenv("NLP_SCALE", "full")
    monkeypatch.setenv("NLP_IMAGES", "elsewhere")
    chapters.refresh([], jobs=1)
    expected = [row(), row(claim="speed")]
    policy.check_outputs_are_fresh(nbformat.read(executed, as_version=4))
    assert chapters.claims(nbformat.read(executed, as_version=4)) == expected
    assert json.loads(chapters.RESULTS.read_text()) == expected
    for path, shape in chapters.TABLES.items():
        assert shape(expected) in path.read_text()
    assert (os.environ["NLP_DATA"], os.environ["NLP_SCALE"]) == ("packaged", "quick")
    assert "NLP_IMAGES" not in os.environ


def test_run_leaves_the_notebooks_and_results_alone(course, executed, capsys):
    before = executed.read_bytes()
    chapters.run(["1"], jobs=1)
    assert executed.read_bytes() == before
    assert not chapters.RESULTS.exists()
    stored = nbformat.read(course / "build" / "executed" / "01_a.ipynb", as_version=4)
    expected = [row(), row(claim="speed")]
    assert chapters.claims(stored) == expected
    assert capsys.readouterr().out.strip() == chapters.table(expected)


def test_results_measures_both_editions(course, executed):
    chapters.results([], jobs=1)
    stored = json.loads(chapters.RESULTS.read_text())
    assert [(r["claim"], r["edition"]) for r in stored] == [
        ("validation loss", "packaged"),
        ("speed", "packaged"),
        ("validation loss", "original"),
        ("speed", "original"),
    ]
    assert {c["edition"] for c in chapters.claims(nbformat.read(executed, 4))} == {
        "packaged"
    }


# The table of results


def test_claims_are_collected_in_order():
    rows = [row(claim="b"), row(claim="a")]
    assert chapters.claims(claiming(*rows)) == rows
    assert chapters.claims(claiming()) == []


def test_a_row_of_the_table_shows_value_bounds_and_cost():
    both = row(claim="ratio", value=12345.6, unit="", at_least=2.5, at_most=20000)
    lines = chapters.table([row(), both]).splitlines()
    assert lines[2:4] == [
        "| 01 | validation loss | 1.725 nats/char | ≤ 1.8 | packaged | quick | 62 "
        "| 712 |",
        "| 01 | ratio | 1.235e+04 | ≥ 2.5, ≤ 2e+04 | packaged | quick | 62 | 712 |",
    ]
    assert {line.count("|") for line in lines[:4]} == {9}
    assert lines[-1].endswith(" on x86_64, 2 cores, no GPU.")


def test_the_summary_shows_a_result_and_a_ratio_of_each_chapter(course, monkeypatch):
    monkeypatch.setattr(chapters, "HEADLINES", {"02": ("loss", "windows/s")})
    add_chapter(course, "02_b", new_markdown_cell("# 2. The second\n\nPromise."))
    ratio = {"unit": "x", "at_least": 2, "at_most": None}
    rows = [
        row("01", "training", unit="CPU-s"),
        row("01", "first result", value=0.5, unit=""),
        row("01", "second result", cpu_seconds=99.4, peak_memory_mb=1349),
        row("01", "slower", value=3, **ratio),
        row("01", "faster", value=4000, **ratio),
        row("01", "no ratio of speed", value=9000, unit="x", at_most=9999),
        row("02", "first result"),
        row("02", "loss"),
        row("02", "faster", value=9, **ratio),
        row("02", "windows/s", value=8, **ratio),
        row("02", "loss", "original", value=99),
        row("03", "only result"),
    ]
    assert chapters.summary(rows).splitlines()[2:] == [
        "| 01 | first result: **0.5** | faster: **4,000×** | 99 | 1.3 |",
        "| 2. The second | loss: **1.725 nats/char** | windows/s: **8×** | 62 | 0.7 |",
        "| 03 | only result: **1.725 nats/char** | – | 62 | 0.7 |",
    ]


def test_the_page_of_results_has_a_section_for_each_chapter(course):
    rows = [row("01", "loss"), row("01", "loss", "original"), row("02", "speed")]
    blocks = chapters.results_page(rows).split("\n\n")
    assert [b for b in blocks if b.startswith("#")] == ["## 01", "## 02"]
    assert [len(b.splitlines()) for b in blocks] == [1, 1, 4, 1, 3]
    assert (
        "| loss | 1.725 nats/char | ≤ 1.8 | original | quick | 62 | 712 |" in blocks[2]
    )


def test_tables_are_rewritten_without_a_run(course):
    chapters.store_results([row()])
    before = [path.read_text() for path in chapters.TABLES]
    for path in chapters.TABLES:
        path.write_text(chapters.with_table(path.read_text(), "an old table"))
    chapters.tables([], jobs=1)
    assert [path.read_text() for path in chapters.TABLES] == before
    assert json.loads(chapters.RESULTS.read_text()) == [row()]


def test_a_table_in_a_page_is_replaced_and_the_rest_kept(course):
    page = next(iter(chapters.TABLES)).read_text()
    once = chapters.with_table(page, chapters.table([row(claim=r"loss \1 \g<0>")]))
    assert once.startswith("Before.\n\n<!-- results")
    assert once.endswith("<!-- end of results -->\n\nAfter.\n")
    assert r"| loss \1 \g<0> |" in once
    twice = chapters.with_table(once, "a table")
    assert twice == chapters.with_table(page, "a table")
    assert chapters.with_table(twice, "a table") == twice


@pytest.mark.parametrize("keep", ["<!-- results: written by make results -->", ""])
def test_a_page_without_a_place_for_the_table_is_refused(keep):
    with pytest.raises(SystemExit, match="no place for the table"):
        chapters.with_table(f"Some page.\n{keep}\n", "a table")


def test_results_replace_those_of_the_same_chapter_and_edition(course):
    old = [
        row("01", "given up"),
        row("01", "loss", "original", value=2.0),
        row("02", "loss"),
    ]
    chapters.store_results(old)
    assert json.loads(chapters.RESULTS.read_text()) == old
    new = [row("03", "loss"), row("01", "loss", value=1.5), row("01", "a claim")]
    chapters.store_results(new)
    stored = [new[1], new[2], old[1], old[2], new[0]]
    assert json.loads(chapters.RESULTS.read_text()) == stored
    for path, shape in chapters.TABLES.items():
        assert shape(stored) in path.read_text()


def test_results_are_stored_everywhere_or_nowhere(course):
    chapters.store_results([row()])
    list(chapters.TABLES)[1].write_text("a page without a place")
    before = {path: path.read_text() for path in course.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit, match="no place for the table"):
        chapters.store_results([row(value=1.5)])
    after = {path: path.read_text() for path in course.rglob("*") if path.is_file()}
    assert after == before


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "page.md"
    chapters.write(path, "äöü\n")
    assert path.read_text(encoding="utf-8") == "äöü\n"
    with pytest.raises(UnicodeEncodeError):
        chapters.write(path, "x" * 100_000 + "\ud800")
    assert path.read_text(encoding="utf-8") == "äöü\n"
    chapters.write(path, "second\n")
    assert path.read_text(encoding="utf-8") == "second\n"
    assert [p.name for p in path.parent.iterdir()] == ["page.md"]
