"""Write the chapters for Colab and Kaggle: python docs/colab.py [--folder F].

Each notebook in build/colab is a chapter with one cell before it, which fetches the
course and lets `tools/hosted.py` install what the host lacks.
"""

import argparse
import shutil
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from docs import repository  # noqa: E402
from tools import chapters  # noqa: E402

TARGET = ROOT / "build" / "colab"
FIRST_CELL = """\
# Only on Colab and Kaggle: fetch the course, and install what this machine lacks.
# (On Kaggle the internet has to be switched on, among the notebook's settings.)
import runpy
import subprocess
from pathlib import Path

course_folder = Path.home() / "sequence-models"
if not course_folder.exists():
    clone = ["git", "clone", "--quiet", "--depth=1", {address!r}]
    subprocess.run([*clone, str(course_folder)], check=True)
_ = runpy.run_path(str(course_folder / "tools" / "hosted.py"), run_name="__main__")"""


def hosted(notebook, address):
    """Put the cell before a notebook that makes a host ready, and drop its outputs.

    Args:
        notebook: a NotebookNode.
        address: what git can clone the course from.
    """
    first = nbformat.v4.new_code_cell(FIRST_CELL.format(address=address), id="host")
    for cell in chapters.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    notebook.cells.insert(0, first)


def main(arguments=None):
    """Write all the chapters.

    Raises:
        SystemExit: the course has no public address.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repository", default=repository.address())
    parser.add_argument("--folder", type=Path, default=TARGET)
    asked = parser.parse_args(arguments)
    if not asked.repository:
        sys.exit(
            "The notebooks for Colab fetch the course from its public address, and "
            "there is none yet: write it into pyproject.toml, as `repository` below "
            "[tool.course]."
        )
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    for chapter in chapters.read_all():
        hosted(chapter.notebook, asked.repository)
        nbformat.write(chapter.notebook, asked.folder / chapter.path.name)
    print(f"{asked.folder.name}/ is ready to be put into a branch named colab")


if __name__ == "__main__":
    main()
