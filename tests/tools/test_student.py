"""The student edition of the chapters: nothing of a solution, and all else."""

import ast
import os
import re
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest

from tools import chapters, exercises, student

CHAPTERS = chapters.read_all()


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda chapter: chapter.path.stem)
def edition(request):
    """Return a chapter, its exercises, and its student edition."""
    notebook = nbformat.from_dict(request.param.notebook)
    student.student_edition(notebook)
    parts = [part for part, _ in exercises.exercises_of(request.param.notebook)]
    return request.param.notebook, parts, notebook


def statements_of(source):
    """Return the statements in a source, those inside others too, each as a line."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    return {ast.unparse(node) for node in nodes}


def test_nothing_of_a_solution_is_left(edition):
    _, parts, notebook = edition
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)
    assert "<details" not in text
    assert '"hide-cell"' not in text
    below = notebook.cells[exercises.start_of(notebook) :]
    left = [cell.source for cell in below if cell.cell_type == "code"]
    assert len(left) == 2 * len(parts)
    for part, to_fill, to_check in zip(parts, left[::2], left[1::2], strict=True):
        given = statements_of(f"{part.given}\n{part.check}")
        work = statements_of(part.solution) - given
        assert work
        assert not work & statements_of(f"{to_fill}\n{to_check}")


def test_all_else_is_as_in_the_chapter(edition):
    chapter, _, notebook = edition
    start = exercises.start_of(chapter)
    assert exercises.start_of(notebook) == start
    for ours, theirs in zip(chapter.cells[:start], notebook.cells, strict=False):
        if ours.cell_type == "code":
            assert theirs == ours
        else:
            assert theirs.source == student.ANSWER.sub("\n\n", ours.source).strip()
    tasks = [c.source for c in chapter.cells if c.metadata.get("exercise")]
    below = notebook.cells[start + 1 :]
    assert [c.source for c in below if c.cell_type == "markdown"] == tasks


def test_cells_to_fill_run_and_their_checks_fail(edition):
    # The test of each chapter runs them where they belong, and then solves them.
    _, parts, _ = edition
    for part in parts:
        variables = {}
        exec(student.to_fill(replace(part, given="")), variables)
        with pytest.raises(AssertionError, match="is still to be defined"):
            exec(student.to_check(part), variables)


def test_an_exercise_is_solved_by_its_solution():
    mark = {"define": ["double: a function of x; " + 20 * "it doubles "]}
    solution = "def double(x):\n    return 2 * x\n\n\nassert double(2) == 4"
    part = exercises.take_apart(3, solution, mark)
    to_fill, variables = student.to_fill(part), {}
    assert max(map(len, to_fill.splitlines())) <= 88
    exec(f"{to_fill}\n{part.solution}\n{student.to_check(part)}", variables)
    wrong = to_fill.replace("double = ...", "double = lambda x: x")
    with pytest.raises(AssertionError):
        exec(f"{wrong}\n{student.to_check(part)}", variables)


def test_checks_are_folded(edition):
    _, parts, notebook = edition
    folded = [c for c in notebook.cells if c.metadata.get("jupyter")]
    assert len(folded) == len(parts)
    assert all(c.metadata["jupyter"]["source_hidden"] for c in folded)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write the student edition of two chapters, and return its folder."""
    target = tmp_path_factory.mktemp("build") / "student"
    (target / "notebooks").mkdir(parents=True)
    (target / "notebooks" / "08_transformer.ipynb").write_text("of another time")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(student, "TARGET", target)
        student.main(["1", "03"])
    return target


def test_helpers_data_and_pictures_are_found(folder):
    notebooks = folder / "notebooks"
    names = [path.name for path in sorted(notebooks.glob("*.ipynb"))]
    assert names == ["01_char_rnn.ipynb", "03_sentiment_analysis.ipynb"]
    for name in names:
        prose = (notebooks / name).read_text("utf-8")
        pictures = re.findall(r"\]\((\.\./[^)]+)\)", prose)
        assert pictures
        assert all((notebooks / picture).exists() for picture in pictures)
    load = (
        "import scaling\nfrom nlp_helpers import collecting, figures\n"
        "from nlp_helpers.data import shakespeare\n"
        "shakespeare.load()\n"
        "print(shakespeare.__file__, figures.ROOT, collecting.ROOT)"
    )
    variables = {k: v for k, v in os.environ.items() if not k.startswith("NLP_")}
    found = subprocess.run(
        [sys.executable, "-c", load],
        cwd=notebooks,
        env={
            **variables,
            "NLP_DATA": "packaged",
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": "",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr
    *_, module, images, studies = found.stdout.split()
    assert module.startswith(str(notebooks))
    assert images == studies == str(folder)


def test_an_edition_in_korean_has_korean_text_and_the_same_code(tmp_path, monkeypatch):
    monkeypatch.setattr(student, "TARGET", tmp_path / "student")
    student.main(["1", "--language=ko"])
    path = tmp_path / "student" / "notebooks" / "01_char_rnn.ipynb"
    korean = nbformat.read(path, as_version=4)
    english = nbformat.from_dict(CHAPTERS[0].notebook)
    student.student_edition(english)
    code = [[c.source for c in chapters.code_cells(n)] for n in (korean, english)]
    assert code[0] == code[1]
    tasks = [c.source for c in korean.cells if re.match(r"\*\*\d\.\*\* ", c.source)]
    assert len(tasks) >= 2
    assert all(re.search("[가-힣]", task) for task in tasks)
    assert "<details" not in nbformat.writes(korean)
    assert re.search("[가-힣]", (tmp_path / "student" / "README.md").read_text("utf-8"))
    # There too `make lab` opens on a list in Korean.
    written = subprocess.run(
        [sys.executable, "tools/start_here.py"],
        cwd=tmp_path / "student",
        capture_output=True,
        text=True,
    )
    assert written.returncode == 0, written.stderr
    start = nbformat.read(path.with_name("start_here.ipynb"), as_version=4)
    assert re.match(r"# .*[가-힣]", start.cells[0].source)


def test_the_commands_of_the_course_work_there(folder):
    told = subprocess.run(
        [sys.executable, "tools/course.py"], cwd=folder, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    said = (folder / "README.md").read_text("utf-8")
    assert "`make lab`" in said
    assert re.search(r"^lab +", told.stdout, re.M)
    assert not {"tests", "docs", ".git"} & {path.name for path in folder.iterdir()}


def test_a_mark_that_does_not_fit_leaves_the_old_edition_alone(folder, monkeypatch):
    def refuse(notebook):
        raise exercises.MarkError("Exercise 1: no.")

    monkeypatch.setattr(student, "TARGET", folder)
    monkeypatch.setattr(student, "student_edition", refuse)
    with pytest.raises(SystemExit, match=r"02_stateful_rnn\.ipynb: Exercise 1: no\."):
        student.main(["02"])
    assert (folder / "notebooks" / "01_char_rnn.ipynb").exists()
