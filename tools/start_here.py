"""Write the notebook on which `make lab` opens: python tools/start_here.py [ko].

It lists the chapters that are there, and is made anew each time, so that it never
differs from them. Git ignores it. In another language than English it is written into
build/ko, say, with the chapters in this language.
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chapters
from tools.translations import documents
from tools.translations.language import ENGLISH, _, using


def start_here(all_chapters):
    """Return the notebook that lists chapters."""
    rows = [
        f"| [{_(chapter.title)}]({chapter.path.name}) | {_(chapter.description)} "
        f"| {max(1, round(chapter.seconds / 60))} |"
        for chapter in all_chapters
    ]
    names = _("chapter"), _("what it is about"), _("minutes")
    text = "\n".join(
        [
            f"# {_('Sequence models, from a character RNN to the Transformer')}\n",
            f"| {' | '.join(names)} |",
            "|:--|:--|--:|",
            *rows,
            "",
            _(
                "A click opens a chapter, with the outputs of its last run. "
                "Shift+Enter runs a cell. *Run All Cells*, in the menu *Run*, runs the "
                "chapter in about the minutes above. Each chapter says at its top what "
                "you need to know; chapter 1 needs none of the others."
            ),
        ]
    )
    cell = new_markdown_cell(text, id="chapters")
    kernel = {"name": "python3", "display_name": "Python 3"}  # or Jupyter asks for one
    return new_notebook(cells=[cell], metadata={"kernelspec": kernel})


def write_chapters(language, all_chapters):
    """Write the chapters in a language, with their pictures, into build/LANGUAGE.

    One that a reader has changed since it was written stays as it is.

    Returns:
        The folder of the notebooks.
    """
    folder = chapters.ROOT / "build" / language
    record = folder / "written.json"
    written = json.loads(record.read_text("utf-8")) if record.exists() else {}
    for chapter in all_chapters:
        path = folder / "notebooks" / chapter.path.name
        if path.exists() and digest(path) != written.get(path.name):
            print(f"{path} is as you left it. Delete it to have it written anew.")
            continue
        text = nbformat.writes(documents.notebook_in(language, chapter)) + "\n"
        chapters.write(path, text)
        written[path.name] = digest(path)
    chapters.write(record, json.dumps(written, indent=1) + "\n")
    images = chapters.ROOT / "images"
    shutil.copytree(images, folder / "images", dirs_exist_ok=True)
    return folder / "notebooks"


def digest(path):
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments=None):
    """Write the notebook, and in another language than English the chapters too."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language", nargs="?", help="such as ko, if not English")
    there = [n for n in chapters.NAMES if (chapters.NOTEBOOKS / f"{n}.ipynb").exists()]
    all_chapters = chapters.read_all([name[:2] for name in there])
    folder = chapters.NOTEBOOKS
    # A student edition is in one language only.
    own = {c.notebook.metadata.get("language", ENGLISH) for c in all_chapters} - {
        ENGLISH
    }
    language = parser.parse_args(arguments).language or min(own, default=ENGLISH)
    if language != ENGLISH and not own:
        folder = write_chapters(language, all_chapters)
    with using(language):
        notebook = start_here(all_chapters)
    path = folder / f"{chapters.START_HERE}.ipynb"
    chapters.write(path, nbformat.writes(notebook) + "\n")


if __name__ == "__main__":
    main()
