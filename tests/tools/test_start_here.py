"""The notebook on which `make lab` opens."""

import re

import nbformat
import pytest

from tools import chapters, start_here

LINK = re.compile(r"^\| \[(.+?)\]\((.+?)\) \| (.+?) \| (\d+) \|$", re.M)


@pytest.fixture
def written(course):
    """Return a function that writes the notebook, and returns it."""

    def write():
        start_here.main()
        path = course / "notebooks" / "start_here.ipynb"
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        (cell,) = notebook.cells
        return cell.source

    return write


def test_it_lists_the_chapters_that_are_there(written, add_chapter):
    add_chapter("01_a")
    gone = add_chapter("02_b")
    assert len(LINK.findall(written())) == 2
    gone.unlink()  # as in a student edition of some chapters
    row = ("Chapter 01_a", "01_a.ipynb", "what 01_a is about", "1")
    assert LINK.findall(written()) == [row]
    assert chapters.readers_own() == []


def test_it_lists_the_chapters_of_the_course():
    all_chapters = chapters.read_all()
    listed = LINK.findall(start_here.start_here(all_chapters).cells[0].source)
    assert [(title, name) for title, name, *_ in listed] == [
        (chapter.title, chapter.path.name) for chapter in all_chapters
    ]
    for chapter, (*_, minutes) in zip(all_chapters, listed, strict=True):
        assert abs(int(minutes) - chapter.seconds / 60) <= 1
