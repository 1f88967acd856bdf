"""What the page for teachers says of each chapter."""

import re
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from nbformat.v4 import new_code_cell, new_markdown_cell

from docs import lessons
from tools import chapters

CHAPTERS = chapters.read_all()


@pytest.fixture
def long_chapter(chapter):
    """The small chapter with sections of known lengths."""
    cells = chapter.notebook.cells
    cells[2:2] = [
        new_markdown_cell("## One, two\n\n" + "word " * 296 + "\n\n### Part"),
        *[new_code_cell("1 + 1") for _ in range(4)],
        new_markdown_cell("Words.\n\n## Short"),
        new_markdown_cell("## Check yourself\n\n" + "word " * 900),
    ]
    return chapter


def test_minutes_come_from_words_and_code_cells(long_chapter):
    minutes = lessons.minutes_of(long_chapter.notebook)
    assert minutes == {"": 1, "One, two": 4, "Short": 1}


def test_a_lesson_has_objectives_and_a_row_for_each_section(long_chapter):
    assert lessons.lesson(long_chapter) == (
        "<details><summary>1. First: 6 minutes</summary>\n\n"
        "**You will learn** how to count.\n\n"
        "| section | minutes |\n|---|--:|\n"
        "| Before the first section | 1 |\n| One, two | 4 |\n| Short | 1 |\n\n"
        "</details>"
    )


def test_a_chapter_that_does_not_say_what_it_teaches_is_named(chapter):
    chapter.notebook.cells[0].source = "# 1. First"
    with pytest.raises(ValueError, match=r"01_first\.ipynb does not say what it teach"):
        lessons.lesson(chapter)


def test_the_rule_is_stated_before_the_lessons(long_chapter):
    rule, *_ = lessons.lessons([long_chapter]).split("\n\n")
    assert "150 words of text a minute, and 2 code cells a minute" in rule


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.path.stem)
def test_the_sections_are_those_of_the_chapter(chapter):
    headings = []
    for source in chapter.prose:
        tokens = MarkdownIt().parse(source)
        headings += [
            after.content
            for token, after in pairwise(tokens)
            if (token.type, token.tag) == ("heading_open", "h2")
        ]
    taught = [heading for heading in headings if heading not in lessons.LEFT_OUT]
    assert list(lessons.minutes_of(chapter.notebook)) == ["", *taught]


def test_the_plan_has_each_chapter_once_and_in_order():
    page = (chapters.ROOT / "docs" / "teachers.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)
    assert [int(week) for week, _ in rows] == list(range(1, 9))
    planned = [n for _, cell in rows for n in re.findall(r"\[(\d+)\]", cell)]
    assert [number.zfill(2) for number in planned] == [c.number for c in CHAPTERS]
