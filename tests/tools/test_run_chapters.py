"""Running chapters, in place or not, and collecting what they claim."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_output

from tests.chapters import comparison
from tools import chapters, results_tables, run_chapters

GOOD_CELLS = (
    "import sys\n"
    "for bar in ('\\r 50%|##  |', '\\r100%|####|', '\\r           \\r'):\n"
    "    print(bar, end='', file=sys.stderr)",
    "from IPython.display import display\n"
    "display({'text/plain': 'holds'}, raw=True, metadata={'claim': {'value': 1}})",
    "import os, time\n"
    "time.sleep(0.2)\n"
    "print(*(os.environ[f'NLP_{name}'] for name in ('DATA', 'SCALE', 'IMAGES')))\n"
    "print(os.listdir())",
)
BAD_CELLS = (
    "try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass",
    "colour = 'blue'\nassert colour == 'red', 'not red but blue'",
    "open('went_on', 'w').close()",
)


def test_executing_a_chapter_leaves_its_file_alone(add_chapter, capsys):
    path = add_chapter("01_good", *GOOD_CELLS)
    before = path.read_bytes()
    (chapter,) = chapters.read_all()
    chapter.code_cells[0].outputs = [new_output("stream", text="old")]
    run_chapters.execute([chapter], 1, "original", "full", images="elsewhere")
    assert path.read_bytes() == before

    notebook = chapter.notebook
    nbformat.validate(notebook)
    comparison.check_outputs_are_fresh(notebook)
    bar, claim, environment = chapter.code_cells
    assert bar.outputs == []
    assert len(claim.outputs) == 1
    assert chapters.claims(notebook) == [{"value": 1}]
    (shown,) = environment.outputs
    assert shown.text == "original full elsewhere\n['01_good.ipynb']\n"
    assert "execution" not in environment.metadata
    assert chapter.description == "what 01_good is about"
    seconds = notebook.metadata["cell_seconds"]
    assert len(seconds) == 3
    assert seconds[2] >= 0.2
    assert "01_good  done after 00:" in capsys.readouterr().err


def test_a_failing_cell_ends_the_run_and_is_shown(add_chapter):
    add_chapter("02_bad", *BAD_CELLS)
    path = add_chapter("03_next", "open('went_on', 'w').close()")
    with pytest.raises(SystemExit) as failure:
        run_chapters.execute(chapters.read_all(), 1, "packaged", "quick", images="")
    message = str(failure.value)
    assert "02_bad, cell 2 failed" in message
    assert BAD_CELLS[1] in message
    assert "AssertionError: not red but blue" in message
    assert "\x1b" not in message
    assert "ZeroDivisionError" not in message
    assert not (path.parent / "went_on").exists()


@pytest.fixture
def start_run(course):
    """Return a function that starts `run_chapters.py run` on the course."""

    def start(*before, jobs=1, **variables):
        script = [
            "import sys",
            "from pathlib import Path",
            *before,
            "import signal",
            "from tools import chapters, run_chapters",
            # A shell lets what it runs in the background ignore Ctrl-C.
            "signal.signal(signal.SIGINT, signal.default_int_handler)",
            "chapters.NOTEBOOKS = Path('notebooks')",
            f"chapters.NAMES = {chapters.NAMES}",
            "run_chapters.BUILD = Path('build')",
            f"run_chapters.main(['run', '--jobs', '{jobs}'])",
        ]
        unset = ("NLP_", "PYTHONIOENCODING", "IPYTHONDIR")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
        return subprocess.Popen(
            [sys.executable, "-c", "\n".join(script)],
            cwd=course,
            env={**inherited, "PYTHONPATH": str(chapters.ROOT), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def end_of(running):
    """Return what a run has printed, once it has ended well."""
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors.decode()
    return output, errors


def is_alive(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def test_an_interrupted_run_ends_soon_with_all_its_kernels(
    add_chapter, start_run, tmp_path
):
    jobs = 2
    note = "import os; open(f'{os.getpid()}.pid', 'w').close()"
    child = "import subprocess; subprocess.Popen(['sleep', '600'])"
    names = ("01_a", "02_b", "03_c")
    for name in names:
        add_chapter(name, f"{note}\n{child}\nimport time; time.sleep(30)")
    running = start_run(jobs=jobs)
    run, end = psutil.Process(running.pid), time.monotonic() + 40
    while len(list(tmp_path.rglob("*.pid"))) < jobs:
        assert time.monotonic() < end, running.poll()
        time.sleep(0.05)
    family = run.children(recursive=True)
    assert len(family) >= 2 * jobs
    interrupted_at = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert time.monotonic() < interrupted_at + 5
    said = errors.decode().splitlines()
    assert said[0].startswith("elapsed 00:00  remaining about ")
    assert running.returncode != 0
    assert [process for process in family if is_alive(process)] == []
    assert len(list(tmp_path.rglob("*.pid"))) == jobs  # no other chapter began


def test_the_readers_own_profile_and_notebooks_do_not_count(
    add_chapter, course, start_run, tmp_path
):
    add_chapter("01_good", "1\n2", "import os, warnings; warnings.warn('old')\nos.name")
    (course / "notebooks" / "Untitled.ipynb").write_text("")
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    show_all = "c.InteractiveShell.ast_node_interactivity = 'all'"
    (profile / "ipython_kernel_config.py").write_text(f"c = get_config()\n{show_all}\n")
    (profile / "startup").mkdir()
    (profile / "startup" / "mine.py").write_text("print('mine')")
    variables = {"IPYTHONDIR": str(profile.parent), "PYTHONWARNINGS": "ignore"}
    _, errors = end_of(start_run(**variables, MPLBACKEND="svg"))
    assert b"Not of this course, and left alone: Untitled\n" in errors
    path = course / "build" / "executed" / "01_good.ipynb"
    first, second = chapters.code_cells(nbformat.read(path, as_version=4))
    assert [output.data["text/plain"] for output in first.outputs] == ["2"]
    assert "UserWarning: old" in second.outputs[0].text


def test_a_run_needs_neither_pytest_nor_nbval_nor_a_log_that_holds_every_sign(
    course, add_chapter, start_run, row
):
    claim = row(claim="loss of ¿Qué? in 한국어")
    show = f"display({{}}, raw=True, metadata={{'claim': {claim}}})"
    add_chapter("01_good", f"from IPython.display import display\n{show}")
    without = "sys.modules |= {'pytest': None, 'nbval': None}"
    output, _ = end_of(start_run(without, PYTHONIOENCODING="cp1252"))
    assert "loss of ¿Qué? in ???".encode("cp1252") in output
    executed = course / "build" / "executed" / "01_good.ipynb"
    comparison.check_outputs_are_fresh(nbformat.read(executed, as_version=4))


@pytest.fixture
def executed(add_chapter, row, monkeypatch):
    """Let chapter 01 claim two things whenever it is executed; list the executions."""
    add_chapter("01_a", "x = 1", "y = 1")
    executions = []

    def execute(chosen, jobs, edition, scale, images, stores=False):
        executions.append((edition, scale, str(images), stores))
        claims = [row(edition=edition), row(claim="speed", edition=edition)]
        for chapter in chosen:
            for cell, claim in zip(chapter.code_cells, claims, strict=True):
                shown = new_output("display_data", {}, metadata={"claim": claim})
                cell.outputs = [shown]

    monkeypatch.setattr(run_chapters, "execute", execute)
    monkeypatch.setattr(run_chapters.settings, "line", lambda: "addons")
    return executions


def stored_claims():
    (chapter,) = chapters.read_all()
    return chapters.claims(chapter.notebook)


def test_refresh_stores_outputs_and_results(course, executed, row, edition):
    with edition("original"):  # the stored outputs are those of the packaged one
        run_chapters.main(["refresh", "--jobs", "1"])
    assert executed == [("packaged", "quick", str(course / "images"), True)]
    expected = [row(), row(claim="speed")]
    assert stored_claims() == results_tables.load() == expected


def test_run_leaves_notebooks_and_results_alone(course, executed, row, edition, capsys):
    with edition("original"):
        run_chapters.main(["run", "01", "--jobs", "1"])
    pictures = course / "build" / "executed" / "images"
    assert executed == [("original", "quick", str(pictures), False)]
    assert stored_claims() == results_tables.load() == []
    expected = [row(edition="original"), row(claim="speed", edition="original")]
    path = course / "build" / "executed" / "01_a.ipynb"
    assert chapters.claims(nbformat.read(path, as_version=4)) == expected
    assert capsys.readouterr().out.strip() == results_tables.table(expected)
    without_machine = json.loads((course / "build" / "results.json").read_text("utf-8"))
    machine = {"machine": expected[0]["machine"]}
    assert [measured | machine for measured in without_machine] == expected


def test_results_measures_both_editions(executed, row):
    run_chapters.main(["results", "--jobs", "1"])
    packaged = [row(), row(claim="speed")]
    original = [one | {"edition": "original"} for one in packaged]
    assert results_tables.load() == packaged + original
    assert stored_claims() == packaged


def test_tables_are_rewritten_without_a_run(course, executed, row):
    results_tables.store([row()])
    page = course / "results.md"
    before = page.read_text("utf-8")
    page.write_text(results_tables.with_table(before, "results", "an old table"))
    run_chapters.main(["tables"])
    assert page.read_text("utf-8") == before
    assert executed == []


@pytest.mark.parametrize("command", ["run", "refresh", "results"])
def test_how_many_chapters_run_at_once_has_to_be_said(executed, command):
    with pytest.raises(SystemExit):
        run_chapters.main([command])
    assert executed == []


@pytest.mark.parametrize("command", ["refresh", "results"])
def test_outputs_are_stored_from_the_addons_line_only(
    course, add_chapter, monkeypatch, command
):
    path = add_chapter("01_a", "1 + 1")
    before = path.read_bytes()
    monkeypatch.setattr(run_chapters.settings, "line", lambda: "current")
    with pytest.raises(SystemExit, match="come from the addons line: say LINE=addons"):
        run_chapters.main([command, "--jobs", "1"])
    assert path.read_bytes() == before
