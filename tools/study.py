"""Collect a study: python tools/study.py 07/length [--elsewhere].

It runs the cells of the chapter that are tagged `study`, or `study:length`, and what
they ask for is written row by row into `studies/`. It may be interrupted at any time.
"""

import argparse
import linecache
import os
import sys
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chapters, study_code

sys.path.append(str(chapters.NOTEBOOKS))
try:
    from nlp_helpers import collecting
except ValueError as error:  # a variable of the environment is wrong
    sys.exit(f"{error}")
from nlp_helpers.settings import SettingError
from nlp_helpers.study_files import StudyError

from tools.isolation import isolate


def tagged_cells(chapter, word):
    """Return the code cells of a study, as (number, source), numbered from 1.

    Args:
        chapter: the `Chapter`.
        word: the part of the study's name behind the slash.
    """
    tags = {"study", f"study:{word}"}
    cells = enumerate(chapter.code_cells, start=1)
    return [(n, c.source) for n, c in cells if tags & set(c.metadata.get("tags", []))]


def hash_of(chapter, word):
    """Return the hash of the code that decides the numbers of a study."""
    sources = [source for _, source in tagged_cells(chapter, word)]
    return study_code.code_hash(sources, Path(collecting.__file__).parents[1])


def checked_cells(chapter, name):
    """Return the cells of a study.

    Raises:
        SystemExit: there are none, or none calls `study` with the name.
    """
    word = name.partition("/")[2]
    cells = tagged_cells(chapter, word)
    calls = [call for _, source in cells for call in study_code.study_calls(source)]
    names = {study_code.name_of(call) for call in calls}
    if name not in names:
        others = ", ".join(sorted(filter(None, names))) or "no study"
        raise SystemExit(
            f"No cell of {chapter.path.stem} tagged study or study:{word} calls "
            f"study({name!r}, ...). Cells with such a tag: {len(cells)}; they call "
            f"{others}."
        )
    return cells


def execute(cells, chapter):
    """Execute cells in this process, one after the other, in the chapter's folder."""
    module = types.ModuleType(f"chapter_{chapter.number}")
    sys.modules[module.__name__] = module  # where classes look for their module
    os.chdir(chapter.path.parent)
    for number, source in cells:
        place = f"{chapter.path.stem}, cell {number}"
        # For tracebacks, and for TensorFlow, which reads the source of functions.
        lines = source.splitlines(keepends=True)
        linecache.cache[place] = (len(source), None, lines, place)
        exec(compile(source, place, "exec"), module.__dict__)


def main(arguments=None):
    """Collect the study that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="such as 07/length")
    parser.add_argument(
        "--elsewhere",
        action="store_true",
        help="go on although rows are of another machine, or of other versions",
    )
    asked = parser.parse_args(arguments)
    number, _, word = asked.name.partition("/")
    if not collecting.NAME.fullmatch(asked.name):
        raise SystemExit(
            f"{asked.name!r} is no name of a study. One is like 07/length."
        )
    (chapter,) = chapters.read_all([number])
    cells = checked_cells(chapter, asked.name)
    isolate()
    job = collecting.Job(asked.name, hash_of(chapter, word), asked.elsewhere)
    with collecting.collecting(job):
        execute(cells, chapter)


if __name__ == "__main__":
    try:
        main()
    except (SettingError, StudyError, FloatingPointError) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on with it.")
