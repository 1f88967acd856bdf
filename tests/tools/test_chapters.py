"""The chapters as files: choosing, hashing, reading claims, writing in one step."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import chapters


def test_chapters_are_chosen_by_number(course, add_chapter):
    first, second = map(add_chapter, ["01_a", "02_b"])
    for own in ("01_my_notes", "Untitled"):
        (course / "notebooks" / f"{own}.ipynb").touch()
    assert chapters.readers_own() == ["01_my_notes", "Untitled"]
    assert [chapter.path for chapter in chapters.read_all()] == [first, second]
    assert [chapter.path for chapter in chapters.read_all(["2"])] == [second]
    chosen = chapters.read_all(["02", "1"])
    assert [chapter.number for chapter in chosen] == ["02", "01"]


@pytest.mark.parametrize("unknown", ["3", "99", "draft", "0"])
def test_an_unknown_chapter_is_refused_with_the_known_ones(add_chapter, unknown):
    add_chapter("01_a")
    add_chapter("02_b")
    message = f"no chapter {unknown.zfill(2)}. Choose from 01, 02."
    with pytest.raises(SystemExit, match=re.escape(message)):
        chapters.read_all(["01", unknown])


def test_a_chapter_knows_its_title_description_and_time(add_chapter):
    add_chapter("01_a", "x = 1")
    (chapter,) = chapters.read_all()
    assert (chapter.title, chapter.description) == (
        "Chapter 01_a",
        "what 01_a is about",
    )
    assert [cell.source for cell in chapter.code_cells] == ["x = 1"]
    assert chapter.prose == ["# Chapter 01_a\n\nPromise."]
    assert chapter.seconds == 0
    chapter.notebook.metadata["cell_seconds"] = [1.5, 2.5]
    assert chapter.seconds == 4


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def test_claims_are_collected_in_order(row):
    rows = [row(claim="b"), row(claim="a")]
    shown = [new_output("display_data", {}, metadata={"claim": one}) for one in rows]
    cells = [new_code_cell(outputs=[printed("no claim\n"), o]) for o in shown]
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), *cells])
    assert chapters.claims(notebook) == rows


def test_the_hash_is_that_of_the_code_alone():
    first, second = new_code_cell("x = 1"), new_code_cell("x + 1")
    code = chapters.code_hash(new_notebook(cells=[first, second]))
    assert re.fullmatch("[0-9a-f]{64}", code)
    prose = new_markdown_cell("Some prose.")
    shown = new_code_cell("x + 1", outputs=[printed("2")], execution_count=9)
    assert chapters.code_hash(new_notebook(cells=[prose, first, shown])) == code


@pytest.mark.parametrize(
    "sources",
    [["x = 1"], ["x + 1", "x = 1"], ["x = 1x + 1"], ["x = 1x", " + 1"]],
)
def test_other_code_has_another_hash(sources):
    cells, others = map(new_code_cell, ["x = 1", "x + 1"]), map(new_code_cell, sources)
    notebook, other = new_notebook(cells=list(cells)), new_notebook(cells=list(others))
    assert chapters.code_hash(other) != chapters.code_hash(notebook)


def test_streams_that_show_nothing_are_dropped():
    kept = [printed("UserWarning\n", "stderr"), new_output("execute_result", {})]
    assert chapters.without_blank_streams([printed("\r   \r"), *kept]) == kept


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "page.md"
    chapters.write(path, "äöü\n")
    assert path.read_text(encoding="utf-8") == "äöü\n"
    with pytest.raises(UnicodeEncodeError):
        chapters.write(path, "x" * 100_000 + "\ud800")
    assert path.read_text(encoding="utf-8") == "äöü\n"
    chapters.write(path, "second\n")
    assert path.read_text(encoding="utf-8") == "second\n"
    assert [p.name for p in path.parent.iterdir()] == ["page.md"]


def test_git_knows_the_chapters_from_a_readers_own_notebooks():
    ignored = (chapters.ROOT / ".gitignore").read_text("utf-8").splitlines()
    kept = [line for line in ignored if line.startswith("!notebooks/")]
    assert "notebooks/*.ipynb" in ignored
    assert kept == [f"!notebooks/{name}.ipynb" for name in chapters.NAMES]
