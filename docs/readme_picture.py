"""Take the README's picture of a live figure: python docs/readme_picture.py.

It shows the page *Try it* of the built site, as `make html` leaves it.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from docs import browser  # noqa: E402

PAGE = ROOT / "build" / "html" / "try.html"
PICTURE = ROOT / "images" / "try_it.png"
SENTENCE = "the girl who found the watch bought a beautiful hat"


def take(page, picture):
    """Show both translations of a sentence and the map of attention, and save that."""
    page.set_viewport_size({"width": 1000, "height": 1600})
    page.emulate_media(color_scheme="light")
    page.goto(PAGE.as_uri())
    figure = page.locator("figure[data-live='translating']")
    figure.get_by_role("textbox").fill(SENTENCE)
    word = figure.locator("tbody .live-word", has_text="hermoso")
    word.focus()
    page.evaluate("document.querySelectorAll('header').forEach(h => h.remove())")
    first = figure.locator(".live-translations").bounding_box()
    last = figure.get_by_text("Beam search", exact=True).bounding_box()
    around = figure.bounding_box()
    page.screenshot(
        path=picture,
        full_page=True,
        clip={
            "x": around["x"],
            "y": first["y"] + page.evaluate("scrollY"),
            "width": around["width"],
            "height": last["y"] - first["y"] - 8,
        },
    )


def main():
    """Take the picture.

    Raises:
        SystemExit: there is no browser, or no site.
    """
    if not browser.find_browser():
        sys.exit("This needs a browser: install Chromium or Chrome.")
    if not PAGE.exists():
        sys.exit("There is no site to show: `make html` builds it.")
    with sync_playwright() as playwright:
        take(browser.launch(playwright).new_page(), PICTURE)


if __name__ == "__main__":
    main()
