import math
import subprocess
import sys
import types

import numpy as np
import psutil
import pytest
import tensorflow as tf
from nlp_helpers import measuring

keras = tf.keras


@pytest.fixture
def clock(monkeypatch):
    """Return a CPU clock that stands still until a test moves it on."""
    clock = types.SimpleNamespace(now=0.0)
    stopped = types.SimpleNamespace(process_time=lambda: clock.now)
    monkeypatch.setattr(measuring, "time", stopped)
    return clock


def worker(clock, costs, turns=None, name=None):
    """Return a function each call of which moves the clock on by the next cost."""
    costs = iter(costs)

    def work():
        clock.now += next(costs)
        if turns is not None:
            turns.append(name)

    return work


def test_cpu_seconds_are_the_best_after_a_call_that_does_not_count(clock):
    assert measuring.cpu_seconds(worker(clock, [0.1, 2, 6, 3])) == 2


def test_ways_that_are_compared_take_turns_and_the_best_of_each_counts(clock):
    turns = []
    slow = worker(clock, [9, 6, 5, 99], turns, "slow")
    fast = worker(clock, [9, 1, 99, 2], turns, "fast")
    assert measuring.compare_cpu_seconds(slow, fast) == [5, 1]
    assert turns == ["slow", "fast"] * 4


def test_what_takes_no_time_is_called_until_it_can_be_measured(clock):
    calls = []

    def work():
        calls.append(1)
        clock.now += 0.001

    assert measuring.cpu_seconds(work) == pytest.approx(0.001)
    assert 60 < len(calls) < 200


def test_a_busy_machine_does_not_make_a_slow_way_of_a_fast_one():
    def work(n):
        return sum(range(n))

    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)
    ]
    try:
        slow, fast = measuring.compare_cpu_seconds(
            lambda: work(800_000), lambda: work(200_000)
        )
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert 2 < slow / fast < 8


def test_peak_memory_keeps_what_was_held_once():
    before = measuring.peak_memory_mb()
    resident = psutil.Process().memory_info().rss / 1e6
    held = np.ones(int(before - resident + 100) * 1_000_000, np.uint8)
    at_peak = measuring.peak_memory_mb()
    del held
    assert at_peak == pytest.approx(before + 100, abs=20)
    assert measuring.peak_memory_mb() == pytest.approx(at_peak, rel=0.01)


class CostlyModel(keras.callbacks.Callback):
    """Moves the clock on by 1 for each update, and by 100 for each validation."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def on_train_batch_begin(self, batch, logs=None):
        self.clock.now += 1

    def on_test_end(self, logs=None):
        self.clock.now += 100


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


DATASET = tf.data.Dataset.from_tensors((np.ones([8, 4]), np.ones(8))).repeat(5)


def test_fit_counts_the_cpu_seconds_of_training(clock, model):
    before = measuring.training_cpu_seconds()
    log = measuring.fit(
        *(model, DATASET),
        epochs=3,
        validation_data=DATASET,
        callbacks=[CostlyModel(clock), kept := keras.callbacks.History()],
    )
    assert log.cpu_seconds == [5, 10, 15]
    assert measuring.training_cpu_seconds() - before == 15
    assert list(log.history) == ["loss", "val_loss"]
    assert log.history == kept.history


def test_a_log_begins_anew_with_each_training(clock, model):
    before = measuring.training_cpu_seconds()
    log = measuring.TrainingLog()
    of_unknown_size = DATASET.filter(lambda X, y: True)
    for _ in range(2):
        model.fit(of_unknown_size, verbose=0, callbacks=[log, CostlyModel(clock)])
    assert log.cpu_seconds == [5]
    assert len(log.history["loss"]) == 1
    assert measuring.training_cpu_seconds() - before == 10


def test_fit_leaves_nothing_on_the_screen(model, capsys):
    measuring.fit(model, DATASET, epochs=3)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "15/15" in shown.err
    *written_over, last, rest = shown.err.split("\r")
    assert rest == last.strip() == ""
    assert len(last) >= len(written_over[-1].rstrip())


def test_adam_warms_up_and_cools_down_to_nothing():
    rate = measuring.adam(0.8, 100, n_warm_up=20)._learning_rate
    updates = {0: 0, 5: 0.2, 20: 0.8, 40: 0.8 * (1 + 0.5**0.5) / 2, 60: 0.4, 100: 0}
    found = {update: float(rate(update)) for update in updates}
    assert found == pytest.approx(updates, abs=1e-6)


@pytest.mark.parametrize("n_warm_up", [-1, 10, 11])
def test_adam_refuses_a_warm_up_that_is_no_part_of_the_updates(n_warm_up):
    with pytest.raises(ValueError, match=f"n_warm_up={n_warm_up} of n_updates=10"):
        measuring.adam(0.1, 10, n_warm_up=n_warm_up)


def test_numpy_integers_are_numbers_of_updates_and_fractions_are_none():
    assert measuring.adam(0.1, np.int64(10), n_warm_up=np.int32(1))
    with pytest.raises(TypeError):
        measuring.adam(0.1, 10, n_warm_up=0.5)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_reported_where_it_arises(model, value, capsys):
    y = np.full(8, value)
    with pytest.raises(FloatingPointError, match=r"loss is .* after epoch 1"):
        measuring.fit(model, np.ones([8, 4]), y=y, epochs=3)
    assert capsys.readouterr().err.endswith("\r")  # the bar is gone


def test_an_error_in_training_wipes_the_bar_and_is_not_hidden(model, capsys):
    with pytest.raises(ValueError, match="no such luck"):
        measuring.fit(model, DATASET, callbacks=[Unlucky()])
    assert capsys.readouterr().err.endswith("\r")
    with pytest.raises(TypeError, match=r"unsupported operand|as an integer"):
        measuring.fit(model, DATASET, epochs="many")


class Unlucky(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise ValueError("no such luck")


def test_adam_clips_gradients_to_a_norm_of_1():
    def trained_on(*scales):
        weights = tf.Variable([1.0, 2.0])
        optimizer = measuring.adam(0.1, 10, n_warm_up=1, beta_1=0.5)
        for scale, gradient in zip(scales, ([3.0, 4.0], [-4.0, 3.0]), strict=True):
            optimizer.apply_gradients([(scale * tf.constant(gradient), weights)])
        return weights.numpy()

    np.testing.assert_allclose(trained_on(1, 1), trained_on(1000, 0.2), rtol=1e-5)
    assert np.abs(trained_on(1, 1) - trained_on(0.1, 1)).max() > 1e-3


def test_adam_takes_the_other_arguments_of_keras():
    assert measuring.adam(0.1, 10, n_warm_up=1, beta_2=0.98).beta_2 == 0.98
