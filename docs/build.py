"""Build the site: python docs/build.py [--executed].

The pages are those of docs/, with their generated parts, and the chapters with the
outputs stored in them, or, with --executed, with those of the last `make run`. They are
gathered in build/html-source, as the Markdown and the notebooks that Sphinx then reads.
Warnings are errors.
"""

import shutil
import sys
from pathlib import Path

import nbformat
from sphinx.cmd.build import main

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "notebooks")]
from docs import chapter_pages, links, pages, studies  # noqa: E402
from docs.bibliography import Bibliography  # noqa: E402
from tools import chapters, results_tables  # noqa: E402

BUILD = ROOT / "build"
SOURCE = BUILD / "html-source"
TARGET = BUILD / "html"
# Of the ways to pack MathJax the pages load one; the others are 13 MB.
MATHJAX = "tex-chtml.js"


def gather(executed):
    """Lay pages, chapters and pictures side by side, where Sphinx reads them."""
    for folder in (SOURCE, TARGET, BUILD / "deploy"):
        shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "slides*")
    shutil.copytree(ROOT / "docs", SOURCE, ignore=ignored)
    shutil.copy(ROOT / "data" / "README.md", SOURCE / "data.md")
    shutil.copytree(ROOT / "deploy", BUILD / "deploy")  # the page on clusters shows it
    # `make run` keeps its pictures apart from those of the repository.
    for images in [ROOT / "images"] + [BUILD / "executed" / "images"] * executed:
        if images.exists():
            shutil.copytree(images, SOURCE / "images", dirs_exist_ok=True)

    all_chapters, rows = chapters.read_all(), results_tables.load()
    bibliography = Bibliography()
    write_chapters(all_chapters, rows, bibliography, executed)
    stored_studies = studies.read_all(all_chapters)
    studies.draw_all(stored_studies, SOURCE)
    write_pages(pages.parts(all_chapters, rows, stored_studies), bibliography)


def write_chapters(all_chapters, rows, bibliography, executed):
    """Write the chapters as the site shows them, and as a reader downloads them."""
    terms = links.glossary_terms((SOURCE / "glossary.md").read_text("utf-8"))
    for name in ("notebooks", "downloads"):
        (SOURCE / name).mkdir()
    for chapter in all_chapters:
        path = BUILD / "executed" / chapter.path.name
        if not (executed and path.exists()):
            path = chapter.path
        shutil.copy(path, SOURCE / "downloads")
        notebook = nbformat.read(path, as_version=4)
        page = f"notebooks/{path.name}"
        bar = chapter_pages.title_bar(chapter, rows)
        chapter_pages.adapt(notebook, page, bar, terms, bibliography)
        nbformat.write(notebook, SOURCE / page)


def write_pages(parts, bibliography):
    """Fill the pages, link what they cite, and list that in the bibliography."""
    for path in sorted(SOURCE.glob("*.md")):
        text = pages.fill(path.read_text("utf-8"), parts)
        path.write_text(bibliography.link(text, path.name), encoding="utf-8")
    with (SOURCE / "bibliography.md").open("a", encoding="utf-8") as page:
        page.write("\n" + bibliography.listing())


def tidy():
    """Remove what the theme and MathJax bring along and no page loads."""
    mathjax = TARGET / "_static" / "mathjax"
    for bundle in mathjax.glob("*.js"):
        if bundle.name != MATHJAX:
            bundle.unlink()
    for folder in (mathjax / "output" / "svg", mathjax / "adaptors"):
        shutil.rmtree(folder, ignore_errors=True)
    for pattern in ("*.map", "*.po", "*.mo"):
        for path in (TARGET / "_static").rglob(pattern):
            path.unlink()


def build(executed):
    """Build the site, and return the status of Sphinx: 0 if all is well."""
    print("Building the site takes about a minute.", flush=True)
    gather(executed)
    status = main(["-W", "--keep-going", "-q", str(SOURCE), str(TARGET)])
    if status == 0:
        tidy()
        size = sum(p.stat().st_size for p in TARGET.rglob("*") if p.is_file()) / 1e6
        shown = (TARGET / "index.html").relative_to(ROOT)
        print(f"The site is at {shown} ({size:.0f} MB)")
    return status


if __name__ == "__main__":
    try:
        sys.exit(build(executed="--executed" in sys.argv))
    except KeyboardInterrupt:
        sys.exit("\nStopped: the site is not complete.")
