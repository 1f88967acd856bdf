import functools
import gc
import math
import weakref

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import sampling
from nlp_helpers.vocabulary import Characters

keras = tf.keras

CHARACTERS = Characters("the quick brown fox jumps over the lazy dog")

few_examples = settings(max_examples=30)
some_logits = st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=12)


def softmax(logits):
    weights = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return weights / weights.sum()


def as_logits(values):
    return tf.constant([values], tf.float32)


@few_examples
@given(values=some_logits, temperature=st.floats(0.05, 1e300))
def test_probabilities_are_proportional_to_a_power(values, temperature):
    scaled = sampling.scaled_logits(as_logits(values), temperature)[0]
    powers = softmax(values)[1:] ** (1 / temperature)
    expected = [0, *(powers / powers.sum())]
    np.testing.assert_allclose(softmax(scaled), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("temperature", [1e-3, 1e-45, 5e-324])
def test_at_tiny_temperatures_the_most_likely_is_certain(temperature):
    logits = as_logits([9.0, 2.0, 30.0, 20.0, 0.0, -5.0])
    assert sampling.draw(logits, 1, 1, temperature) == 2


def test_by_default_padding_is_all_that_is_left_out():
    logits = tf.random.stateless_normal([4, 9], [1, 2])
    scaled = sampling.scaled_logits(logits).numpy()
    np.testing.assert_array_equal(scaled[:, 0], -np.inf)
    np.testing.assert_array_equal(scaled[:, 1:], logits[:, 1:])


@few_examples
@given(rows=st.lists(st.permutations(range(9)), min_size=1), top_k=st.integers(1, 8))
def test_top_k_keeps_the_k_most_likely_of_each_row(rows, top_k):
    scaled = sampling.scaled_logits(tf.constant(rows, tf.float32), 0.7, top_k)
    for row, scaled_row in zip(rows, scaled.numpy(), strict=True):
        kept = set(np.flatnonzero(np.isfinite(scaled_row)))
        assert kept == set(sorted(range(1, 9), key=row.__getitem__)[-top_k:])


@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_of_equal_logits_top_k_keeps_the_first(top_k):
    scaled = sampling.scaled_logits(tf.zeros([2, 5]), top_k=top_k).numpy()
    assert np.isfinite(scaled).tolist() == [[0 < k <= top_k for k in range(5)]] * 2


@pytest.mark.parametrize("temperature", [0, -0.5, math.nan, math.inf])
def test_bad_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match=r"^temperature=.* must be a number above 0"):
        sampling.scaled_logits(as_logits([0, 1, 2]), temperature)


@pytest.mark.parametrize("top_k", [-1, 0, 1.5, 5])
def test_top_k_out_of_range_is_refused(top_k):
    with pytest.raises(ValueError, match=f"^top_k={top_k} .* from 1 to 4"):
        sampling.scaled_logits(tf.zeros([1, 5]), top_k=top_k)


@pytest.mark.parametrize(
    ("temperature", "top_k", "possible"),
    [(1, None, [1, 2, 3, 4]), (0.5, None, [1, 2, 3, 4]), (2.0, 3, [2, 3, 4])],
)
def test_draws_are_as_frequent_as_they_are_likely(temperature, top_k, possible):
    values, n_draws = np.array([9.0, 0.0, 1.0, 2.0, 0.5]), 20_000
    logits = tf.tile(as_logits(values), [n_draws, 1])
    drawn = sampling.draw(logits, 7, 3, temperature, top_k)
    assert (drawn.dtype, drawn.shape) == (tf.int32, [n_draws])
    counts = np.bincount(drawn, minlength=5)
    expected = n_draws * softmax(values[possible] / temperature)
    chi_square = ((counts[possible] - expected) ** 2 / expected).sum()
    assert chi_square < 25  # 3 degrees of freedom: one in 60,000 is above
    assert counts[possible].sum() == n_draws


def test_the_seed_and_the_step_decide_the_draw():
    logits = tf.zeros([30, 50])

    def drawn(seed, step):
        return sampling.draw(logits, seed, step).numpy().tolist()

    assert drawn(1, 2) == drawn(1, 2)
    assert drawn(1, 2) != drawn(1, 3) != drawn(2, 3)


# Whole texts


@pytest.fixture(scope="module")
def model():
    """Return a network with a layer of each kind that `generate` can run."""
    keras.utils.set_random_seed(0)
    # Large random weights make the next character depend much on those before it.
    spread = functools.partial(keras.initializers.RandomNormal, stddev=1)
    return keras.Sequential(
        [
            keras.layers.Embedding(CHARACTERS.size, 8, embeddings_initializer=spread()),
            keras.layers.GRU(16, return_sequences=True),
            keras.layers.Dropout(0.5),
            keras.layers.LSTM(16, return_sequences=True),
            keras.layers.SimpleRNN(16, return_sequences=True),
            keras.layers.Dense(CHARACTERS.size, kernel_initializer=spread()),
        ]
    )


@pytest.fixture(scope="module")
def generate(model):
    return functools.partial(sampling.generate, model, CHARACTERS)


@pytest.fixture(scope="module")
def reread(model):
    """Return a function that reads all it has written anew for each character."""
    run = tf.function(model, input_signature=[tf.TensorSpec([None, None], tf.int32)])

    def write(prompts, n_chars, seed=42, **how):
        texts = [prompt[:1] for prompt in prompts]
        for length in range(1, max(map(len, prompts)) + n_chars):
            ids = tf.stack([CHARACTERS.encode(text) for text in texts])
            drawn = sampling.draw(run(ids)[:, -1], seed, length, **how)
            texts = [
                text + (prompt[length : length + 1] or CHARACTERS.decode([id]))
                for text, prompt, id in zip(texts, prompts, drawn, strict=True)
            ]
        return [t[: len(p) + n_chars] for t, p in zip(texts, prompts, strict=True)]

    return write


@pytest.mark.parametrize("how", [{}, {"temperature": 2.5, "top_k": 5, "seed": 3}])
def test_generates_what_reading_the_whole_text_again_gives(generate, reread, how):
    prompts = ["the quick", "d", "fox", "the quick"]
    written = generate(prompts, 15, **how)
    assert written == reread(prompts, 15, **how)
    assert [len(text) for text in written] == [24, 16, 18, 24]
    assert all(map(str.startswith, written, prompts))
    assert written[0] != written[3]


@pytest.mark.parametrize("prompt", ["the fox", "t", ["dog", "o"]])
def test_nothing_to_add_gives_the_prompt(generate, prompt):
    assert generate(prompt, 0) == prompt


def test_a_list_of_one_stays_a_list(generate):
    assert generate(["fox"], 9) == [generate("fox", 9)]


def test_the_seed_decides_the_text(generate):
    first, again, other = (generate("t", 30, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_numpy_integers_are_integers(generate):
    n_chars, top_k, seed = map(np.int64, (20, 3, 5))
    written = generate("the", n_chars, top_k=top_k, seed=seed)
    assert written == generate("the", 20, top_k=3, seed=5)


def test_an_accent_may_be_a_character_of_its_own():
    characters = Characters("caf\u00e9")
    model = keras.Sequential(
        [keras.layers.Embedding(5, 4), keras.layers.Dense(characters.size)]
    )
    composed = sampling.generate(model, characters, ["caf\u00e9", "c"], 3)
    assert sampling.generate(model, characters, ["cafe\u0301", "c"], 3) == composed


def test_new_weights_are_used_at_once(model, generate, reread):
    before, weights = generate("the", 30), model.get_weights()
    try:
        model.set_weights([-array for array in weights])
        assert before != generate("the", 30)
        assert [generate("the", 30)] == reread(["the"], 30)
    finally:
        model.set_weights(weights)


def small_model(*layers):
    """Return a stack of layers between an embedding and the logits."""
    embedding = keras.layers.Embedding(CHARACTERS.size, 8)
    model = keras.Sequential([embedding, *layers, keras.layers.Dense(CHARACTERS.size)])
    model(np.ones([1, 1], np.int32))
    return model


def always(letter):
    """Return a layer whose logits make one letter certain."""
    bias = np.where(np.arange(CHARACTERS.size) == CHARACTERS.encode(letter), 99, 0)
    start = keras.initializers.Constant(bias)
    return keras.layers.Dense(CHARACTERS.size, bias_initializer=start)


def test_other_layers_are_used_at_once():
    model = small_model(keras.layers.GRU(4, return_sequences=True))
    for letter in "qx":
        model.pop()
        model.add(always(letter))
        for n_chars in (2, 4):  # the second time nothing has changed
            written = sampling.generate(model, CHARACTERS, "t", n_chars)
            assert written == "t" + letter * n_chars


def test_nothing_holds_on_to_a_model_that_has_written():
    model = small_model()
    sampling.generate(model, CHARACTERS, "the", 2)
    held = weakref.ref(model)
    del model
    gc.collect()
    assert held() is None


def test_the_temperature_does_not_need_another_compilation(monkeypatch):
    made = []
    make = sampling._make_writer
    monkeypatch.setattr(
        sampling,
        "_make_writer",
        lambda *args, **how: made.append(how) or make(*args, **how),
    )
    model = small_model()
    for temperature in (0.1, 1, 2.5):
        sampling.generate(model, CHARACTERS, "t", 2, temperature=temperature)
    assert made == [{"top_k": None}]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_logits_that_are_not_finite_are_reported(value):
    model = small_model()
    model.layers[-1].bias.assign(np.full(CHARACTERS.size, value))
    with pytest.raises(FloatingPointError, match="logits are not finite"):
        sampling.generate(model, CHARACTERS, "t", 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not finite"):
        sampling.scaled_logits(as_logits([0, value, 2]))


def test_a_model_of_half_precision_writes():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = small_model(
            keras.layers.GRU(4, return_sequences=True),
            keras.layers.LSTM(4, return_sequences=True),
        )
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert model.layers[1].compute_dtype == "float16"
    assert len(sampling.generate(model, CHARACTERS, "the", 9, top_k=3)) == 12


@pytest.mark.parametrize(
    ("prompt", "options", "message"),
    [
        ("", {}, "An empty prompt"),
        ([], {}, "An empty prompt"),
        (["the", ""], {}, "An empty prompt"),
        (["the", "oZ"], {}, "character 'Z' at position 1 "),
        ("the", {"n_chars": -1}, "n_chars=-1 is negative"),
        ("the", {"temperature": 0}, "^temperature=0 "),
        ("the", {"top_k": CHARACTERS.size}, f"^top_k={CHARACTERS.size} "),
        ("the", {"seed": 2**31}, "^seed=2147483648 must have 32 bits"),
    ],
)
def test_generate_refuses_what_it_cannot_do(generate, prompt, options, message):
    with pytest.raises(ValueError, match=message):
        generate(prompt, **{"n_chars": 5, **options})


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv1D(16, 3, padding="causal", name="looks_back"),
        keras.layers.Bidirectional(keras.layers.GRU(8), name="looks_ahead"),
    ],
)
def test_a_layer_that_cannot_run_one_step_at_a_time_is_named(layer):
    model = keras.Sequential([keras.layers.Embedding(CHARACTERS.size, 8), layer])
    expected = f"layer '{layer.name}', a {type(layer).__name__}, cannot"
    with pytest.raises(ValueError, match=expected):
        sampling.generate(model, CHARACTERS, "the", 5)


class Residual(keras.Sequential):
    """Adds what goes in to what comes out."""

    def call(self, inputs):
        return super().call(inputs) + tf.one_hot(inputs, CHARACTERS.size)


class ResidualGRU(keras.layers.GRU):
    """Adds what goes in to what comes out."""

    def call(self, sequences, initial_state=None, mask=None, training=None):
        others = {"initial_state": initial_state, "mask": mask, "training": training}
        return super().call(sequences, **others) + sequences


def functional():
    ids = keras.Input([None], dtype=tf.int32)
    embedded = keras.layers.Embedding(CHARACTERS.size, CHARACTERS.size)(ids)
    dense = keras.layers.Dense(CHARACTERS.size)(embedded)
    return keras.Model(ids, dense + embedded)


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (functional(), "A Functional may do more than"),
        (Residual(small_model().layers), "A Residual may do more than"),
        (small_model(ResidualGRU(8, return_sequences=True)), "a ResidualGRU, cannot"),
        (
            small_model(keras.layers.GRU(8, return_sequences=True, go_backwards=True)),
            "a GRU, must read forwards",
        ),
        (
            small_model(keras.layers.LSTM(8), keras.layers.RepeatVector(1)),
            "a LSTM, must .* return every step",
        ),
    ],
)
def test_a_model_that_would_be_run_in_another_way_is_refused(model, complaint):
    with pytest.raises(ValueError, match=complaint):
        sampling.generate(model, CHARACTERS, "the", 5)
