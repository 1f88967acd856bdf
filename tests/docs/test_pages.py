"""The generated parts of the pages."""

import re
from pathlib import Path

import pytest

from docs import cards, pages, speed, studies
from tools import chapters, results_tables

DOCS = Path(pages.__file__).parent


def test_a_page_is_filled_with_what_it_asks_for():
    page = (
        "[1](../notebooks/01.ipynb)\n<!-- generated: costs -->\n[2](../data/README.md)"
    )
    filled = pages.fill(page, {"costs": "A table.", "cards": "No."})
    assert filled == "[1](notebooks/01.ipynb)\nA table.\n[2](data.md)"
    with pytest.raises(LookupError, match=r"no generated part nonsense.+ costs, cards"):
        pages.fill("<!-- generated: nonsense -->", {"costs": "", "cards": ""})


def test_every_part_is_asked_for_by_one_page():
    texts = [path.read_text("utf-8") for path in DOCS.glob("*.md")]
    asked = [name for text in texts for name in pages.PLACE.findall(text)]
    all_chapters = chapters.read_all()
    stored = studies.read_all(all_chapters)
    parts = pages.parts(all_chapters, results_tables.load(), stored)
    assert sorted(asked) == sorted(parts)


def test_a_card_has_title_line_and_picture(chapter):
    assert cards.cards([chapter]).splitlines() == [
        ":::::{container} cards",
        "::::{container} card-of-chapter",
        ":::{image} images/a.png",
        ":alt: A curve",
        ":loading: lazy",
        ":::",
        "",
        "[1. First](notebooks/01_first.ipynb)",
        "",
        "How to begin.",
        "::::",
        "",
        ":::::",
    ]


def test_a_chapter_without_a_picture_is_named(chapter):
    chapter.notebook.cells[0].source = "# 1. First"
    with pytest.raises(ValueError, match=r"01_first\.ipynb has no picture"):
        cards.cards([chapter])


def test_costs_are_those_of_the_stored_run(chapter, rows):
    table = pages.costs([chapter], rows).splitlines()
    assert table[2] == "| [1. First](notebooks/01_first.ipynb) | 3.0 | 10 | 1.0 |"
    assert table[-1] == "On two cores: 3 minutes in all."


def test_the_exercises_of_a_chapter_are_listed_without_their_solutions(chapter):
    assert pages.exercises([chapter]) == (
        "### 1. First\n\n**1.** Do this.\n\nThen that.\n\n"
        "[Exercises of the chapter](notebooks/01_first.ipynb#exercises)"
    )


def test_every_chapter_has_exercises():
    for section in pages.exercises(chapters.read_all()).split("### ")[1:]:
        numbers = re.findall(r"^\*\*(\d+)\.\*\* ", section, re.MULTILINE)
        assert len(numbers) >= 2, section
        assert numbers == [str(n) for n in range(1, len(numbers) + 1)]


def test_the_figure_of_speed_has_a_bar_for_each_edition_of_a_ratio(chapter, rows):
    figure = speed.figure([chapter], rows)
    shown = re.findall(r'title="(\w+) edition".*?class="number">([^<]+)<', figure)
    assert shown == [("packaged", "10 ×"), ("original", "100 ×")]
    sentence = "this, n &lt; 10, is 10 times as fast as that"
    assert figure.count(f'<th scope="row">{sentence}</th>') == 1
    assert "loss" not in figure
    widths = re.findall(r"width:([\d.]+)%", figure)
    ratio = float(widths[1]) / float(widths[0])
    assert ratio == pytest.approx(2, abs=0.01)  # 100 is twice as long as 10


def test_every_ratio_of_the_course_is_in_the_figure():
    rows = results_tables.load()
    figure = speed.figure(chapters.read_all(), rows)
    sentences = [row["sentence"] for row in rows if "than" in row]
    expected = [re.search(r" is ([\d,.]+) times", s)[1] + " ×" for s in sentences]
    assert expected
    assert sorted(re.findall(r'class="number">([^<]+)<', figure)) == sorted(expected)
