import functools
import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import sampling, text

keras = tf.keras

CORPUS = "the quick brown fox jumps over the lazy dog"
CHARACTERS = text.Characters(CORPUS)

few_examples = settings(max_examples=30)
some_logits = st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=12)
bad_temperatures = st.floats(max_value=0) | st.sampled_from([math.nan, math.inf])


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


@few_examples
@given(temperature=st.floats(0, 1e-3, exclude_min=True))
def test_at_tiny_temperatures_the_most_likely_is_certain(temperature):
    logits = as_logits([9.0, 2.0, 30.0, 20.0, 0.0, -5.0])
    assert sampling.draw(logits, 1, 1, temperature) == 2


def test_by_default_padding_is_all_that_is_left_out():
    logits = tf.random.stateless_normal([4, 9], [1, 2])
    scaled = sampling.scaled_logits(logits).numpy()
    np.testing.assert_array_equal(scaled[:, 0], -np.inf)
    np.testing.assert_array_equal(scaled[:, 1:], logits[:, 1:])


@few_examples
@given(order=st.permutations(range(9)), data=st.data())
def test_top_k_keeps_the_k_most_likely(order, data):
    top_k = data.draw(st.integers(1, 8))
    scaled = sampling.scaled_logits(as_logits(order), 0.7, top_k)[0]
    kept = set(np.flatnonzero(np.isfinite(scaled)))
    assert kept == set(sorted(range(1, 9), key=order.__getitem__)[-top_k:])


def test_top_k_is_taken_row_by_row():
    logits = tf.constant([[9.0, 1, 2, 3], [9, 3, 2, 1]])
    scaled = sampling.scaled_logits(logits, top_k=2).numpy()
    kept = [[False, False, True, True], [False, True, True, False]]
    np.testing.assert_array_equal(np.isfinite(scaled), kept)


@few_examples
@given(temperature=bad_temperatures)
def test_bad_temperatures_are_refused(temperature):
    for refusing in (
        lambda: sampling.scaled_logits(as_logits([0, 1, 2]), temperature),
        lambda: sampling.draw(as_logits([0, 1, 2]), 1, 1, temperature),
    ):
        with pytest.raises(ValueError, match="must be a number above 0") as caught:
            refusing()
        assert f"temperature={temperature} " in str(caught.value)


@few_examples
@given(top_k=st.integers(max_value=0) | st.integers(min_value=5))
def test_top_k_out_of_range_is_refused(top_k):
    with pytest.raises(ValueError, match=f"top_k={top_k} .* from 1 to 4"):
        sampling.scaled_logits(tf.zeros([1, 5]), top_k=top_k)


def frequencies(values, **how):
    n_draws = 20_000
    drawn = sampling.draw(tf.tile(as_logits(values), [n_draws, 1]), 7, 3, **how)
    assert drawn.dtype == tf.int32
    assert drawn.shape == [n_draws]
    return np.bincount(drawn, minlength=len(values)), n_draws


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_are_as_frequent_as_they_are_likely(temperature):
    values = [3.0, 0.0, 1.0, 2.0, 0.5]
    counts, n_draws = frequencies(values, temperature=temperature)
    expected = n_draws * softmax(np.array(values[1:]) / temperature)
    chi_square = ((counts[1:] - expected) ** 2 / expected).sum()
    assert chi_square < 25  # 3 degrees of freedom: one in 60,000 is above
    assert counts[0] == 0


def test_a_low_temperature_favours_the_likely_and_a_high_one_evens_out():
    likeliest = [
        frequencies([0.0, 0.0, 1.0, 2.0], temperature=t)[0][3] for t in (0.3, 1, 5)
    ]
    assert likeliest[0] > 1.3 * likeliest[1] > 1.3 * 1.3 * likeliest[2]


def test_padding_is_never_drawn_however_likely():
    counts, _ = frequencies([50.0, 0.0, 0.0], temperature=10.0)
    assert counts[0] == 0


def test_drawing_among_the_top_k_only():
    counts, n_draws = frequencies([9.0, 0.0, 1.0, 2.0, 0.5], top_k=2)
    assert list(counts > 0) == [False, False, True, True, False]
    assert counts[3] / n_draws == pytest.approx(softmax([1.0, 2.0])[1], abs=0.02)


@few_examples
@given(order=st.permutations(range(9)), temperature=st.floats(0.1, 10))
def test_top_1_is_the_most_likely_id(order, temperature):
    drawn = sampling.draw(as_logits(order), 1, 1, temperature, top_k=1)
    assert drawn[0] == np.argmax(order[1:]) + 1


def test_the_seed_and_the_step_decide_the_draw():
    logits = tf.zeros([30, 50])

    def drawn(seed, step):
        return sampling.draw(logits, seed, step).numpy().tolist()

    assert drawn(1, 2) == drawn(1, 2)
    assert drawn(1, 2) != drawn(1, 3) != drawn(2, 3)


def small_model(recurrent=keras.layers.GRU, extra=(), seed=0):
    keras.utils.set_random_seed(seed)
    # Large random weights make the next character depend much on those before it.
    spread = functools.partial(keras.initializers.RandomNormal, stddev=1)
    return keras.Sequential(
        [
            keras.layers.Embedding(CHARACTERS.size, 8, embeddings_initializer=spread()),
            recurrent(16, return_sequences=True),
            keras.layers.Dropout(0.5),
            *extra,
            recurrent(16, return_sequences=True),
            keras.layers.Dense(CHARACTERS.size, kernel_initializer=spread()),
        ]
    )


@pytest.fixture(scope="module")
def model():
    return small_model()


@functools.cache
def whole_texts_through(model):
    return tf.function(model, input_signature=[tf.TensorSpec([None, None], tf.int32)])


def refeed(model, prompts, n_chars, seed=42, **how):
    """Write texts by reading each one anew, from its start, for each character."""
    texts = [prompt[:1] for prompt in prompts]
    for length in range(1, max(map(len, prompts)) + n_chars):
        ids = tf.stack([CHARACTERS.encode(written) for written in texts])
        drawn = sampling.draw(
            whole_texts_through(model)(ids)[:, -1], seed, length, **how
        )
        for row, prompt in enumerate(prompts):
            given_or_drawn = prompt[length : length + 1] or CHARACTERS.decode(
                drawn[row : row + 1]
            )
            texts[row] += given_or_drawn
    lengths = [len(prompt) + n_chars for prompt in prompts]
    return [written[:n] for written, n in zip(texts, lengths, strict=True)]


@pytest.mark.parametrize("recurrent", ["GRU", "LSTM", "SimpleRNN"])
def test_generates_what_feeding_the_whole_text_again_gives(recurrent):
    model = small_model(getattr(keras.layers, recurrent))
    written = sampling.generate(model, CHARACTERS, "the fox", 25)
    assert [written] == refeed(model, ["the fox"], 25)


def test_generates_the_same_with_temperature_top_k_and_seed(model):
    how = {"temperature": 2.5, "top_k": 5, "seed": 3}
    written = sampling.generate(model, CHARACTERS, "the fox", 25, **how)
    assert [written] == refeed(model, ["the fox"], 25, **how)
    assert written != sampling.generate(model, CHARACTERS, "the fox", 25, seed=3)


def test_prompts_of_unequal_lengths_continue_together(model):
    prompts = ["the quick", "d", "fox", "the quick"]
    written = sampling.generate(model, CHARACTERS, prompts, 15)
    assert [len(line) for line in written] == [24, 16, 18, 24]
    assert all(map(str.startswith, written, prompts))
    assert written == refeed(model, prompts, 15)
    assert written[0] != written[3]


@pytest.mark.parametrize("prompt", ["the fox", "t", ["dog", "o"]])
def test_nothing_to_add_gives_the_prompt(model, prompt):
    assert sampling.generate(model, CHARACTERS, prompt, 0) == prompt


def test_a_list_of_one_stays_a_list(model):
    alone = sampling.generate(model, CHARACTERS, "fox", 9)
    assert sampling.generate(model, CHARACTERS, ["fox"], 9) == [alone]


def test_the_seed_decides_the_text(model):
    texts = [sampling.generate(model, CHARACTERS, "t", 30, seed=s) for s in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_greedy_text_does_not_depend_on_the_seed(model):
    texts = {
        sampling.generate(model, CHARACTERS, "t", 30, top_k=1, seed=s) for s in (1, 2)
    }
    assert len(texts) == 1


def test_new_weights_are_used_at_once(model):
    other = small_model(seed=1)
    before = sampling.generate(other, CHARACTERS, "the", 30)
    other.set_weights(model.get_weights())
    after = sampling.generate(other, CHARACTERS, "the", 30)
    assert before != after == sampling.generate(model, CHARACTERS, "the", 30)


@pytest.mark.parametrize("prompt", ["", [], ["the", ""]])
def test_an_empty_prompt_is_refused(model, prompt):
    with pytest.raises(ValueError, match="An empty prompt"):
        sampling.generate(model, CHARACTERS, prompt, 5)


def test_an_unknown_character_in_a_prompt_is_refused(model):
    with pytest.raises(ValueError, match="character 'Z' at position 1 "):
        sampling.generate(model, CHARACTERS, ["the", "oZ"], 5)


@few_examples
@given(n_chars=st.integers(max_value=-1))
def test_a_negative_number_of_characters_is_refused(model, n_chars):
    with pytest.raises(ValueError, match=f"n_chars={n_chars} is negative"):
        sampling.generate(model, CHARACTERS, "the", n_chars)


@few_examples
@given(temperature=bad_temperatures)
def test_generate_refuses_bad_temperatures(model, temperature):
    with pytest.raises(ValueError, match=r"^temperature="):
        sampling.generate(model, CHARACTERS, "the", 5, temperature=temperature)


def test_generate_refuses_a_top_k_out_of_range(model):
    with pytest.raises(ValueError, match=f"^top_k={CHARACTERS.size} "):
        sampling.generate(model, CHARACTERS, "the", 5, top_k=CHARACTERS.size)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv1D(16, 3, padding="causal", name="looks_back"),
        keras.layers.Bidirectional(
            keras.layers.GRU(8, return_sequences=True), name="looks_ahead"
        ),
    ],
)
def test_a_layer_that_cannot_run_one_step_at_a_time_is_named(layer):
    model = small_model(extra=[layer])
    expected = f"layer '{layer.name}', a {type(layer).__name__}, cannot"
    with pytest.raises(ValueError, match=expected):
        sampling.generate(model, CHARACTERS, "the", 5)
