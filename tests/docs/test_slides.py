"""Slides of the chapters."""

import re

import pytest

from docs import slides
from tools import chapters


@pytest.mark.parametrize(
    "chapter", chapters.read_all(), ids=lambda chapter: chapter.path.stem
)
def test_every_chapter_says_what_its_slides_show(chapter):
    cells = chapter.notebook.cells
    types = [cell.metadata["slideshow"]["slide_type"] for cell in cells]
    assert set(types) <= {"slide", "subslide", "-", "skip"}
    assert types[0] == "slide"
    assert types.count("slide") >= 12
    begun = [
        cell.source for cell, kind in zip(cells, types, strict=True) if kind == "slide"
    ]
    assert any(source.startswith("## Summary") for source in begun)
    after = [c for c in cells if c.source.startswith(("## Check yourself", "<details"))]
    solutions = [c for c in cells if "hide-cell" in c.metadata.get("tags", [])]
    assert {c.metadata["slideshow"]["slide_type"] for c in after + solutions} == {
        "skip"
    }


def test_slides_carry_their_pictures_and_link_to_no_notebook(chapter, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"123")
    text = "See [chapter 5](05_a.ipynb#x) and [uv](https://a.org)."
    chapter.notebook.cells[0].source += f"\n\n{text}"
    chapter.notebook.cells[0].metadata["slideshow"] = {"slide_type": "slide"}
    html = slides.render(chapter.notebook, tmp_path / "notebooks")
    assert '<img alt="A curve" src="data:image/png;base64,MTIz"' in html
    assert "See chapter 5 and <a" in html
    assert "<title>1. First" in html


def test_the_template_of_the_slides_loads_nothing_from_elsewhere():
    template = slides.TEMPLATES / "course" / "index.html.j2"
    assert "//" not in re.sub(r"\n// .+", "", template.read_text("utf-8"))


def test_a_chapter_without_slides_is_refused(chapter, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "TARGET", tmp_path / "slides")
    monkeypatch.setattr(slides, "copy_libraries", lambda: None)
    monkeypatch.setattr(slides.chapters, "read_all", lambda: [chapter])
    with pytest.raises(SystemExit, match=r"01_first\.ipynb: no cell begins a slide"):
        slides.main()
