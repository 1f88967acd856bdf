"""Storing the weights of a run for the site's live figures."""

import base64
import contextlib
import json
import time

import nbformat
import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers import course

from docs import live
from tools import chapters, live_weights, live_writing, run_chapters

keras = tf.keras


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Let weights and tests be written to folders of their own; return both."""
    weights, tests = tmp_path / "weights", tmp_path / "tests"
    monkeypatch.setattr(live_weights, "WEIGHTS", weights)
    monkeypatch.setattr(live_weights, "TESTS", tests)
    monkeypatch.setattr(live, "LIVE", tmp_path)
    return weights, tests


def test_what_is_stored_can_be_read_again(folders):
    array = np.array([[1.5, -2e-7], [0.1, 65_504]], np.float32)
    page = {"alphabet": "한\n\"'</script>", "tensors": {"kernel": array}}
    live_weights.store("01_a", page, {"inputs": [1, 2]})
    stored = live.read("01_a")
    assert stored["alphabet"] == page["alphabet"]
    packed = stored["tensors"]["kernel"]
    assert packed["shape"] == [2, 2]
    numbers = np.frombuffer(base64.b64decode(packed["data"]), "<f2").reshape(2, 2)
    assert np.array_equal(numbers.astype(np.float32), live_weights.rounded(array))
    assert json.loads((folders[1] / "01_a.json").read_text("utf-8")) == {
        "inputs": [1, 2]
    }


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e5])
def test_weights_that_float16_cannot_hold_are_refused(folders, wrong):
    page = {"tensors": {"kernel": np.array([1, wrong])}}
    with pytest.raises(
        ValueError, match="kernel has a number that float16 cannot hold"
    ):
        live_weights.store("01_a", page, {})
    assert not folders[0].exists()


def test_a_model_has_rounded_weights_for_a_while():
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    before = model.get_weights()
    with contextlib.suppress(KeyError), live_weights.rounded_weights(model):
        kernel = model.get_weights()[0]
        assert np.array_equal(kernel, live_weights.rounded(before[0]))
        assert not np.array_equal(kernel, before[0])
        raise KeyError
    assert np.array_equal(model.get_weights()[0], before[0])


def test_a_chapter_does_not_pay_for_what_is_stored(monkeypatch):
    monkeypatch.setattr(course.run, "cpu_start", time.process_time())
    with contextlib.suppress(KeyError), live_weights.uncounted():
        while time.process_time() - course.run.cpu_start < 0.2:
            pass
        raise KeyError
    assert time.process_time() - course.run.cpu_start < 0.1


def test_numbers_are_listed_with_few_digits():
    assert live_weights.listed([[1 / 3], [2e5 / 3]], digits=3) == [[0.333], [66_700.0]]


@pytest.mark.parametrize("live", [{"name": "a"}, {"name": "a", "store": "f(x)"}])
def test_metadata_that_say_something_else_are_refused(live):
    with pytest.raises(ValueError, match="cannot be understood: give a name, and in"):
        live_weights.code_for(live)


# What a refresh does: a module of tools/ is called with the chapter's variables.
STORES = {"name": "01_a", "store": "live_weights.packed(kernel), {}"}
SOURCES = ("kernel, before = [1.0], set(globals())", "sorted(set(globals()) - before)")


@pytest.fixture
def run_with(add_chapter, monkeypatch):
    """Return a function that runs a chapter whose first cell stores by some code."""

    def run_with(code, stores):
        path = add_chapter("01_a", *SOURCES)
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[1].metadata["live"] = STORES
        nbformat.write(notebook, path)
        monkeypatch.setattr(live_weights, "code_for", lambda live: code)
        (chapter,) = chapters.read_all()
        run_chapters.execute([chapter], 1, "packaged", "quick", "", stores)
        return chapter.code_cells

    return run_with


NOTE = 'exec(\'open("stored", "w").write(str(kernel))\', dict(globals()))'


@pytest.mark.parametrize("stores", [True, False])
def test_only_a_refresh_stores_and_the_notebook_shows_nothing(run_with, course, stores):
    first, second = run_with(NOTE, stores)
    stored = course / "notebooks" / "stored"
    assert stored.exists() == stores
    assert not stores or stored.read_text() == "[1.0]"
    assert first.outputs == []
    assert second.execution_count == 2
    names = second.outputs[0].data["text/plain"]
    assert "live_weights" not in names


def test_a_failure_to_store_ends_the_run(run_with):
    with pytest.raises(SystemExit, match=r"01_a cannot be stored.[\s\S]+ZeroDivision"):
        run_with("1 / 0", stores=True)


def test_the_code_runs_in_a_kernel_without_leaving_names(folders, monkeypatch):
    code = live_weights.code_for(
        {"name": "01_a", "store": "live_writing.char_rnn(model, 'it''s')"}
    )
    called = []
    monkeypatch.setattr(
        live_writing, "char_rnn", lambda *given: (called.append(given),) * 2
    )
    monkeypatch.setattr(live_weights, "store", lambda *stored: called.append(stored))
    names = {"model": 1}
    exec(code, names)
    assert called[0] == (1, "its")
    assert called[1][0] == "01_a"
    assert set(names) - {"__builtins__"} == {"model"}
