"""Chapter 11's verdicts on cuDNN, and two things that it says without showing them."""

import ast
import importlib
import itertools

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers import settings
from scaling import cluster

from tools import chapters

# What Keras asks itself is not public, and stands elsewhere in Keras 3.
if settings.line() == "addons":
    from keras.src.layers.rnn.gru_lstm_utils import is_cudnn_supported_inputs
else:
    keras_rnn = importlib.import_module("keras.src.backend.tensorflow.rnn")

layers = tf.keras.layers
RECURRENT = {"SimpleRNN", "GRU", "LSTM", "RNN", "SimpleRNNCell", "GRUCell", "LSTMCell"}
HARMLESS = {"units", "return_sequences", "return_state", "go_backwards", "stateful"}
HARMLESS |= {"dropout", "name", "bias_initializer", "recurrent_initializer"}
IN_THE_WAY = {  # a value of each argument that cuDNN cannot do
    "activation": "relu",
    "recurrent_activation": "relu",
    "recurrent_dropout": 0.1,
    "unroll": True,
    "use_bias": False,
    "reset_after": False,
}
ON_PURPOSE = {
    "01": {"SimpleRNN is not the layer GRU or LSTM"},
    "05": {f"{name} is not the layer GRU or LSTM" for name in ("RNN", "LSTMCell")},
    "07": {"LSTMCell is not the layer GRU or LSTM"},
    chapters.NOTEBOOKS / "scaling" / "gpu.py": {"recurrent_dropout=0.1"},
}


@pytest.fixture(scope="module")
def obstacles(definitions):
    return definitions("11", "NEEDED", "cudnn_obstacles").cudnn_obstacles


def keras_would_use_cudnn(layer):
    """Would Keras use cuDNN for a GRU or LSTM if it had a GPU?"""
    if settings.line() == "addons":
        return layer._could_use_gpu_kernel
    names = ["activation", "recurrent_activation", "use_bias"]
    supported = keras_rnn._do_lstm_arguments_support_cudnn
    if isinstance(layer, layers.GRU):
        names.append("reset_after")
        supported = keras_rnn._do_gru_arguments_support_cudnn
    arguments = {name: getattr(layer.cell, name) for name in names}
    return not layer.recurrent_dropout and supported(unroll=layer.unroll, **arguments)


def keras_gives_to_cudnn(mask):
    """Would Keras hand the rows of such a mask to cuDNN if it had a GPU?"""
    if settings.line() == "addons":
        return bool(is_cudnn_supported_inputs(mask, False, None))
    try:
        keras_rnn._assert_valid_mask(mask)
    except tf.errors.InvalidArgumentError:
        return False
    return True


# The inspector


@pytest.mark.parametrize("kind", [layers.GRU, layers.LSTM])
def test_the_inspector_judges_as_keras_does_and_says_why(obstacles, kind):
    names = [name for name in IN_THE_WAY if kind is layers.GRU or name != "reset_after"]
    for is_other in itertools.product([False, True], repeat=len(names)):
        chosen = list(itertools.compress(names, is_other))
        layer = kind(2, **{name: IN_THE_WAY[name] for name in chosen})
        assert keras_would_use_cudnn(layer) == (not chosen)
        assert obstacles(layer) == [f"{name}={IN_THE_WAY[name]!r}" for name in chosen]


def test_the_inspector_looks_at_both_directions_and_knows_what_is_no_layer(obstacles):
    slow = layers.GRU(2, unroll=True, go_backwards=True)
    one_slow = layers.Bidirectional(layers.GRU(2), backward_layer=slow)
    assert obstacles(layers.Bidirectional(layers.GRU(2))) == []
    assert obstacles(one_slow) == ["unroll=True"]
    for other in (layers.SimpleRNN(2), layers.LSTMCell(2), layers.Dense(2)):
        assert obstacles(other) == [
            f"{type(other).__name__} is not the layer GRU or LSTM"
        ]


def test_masks_are_judged_as_keras_judges_them(definitions):
    cudnn_takes = definitions("11", "cudnn_takes").cudnn_takes
    for bits in itertools.product([False, True], repeat=6):
        mask = np.reshape(bits, [2, 3])
        assert cudnn_takes(mask) == keras_gives_to_cudnn(mask)


# The course


def recurrent_layers(code):
    """Yield a small copy of each recurrent layer that some code makes."""
    for call in ast.walk(ast.parse(code)):
        function = getattr(call, "func", None)
        name = getattr(function, "attr", getattr(function, "id", None))
        if isinstance(call, ast.Call) and name in RECURRENT:
            keywords = [k for k in call.keywords if k.arg not in HARMLESS]
            arguments = {k.arg: ast.literal_eval(k.value) for k in keywords}
            what = layers.LSTMCell(2) if name == "RNN" else 2
            yield getattr(layers, name)(what, **arguments)


def test_layers_are_found_in_code():
    code = """
encoder = keras.layers.GRU(n_units, return_sequences=more, recurrent_dropout=0.3)
x = [LSTM(128), layers.RNN(cell), tf.keras.layers.LSTMCell(units=9)]
no = keras.layers.Dense(3), GRUESOME(3), gru(x)
"""
    found = {type(layer).__name__: layer for layer in recurrent_layers(code)}
    assert found.keys() == {"GRU", "LSTM", "RNN", "LSTMCell"}
    assert found["GRU"].get_config()["recurrent_dropout"] == 0.3
    for unclear in ("GRU(3, unroll=maybe)", "GRU(3, **options)"):
        with pytest.raises(ValueError, match=r"malformed node|no number"):
            list(recurrent_layers(unclear))


def test_every_layer_of_the_course_could_use_cudnn_but_those_on_purpose(obstacles):
    code = {path: path.read_text("utf-8") for path in chapters.NOTEBOOKS.rglob("*.py")}
    for chapter in chapters.read_all():
        if chapter.number != "11":  # which shows what is in the way
            cells = [cell.source for cell in chapter.code_cells]
            code[chapter.number] = "\n\n".join(cells)
    obstacles_at = {}
    for place, text in code.items():
        found = {o for layer in recurrent_layers(text) for o in obstacles(layer)}
        if found:
            obstacles_at[place] = found
    assert obstacles_at == ON_PURPOSE


# The service for data


def test_two_dispatchers_share_a_port_without_an_error():
    service = tf.data.experimental.service
    [address] = cluster.free_addresses(1)
    config = service.DispatcherConfig(port=int(address.split(":")[1]))
    first, second = service.DispatchServer(config), service.DispatchServer(config)
    assert first.target == second.target
