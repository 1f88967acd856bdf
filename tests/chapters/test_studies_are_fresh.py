"""What is stored of the studies comes from the code that stands in the chapters."""

import ast
import json

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nlp_helpers import study_files

from tools import chapters, study, study_code

STUDIES = chapters.ROOT / "studies"


def complaints(all_chapters, folder):
    """Return what is wrong with the stored studies, a line each.

    Args:
        all_chapters: the chapters.
        folder: where the rows of their studies are stored.
    """
    found, files = [], {path.name for path in folder.glob("*.json")}
    for chapter in all_chapters:
        for number, cell in enumerate(chapter.code_cells, start=1):
            for call in study_code.study_calls(cell.source):
                name = study_code.name_of(call)
                place = f"{chapter.path.stem}, cell {number}: study({name!r}, ...)"
                if not name or not name.startswith(f"{chapter.number}/"):
                    found.append(f"{place}: write a name of this chapter into the call")
                    continue
                files.discard(f"{name.replace('/', '_')}.json")
                problem = problem_of(chapter, number, call, folder)
                found += [f"{place}: {problem}"] * bool(problem)
    unused = [f"studies/{name}: no chapter has this study" for name in sorted(files)]
    return found + unused


def problem_of(chapter, number, call, folder):
    """Return what is wrong with a study, or None."""
    name = study_code.name_of(call)
    word, command = name.partition("/")[2], f"make study NAME={name}"
    path = folder / f"{name.replace('/', '_')}.json"
    if number not in dict(study.tagged_cells(chapter, word)):
        return f"tag the cell study:{word}"
    if (seeds := seeds_of(call)) is None:
        return "write the seeds into the call, as a list or a range of numbers"
    if not path.exists():
        return f"nothing is stored; run {command}"
    stored = study_files.load(path)
    code = study.hash_of(chapter, word)
    if any(origin["code"] != code for origin in study_files.origins(stored)):
        return (
            "the code has changed since the rows were made; delete "
            f"studies/{path.name} and run {command}, or take the change back"
        )
    there = {(row["arm"], row["seed"]) for row in stored["rows"]}
    missing = {(arm, seed) for arm in stored["arms"] for seed in seeds} - there
    return f"{len(missing)} rows are missing; run {command}" if missing else None


def seeds_of(call):
    """Return the seeds in a call, or None where they are not to be seen in it."""
    for keyword in call.keywords:
        if keyword.arg == "seeds":
            code = compile(ast.Expression(keyword.value), "seeds", "eval")
            try:
                return list(eval(code, {"__builtins__": {"range": range}}))
            except NameError:
                return None
    return None


def test_stored_studies_come_from_the_code_of_the_chapters():
    assert complaints(chapters.read_all(), STUDIES) == []


# A small course

IMPORTS = "from nlp_helpers import windows\nfrom nlp_helpers.claims import study"
RUN = "def run(*, seed, n_updates, folder, arm):\n    return windows.shuffled(arm)"
CALL = "study('07/length', run, arms={'a': {}, 'b': {}}, seeds=range(2), tiny=1)"


@pytest.fixture
def course(tmp_path):
    """Return a function that makes a chapter of cells, and a folder of studies."""

    def make(*cells):
        tagged = [(source, ["study:length"]) for source in cells]
        return chapter_of(*tagged), tmp_path / "studies"

    return make


def chapter_of(*cells):
    notebook = new_notebook()
    for source, tags in cells:
        notebook.cells.append(new_code_cell(source, metadata={"tags": tags}))
    return chapters.Chapter("07", chapters.NOTEBOOKS / "07_a.ipynb", notebook)


def store(chapter, folder, name="07/length", **changes):
    """Store two arms of two seeds, as if made by the code of a chapter."""
    machine = {"architecture": "x", "processor": "y", "cores": 1, "gpus": 0}
    code = study.hash_of(chapter, name.partition("/")[2])
    origin = {"code": code, "machine": machine, "versions": {}}
    measured = {"n_updates": 1, "values": {"v": 1}, "cpu_seconds": 1, "resumed": False}
    rows = [
        {"arm": arm, "seed": seed} | measured | origin
        for seed in (0, 1)
        for arm in "ab"
    ]
    stored = {"study": name, "edition": "packaged", "scale": "quick"}
    stored |= {"arms": ["a", "b"], "rows": rows, "prices": {"cpu_seconds": {}} | origin}
    study_files.write(folder / f"{name.replace('/', '_')}.json", stored | changes)
    return stored


def test_a_stored_study_of_this_code_is_fresh(course):
    chapter, folder = course(IMPORTS, RUN, CALL)
    store(chapter, folder)
    assert complaints([chapter], folder) == []
    commented, _ = course(f"# Set up\n{IMPORTS}", RUN, CALL)
    assert complaints([commented], folder) == []


def test_a_stale_study_is_found(course):
    chapter, folder = course(IMPORTS, RUN, CALL)
    store(chapter, folder)
    for changed in (RUN.replace("(arm)", "(arm, 1)"), f"{RUN}\n\nx = 1"):
        stale, _ = course(IMPORTS, changed, CALL)
        (line,) = complaints([stale], folder)
        assert line == (
            "07_a, cell 3: study('07/length', ...): the code has changed since the "
            "rows were made; delete studies/07_length.json and run make study "
            "NAME=07/length, or take the change back"
        )


def test_one_stale_row_or_price_is_enough(course):
    chapter, folder = course(IMPORTS, RUN, CALL)
    stored = store(chapter, folder)
    old = {"code": "0"}
    for part in ("prices", "rows"):
        changed = (
            stored[part] | old
            if part == "prices"
            else [*stored["rows"][1:], stored["rows"][0] | old]
        )
        store(chapter, folder, **{part: changed})
        assert "the code has changed" in complaints([chapter], folder)[0]


def test_changed_helpers_make_a_study_stale(course, monkeypatch, tmp_path):
    chapter, folder = course(IMPORTS, RUN, CALL)
    helpers = tmp_path / "nlp_helpers"
    helpers.mkdir()
    monkeypatch.setattr(study.collecting, "__file__", str(helpers / "collecting.py"))
    (helpers / "__init__.py").touch()
    (helpers / "windows.py").write_text("def shuffled(arm): return 1", "utf-8")
    store(chapter, folder)
    assert complaints([chapter], folder) == []
    (helpers / "windows.py").write_text("def shuffled(arm): return 2", "utf-8")
    assert "the code has changed" in complaints([chapter], folder)[0]


def test_rows_that_are_missing_are_found(course):
    chapter, folder = course(IMPORTS, RUN, CALL)
    assert complaints([chapter], folder) == [
        "07_a, cell 3: study('07/length', ...): nothing is stored; "
        "run make study NAME=07/length"
    ]
    store(chapter, folder, rows=[])
    assert "4 rows are missing; run make study" in complaints([chapter], folder)[0]
    store(chapter, folder)
    more, _ = course(IMPORTS, RUN, CALL.replace("range(2)", "[0, 1, 2]"))
    assert "2 rows are missing" in complaints([more], folder)[0]
    fewer, _ = course(IMPORTS, RUN, CALL.replace("range(2)", "[1]"))
    assert complaints([fewer], folder) == []


def test_a_file_without_a_call_is_found(course):
    chapter, folder = course(IMPORTS, RUN, CALL)
    store(chapter, folder)
    store(chapter, folder, "07/old")
    assert complaints([chapter], folder) == [
        "studies/07_old.json: no chapter has this study"
    ]


@pytest.mark.parametrize(
    ("call", "tags", "says"),
    [
        (CALL, [], "tag the cell study:length"),
        (CALL, ["study:other"], "tag the cell study:length"),
        (CALL.replace("range(2)", "SEEDS"), ["study"], "write the seeds into the call"),
        (CALL.replace("seeds", "grains"), ["study"], "write the seeds into the call"),
        (
            CALL.replace("'07/length'", "NAME"),
            ["study"],
            "write a name of this chapter",
        ),
        (CALL.replace("07", "08"), ["study"], "write a name of this chapter"),
    ],
)
def test_a_call_that_cannot_be_checked_is_found(tmp_path, call, tags, says):
    (line,) = complaints([chapter_of((call, tags))], tmp_path)
    assert says in line


def test_a_damaged_file_is_found(course):
    chapter, folder = course(CALL)
    folder.mkdir()
    (folder / "07_length.json").write_text(json.dumps({"rows": []}), "utf-8")
    with pytest.raises(study_files.StudyError, match=r"07_length\.json is damaged"):
        complaints([chapter], folder)
