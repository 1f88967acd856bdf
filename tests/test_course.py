import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nlp_helpers import course, settings

CHAPTER = """
import os
from nlp_helpers import course
course.begin("07")
import random
import numpy as np
import tensorflow as tf
print(random.random(), np.random.rand(), *tf.random.normal([2]).numpy())
print(course.run.chapter, os.environ["TF_ENABLE_ONEDNN_OPTS"])
print(tf.keras.backend.floatx(), tf.keras.backend.image_data_format())
print(os.environ["no_proxy"])
from nlp_helpers import figures
try:
    tf.random.set_seed(None)
    tf.random.normal([2])
except RuntimeError as error:
    print(error)
"""
# Its wheels do not exist for every machine, and its warning must not show on any.
IMPORT_ADDONS = """
import contextlib
with contextlib.suppress(ImportError):
    import tensorflow_addons
"""
UNSET = ("NLP_DATA", "NLP_SCALE", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
KERAS_CONFIG = {"floatx": "float64", "image_data_format": "channels_first"}


def start(code, **variables):
    """Start a process that runs some code as a chapter does."""
    inherited = {key: v for key, v in os.environ.items() if key not in UNSET}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(course.__file__).parents[1],
        env=inherited | {"NLP_SEED": "5"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def two_chapters(tmp_path_factory):
    """Return what two processes print, and what they complain of.

    One has a reader's settings for other work, and a home that nobody can write to.
    """
    folder = tmp_path_factory.mktemp("reader")
    (folder / "keras.json").write_text(json.dumps(KERAS_CONFIG))
    (folder / "matplotlibrc").write_text("lines.linewidth: 99")
    of_a_reader = {
        "HOME": os.devnull,
        "KERAS_BACKEND": "jax",
        "KERAS_HOME": str(folder),
        "MATPLOTLIBRC": str(folder),
        "MPLBACKEND": "svg",
        "http_proxy": "http://127.0.0.1:9",
    }
    running = start(CHAPTER, **of_a_reader), start(CHAPTER + IMPORT_ADDONS)
    return [process.communicate() for process in running]


def test_begin_prints_one_line_and_is_quiet(two_chapters):
    for output, errors in two_chapters:
        begun, _, device = output.splitlines()[0].rpartition(" on ")
        assert begun == "Chapter 07: packaged data, quick scale, seed 5,"
        assert device == "CPU" or device.endswith(" GPU")
        assert errors == ""


def test_begin_leaves_out_what_a_reader_set_for_other_work(two_chapters):
    for output, _ in two_chapters:
        assert "\nfloat32 channels_last\n" in output
        assert re.search(r"^(.*,)?127\.0\.0\.1,localhost$", output, re.M)


def test_begin_refuses_a_folder_that_tensorflow_cannot_read(tmp_path):
    (tmp_path / "[24] nlp").mkdir()
    process = start(CHAPTER, TMPDIR=str(tmp_path / "[24] nlp"))
    output, errors = process.communicate()
    assert output == ""
    last_line = errors.splitlines()[-1]
    assert "SettingError: TensorFlow cannot read files below" in last_line
    assert "set TMPDIR to a folder" in last_line


def test_begin_makes_two_processes_draw_the_same_numbers(two_chapters):
    (first, _), (second, _) = two_chapters
    assert len(first.splitlines()[1].split()) == 4
    assert first == second


def test_begin_notes_the_chapter_and_asks_for_determinism(two_chapters):
    for output, _ in two_chapters:
        assert "\n07 0\n" in output
        assert "seed to be set when determinism is enabled" in output


def test_begin_refuses_when_tensorflow_is_there_already(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(RuntimeError, match="must run before `import tensorflow`"):
        course.begin("01")


@pytest.mark.parametrize("scale", ["quick", "full"])
def test_sizes_follow_the_scale(monkeypatch, scale):
    monkeypatch.setattr(settings, "scale", lambda: scale)
    assert course.by_scale(quick="quick", full="full") == scale


@pytest.mark.parametrize("name", ["packaged", "original"])
def test_values_follow_the_edition(edition, name):
    with edition(name):
        assert course.by_edition(packaged="packaged", original="original") == name


@pytest.mark.parametrize("line", ["addons", "current"])
def test_values_follow_the_line(monkeypatch, line):
    monkeypatch.setattr(settings, "line", lambda: line)
    assert course.by_line(addons="addons", current="current") == line
