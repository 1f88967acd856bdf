"""Printing the chapters: what happens before the browser is asked. See tests/site."""

from unittest.mock import MagicMock

import pytest

from docs import pdf


@pytest.fixture
def done(monkeypatch):
    """Let nothing be built or printed, and list what would have been."""
    done = []
    monkeypatch.setattr(pdf.build, "build", lambda executed: done.append("built") or 0)
    monkeypatch.setattr(pdf, "print_chapters", lambda page, chosen: done.extend(chosen))
    monkeypatch.setattr(pdf.browser, "launch", MagicMock())
    monkeypatch.setattr(pdf, "sync_playwright", MagicMock())
    monkeypatch.setattr(pdf.browser, "find_browser", lambda: "/a/browser")
    return done


def test_the_site_is_built_and_chapters_are_printed(done):
    pdf.main(["2", "08"])
    assert [getattr(one, "number", one) for one in done] == ["built", "02", "08"]
    done.clear()
    pdf.main([])
    assert len(done) == 1 + len(pdf.chapters.NAMES)


def test_without_a_browser_nothing_is_built(done, monkeypatch):
    monkeypatch.setattr(pdf.browser, "find_browser", lambda: None)
    with pytest.raises(SystemExit, match=r"install Chromium.*make pdf CHROMIUM=/path"):
        pdf.main([])
    assert done == []


def test_a_site_that_cannot_be_built_is_not_printed(done, monkeypatch):
    monkeypatch.setattr(pdf.build, "build", lambda executed: 2)
    with pytest.raises(SystemExit) as failure:
        pdf.main([])
    assert failure.value.code == 2
    assert done == []


def test_the_browser_that_is_named_is_taken(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no such browser")
    assert pdf.browser.find_browser() is None
