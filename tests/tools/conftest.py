"""A small course for the tests of the tools, and results of it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import chapters, results_tables, run_chapters


@pytest.fixture(scope="session")
def row():
    """Return a function that makes a row of results, some of it as given."""

    def make_row(chapter="01", claim="validation loss", edition="packaged", **others):
        measured = {
            "kind": "quality",
            "text": "plays",
            "value": 1.7251,
            "interval": None,
            "runs": None,
            "floor": ["letter frequencies", 3.31],
            "headline": False,
            "sentence": "validation loss: 1.725 nats/char",
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

    return make_row


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Point the tools at a course without chapters or results; return its folder."""
    (tmp_path / "notebooks").mkdir()
    readme, page = tmp_path / "README.md", tmp_path / "results.md"
    tables = results_tables.PAGES[results_tables.ROOT / "README.md"]
    pages = {readme: tables, page: {"results": results_tables.results_page}}
    for path, names in pages.items():
        path.write_text("\n\nBetween.\n\n".join(["Before.", *map(place_for, names)]))
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(chapters, "NAMES", ())
    monkeypatch.setattr(run_chapters, "BUILD", tmp_path / "build")
    monkeypatch.setattr(run_chapters, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(results_tables, "RESULTS", tmp_path / "docs" / "results.json")
    monkeypatch.setattr(results_tables, "PAGES", pages)
    return tmp_path


def place_for(table):
    return f"<!-- {table}: written by make results -->\n<!-- end of {table} -->"


@pytest.fixture
def add_chapter(course, monkeypatch):
    """Return a function that adds a chapter to the course, and returns its path."""

    def add(name, *sources):
        title = new_markdown_cell(f"# Chapter {name}\n\nPromise.")
        code = [new_code_cell(source) for source in sources]
        notebook = new_notebook(cells=[title, *code])
        notebook.metadata["description"] = f"what {name} is about"
        path = course / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook, path)
        monkeypatch.setattr(chapters, "NAMES", (*chapters.NAMES, name))
        return path

    return add
