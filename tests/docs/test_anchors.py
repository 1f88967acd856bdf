"""Anchors of sections in other languages, and words of the theme."""

import pytest

from docs import anchors
from tools.translations import catalogs, language

CATALOGS = {
    "page": [
        ("The results", "결과", "heading"),
        ("What `fit` does", "`fit`이 하는 일", "heading"),
        ("Not yet", "", "heading"),
        ("Results", "결과", "cell of a table"),
        ("Exercises", "연습 문제", "heading"),
    ],
    "other": [
        ("The exercises", "연습 문제", "heading"),
    ],
}


def catalog(language, name):
    found = catalogs.new_catalog(language)
    for text, translation, kind in CATALOGS[name]:
        found.add(text, translation, auto_comments=[kind])
    return found


@pytest.fixture
def korean(monkeypatch):
    """Let two catalogs have a few texts, and Korean be the language in use."""
    monkeypatch.setattr(anchors.catalogs, "load", catalog)
    monkeypatch.setattr(anchors.sources, "names", lambda: list(CATALOGS))
    monkeypatch.setattr(anchors, "_page", "")
    monkeypatch.setattr(language, "_language", "ko")
    monkeypatch.setattr(language, "headings", {})
    anchors.english_titles.cache_clear()
    yield
    anchors.english_titles.cache_clear()


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("결과", "the-results"),  # that of the heading
        ("fit이 하는 일", "what-fit-does"),  # as MyST asks for it
        ("Not yet", "not-yet"),
        ("모르는 제목", "모르는-제목"),
    ],
)
def test_a_heading_has_the_anchor_of_the_english_one(korean, title, anchor):
    anchors.begin_page(None, None, "notebooks/page")
    assert anchors.slug(title) == anchor


def test_a_generated_heading_has_the_anchor_of_the_english_one(korean):
    anchors.begin_page(None, None, "search")
    title = language.heading("02/a: With `fit`", "02/a: `fit`으로")
    assert title == "02/a: `fit`으로"
    assert anchors.slug("02/a: fit으로") == "02a-with-fit"


def test_a_page_has_the_anchors_of_its_own_headings(korean):
    for docname, anchor in (
        ("notebooks/page", "exercises"),
        ("other", "the-exercises"),
    ):
        anchors.begin_page(None, None, docname)
        language.heading("Something else", "연습 문제")
        assert anchors.slug("연습 문제") == anchor


def test_in_english_a_heading_has_its_own():
    assert anchors.slug("What `fit` does: it trains") == "what-fit-does-it-trains"
