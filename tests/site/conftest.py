"""The built site, and a browser that has no network to look at it."""

import pytest
from looking import SITE, Loaded
from playwright.sync_api import sync_playwright

from docs.browser import NO_BROWSER, find_browser, launch

pytest.register_assert_rewrite("live_figures")


def pytest_configure():
    if not find_browser():
        raise pytest.UsageError(NO_BROWSER.format(target="test-site"))
    if not (SITE / "index.html").exists():
        raise pytest.UsageError("There is no site to test: `make html` builds it.")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        yield launch(playwright)


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
