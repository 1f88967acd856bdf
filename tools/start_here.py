"""Write the notebook on which `make lab` opens: python tools/start_here.py.

It lists the chapters that are there, and is made anew each time, so that it never
differs from them. Git ignores it.
"""

import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chapters

TEXT = """\
# Sequence models, from a character RNN to the Transformer

| chapter | what it is about | minutes |
|:--|:--|--:|
{rows}

A click opens a chapter, with the outputs of its last run. Shift+Enter runs a cell. *Run
All Cells*, in the menu *Run*, runs the chapter in about the minutes above. Each chapter
says at its top what you need to know; chapter 1 needs none of the others."""


def start_here(all_chapters):
    """Return the notebook that lists chapters."""
    rows = [
        f"| [{chapter.title}]({chapter.path.name}) | {chapter.description} "
        f"| {max(1, round(chapter.seconds / 60))} |"
        for chapter in all_chapters
    ]
    cell = new_markdown_cell(TEXT.format(rows="\n".join(rows)), id="chapters")
    kernel = {"name": "python3", "display_name": "Python 3"}  # or Jupyter asks for one
    return new_notebook(cells=[cell], metadata={"kernelspec": kernel})


def main():
    """Write the notebook."""
    there = [n for n in chapters.NAMES if (chapters.NOTEBOOKS / f"{n}.ipynb").exists()]
    notebook = start_here(chapters.read_all([name[:2] for name in there]))
    path = chapters.NOTEBOOKS / f"{chapters.START_HERE}.ipynb"
    chapters.write(path, nbformat.writes(notebook) + "\n")


if __name__ == "__main__":
    main()
