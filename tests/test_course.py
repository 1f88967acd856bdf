import math
import os
import subprocess
import sys
import time
from pathlib import Path

import nlp_helpers
import numpy as np
import psutil
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import course

keras = tf.keras

CHAPTER = """
import os
from nlp_helpers import course
course.begin("07", seed=5)
import random
import numpy as np
import tensorflow as tf
print(random.random(), np.random.rand(), *tf.random.normal([2]).numpy())
print("oneDNN", os.environ["TF_ENABLE_ONEDNN_OPTS"])
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


def python(code, **variables):
    unset = ("NLP_DATA", "NLP_SCALE", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
    kept = {key: value for key, value in os.environ.items() if key not in unset}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(course.__file__).parents[1],
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def two_chapters():
    running = [python(CHAPTER), python(CHAPTER + IMPORT_ADDONS)]
    return [process.communicate() for process in running]


def test_begin_prints_one_line_and_is_quiet(two_chapters):
    for output, errors in two_chapters:
        line, _, _ = output.partition("\n")
        begun, _, device = line.rpartition(" on ")
        assert begun == "Chapter 07: packaged data, quick scale, seed 5,"
        assert device == "CPU" or device.endswith(" GPU")
        assert errors == ""


def test_begin_makes_two_processes_draw_the_same_numbers(two_chapters):
    (first, _), (second, _) = two_chapters
    assert len(first.splitlines()[1].split()) == 4
    assert first == second


def test_begin_asks_for_determinism(two_chapters):
    for output, _ in two_chapters:
        assert "\noneDNN 0\n" in output
        assert "seed to be set when determinism is enabled" in output


def test_begin_refuses_when_tensorflow_is_there_already():
    assert "tensorflow" in sys.modules
    with pytest.raises(RuntimeError, match="must run before `import tensorflow`"):
        course.begin("01")


@pytest.mark.parametrize(
    ("variable", "allowed"),
    [("NLP_DATA", "packaged, original"), ("NLP_SCALE", "quick, full")],
)
def test_an_unknown_setting_stops_a_chapter_at_once(variable, allowed):
    _, errors = python("import nlp_helpers.course", **{variable: "tiny"}).communicate()
    assert f"ValueError: {variable}='tiny' is not known" in errors
    assert allowed in errors


@given(value=st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_only_allowed_settings_are_taken(value):
    allowed = ("quick", "full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", {"NLP_SCALE": value})
        if value in allowed:
            assert nlp_helpers.setting("NLP_SCALE", allowed) == value
        else:
            with pytest.raises(ValueError, match=r"quick, full.*unset it") as caught:
                nlp_helpers.setting("NLP_SCALE", allowed)
            assert f"NLP_SCALE={value!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "value"),
    [({}, "quick"), ({"NLP_SCALE": ""}, "quick"), ({"NLP_SCALE": "full"}, "full")],
)
def test_the_first_allowed_setting_is_the_default(monkeypatch, variables, value):
    monkeypatch.setattr(os, "environ", variables)
    assert nlp_helpers.setting("NLP_SCALE", ("quick", "full")) == value


def test_sizes_follow_the_scale_and_bounds_the_edition(monkeypatch):
    for scale, edition in [("quick", "packaged"), ("full", "original")]:
        monkeypatch.setattr(course, "SCALE", scale)
        monkeypatch.setattr(course, "EDITION", edition)
        assert course.scale(quick="quick", full="full") == scale
        assert course.by_edition(packaged="packaged", original="original") == edition


@pytest.mark.parametrize(
    ("value", "bounds"),
    [
        (1.5, {"at_least": 1.5}),
        (1.5, {"at_most": 1.5}),
        (0, {"at_least": -1, "at_most": 0.5}),
        (np.float32(2), {"at_most": np.int64(3)}),
    ],
)
def test_a_claim_that_holds_is_stated(capsys, value, bounds):
    course.claim("loss", value, unit="nats", **bounds)
    assert capsys.readouterr().out.startswith(f"loss: {float(value):g} nats (at ")


def test_a_claim_states_its_value_and_bounds(capsys):
    course.claim("speed", 12345.6, at_least=1000, at_most=2e6, unit="chars/s")
    stated = "speed: 12,346 chars/s (at least 1000 and at most 2,000,000)\n"
    assert capsys.readouterr().out == stated
    course.claim("ratio", 2.34567, at_least=2)
    assert capsys.readouterr().out == "ratio: 2.346 (at least 2)\n"


@pytest.mark.parametrize(
    ("value", "bounds"),
    [
        (1.49, {"at_least": 1.5}),
        (1.51, {"at_most": 1.5}),
        (0.6, {"at_least": -1, "at_most": 0.5}),
        (-1.1, {"at_least": -1, "at_most": 0.5}),
    ],
)
def test_a_claim_beyond_its_bound_fails(value, bounds):
    with pytest.raises(AssertionError) as caught:
        course.claim("validation loss", value, unit="nats/char", **bounds)
    message = str(caught.value)
    assert f"validation loss: {value:g} nats/char" in message
    for name, bound in bounds.items():
        assert f"{name.replace('_', ' ')} {bound:g}" in message


def test_bounds_are_those_of_the_quick_scale(monkeypatch, capsys):
    monkeypatch.setattr(course, "SCALE", "full")
    course.claim("training", 500, at_most=120, unit="CPU-s")
    course.claim("training", 100, at_most=120, unit="CPU-s")
    beyond, within = capsys.readouterr().out.splitlines()
    stated = "training: 500 CPU-s (at most 120): beyond the bound of the quick scale"
    assert beyond == stated
    assert within == "training: 100 CPU-s (at most 120)"


@pytest.mark.parametrize("scale", ["quick", "full"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
@pytest.mark.parametrize("bounds", [{"at_least": 0}, {"at_most": 0}])
def test_a_claim_of_no_finite_number_always_fails(monkeypatch, scale, value, bounds):
    monkeypatch.setattr(course, "SCALE", scale)
    with pytest.raises(AssertionError, match=r"does not hold\. loss: "):
        course.claim("loss", value, **bounds)


def test_a_claim_needs_a_bound():
    with pytest.raises(ValueError, match="claim 'loss' needs a bound"):
        course.claim("loss", 1)


@pytest.mark.parametrize("bound", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["at_least", "at_most"])
def test_the_bounds_of_a_claim_must_be_finite(name, bound):
    with pytest.raises(ValueError, match=f"'loss' must be finite: .*{bound}"):
        course.claim("loss", 1, **{name: bound})


def test_a_claim_stores_a_row_of_the_results_in_its_output(monkeypatch):
    displayed = []
    monkeypatch.setattr(course, "get_ipython", object)
    monkeypatch.setattr(
        course, "display", lambda *data, **options: displayed.append((data, options))
    )
    monkeypatch.setattr(
        course, "_chapter", {"number": "07", "cpu_start": time.process_time() - 100}
    )
    course.claim("loss", 1.23456789, at_most=2, unit="nats")
    [((data,), options)] = displayed
    assert data == {"text/plain": "loss: 1.235 nats (at most 2)"}
    assert options["raw"] is True
    row = options["metadata"]["claim"]
    assert 100 <= row.pop("cpu_seconds") < 110
    assert row.pop("peak_memory_mb") == pytest.approx(course.peak_memory_mb(), rel=0.1)
    assert f"{os.cpu_count()} cores" in row.pop("machine")
    assert row == {
        "chapter": "07",
        "claim": "loss",
        "value": 1.235,
        "unit": "nats",
        "at_least": None,
        "at_most": 2.0,
        "edition": course.EDITION,
        "scale": course.SCALE,
    }


def test_a_claim_that_fails_stores_nothing(monkeypatch):
    monkeypatch.setattr(course, "get_ipython", object)
    displayed = []
    monkeypatch.setattr(course, "display", lambda *_, **__: displayed.append(1))
    with pytest.raises(AssertionError):
        course.claim("loss", 3, at_most=2)
    assert not displayed


class BusyValidation(keras.callbacks.Callback):
    """Spends CPU time that is not training."""

    def on_test_end(self, logs=None):
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass


def fit_for_three_epochs(callbacks):
    model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    X, y = np.ones([64, 4]), np.ones(64)
    model.fit(X, y, epochs=3, verbose=0, callbacks=callbacks, validation_data=(X, y))


def test_training_log_counts_the_cpu_seconds_of_training(monkeypatch):
    monkeypatch.setattr(course, "_chapter", {})
    log = course.training_log()
    start = time.process_time()
    fit_for_three_epochs([log, BusyValidation()])
    spent = time.process_time() - start
    assert len(log.cpu_seconds) == 3
    first, second, third = log.cpu_seconds
    assert 0 < first < second < third <= spent - 3 * 0.2
    assert course.training_cpu_seconds() == pytest.approx(third)

    fit_for_three_epochs([another := course.training_log()])
    both = third + another.cpu_seconds[-1]
    assert course.training_cpu_seconds() == pytest.approx(both)


def test_training_log_leaves_nothing_on_the_screen(capsys):
    fit_for_three_epochs([course.training_log()])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "100%" in shown.err
    *written_over, last, rest = shown.err.split("\r")
    assert rest == last.strip() == ""
    assert len(last) >= len(written_over[-1].rstrip())


def test_peak_memory_is_that_of_this_process():
    peak = course.peak_memory_mb()
    resident = psutil.Process().memory_info().rss / 1e6
    assert max(10, 0.8 * resident) < peak < 50_000


def test_peak_memory_grows_with_what_is_held():
    code = "from nlp_helpers.course import peak_memory_mb as peak\n"
    code += "before = peak(); held = b'1' * 100_000_000; print(peak() - before)"
    output, _ = python(code).communicate()
    assert float(output) == pytest.approx(100, abs=10)
