"""Collecting a study from the cells of a chapter, and going on after it was killed."""

import json
import os
import runpy
import subprocess
import sys

import nbformat
import pytest
from nlp_helpers import collecting
from nlp_helpers.collecting import Job
from nlp_helpers.study_files import StudyError

from tools import chapters, study

CELLS = {
    "setup": (
        "study",
        "from pathlib import Path\nfrom nlp_helpers.studies import study\nrate = 2.0",
    ),
    "untagged": (None, "raise AssertionError('not tagged')"),
    "other": ("study:other", "raise AssertionError('of another study')"),
    "run": (
        "study:length",
        "import time\n"
        "def run(*, seed, n_updates, folder, factor):\n"
        "    end = time.process_time() + n_updates / 2_000\n"
        "    while time.process_time() < end: pass\n"
        "    return seed * factor * rate",
    ),
    "call": (
        "study:length",
        "study('01/length', run, arms={'a': {'factor': 1}, 'b': {'factor': 10}},\n"
        "      seeds=[1, 2], n_updates=2, tiny=2)\n"
        "Path('cells_ran_here').touch()",
    ),
}


pytestmark = pytest.mark.usefixtures("default_seed")


@pytest.fixture
def folder(course, monkeypatch):
    """Let studies of the small course be stored in it; return where."""
    places = {"folder": course / "studies", "checkpoints": course / "build"}

    def job(name, code, elsewhere):
        return Job(name, code, elsewhere, **places)

    monkeypatch.setattr(study.collecting, "Job", job)
    monkeypatch.setattr(collecting, "job", Job(**places))
    monkeypatch.setattr(study, "isolate", lambda: None)
    monkeypatch.chdir(course)
    return course / "studies"


@pytest.fixture
def add_study(add_chapter):
    """Return a function that adds a chapter with tagged cells."""

    def add(cells=CELLS, name="01_a"):
        path = add_chapter(name, *(source for _, source in cells.values()))
        notebook = nbformat.read(path, as_version=4)
        tags = [tag for tag, _ in cells.values()]
        for cell, tag in zip(chapters.code_cells(notebook), tags, strict=True):
            cell.metadata["tags"] = [tag] if tag else []
        nbformat.write(notebook, path)

    return add


def rows_in(folder, name="01_length"):
    path = folder / f"{name}.json"
    return json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []


def values_in(folder):
    return {(row["arm"], row["seed"]): row["values"] for row in rows_in(folder)}


def test_the_tagged_cells_run_and_their_rows_are_stored(add_study, folder, capsys):
    add_study()
    study.main(["01/length"])
    assert values_in(folder) == {
        ("a", 1): {"value": 2.0},
        ("b", 1): {"value": 20.0},
        ("a", 2): {"value": 4.0},
        ("b", 2): {"value": 40.0},
    }
    (chapter,) = chapters.read_all()
    assert {r["code"] for r in rows_in(folder)} == {study.hash_of(chapter, "length")}
    assert (chapters.NOTEBOOKS / "cells_ran_here").exists()
    shown = capsys.readouterr()
    assert "01/length: b, seed 2: row 4 of 4" in shown.err
    assert shown.out == ""
    study.main(["01/length"])
    assert "nothing to do, all 4 rows are stored" in capsys.readouterr().err


def test_changed_code_is_not_gone_on_with(add_study, folder):
    add_study()
    study.main(["01/length"])
    tag, source = CELLS["setup"]
    add_study(CELLS | {"setup": (tag, source.replace("2.0", "3.0"))})
    with pytest.raises(StudyError, match="code of 01/length has changed"):
        study.main(["01/length"])


def test_elsewhere_is_handed_on(add_study, folder, monkeypatch):
    add_study()
    study.main(["01/length"])
    path = folder / "01_length.json"
    moved = path.read_text("utf-8").replace('"cores": ', '"cores": 9')
    stored = json.loads(moved)
    stored["rows"].pop()
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(ValueError, match="NAME=01/length ELSEWHERE=1"):
        study.main(["01/length"])
    study.main(["01/length", "--elsewhere"])
    assert len(rows_in(folder)) == 4


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("length", "'length' is no name of a study. One is like 07/length."),
        ("1/length", "'1/length' is no name of a study. One is like 07/length."),
        ("02/length", "There is no chapter 02. Choose from 01."),
        (
            "01/depth",
            "tagged study or study:depth calls study('01/depth', ...). Cells ",
        ),
        ("01/depth", "with such a tag: 1; they call no study."),
        ("01/other", "with such a tag: 2; they call no study."),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(add_study, folder, name, says):
    add_study()
    with pytest.raises(SystemExit) as refused:
        study.main([name])
    assert says in str(refused.value)
    assert not folder.exists()


def test_an_error_in_a_cell_names_cell_and_line(add_study, folder):
    tag, source = CELLS["run"]
    add_study(CELLS | {"run": (tag, source.replace("* rate", "* rates"))})
    with pytest.raises(NameError) as failed:
        study.main(["01/length"])
    last = failed.traceback[-1]
    assert (str(last.frame.code.raw.co_filename), last.lineno + 1) == (
        "01_a, cell 4",
        5,
    )
    assert "return seed * factor * rates" in str(last.statement)


# Killed, and gone on with

KILLED = 15 if sys.platform == "win32" else -9
TRAINING = {
    "setup": (
        "study",
        "import psutil\n"
        "from pathlib import Path\n"
        "import tensorflow as tf\n"
        "from nlp_helpers.studies import study\n"
        "keras = tf.keras\n"
        "x = tf.reshape(tf.range(24.0), [8, 3]) / 24\n"
        "data = tf.data.Dataset.from_tensors((x, tf.reduce_sum(x, 1)))",
    ),
    "kill": (
        "study",
        "def kill(place):\n"
        "    '''Kill this process if that is wanted here, once.'''\n"
        "    if (wanted := Path('kill', place)).exists():\n"
        "        wanted.unlink()\n"
        "        psutil.Process().kill()\n"
        "\n"
        "class Log(keras.callbacks.Callback):\n"
        "    def on_epoch_end(self, epoch, logs=None):\n"
        "        if self.params['epochs'] == 6:\n"
        "            with open('log', 'a') as log:\n"
        "                log.write(f'{self.seed} {epoch}\\n')\n"
        "            kill(f'{self.seed} {epoch}')",
    ),
    "run": (
        "study",
        "def run(*, seed, n_updates, folder):\n"
        "    if n_updates == 6:\n"
        "        kill(f'{seed}')\n"
        "    log = Log()\n"
        "    log.seed = seed\n"
        "    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(1)])\n"
        "    model.compile(keras.optimizers.Adam(0.1), 'mse', run_eagerly=True)\n"
        "    model.fit(data, epochs=n_updates, verbose=0, callbacks=[\n"
        "        keras.callbacks.BackupAndRestore(folder), log])\n"
        "    return {'loss': model.evaluate(data, verbose=0)}",
    ),
    "call": (
        "study",
        "study('01/length', run, arms={'a': {}}, seeds=[0, 1], n_updates=6, tiny=8)",
    ),
}


@pytest.fixture
def start_study(course):
    """Return a function that starts tools/study.py on the small course."""

    def start():
        script = [
            "from pathlib import Path",
            "from tools import chapters, study",
            "chapters.NOTEBOOKS = Path('notebooks').resolve()",
            f"chapters.NAMES = {chapters.NAMES}",
            "job, here = study.collecting.Job, Path.cwd()",
            "places = here / 'studies', here / 'build'",
            "study.collecting.Job = lambda *asked: job(*asked, *places)",
            "study.main(['01/length'])",
        ]
        return subprocess.run(
            [sys.executable, "-c", "\n".join(script)],
            cwd=course,
            env=os.environ | {"PYTHONPATH": str(chapters.ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return start


@pytest.mark.slow
def test_a_study_goes_on_after_it_was_killed(
    add_study, start_study, folder, course, capsys
):
    add_study(TRAINING)
    log = course / "notebooks" / "log"
    wanted = course / "notebooks" / "kill"
    wanted.mkdir()
    between_rows, inside_a_row = wanted / "1", wanted / "1 3"

    between_rows.touch()
    killed = start_study()
    assert killed.returncode == KILLED, killed.stderr
    (first,) = rows_in(folder)
    assert (first["seed"], first["resumed"]) == (0, False)

    inside_a_row.touch()
    killed = start_study()
    assert killed.returncode == KILLED, killed.stderr
    assert rows_in(folder) == [first]

    study.main(["01/length"])
    assert "measuring" not in capsys.readouterr().err
    rows = rows_in(folder)
    assert rows[0] == first
    assert rows[1]["resumed"]
    # No epoch was done twice, although three processes took part.
    epochs = log.read_text("utf-8").splitlines()
    assert epochs == [f"{seed} {epoch}" for seed in (0, 1) for epoch in range(6)]

    interrupted = values_in(folder)
    (folder / "01_length.json").unlink()
    study.main(["01/length"])
    assert values_in(folder) == interrupted
    assert len({values["loss"] for values in interrupted.values()}) == 2


# The command line


def test_tensorflow_is_left_to_the_cells():
    # `course.begin`, in one of them, has to come before it.
    check = "import sys, tools.study; sys.exit('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], cwd=chapters.ROOT, timeout=60)
    assert done.returncode == 0


def test_an_interrupted_study_says_how_to_go_on(add_study, folder, monkeypatch):
    add_study({"run": ("study", "raise KeyboardInterrupt\nstudy('01/length')")})
    monkeypatch.setattr(sys, "argv", ["study.py", "01/length"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(study.__file__, run_name="__main__")
    assert stopped.value.code == "\nStopped. The same command goes on with it."
