"""Build the site: python docs/build.py [--executed].

The pages are those of docs/, with what docs/pages.py makes for them, and the notebooks
with the outputs stored in them, or, with --executed, with those of the last `make run`.
Warnings are errors.
"""

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from docs import pages  # noqa: E402

SOURCE = ROOT / "build" / "html-source"
TARGET = ROOT / "build" / "html"
# Of the ways to pack MathJax the pages load one; the others are 13 MB.
MATHJAX = "tex-chtml.js"


def gather(executed):
    """Lay the pages and notebooks side by side, where Sphinx reads them."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.rmtree(TARGET, ignore_errors=True)
    shutil.copytree(
        ROOT / "docs", SOURCE, ignore=shutil.ignore_patterns("__pycache__", "slides*")
    )
    notebooks = list((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    if executed:  # later copies win
        notebooks += (ROOT / "build" / "executed").glob("*.ipynb")
    target = SOURCE / "notebooks"
    target.mkdir()
    for path in notebooks:
        shutil.copy(path, target)
    # `make run` keeps its pictures apart from those of the repository.
    images = [ROOT / "images"] + [ROOT / "build" / "images"] * executed
    for folder in images:
        if folder.exists():
            shutil.copytree(folder, SOURCE / "images", dirs_exist_ok=True)
    course = pages.Course(ROOT)
    for path in SOURCE.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(pages.fill(text, course), encoding="utf-8")


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


if __name__ == "__main__":
    gather(executed="--executed" in sys.argv)
    status = main(["-W", "--keep-going", "-q", str(SOURCE), str(TARGET)])
    if status == 0:
        tidy()
        size = sum(p.stat().st_size for p in TARGET.rglob("*") if p.is_file()) / 1e6
        shown = (TARGET / "index.html").relative_to(ROOT)
        print(f"The site is at {shown} ({size:.0f} MB)")
    sys.exit(status)
