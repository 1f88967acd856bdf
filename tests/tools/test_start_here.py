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
        start_here.main([])
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


@pytest.fixture
def korean(tmp_path, monkeypatch):
    """Write the chapters in Korean into another folder; return a function for that."""
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    (tmp_path / "images").mkdir()

    def write():
        return start_here.write_chapters("ko", chapters.read_all(["01", "02"]))

    return write


def test_chapters_in_korean_are_written_beside_the_list(korean, tmp_path):
    folder = korean()
    assert folder == tmp_path / "build" / "ko" / "notebooks"
    first, _ = sorted(folder.glob("*.ipynb"))
    assert re.match(r"# 1\. .*[가-힣]", nbformat.read(first, 4).cells[0].source)
    assert (folder.parent / "images").is_dir()


def test_a_chapter_that_a_reader_has_changed_stays(korean, capsys):
    first, second = sorted(korean().glob("*.ipynb"))
    first.write_text("a reader's own")
    written = second.read_text("utf-8")
    second.unlink()
    korean()
    assert first.read_text() == "a reader's own"
    assert second.read_text("utf-8") == written
    assert "01_char_rnn.ipynb is as you left it" in capsys.readouterr().out
    first.unlink()
    korean()
    assert nbformat.read(first, as_version=4).cells


def test_it_lists_the_chapters_of_the_course():
    all_chapters = chapters.read_all()
    listed = LINK.findall(start_here.start_here(all_chapters).cells[0].source)
    assert [(title, name) for title, name, *_ in listed] == [
        (chapter.title, chapter.path.name) for chapter in all_chapters
    ]
    for chapter, (*_, minutes) in zip(all_chapters, listed, strict=True):
        assert abs(int(minutes) - chapter.seconds / 60) <= 1
