import os
import subprocess
import sys
from pathlib import Path

import pytest
from nlp_helpers import course, settings

CHAPTER = """
import os
from nlp_helpers import course
course.begin("07", seed=5)
import random
import numpy as np
import tensorflow as tf
print(random.random(), np.random.rand(), *tf.random.normal([2]).numpy())
print(course.run.chapter, os.environ["TF_ENABLE_ONEDNN_OPTS"])
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
SET_BY_BEGIN = ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")


@pytest.fixture(scope="module")
def two_chapters():
    """Return what two processes print, and what they complain of."""
    unset = ("NLP_DATA", "NLP_SCALE", *SET_BY_BEGIN)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(course.__file__).parents[1],
            env={key: value for key, value in os.environ.items() if key not in unset},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in (CHAPTER, CHAPTER + IMPORT_ADDONS)
    ]
    return [process.communicate() for process in running]


def test_begin_prints_one_line_and_is_quiet(two_chapters):
    for output, errors in two_chapters:
        begun, _, device = output.splitlines()[0].rpartition(" on ")
        assert begun == "Chapter 07: packaged data, quick scale, seed 5,"
        assert device == "CPU" or device.endswith(" GPU")
        assert errors == ""


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
