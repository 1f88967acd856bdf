"""Small chapters and results, for the tests of what the site makes of them."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import chapters


@pytest.fixture
def chapter():
    """A chapter with objectives, one exercise, a description and a picture."""
    cells = [
        new_markdown_cell(
            "# 1. First\n\nA line.\n\n![A curve](../images/a.png)\n\n"
            "**You will learn** how to count.\n\n**You need** nothing."
        ),
        new_code_cell("1 + 1"),
        new_markdown_cell("## Exercises"),
        new_markdown_cell("**1.** Do this.\n\nThen that."),
        new_code_cell("assert True", metadata={"tags": ["hide-cell"]}),
        new_markdown_cell("<details><summary>Answer</summary>\n\nNo.\n\n</details>"),
    ]
    notebook = new_notebook(cells=cells)
    notebook.metadata.update(description="how to begin", cell_seconds=[30.0, 150.0])
    return chapters.Chapter("01", Path("notebooks/01_first.ipynb"), notebook)


@pytest.fixture
def rows():
    """Two claims of that chapter in one edition, the last one also in the other."""

    def row(claim, value, edition, **others):
        measured = {
            "chapter": "01",
            "claim": claim,
            "kind": "quality",
            "text": None,
            "value": value,
            "unit": "nats",
            "interval": None,
            "floor": ["guessing", 3.0],
            "at_least": 2,
            "at_most": None,
            "headline": False,
            "edition": edition,
            "scale": "quick",
            "cpu_seconds": value,
            "peak_memory_mb": 100 * value,
            "machine": "two cores",
        }
        return measured | others

    def speed(value, edition):
        sentence = f"this, n < 10, is {value:g} times as fast as that"
        compared = {"than": "that", "sentence": sentence, "floor": None}
        return row("this, n < 10,", value, edition, **compared)

    return [
        row("loss < 3", 2.5, "packaged"),
        speed(10.0, "packaged"),
        speed(100.0, "original"),
    ]
