"""Chapters on paper."""

import re

import pytest
from looking import SITE

from docs import pdf
from tools import chapters


@pytest.fixture(scope="module")
def page(browser):
    """Open the page of a chapter as it is printed."""
    page = browser.new_page()
    pdf.open_for_print(page, SITE / "notebooks" / "02_stateful_rnn.html")
    yield page
    page.close()


def visible(page, selector):
    return [e for e in page.query_selector_all(selector) if e.is_visible()]


def test_answers_and_solutions_are_not_printed(page):
    assert page.query_selector_all("#exercises details, #check-yourself details")
    assert visible(page, "#exercises details, #check-yourself details") == []
    assert visible(page, "#exercises .cell_input") == []
    assert len(visible(page, "#exercises > p")) >= 2
    assert len(visible(page, ".cell_input")) > 30


def test_nothing_of_the_site_around_the_chapter_is_printed(page):
    around = ".chapter-bar, .bd-sidebar, .bd-header-article, .prev-next-footer, button"
    assert visible(page, around) == []


def test_live_figures_are_not_printed(browser):
    page = browser.new_page()
    pdf.open_for_print(page, SITE / "notebooks" / "01_char_rnn.html")
    figures = page.query_selector_all("#try-it-yourself > figure")
    shown = visible(page, "#try-it-yourself, #try-it-yourself > *")
    page.close()
    assert len(figures) == 1
    assert shown == []


def test_a_chapter_becomes_a_document_that_leads_nowhere_on_this_machine(
    page, tmp_path, monkeypatch
):
    monkeypatch.setattr(pdf, "TARGET", tmp_path / "pdf")
    pdf.print_chapters(page, chapters.read_all(["02"]))
    (document,) = (tmp_path / "pdf").iterdir()
    assert document.name == "02_stateful_rnn.pdf"
    content = document.read_bytes()
    assert content.startswith(b"%PDF")
    assert 10 <= len(re.findall(rb"/Type /Page\b", content)) <= 30
    assert b"https://" in content
    assert b"file:" not in content
