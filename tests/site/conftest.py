"""The built site, and a browser that has no network to look at it."""

import os
import sys

import pytest
from looking import NO_BROWSER, SITE, Loaded, find_browser
from playwright.sync_api import sync_playwright


def pytest_configure():
    if not find_browser():
        raise pytest.UsageError(NO_BROWSER)
    if not (SITE / "index.html").exists():
        raise pytest.UsageError("There is no site to test: `make html` builds it.")


@pytest.fixture(scope="session")
def browser():
    options = ["--disable-gpu", "--disable-background-networking"]
    if sys.platform == "linux" and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to be sandboxed by root
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=find_browser(), args=options, timeout=120_000
        )


@pytest.fixture
def open_page(browser):
    """Return a function that opens a file of the site in a new window."""
    contexts = []

    def open_page(name, root=SITE, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        contexts.append(context)
        path, _, anchor = name.partition("#")
        address = (root / path.partition("?")[0]).as_uri()
        query = f"?{path.partition('?')[2]}" if "?" in path else ""
        return Loaded(context, address + query + (f"#{anchor}" if anchor else ""))

    yield open_page
    for context in contexts:
        context.close()
