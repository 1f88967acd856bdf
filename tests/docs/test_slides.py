"""Slides of the chapters that are prepared for it."""

import re

from docs import slides
from tools import chapters


def test_the_slides_of_the_course_begin_with_the_title_and_are_many():
    notebooks = [chapter.notebook for chapter in chapters.read_all()]
    prepared = list(filter(slides.is_prepared, notebooks))
    assert len(prepared) >= 2
    for notebook in prepared:
        types = [cell.metadata["slideshow"]["slide_type"] for cell in notebook.cells]
        assert types[0] == "slide"
        assert types.count("slide") >= 8


def test_slides_carry_their_pictures_and_link_to_no_notebook(chapter, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"123")
    text = "See [chapter 5](05_a.ipynb#x) and [uv](https://a.org)."
    chapter.notebook.cells[0].source += f"\n\n{text}"
    html = slides.render(chapter.notebook, tmp_path / "notebooks")
    assert '<img alt="A curve" src="data:image/png;base64,MTIz"' in html
    assert "See chapter 5 and <a" in html
    assert "<title>1. First" in html


def test_the_template_of_the_slides_loads_nothing_from_elsewhere():
    template = slides.TEMPLATES / "course" / "index.html.j2"
    assert "//" not in re.sub(r"\n// .+", "", template.read_text("utf-8"))
