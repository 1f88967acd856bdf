"""Build the site: python docs/build.py [--executed].

The pages are those of docs/ and the notebooks with the outputs stored in them, or,
with --executed, with those of the last `make run`. Warnings are errors.
"""

import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import main

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "build" / "html-source"
TARGET = ROOT / "build" / "html"


def gather(executed):
    """Lay the pages and notebooks side by side, where Sphinx reads them."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.rmtree(TARGET, ignore_errors=True)
    shutil.copytree(ROOT / "docs", SOURCE)
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


if __name__ == "__main__":
    gather(executed="--executed" in sys.argv)
    status = main(["-W", "--keep-going", "-q", str(SOURCE), str(TARGET)])
    if status == 0:
        print(f"The site is at {(TARGET / 'index.html').relative_to(ROOT)}")
    sys.exit(status)
