"""Build the site: python docs/build.py [--executed].

The pages are those of docs/, with their generated parts, and the chapters with the
outputs stored in them, or, with --executed, with those of the last `make run`. They are
gathered in build/html-source, as the Markdown and the notebooks that Sphinx then reads,
a folder for each language. Warnings are errors.
"""

import filecmp
import re
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from sphinx.cmd.build import main

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "notebooks")]
from docs import chapter_pages, fonts, live, pages, studies  # noqa: E402
from docs.bibliography import Bibliography  # noqa: E402
from tools import chapters, references, results_tables  # noqa: E402
from tools.translations import catalogs, documents  # noqa: E402
from tools.translations.documents import NAMES  # noqa: E402
from tools.translations.language import ENGLISH, using  # noqa: E402

BUILD = ROOT / "build"
SOURCE = BUILD / "html-source"
TARGET = BUILD / "html"
# Of the ways to pack MathJax the pages load one; the others are 13 MB.
MATHJAX = "tex-chtml.js"
SHARED = "_images", "_static"


def folder_of(language):
    """Return the folder of a language, as seen from the first page of the site."""
    return "" if language == ENGLISH else f"{language}/"


def way_up_from(language):
    """Return the way from the first page in a language to that of the site."""
    return "../" * folder_of(language).count("/")


def gather(language, executed):
    """Lay pages, chapters and pictures side by side, where Sphinx reads them.

    Args:
        language: in which they are.
        executed: whether the chapters have the outputs of the last `make run`.

    Returns:
        The folder.

    Raises:
        CatalogError: a catalog of the language is missing or damaged.
    """
    source = SOURCE / language
    ignored = shutil.ignore_patterns("__pycache__", "slides*", "live")
    shutil.copytree(ROOT / "docs", source, ignore=ignored)
    live.write_scripts(ROOT / "docs" / "live", source / live.FOLDER)
    # `make run` keeps its pictures apart from those of the repository.
    for images in [ROOT / "images"] + [BUILD / "executed" / "images"] * executed:
        if images.exists():
            shutil.copytree(images, source / "images", dirs_exist_ok=True)

    all_chapters, rows = chapters.read_all(), results_tables.load()
    bibliography = Bibliography()
    stored_studies = studies.read_all(all_chapters)
    studies.draw_all(stored_studies, source)
    parts = pages.parts(all_chapters, rows, stored_studies)
    terms = write_pages(language, source, parts, bibliography)
    write_chapters(language, source, all_chapters, rows, terms, bibliography, executed)
    with (source / "bibliography.md").open("a", encoding="utf-8") as page:
        page.write("\n" + bibliography.listing())
    return source


def write_pages(language, source, parts, bibliography):
    """Fill the pages, and link what they cite; return the terms of the glossary."""
    for path in [*source.glob("*.md"), source / "data.md"]:
        text = pages.fill(documents.page_in(language, path.stem), parts)
        path.write_text(bibliography.link(text, path.name), encoding="utf-8")
    return references.glossary_terms((source / "glossary.md").read_text("utf-8"))


def write_chapters(language, source, all_chapters, rows, terms, bibliography, executed):
    """Write the chapters as the site shows them, and as a reader downloads them."""
    for name in ("notebooks", "downloads"):
        (source / name).mkdir()
    for chapter in all_chapters:
        run = BUILD / "executed" / chapter.path.name
        path = run if executed and run.exists() else chapter.path
        notebook = nbformat.read(path, as_version=4)
        notebook = documents.notebook_in(language, chapter, notebook)
        nbformat.write(notebook, source / "downloads" / path.name)
        page = f"notebooks/{path.name}"
        bar = chapter_pages.title_bar(chapter, rows)
        chapter_pages.adapt(notebook, page, bar, terms, bibliography)
        live.add_to_chapter(notebook, chapter)
        nbformat.write(notebook, source / page)


def write_site(language, executed):
    """Write the pages in a language, and return the status of Sphinx: 0 if all is well.

    It is called in a process of its own for each language.
    """
    with using(language):
        source = gather(language, executed)
        target = TARGET / folder_of(language)
        return main(["-W", "--keep-going", "-q", str(source), str(target)])


def tidy():
    """Remove what the theme and MathJax bring along and no page loads."""
    for target in [TARGET / folder_of(language) for language in NAMES]:
        mathjax = target / "_static" / "mathjax"
        for bundle in mathjax.glob("*.js"):
            if bundle.name != MATHJAX:
                bundle.unlink()
        unused = mathjax / "output" / "svg", mathjax / "adaptors"
        for folder in (*unused, target / "jupyter_execute"):
            shutil.rmtree(folder, ignore_errors=True)
        for pattern in ("*.map", "*.po", "*.mo"):
            for path in (target / "_static").rglob(pattern):
                path.unlink()


def share(language):
    """Let the pages in a language load from the English ones what is the same there."""
    target = TARGET / folder_of(language)
    for path in [p for part in SHARED for p in (target / part).rglob("*")]:
        english = TARGET / path.relative_to(target)
        both = path.is_file() and english.is_file()
        if both and filecmp.cmp(path, english, shallow=False):
            path.unlink()

    def address(match):
        there = (page.parent / match[2]).exists()
        return match[0] if there else f'{match[1]}"../{match[2]}'

    local = re.compile(rf'((?:src|href)=)"((?:\.\./)*(?:{"|".join(SHARED)})/[^"?]+)')
    for page in target.rglob("*.html"):
        page.write_text(local.sub(address, page.read_text("utf-8")), encoding="utf-8")


def build(executed):
    """Build the site in all languages.

    Returns:
        The status of Sphinx: 0 if all is well.
    """
    print("Building the site takes about a minute.", flush=True)
    for folder in (SOURCE, TARGET):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "deploy", SOURCE / "deploy")  # the page on clusters shows it
    with ProcessPoolExecutor(max_workers=2) as processes:
        status = max(processes.map(write_site, NAMES, [executed] * len(NAMES)))
    if status == 0:
        tidy()
        for language in catalogs.LANGUAGES:
            share(language)
        fonts.write(TARGET)
        size = sum(p.stat().st_size for p in TARGET.rglob("*") if p.is_file()) / 1e6
        shown = (TARGET / "index.html").relative_to(ROOT)
        print(f"The site is at {shown} ({size:.0f} MB)")
    return status


if __name__ == "__main__":
    try:
        sys.exit(build(executed="--executed" in sys.argv))
    except KeyboardInterrupt:
        sys.exit("\nStopped: the site is not complete.")
    except catalogs.CatalogError as error:
        sys.exit(str(error))
