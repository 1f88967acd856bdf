"""What the tests of all live figures do: they are looked at in the same ways."""

import json

from axe_playwright_python.sync_playwright import Axe
from looking import ROOT, SCREENSHOTS, SITE


def stored(name):
    """Return what Python computed with what a page has stored under a name."""
    path = ROOT / "tests" / "site" / "live" / f"{name}.json"
    return json.loads(path.read_text("utf-8"))


def watch_pauses(page):
    """Note in `window.longest` how long the page has not reacted, at most."""
    page.evaluate(
        """() => {
            window.longest = 0;
            let last = performance.now();
            const tick = () => {
                window.longest = Math.max(window.longest, performance.now() - last);
                last = performance.now();
                setTimeout(tick, 0);
            };
            tick();
        }"""
    )


def longest_pause(page):
    """Return the longest pause since `watch_pauses`, in milliseconds."""
    return page.evaluate("window.longest")


def set_window(page, scheme, width):
    """Show a page in a theme and a width."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.wait_for_selector(f"html[data-theme='{scheme}']")
    page.add_style_tag(content="* { transition: none !important; }")


def check_that_it_is_accessible_and_fits(figure, picture, context):
    """Take a picture of a figure as it stands, and look for faults.

    Args:
        figure: the locator of the figure.
        picture: the name of the picture's file.
        context: the selector of what axe looks at.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    figure.screenshot(path=SCREENSHOTS / picture)
    found = Axe().run(figure.page, context=context).response
    assert found["passes"]
    assert [v["id"] for v in found["violations"]] == []
    overflow = figure.evaluate("f => f.scrollWidth - f.clientWidth")
    assert overflow <= 0


def check_that_it_needs_little(shown):
    """Check that a page asked for files of its own only, without errors, and small."""
    assert shown.errors == []
    assert shown.failed == []
    assert shown.foreign() == []
    used = {url.partition("?")[0].removeprefix("file://") for url in shown.requests}
    sizes = [SITE.joinpath(path).stat().st_size for path in used if path[0] == "/"]
    assert sum(sizes) < 8_000_000


def text_without_javascript(browser, page_name, figure):
    """Return what stands in a figure of a page if there is no JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / page_name).as_uri())
    text = page.locator(f"figure[data-live='{figure}']").inner_text()
    context.close()
    return text
