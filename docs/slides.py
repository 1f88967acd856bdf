"""Make slides of the chapters: python docs/slides.py.

The cells of a chapter say in their `slideshow` metadata where a slide begins, and what
no slide shows. The slides land in build/slides, with reveal.js and MathJax beside them,
which two Python packages ship: they need no network.
"""

import base64
import importlib.util
import re
import shutil
import sys
from pathlib import Path

import sphinx_revealjs
from nbconvert import SlidesExporter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tools import chapters  # noqa: E402

TARGET = ROOT / "build" / "slides"
TEMPLATES = Path(__file__).with_name("slides")
REVEAL = Path(sphinx_revealjs.__file__).parent / "_static" / "revealjs"
MATHJAX = "mathjax/tex-chtml.js"


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

    Raises:
        ValueError: no cell says that a slide begins.
    """
    types = [c.metadata.get("slideshow", {}).get("slide_type") for c in notebook.cells]
    if "slide" not in types:
        raise ValueError(
            "no cell begins a slide: give the cells slide types, such as `slide` and "
            "`skip`, among the common tools of JupyterLab's property inspector"
        )
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
    """Render all the chapters.

    Raises:
        SystemExit: a chapter has no slides.
    """
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    copy_libraries()
    for chapter in chapters.read_all():
        target = TARGET / f"{chapter.path.stem}.html"
        try:
            html = render(chapter.notebook, chapter.path.parent)
        except ValueError as error:
            sys.exit(f"{chapter.path.name}: {error}.")
        target.write_text(html, encoding="utf-8")
        print(f"Slides of chapter {chapter.number}: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
