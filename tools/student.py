"""Write the student edition: python tools/student.py [01 ...] [--language=ko].

build/student is a course of its own, to be handed out: chapters without solutions and
answers, and all that they need, the packaged data included. In place of a solution
there is a cell to fill, and a folded one that checks what was filled in.
"""

import argparse
import os
import re
import shutil
import sys
import textwrap
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chapters, exercises
from tools.translations import documents
from tools.translations.language import ENGLISH, _, using

TARGET = chapters.ROOT / "build" / "student"
# All else in the folder of the course may be a reader's own.
COPIED = (
    *("notebooks/nlp_helpers", "notebooks/scaling", "tools", "images", "studies"),
    *("data/README.md", "data/packages", "LICENSE", "Makefile", "pyproject.toml"),
    *("requirements*", "environment*.yml", "locale"),
)
IGNORED = shutil.ignore_patterns("__pycache__", ".*")
ANSWER = re.compile(r"\n*<details><summary>Answer</summary>.*?</details>\n*", re.DOTALL)


def student_edition(notebook):
    """Take solutions, with their outputs, and answers out of a notebook.

    Raises:
        MarkError: the metadata of an exercise does not fit its solution.
    """
    parts = iter([exercise for exercise, _ in exercises.exercises_of(notebook)])
    start = exercises.start_of(notebook)
    cells = notebook.cells[: start + 1]
    for cell in notebook.cells[start + 1 :]:
        if cell.cell_type == "markdown":
            cells.append(cell)
        if exercises.TASK.match(cell.source):
            cell.metadata.pop("exercise")
            cells += cells_of(next(parts))
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = ANSWER.sub("\n\n", cell.source).strip()
    notebook.cells = [cell for cell in cells if cell.source]
    notebook.metadata.pop("code_sha256", None)


def cells_of(exercise):
    """Return the cell to fill in an exercise, and the folded one that checks it."""
    number = exercise.number
    fill = new_code_cell(to_fill(exercise), id=f"exercise-{number}")
    check = new_code_cell(to_check(exercise), id=f"check-{number}")
    check.metadata["jupyter"] = {"source_hidden": True}
    return [fill, check]


def to_fill(exercise):
    """Return the source of the cell that a student fills."""
    lines = [exercise.given, ""] if exercise.given else []
    for name, meaning in exercise.define.items():
        lines += textwrap.wrap(
            f"{name}: {meaning}", 88, initial_indent="# ", subsequent_indent="#   "
        )
        lines.append(f"{name} = ...")
    return "\n".join(lines)


def to_check(exercise):
    """Return the source of the cell that tells whether an exercise is solved."""
    undefined = [
        f'assert {name} is not ..., "{name} is still to be defined"'
        for name in exercise.define
    ]
    done = f'print("Exercise {exercise.number} is solved.")'
    return "\n".join([*undefined, exercise.check, done])


def copy_course(target):
    """Copy what chapters need, and the commands of the course, into a new folder."""
    for pattern in COPIED:
        for path in sorted(chapters.ROOT.glob(pattern)):
            copy = target / path.relative_to(chapters.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, copy, ignore=IGNORED)
            else:
                shutil.copy(path, copy)
    (target / "README.md").write_text(readme(), encoding="utf-8")


def readme():
    """Return the README of the student edition."""
    paragraphs = (
        f"# {_('Sequence models: student edition')}",
        _(
            "`make lab` installs what is needed, once, and opens the chapters in "
            "JupyterLab. Without `make`, as on Windows, say `python tools/course.py "
            "lab`."
        ),
        _(
            "Each exercise has a cell to fill. It says which names to define: put your "
            "code in place of `name = ...`. The folded cell below it checks what you "
            "have defined. Unfold it when you want to see what it asks for."
        ),
    )
    return "\n\n".join(paragraphs) + "\n"


def main(arguments=None):
    """Write the student edition of the chapters that are named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 01 02; all if none")
    parser.add_argument("--language", default=ENGLISH, help="such as ko")
    asked = parser.parse_args(arguments)
    chosen = chapters.read_all(asked.chapters)
    for chapter in chosen:
        try:
            student_edition(chapter.notebook)
        except exercises.MarkError as error:
            sys.exit(f"{chapter.path.name}: {error}")
    notebooks = [documents.notebook_in(asked.language, chapter) for chapter in chosen]
    shutil.rmtree(TARGET, ignore_errors=True)
    with using(asked.language):
        copy_course(TARGET)
    for chapter, notebook in zip(chosen, notebooks, strict=True):
        nbformat.write(notebook, TARGET / "notebooks" / chapter.path.name)
    print(f"The student edition is in {os.path.relpath(TARGET)}")


if __name__ == "__main__":
    main()
