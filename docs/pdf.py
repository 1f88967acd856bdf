"""Print chapters of the site into build/pdf: python docs/pdf.py [01 ...].

A browser prints the pages, one PDF a chapter. What is folded on a page, answers and
solutions, is left out, and so are the live figures.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from docs import browser, build  # noqa: E402
from tools import chapters  # noqa: E402

TARGET = ROOT / "build" / "pdf"
ON_PAPER = """
.bd-article details, .chapter-bar, .prev-next-footer, .headerlink, #try-it-yourself {
  display: none;
}
.bd-article :is(img, tr, .cell_input, .cell_output) { break-inside: avoid; }
pre { white-space: pre-wrap; }
a:not([href]) { color: inherit; text-decoration: none; border: 0; }
"""
FOOTER = """\
<div style="width: 100%; font-size: 8px; text-align: center">
<span class="title"></span>, page <span class="pageNumber"></span></div>"""


def open_for_print(page, path):
    """Open a page of the site, and wait until all that is to be printed is there."""
    page.emulate_media(media="print", color_scheme="light")
    page.goto(path.as_uri())
    page.add_style_tag(content=ON_PAPER)
    page.evaluate(
        """async () => {
            if (window.MathJax) await MathJax.startup.promise;
            const pictures = [...document.querySelectorAll("main img")];
            pictures.forEach(picture => picture.loading = "eager");
            await Promise.all(pictures.map(picture => picture.decode()));
            // On paper there is no other page of the site.
            const links = [...document.querySelectorAll("a[href]")];
            links.filter(a => a.protocol == "file:" && a.pathname != location.pathname)
                .forEach(a => a.removeAttribute("href"));
        }"""
    )


def print_chapters(page, chosen):
    """Print chapters of the built site, in a page of a browser."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    for chapter in chosen:
        built = build.TARGET / "notebooks" / f"{chapter.path.stem}.html"
        open_for_print(page, built)
        target = TARGET / f"{chapter.path.stem}.pdf"
        page.pdf(
            path=target,
            format="A4",
            scale=0.8,
            margin=dict.fromkeys(("top", "right", "bottom", "left"), "16mm"),
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
        )
        print(f"Chapter {chapter.number}: {os.path.relpath(target)}", flush=True)


def main(arguments=None):
    """Build the site, and print the chapters that are named, or all.

    Raises:
        SystemExit: there is no browser, or the site cannot be built.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 01 02; all if none")
    chosen = chapters.read_all(parser.parse_args(arguments).chapters)
    if not browser.find_browser():
        sys.exit(browser.NO_BROWSER.format(target="pdf"))
    if status := build.build(executed=False):
        sys.exit(status)
    with sync_playwright() as playwright:
        print_chapters(browser.launch(playwright).new_page(), chosen)


if __name__ == "__main__":
    main()
