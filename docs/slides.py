"""Make slides of the chapters that are prepared for it: python docs/slides.py.

A chapter is prepared when its cells say in their `slideshow` metadata where a slide
begins. The slides land in build/slides, with reveal.js and MathJax beside them, which
two Python packages ship: they need no network.
"""

import base64
import importlib.util
import re
import shutil
from pathlib import Path

import nbformat
import sphinx_revealjs
from nbconvert import SlidesExporter

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "slides"
TEMPLATES = Path(__file__).with_name("slides")
REVEAL = Path(sphinx_revealjs.__file__).parent / "_static" / "revealjs"
MATHJAX = "mathjax/tex-chtml.js"


def is_prepared(notebook):
    """Say whether a notebook says where a slide begins."""
    types = [c.metadata.get("slideshow", {}).get("slide_type") for c in notebook.cells]
    return "slide" in types


def with_pictures_inside(source, folder):
    """Return Markdown with its local pictures inside, as data.

    Args:
        source: Markdown.
        folder: that of the notebook, from which the addresses of pictures start.
    """

    def inside(match):
        content = base64.b64encode((folder / match[2]).read_bytes()).decode()
        return f"{match[1]}(data:image/png;base64,{content})"

    return re.sub(r"(!\[.*?\])\((\.\./.+?\.png)\)", inside, source)


def without_links_to_chapters(source):
    """Return Markdown without links to other notebooks, which are not beside slides."""
    return re.sub(r"(?<!!)\[(.+?)\]\([^)]+\.ipynb[^)]*\)", r"\1", source)


def render(notebook, folder):
    """Return the slides of a notebook as HTML.

    Args:
        notebook: a NotebookNode, which is changed.
        folder: that of the notebook.
    """
    notebook.metadata["title"] = re.match(r"# (.+)", notebook.cells[0].source)[1]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = with_pictures_inside(cell.source, folder)
            cell.source = without_links_to_chapters(source)
        elif any("image/png" in output.get("data", {}) for output in cell.outputs):
            # The picture is enough.
            cell.metadata["transient"] = {"remove_source": True}
    exporter = SlidesExporter(
        template_name="course",
        extra_template_basedirs=[str(TEMPLATES)],
        reveal_url_prefix="reveal",
        reveal_theme="white",
        mathjax_url=MATHJAX,
    )
    html, _ = exporter.from_notebook_node(notebook)
    return html


def copy_libraries():
    """Put what the slides load beside them."""
    for part in ("dist", "plugin/notes"):
        ignored = shutil.ignore_patterns("*.map", "*.esm.js", "*.eot", "*.ttf")
        shutil.copytree(REVEAL / part, TARGET / "reveal" / part, ignore=ignored)
    (package,) = importlib.util.find_spec(
        "sphinx-mathjax-offline"
    ).submodule_search_locations
    mathjax = Path(package) / "static" / "mathjax"
    for folder in ("output/chtml/fonts", "a11y", "sre", "ui"):
        shutil.copytree(mathjax / folder, TARGET / "mathjax" / folder)
    shutil.copy(mathjax / "tex-chtml.js", TARGET / MATHJAX)
    shutil.copy(ROOT / "docs" / "_static" / "icon.svg", TARGET)


def main():
    """Render all the chapters that are prepared."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    copy_libraries()
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if is_prepared(notebook):
            target = TARGET / f"{path.stem}.html"
            target.write_text(render(notebook, path.parent), encoding="utf-8")
            print(f"Slides of chapter {path.stem[:2]}: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
