"""Choosing the next character, and writing whole texts in one compiled loop."""

import functools
import math

import numpy as np
import tensorflow as tf

from nlp_helpers.vocabulary import PAD

keras = tf.keras

_STEPWISE = (keras.layers.Embedding, keras.layers.RNN, keras.layers.Dense)
_NOT_USED_HERE = (keras.layers.InputLayer, keras.layers.Dropout)


def scaled_logits(logits, temperature=1.0, top_k=None):
    """Return the logits of the distribution to draw from.

    Dividing logits by the temperature T makes the probabilities proportional to
    `p ** (1 / T)`: T < 1 favours the likely characters, T > 1 evens them out.

    Args:
        logits: float tensor `[batch, vocab_size]`.
        temperature: T, a number above 0.
        top_k: keep only the k most likely ids; 1 is greedy, None keeps all.

    Returns:
        A float tensor `[batch, vocab_size]`, with -inf for what was left out. Padding,
        id 0, is always left out.

    Raises:
        ValueError: the temperature or top_k is out of range.
    """
    vocab_size = logits.shape[-1]
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
    temperature = max(temperature, 1e-30)  # the quotient must stay below float32's end
    is_padding = tf.range(vocab_size) == PAD
    scaled = tf.where(is_padding, -math.inf, logits / temperature)
    if top_k is not None:
        smallest = tf.math.top_k(scaled, top_k).values[:, -1:]
        scaled = tf.where(scaled < smallest, -math.inf, scaled)
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
    logits = scaled_logits(logits, temperature, top_k)
    drawn = tf.random.stateless_categorical(logits, 1, [seed, step], tf.int32)
    return drawn[:, 0]


def generate(
    model, characters, prompt, n_chars, *, temperature=1.0, top_k=None, seed=42
):
    """Continue one prompt, or many at once, each by `n_chars` characters.

    The network reads each character once and keeps its state, so the cost is linear
    in the length; the loop is compiled and runs without going back to Python.

    Args:
        model: a stack of `Embedding`, recurrent and `Dense` layers, from ids
            `[batch, steps]` to logits `[batch, steps, vocab_size]`.
        characters: the `vocabulary.Characters` the model was trained with.
        prompt: a string, or a list of strings, of any lengths above 0.
        n_chars: number of characters to add, 0 or more.
        temperature: see `scaled_logits`.
        top_k: see `scaled_logits`.
        seed: the same seed gives the same text.

    Returns:
        The prompt and its continuation: a string, or a list of strings.

    Raises:
        ValueError: an argument is out of range, a character of a prompt is unknown, or
            the model has a layer that cannot run one step at a time.
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    if not prompts or not all(prompts):
        raise ValueError(
            "An empty prompt gives the network nothing to continue: start with one "
            'character at least, such as "\\n".'
        )
    if n_chars < 0:
        raise ValueError(f"n_chars={n_chars} is negative: it must be 0 or more.")
    # Shorter prompts are padded; padding is replaced by what the network writes.
    n_steps = max(map(len, prompts))
    given = np.full([len(prompts), n_steps], PAD, np.int32)
    for row, string in zip(given, prompts, strict=True):
        row[: len(string)] = characters.encode(string)
    scaled_logits(tf.zeros([1, characters.size]), temperature, top_k)  # fail early
    write = _compiled(model, temperature, top_k)
    ids = write(given, tf.constant(n_steps + n_chars), tf.constant(seed)).numpy()
    texts = [
        characters.decode(row[: len(string) + n_chars])
        for row, string in zip(ids, prompts, strict=True)
    ]
    return texts[0] if isinstance(prompt, str) else texts


@functools.lru_cache(maxsize=8)
def _compiled(model, temperature, top_k):
    """Return a compiled function from prompts `[batch, n]` to ids `[batch, total]`."""
    layers = [x for x in model.layers if not isinstance(x, _NOT_USED_HERE)]
    for layer in layers:
        if not isinstance(layer, _STEPWISE):
            raise ValueError(
                f"The layer {layer.name!r}, a {type(layer).__name__}, cannot run one "
                "step at a time: use Embedding, recurrent, Dropout and Dense layers."
            )

    def one_step(ids, states):
        """Run ids `[batch]` through all the layers; return logits and new states."""
        outputs, new_states = ids, []
        for layer in layers:
            if isinstance(layer, keras.layers.RNN):
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
        ]
    )
    def write(given, n_total, seed):
        batch_size, n_given = tf.shape(given)[0], tf.shape(given)[1]
        states = [
            layer.cell.get_initial_state(batch_size=batch_size, dtype=tf.float32)
            for layer in layers
            if isinstance(layer, keras.layers.RNN)
        ]
        written = tf.TensorArray(tf.int32, size=n_total)
        ids = given[:, 0]
        for step in tf.range(n_total):
            written = written.write(step, ids)
            logits, states = one_step(ids, states)
            ids = draw(logits, seed, step + 1, temperature, top_k)
            if step + 1 < n_given:
                ids = tf.where(given[:, step + 1] == PAD, ids, given[:, step + 1])
        return tf.transpose(written.stack())

    return write
