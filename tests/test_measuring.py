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


def test_cpu_seconds_are_the_mean_after_a_call_that_does_not_count(clock):
    costs = iter([100, 1, 2, 6, 100])

    def work():
        clock.now += next(costs)

    assert measuring.cpu_seconds(work, repeats=3) == 3
    assert next(costs) == 100


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
