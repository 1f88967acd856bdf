"""The page of studies: figures, tables, costs and machines, from the stored rows."""

import json
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nlp_helpers.study_files import StudyError

from docs import studies
from tools import chapters

MACHINE = {"architecture": "x86_64", "processor": "P", "cores": 2, "gpus": 0}
VERSIONS = {"Python": "3.11.7"}
CALL = 'study("01/length", run, arms={"a": split(unit="word")}, unit="BLEU")'
OPTIONS = """options = {"tiny": 2, "unit": "BLEU"}
study("01/length", run, n_updates=split(unit="word"), **options)
study("01/wide", run, unit="words")"""


def row(arm, seed, values, **others):
    measured = {
        "n_updates": 1_500,
        "cpu_seconds": 10.0 * seed,
        "resumed": False,
        "code": "c0de",
        "machine": MACHINE,
        "versions": VERSIONS,
    }
    return {"arm": arm, "seed": seed, "values": values} | measured | others


@pytest.fixture
def store(tmp_path):
    """Return a function that stores rows as a study of chapter 1, and reads it."""
    cells = [
        new_markdown_cell("# 1. First\n\n## Words & masks\n\nText."),
        new_code_cell(CALL, metadata={"tags": ["study:length"]}),
        new_markdown_cell("### Later"),
        new_code_cell('study("01/other", run)', metadata={"tags": ["study"]}),
    ]
    path = Path("notebooks/01_first.ipynb")
    chapter = chapters.Chapter("01", path, new_notebook(cells=cells))

    def store(*rows):
        stored = {
            "edition": "packaged",
            "scale": "quick",
            "arms": list(dict.fromkeys(row["arm"] for row in rows)),
            "prices": {},
            "rows": rows,
        }
        (tmp_path / "01_length.json").write_text(json.dumps(stored), "utf-8")
        return studies.read_all([chapter], tmp_path)

    return store


@pytest.fixture
def found(store):
    """Two arms with two values and two seeds."""
    return store(
        row("plain", 1, {"validation": 50.0, "long": 20.0}),
        row("plain", 2, {"validation": 52.0, "long": 20.0}),
        row("attention", 1, {"validation": 90.0, "long": 80.5}),
        row("attention", 2, {"validation": 91.0, "long": 80.0}, resumed=True),
    )


def cells_of(table):
    return [line.strip("| ").split(" | ") for line in table.splitlines()]


def test_a_study_is_found_with_its_section_and_unit(found):
    ((chapter, section, study),) = found  # of 01/other nothing is stored
    assert (chapter.number, section, study.name) == ("01", "Words & masks", "01/length")
    assert (study.arms, study.seeds) == (("plain", "attention"), (1, 2))
    assert study.unit == "BLEU"


@pytest.mark.parametrize(
    ("code", "unit"), [(CALL, "BLEU"), (OPTIONS, "BLEU"), ("study('01/length')", "")]
)
def test_the_unit_is_that_of_the_call(found, code, unit):
    ((chapter, *_),) = found
    chapter.notebook.cells[1].source = code
    assert studies.unit_of(chapter, "01/length") == unit


def test_a_damaged_file_is_named(store, tmp_path):
    (tmp_path / "01_other.json").write_text("{}", "utf-8")
    with pytest.raises(StudyError, match=r"01_other\.json is damaged"):
        store(row("plain", 1, {"validation": 50.0}))


def test_the_table_has_a_column_for_each_arm(found):
    head, _, *lines = cells_of(studies.table(found[0][2]))
    assert head == ["plain", "attention"]
    assert lines == [
        ["validation", "51<br>38\u00a0to\u00a064", "90<br>84\u00a0to\u00a097"],
        ["long", "20.00<br>20.00\u00a0to\u00a020.00", "80<br>77\u00a0to\u00a083"],
        ["updates", "1,500", "1,500"],
        ["CPU-s", "15", "10"],  # what the resumed run has cost is not known
    ]


def test_many_arms_are_rows(store):
    ((*_, study),) = store(
        *(row(arm, 1, {"loss": 0.25}, n_updates=0) for arm in ("a", "b", "c"))
    )
    head, _, *lines = cells_of(studies.table(study))
    assert head == ["loss", "updates", "CPU-s"]
    assert lines == [[arm, "0.25", "0", "10"] for arm in ("a", "b", "c")]


def test_the_page_says_where_the_numbers_come_from(found):
    page = studies.page([*found, *found])
    assert page.startswith("2 studies took 0.0 CPU-hours together.\n\n## 1. First\n")
    assert page.count("## 1. First\n") == 1
    assert page.count("### 01/length: Words & masks\n") == 2
    assert "[chapter 1](notebooks/01_first.ipynb#words--masks)" in page
    assert ":::{image} images/studies/01_length.png\n:alt: Dot plots of" in page
    assert "2 seeds, in BLEU; packaged data, quick scale; 60 CPU-seconds" in page
    assert page.endswith("x86_64, P, 2 cores, no GPU, Python 3.11.7.")


@pytest.mark.parametrize(("n_values", "shape"), [(1, (1, 1)), (4, (2, 2)), (5, (2, 3))])
def test_the_figure_has_a_panel_for_each_value(store, tmp_path, n_values, shape):
    values = {f"value {n}": float(n) for n in range(n_values)}
    found = store(row("plain", 1, values), row("plain", 2, values))
    figure = studies.draw(found[0][2])
    shown = [panel for panel in figure.axes if panel.axison]
    assert [panel.get_title() for panel in shown] == list(values)
    assert figure.axes[0].get_subplotspec().get_geometry()[:2] == shape
    dots, line = shown[-1].lines
    assert list(dots.get_xdata()) == [n_values - 1.0] * 2
    assert list(line.get_xdata()) == [n_values - 1.0] * 2
    assert figure.get_supxlabel() == "BLEU"
    studies.draw_all(found, tmp_path)
    picture = tmp_path / "images/studies/01_length.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_every_stored_study_is_on_the_page():
    found = studies.read_all(chapters.read_all())
    names = [study.name for _, _, study in found]
    files = sorted(path.stem for path in studies.FOLDER.glob("*.json"))
    assert sorted(name.replace("/", "_") for name in names) == files
    page = studies.page(found)
    assert re.findall(r"^### (\S+): \S", page, re.MULTILINE) == names
    assert len(re.findall(r"CPU-(?:seconds|hours) together\..* cores, ", page)) == len(
        files
    )
