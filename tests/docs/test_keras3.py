"""The page on Keras 3: what it says of both versions, and where the course meets it."""

import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
from nlp_helpers import settings

from tools import chapters
from tools.chapters import NOTEBOOKS, ROOT

keras = tf.keras
KERAS_3 = settings.line() == "current"
PAGE = (ROOT / "docs" / "keras3.md").read_text("utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line[:2] == "| "]
ROWS = ROWS[1:]  # without the head


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_the_code_stands_where_the_page_says(row):
    *_, where = row
    code = re.findall(r"`([^`]+)`", where)[-1]
    numbers = re.findall(r"\[(\d+)\]", where)
    found = [cell.source for c in chapters.read_all(numbers) for cell in c.code_cells]
    if not numbers:
        found = [path.read_text("utf-8") for path in NOTEBOOKS.glob("nlp_helpers/*.py")]
    assert sum(code in source for source in found) >= max(len(numbers), 1)


def test_each_row_has_three_columns():
    assert len(ROWS) > 10
    assert all(len(row) == 3 for row in ROWS)


class Inner(keras.Model):
    """A model with a layer that is another one in training."""

    def __init__(self, **options):
        super().__init__(**options)
        self.normalise = keras.layers.BatchNormalization()

    def call(self, inputs):
        return self.normalise(inputs)


class Named(Inner):
    def call(self, inputs, training=None):
        return super().call(inputs)


@pytest.mark.parametrize(("kind", "learns"), [(Inner, not KERAS_3), (Named, True)])
def test_layers_inside_hear_of_training(kind, learns):
    model = kind()
    model.compile("sgd", "mse")
    model.fit(np.full([8, 1], 5.0), np.zeros([8, 1]), verbose=0)
    assert (model.normalise.moving_mean.numpy()[0] > 0) == learns


def test_a_mask_that_comes_with_a_tensor():
    embedded = keras.layers.Embedding(3, 2, mask_zero=True)(np.array([[1, 0, 0]]))
    layer = keras.layers.GRU(2)
    masked = layer(embedded)
    assert np.allclose(layer(embedded, mask=None), masked) == KERAS_3
    assert not np.allclose(layer(tf.identity(embedded)), masked)


def test_a_mask_is_dropped_without_a_word_or_with_a_warning(recwarn):
    model = keras.Sequential(
        [
            keras.layers.Embedding(3, 2, mask_zero=True),
            keras.layers.Conv1D(2, 1),
            keras.layers.GRU(2),
        ]
    )
    model(np.array([[1, 0, 0]]))
    warned = [w for w in recwarn if "destroy the mask" in str(w.message)]
    assert bool(warned) == KERAS_3


def test_a_recurrent_layer_and_a_ragged_tensor():
    vectors = tf.RaggedTensor.from_row_lengths(tf.ones([3, 2]), [2, 1])
    if KERAS_3:
        with pytest.raises((TypeError, ValueError)):
            keras.layers.GRU(2)(vectors)
    else:
        assert keras.layers.GRU(2)(vectors).shape == [2, 2]


class NeedsMask(keras.layers.Layer):
    def call(self, inputs, mask):
        return inputs


def test_an_argument_mask_without_a_default():
    embedded = keras.layers.Embedding(3, 2, mask_zero=True)(np.array([[1, 0]]))
    if KERAS_3:
        with pytest.raises(TypeError, match="mask"):
            NeedsMask()(embedded)
    else:
        NeedsMask()(embedded)


class WithOption(keras.layers.Layer):
    def call(self, inputs, option=False):
        return inputs


def test_what_is_no_tensor_goes_by_name():
    if KERAS_3:
        with pytest.raises(ValueError, match="positional"):
            WithOption()(tf.zeros(1), True)
    else:
        WithOption()(tf.zeros(1), True)
    WithOption()(tf.zeros(1), option=True)


class Holder(keras.layers.Layer):
    def __init__(self, variable, **options):
        super().__init__(**options)
        self.held = [variable]

    def call(self, inputs):
        return inputs


def test_which_variables_are_weights():
    assert len(Holder(tf.Variable(1.0)).weights) == (not KERAS_3)
    if KERAS_3:
        variable = tf.Variable(1.0)
        (weight,) = Holder(keras.Variable(variable)).weights
        assert weight.value is variable


@pytest.mark.parametrize("in_time", [True, False])
def test_variables_that_come_after_a_layer_was_frozen(in_time):
    variable = keras.Variable(1.0) if KERAS_3 else tf.Variable(1.0)
    layer = Holder(variable, **({} if in_time else {"trainable": False}))
    if in_time:
        layer.trainable = False
    model = keras.Sequential([keras.Input([1]), layer])
    assert bool(model.trainable_weights) == (KERAS_3 and not in_time)


def test_the_layer_of_tensorflow_hub():
    assert issubclass(hub.KerasLayer, keras.layers.Layer) == (not KERAS_3)


def test_time_distributed_with_an_unknown_number_of_steps():
    layer = keras.layers.TimeDistributed(keras.layers.Dense(5))
    compiled = tf.function(layer, input_signature=[tf.TensorSpec([None, None, 3])])
    steps = 2 if KERAS_3 else 4
    assert compiled(tf.zeros([2, 4, 3])).shape == [2, steps, 5]


def test_states_and_cells():
    layer = keras.layers.LSTM(2, return_state=True)
    states = layer(tf.zeros([1, 3, 2]))
    assert isinstance(states, tuple if KERAS_3 else list)
    if KERAS_3:
        with pytest.raises(TypeError, match="dtype"):
            layer.cell.get_initial_state(batch_size=1, dtype="float32")
    else:
        layer.cell.get_initial_state(batch_size=1, dtype="float32")
    assert hasattr(layer, "reset_states")
    assert hasattr(keras.Sequential(), "reset_states") == (not KERAS_3)


def test_the_scale_of_losses():
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD())
    optimizer.build([keras.Variable(1.0) if KERAS_3 else tf.Variable(1.0)])
    assert hasattr(optimizer, "dynamic_scale") == KERAS_3


def test_the_seed_of_dropout():
    keras.utils.set_random_seed(1)
    ones = np.ones(20, np.float32)
    kept = keras.layers.Dropout(0.5)(ones, training=True).numpy() > 0
    numbers = {False: "01100110111111100011", True: "01100010101010100110"}
    assert "".join("01"[k] for k in kept.astype(int)) == numbers[KERAS_3]


def test_a_summary(capsys):
    keras.Sequential([keras.Input([1]), keras.layers.Dense(1)]).summary()
    assert ("┃" in capsys.readouterr().out) == KERAS_3


def test_addons():
    if KERAS_3:
        with pytest.raises(ImportError):
            import tensorflow_addons
    else:
        import tensorflow_addons  # noqa: F401
