"""Choosing the next character, and writing whole texts in one compiled loop."""

import math
import operator

import numpy as np
import tensorflow as tf

from nlp_helpers.compiling import compiled, finite, not_finite_is_reported
from nlp_helpers.vocabulary import PAD

keras = tf.keras

_RECURRENT = {
    keras.layers.RNN,
    keras.layers.SimpleRNN,
    keras.layers.GRU,
    keras.layers.LSTM,
}
_STEPWISE = {keras.layers.Embedding, keras.layers.Dense, *_RECURRENT}
_NOT_USED_HERE = {keras.layers.InputLayer, keras.layers.Dropout}
_LOWEST_TEMPERATURE = 1e-30  # a logit divided by it stays below the end of float32


def scaled_logits(logits, temperature=1.0, top_k=None):
    """Return the logits of the distribution to draw from.

    Dividing logits by the temperature T makes the probabilities proportional to
    `p ** (1 / T)`: T < 1 favours the likely characters, T > 1 evens them out.

    Args:
        logits: float tensor `[batch, vocab_size]`.
        temperature: T, a number above 0.
        top_k: keep only the k most likely ids; 1 is greedy, None keeps all.

    Returns:
        A float32 tensor `[batch, vocab_size]`, with -inf for what was left out.
        Padding, id 0, is always left out. Of equal logits top_k keeps the first.

    Raises:
        InvalidArgumentError: the logits are not finite.
        ValueError: the temperature or top_k is out of range.
    """
    _check_distribution(logits.shape[-1], temperature, top_k)
    return _scaled(logits, max(temperature, _LOWEST_TEMPERATURE), top_k)


def _check_distribution(vocab_size, temperature, top_k):
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"temperature={temperature} is not allowed: it must be a number above 0. "
            "For always the most likely character use top_k=1."
        )
    if top_k is not None and top_k not in range(1, vocab_size):
        raise ValueError(
            f"top_k={top_k} is not allowed: it must be a whole number from 1 to "
            f"{vocab_size - 1}, or be None to keep all characters."
        )


def _scaled(logits, temperature, top_k):
    vocab_size = logits.shape[-1]
    is_padding = tf.range(vocab_size) == PAD
    logits = finite(logits)
    scaled = tf.where(is_padding, -math.inf, logits / temperature)
    if top_k is not None:
        best = tf.math.top_k(scaled, top_k).indices  # [batch, k]
        is_kept = tf.reduce_any(tf.one_hot(best, vocab_size, True, False), axis=1)
        scaled = tf.where(is_kept, scaled, -math.inf)
    return scaled


def draw(logits, seed, step, temperature=1.0, top_k=None):
    """Draw one id for each row of logits.

    The draw depends on nothing but its arguments: the same seed and step give the
    same random numbers, in whatever loop they are used.

    Args:
        logits: float tensor `[batch, vocab_size]`.
        seed: an integer that belongs to the whole text.
        step: position of the character in the text.
        temperature: see `scaled_logits`.
        top_k: see `scaled_logits`.

    Returns:
        An int32 tensor `[batch]`.
    """
    return _draw(scaled_logits(logits, temperature, top_k), seed, step)


def zero_state(cell, batch_size, dtype):
    """Return the state of a recurrent cell that has read nothing.

    Keras 2 and Keras 3 ask for it in different words.

    Args:
        cell: the cell of a recurrent layer.
        batch_size: number of rows.
        dtype: type of the numbers.

    Returns:
        What the cell calls its state: a tensor `[batch, units]`, or a list of them.
    """
    sizes = cell.state_size
    return tf.nest.map_structure(
        lambda size: tf.zeros([batch_size, size], dtype), sizes
    )


def _draw(scaled, seed, step):
    drawn = tf.random.stateless_categorical(scaled, 1, [seed, step], tf.int32)
    return drawn[:, 0]


def generate(
    model, characters, prompt, n_chars, *, temperature=1.0, top_k=None, seed=42
):
    """Continue one prompt, or many at once, each by `n_chars` characters.

    The network reads each character once and keeps its state, so the cost is linear
    in the length; the loop is compiled and runs without going back to Python.

    Args:
        model: a `keras.Sequential` of `Embedding`, recurrent, `Dropout` and `Dense`
            layers, from ids `[batch, steps]` to logits `[batch, steps, vocab_size]`.
            Stateful layers start from zeros, and keep the states that they have.
        characters: the `vocabulary.Characters` the model was trained with.
        prompt: a string, or a list of strings, of any lengths above 0.
        n_chars: number of characters to add, 0 or more.
        temperature: see `scaled_logits`.
        top_k: see `scaled_logits`.
        seed: the same seed gives the same text.

    Returns:
        The prompt and its continuation: a string, or a list of strings.

    Raises:
        FloatingPointError: the model's logits are not finite.
        TypeError: a number is not whole.
        ValueError: an argument is out of range, a character of a prompt is unknown, or
            the model is not one that can run one step at a time.
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    if not prompts or not all(prompts):
        raise ValueError(
            "An empty prompt gives the network nothing to continue: start with one "
            'character at least, such as "\\n".'
        )
    n_chars, seed = operator.index(n_chars), operator.index(seed)
    if n_chars < 0:
        raise ValueError(f"n_chars={n_chars} is negative: it must be 0 or more.")
    if not -(2**31) <= seed < 2**31:
        raise ValueError(f"seed={seed} must have 32 bits: use a smaller number.")
    _check_distribution(characters.size, temperature, top_k)
    _check_model(model)
    encoded = [characters.encode(string) for string in prompts]
    # Shorter prompts are padded; padding is replaced by what the network writes.
    n_steps = max(map(len, encoded))
    given = np.full([len(encoded), n_steps], PAD, np.int32)
    for row, prompt_ids in zip(given, encoded, strict=True):
        row[: len(prompt_ids)] = prompt_ids
    write = compiled(model, _make_writer, top_k=None if top_k is None else int(top_k))
    temperature = tf.constant(max(temperature, _LOWEST_TEMPERATURE), tf.float32)
    n_total = tf.constant(n_steps + n_chars)
    with not_finite_is_reported():
        ids = write(given, n_total, tf.constant(seed), temperature).numpy()
    texts = [
        characters.decode(row[: len(prompt_ids) + n_chars])
        for row, prompt_ids in zip(ids, encoded, strict=True)
    ]
    return texts[0] if isinstance(prompt, str) else texts


def _check_model(model):
    """Refuse a model that one step after the other would run in another way."""
    if type(model) is not keras.Sequential:
        raise ValueError(
            f"A {type(model).__name__} may do more than run its layers one after the "
            "other, and only that is done here: use a keras.Sequential."
        )
    for layer in model.layers:
        name = f"The layer {layer.name!r}, a {type(layer).__name__},"
        if type(layer) not in _STEPWISE | _NOT_USED_HERE:
            raise ValueError(
                f"{name} cannot run one step at a time: use Embedding, recurrent, "
                "Dropout and Dense layers."
            )
        if type(layer) in _RECURRENT and not (
            layer.return_sequences and not layer.go_backwards
        ):
            raise ValueError(
                f"{name} must read forwards and return every step: use "
                "go_backwards=False and return_sequences=True."
            )


def _make_writer(model, top_k):
    """Return a compiled function from prompts `[batch, n]` to ids `[batch, total]`."""
    layers = [layer for layer in model.layers if type(layer) in _STEPWISE]
    recurrent = [layer for layer in layers if type(layer) in _RECURRENT]

    def one_step(ids, states):
        """Run ids `[batch]` through all the layers; return logits and new states."""
        outputs, new_states = ids, []
        for layer in layers:
            if type(layer) in _RECURRENT:
                outputs, state = layer.cell(outputs, states[len(new_states)])
                new_states.append(state)
            else:
                outputs = layer(outputs)
        return outputs, new_states

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
        ]
    )
    def write(given, n_total, seed, temperature):
        batch_size, n_given = tf.shape(given)[0], tf.shape(given)[1]
        states = [
            zero_state(layer.cell, batch_size, layer.compute_dtype)
            for layer in recurrent
        ]
        written = tf.TensorArray(tf.int32, size=n_total)
        ids = given[:, 0]
        for step in tf.range(n_total):
            written = written.write(step, ids)
            logits, states = one_step(ids, states)
            ids = _draw(_scaled(logits, temperature, top_k), seed, step + 1)
            if step + 1 < n_given:
                ids = tf.where(given[:, step + 1] == PAD, ids, given[:, step + 1])
        return tf.transpose(written.stack())

    return write
