"""The fixture that executes definitions of a chapter."""

import math

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import chapters

CELLS = [
    "import math\nfrom nlp_helpers import course\n\n1 / 0",
    "try:\n    import no_such_module as tfa\nexcept ImportError:\n    tfa = None",
    "SIGNS = list('+-')\nradius = course.by_scale(quick=3, full=9)",
    "factor, texts = 2, open('no such file')",
    "def area(radius):\n    texts = radius**2\n    return math.pi * texts",
    "class Circle:\n    def area(self):\n        return area(radius), SIGNS, tfa",
    "def count():\n    return factor * len(texts)",
    "area(radius)\nfor SIGNS in (1, 2):\n    1 / 0",
]


@pytest.fixture(autouse=True)
def chapter(tmp_path, monkeypatch):
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    nbformat.write(notebook, tmp_path / "01_a.ipynb")
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(chapters, "NAMES", ["01_a"])


def test_what_a_definition_needs_comes_along(definitions):
    defined = definitions("01", "Circle")
    assert defined.Circle().area() == (9 * math.pi, ["+", "-"], None)
    assert defined.Circle.__module__ == "01_a"
    assert not hasattr(defined, "texts")
    assert not hasattr(defined, "count")


def test_what_is_given_takes_the_place_of_the_chapter_s_own(definitions):
    assert definitions("01", "area", "radius").radius == 3
    assert definitions("01", "Circle", radius=1).Circle().area()[0] == math.pi


def test_what_is_computed_is_given_or_asked_for(definitions):
    defined = definitions("01", "count")
    with pytest.raises(NameError, match="factor"):
        defined.count()
    assert definitions("01", "count", factor=2, texts=["a", "b"]).count() == 4
    with pytest.raises(FileNotFoundError):
        definitions("01", "count", "texts")


def test_a_name_that_the_chapter_does_not_define_is_refused(definitions):
    with pytest.raises(NameError, match="Chapter 01 does not define perimeter"):
        definitions("01", "area", "perimeter")
