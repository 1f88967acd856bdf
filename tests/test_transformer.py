import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import seq2seq, transformer
from nlp_helpers.text import Words

keras = tf.keras
few_examples = settings(max_examples=25, deadline=None)

SOURCE = np.array([[2, 5, 6, 7, 3, 0], [2, 9, 3, 0, 0, 0], [2, 4, 8, 4, 9, 3]])
TARGET = np.array([[2, 4, 5, 6], [2, 6, 3, 0], [2, 8, 7, 5]])


def random(*shape, seed=1):
    return tf.random.stateless_normal(shape, [seed, 2])


def translator(**options):
    keras.utils.set_random_seed(7)
    sizes = (16, 4, 32, 2, 10)  # d_model, n_heads, d_ff, n_blocks, max_steps
    model = transformer.Transformer(12, 9, *sizes, **options)
    model((SOURCE, TARGET))
    for weight in model.weights:  # biases too, which start at zero
        weight.assign_add(0.3 * random(*weight.shape))
    return model


# Positions


@few_examples
@given(n_steps=st.integers(1, 60), d_model=st.integers(1, 33))
def test_positions_are_the_sines_and_cosines_of_the_paper(n_steps, d_model):
    encoding = transformer.positional_encoding(n_steps, d_model)
    assert encoding.shape == (n_steps, d_model)
    for t in {0, n_steps // 2, n_steps - 1}:
        for place in range(d_model):
            angle = t / 10_000 ** (2 * (place // 2) / d_model)
            wave = math.cos(angle) if place % 2 else math.sin(angle)
            assert encoding[t, place] == pytest.approx(wave, abs=1e-5)


@given(sizes=st.sampled_from([(0, 8), (-1, 8), (5, 0), (5, -2)]))
def test_positions_need_sizes_above_zero(sizes):
    with pytest.raises(ValueError, match="must both be 1 or more"):
        transformer.positional_encoding(*sizes)


# Masks


@given(n_steps=st.integers(1, 12))
def test_causal_mask_shows_the_past_and_the_present(n_steps):
    mask = transformer.causal_mask(n_steps).numpy()
    rows, columns = np.indices([n_steps, n_steps])
    np.testing.assert_array_equal(mask[0], columns <= rows)


def test_padding_mask():
    mask = transformer.padding_mask(tf.constant([[3, 1, 0], [0, 2, 2]])).numpy()
    assert mask.tolist() == [[[True, True, False]], [[False, True, True]]]


# Attention


def attention_beside_keras(d_model, n_heads):
    ours = transformer.MultiHeadAttention(d_model, n_heads)
    library = keras.layers.MultiHeadAttention(n_heads, d_model // n_heads)
    ours(random(1, 2, d_model), random(1, 2, d_model))
    library(random(1, 2, d_model), random(1, 2, d_model))
    weights = [random(*w.shape, seed=k) for k, w in enumerate(ours.weights)]
    ours.set_weights(weights)
    shapes = [w.shape for w in library.weights]
    library.set_weights(
        [np.reshape(w, shape) for w, shape in zip(weights, shapes, strict=True)]
    )
    return ours, library


@few_examples
@given(heads=st.sampled_from([1, 2, 3, 6]), seed=st.integers(0, 99))
def test_attention_equals_keras(heads, seed):
    ours, library = attention_beside_keras(12, heads)
    queries, memory = random(2, 3, 12, seed=seed), random(2, 5, 12, seed=seed + 1)
    mask = random(2, 3, 5, seed=seed + 2) > 0
    mask |= tf.range(5) == 0  # Keras masks softly: a row without any key differs
    outputs, weights = ours(queries, memory, mask)
    expected, expected_weights = library(
        queries, memory, attention_mask=mask, return_attention_scores=True
    )
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(weights, expected_weights, atol=1e-5)


def test_gradients_of_attention_equal_those_of_keras():
    ours, library = attention_beside_keras(8, 2)
    queries, memory = random(2, 4, 8), random(2, 4, 8, seed=5)
    gradients = []
    for layer in (ours, library):
        with tf.GradientTape() as tape:
            outputs = layer(queries, memory)
            outputs = outputs[0] if layer is ours else outputs
            loss = tf.reduce_sum(tf.sin(outputs))
        found = tape.gradient(loss, layer.trainable_weights)
        gradients.append([tf.reshape(g, [-1]) for g in found])
    for mine, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_a_query_that_may_look_nowhere_gives_no_nan():
    layer = transformer.MultiHeadAttention(8, 2)
    mask = tf.zeros([1, 3, 5], tf.bool)
    outputs, weights = layer(random(2, 3, 8), random(2, 5, 8), mask)
    np.testing.assert_allclose(weights, 1 / 5, atol=1e-6)
    assert np.isfinite(outputs).all()


@given(d_model=st.integers(1, 40), n_heads=st.integers(-2, 40))
def test_heads_must_divide_the_width(d_model, n_heads):
    if n_heads >= 1 and d_model % n_heads == 0:
        transformer.MultiHeadAttention(d_model, n_heads)
        return
    with pytest.raises(ValueError, match="does not divide"):
        transformer.MultiHeadAttention(d_model, n_heads)


@given(
    shape=st.sampled_from([(5,), (3, 5), (2, 4, 5), (3, 3, 5), (2, 3, 4), (2, 4, 3, 5)])
)
def test_a_mask_of_the_wrong_shape_is_refused(shape):
    layer = transformer.MultiHeadAttention(8, 2)
    with pytest.raises(ValueError, match="does not fit scores"):
        layer(random(2, 3, 8), random(2, 5, 8), tf.ones(shape, tf.bool))


@pytest.mark.parametrize("shape", [(1, 1, 5), (2, 1, 5), (1, 3, 5), (2, 3, 5)])
def test_masks_that_fit_are_taken(shape):
    layer = transformer.MultiHeadAttention(8, 2)
    outputs, _ = layer(random(2, 3, 8), random(2, 5, 8), tf.ones(shape, tf.bool))
    assert outputs.shape == (2, 3, 8)


# The whole network


@pytest.fixture(scope="module", params=[True, False], ids=["pre", "post"])
def model(request):
    return translator(norm_first=request.param)


def test_no_step_sees_a_later_one(model):
    logits = model((SOURCE, TARGET)).numpy()
    for k in range(1, 4):
        changed = TARGET.copy()
        changed[:, k:] = 1
        moved = np.abs(model((SOURCE, changed)) - logits).max(axis=-1) > 1e-4
        assert not moved[:, :k].any()
        assert moved[:, k].all()


def test_padding_of_the_source_has_no_say(model):
    logits = model((SOURCE, TARGET))
    padded = np.pad(SOURCE, [(0, 0), (0, 4)])
    np.testing.assert_allclose(model((padded, TARGET)), logits, atol=1e-4)
    alone = model((SOURCE[1:2, :3], TARGET[1:2]))
    np.testing.assert_allclose(alone[0], logits[1], atol=1e-4)


def test_every_word_of_the_source_has_a_say(model):
    logits = model((SOURCE, TARGET)).numpy()
    for k in range(6):
        changed = SOURCE.copy()
        changed[2, k] = 10
        assert np.abs(model((changed, TARGET)) - logits)[2].max() > 1e-3


def test_one_step_at_a_time_gives_the_logits_of_all_at_once(model):
    real = TARGET.copy()
    real[real == 0] = 1  # all at once, nobody looks at padding
    logits = model((SOURCE, real)).numpy()
    state, memory = model.encode(SOURCE)
    for k in range(4):
        found, state = model.step(tf.constant(real[:, k]), state, memory)
        np.testing.assert_allclose(found, logits[:, k], atol=1e-4)


def test_beam_search_of_width_1_is_greedy(model):
    ids, _ = seq2seq.beam_search(
        model.step, *model.encode(SOURCE), beam_width=1, max_length=6
    )
    written = np.full([3, 1], Words.SOS)
    for _ in range(6):
        best = np.argmax(model((SOURCE, written))[:, -1], axis=-1)
        written = np.concatenate([written, best[:, np.newaxis]], axis=1)
    for found, expected in zip(ids[:, 0].numpy(), written[:, 1:], strict=True):
        end = np.flatnonzero(expected == Words.EOS)
        stop = end[0] + 1 if len(end) else 6
        np.testing.assert_array_equal(found[:stop], expected[:stop])


def test_compiled_search_equals_the_eager_one(model):
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64)])
    def search(source):
        return seq2seq.beam_search(
            model.step, *model.encode(source), beam_width=3, max_length=6
        )

    ids, scores = seq2seq.beam_search(
        model.step, *model.encode(SOURCE), beam_width=3, max_length=6
    )
    compiled_ids, compiled_scores = search(SOURCE)
    np.testing.assert_array_equal(ids, compiled_ids)
    np.testing.assert_allclose(scores, compiled_scores, atol=1e-4)


def test_dropout_is_on_in_training_only():
    model = translator(dropout=0.5)
    logits = model((SOURCE, TARGET))
    np.testing.assert_array_equal(logits, model((SOURCE, TARGET)))
    assert np.abs(model((SOURCE, TARGET), training=True) - logits).max() > 0.1


def test_the_network_learns_to_copy():
    keras.utils.set_random_seed(3)
    model = transformer.Transformer(12, 12, 32, 4, 64, 1, 10)
    ids = np.random.default_rng(1).integers(4, 12, [256, 5])
    target = np.pad(ids, [(0, 0), (1, 0)], constant_values=Words.SOS)
    model.compile(loss=seq2seq.masked_loss, optimizer=keras.optimizers.Adam(1e-2))
    history = model.fit((ids, target[:, :-1]), ids, epochs=25, verbose=0)
    assert history.history["loss"][-1] < 0.1


# Language models


def test_a_causal_language_model_does_not_see_the_next_id():
    keras.utils.set_random_seed(5)
    for causal in (True, False):
        model = transformer.LanguageModel(12, 16, 4, 32, 2, 10, causal=causal)
        logits = model(TARGET + 1)
        changed = np.array(TARGET + 1)
        changed[:, -1] = 11
        moved = np.abs(model(changed) - logits).max(axis=(0, 2)) > 1e-5
        assert moved.tolist() == [not causal] * 3 + [True]


def test_what_is_added_is_added_to_the_embeddings():
    stack = transformer.Stack(12, 16, 4, 32, 1, 10)
    ids = np.array([[4, 5, 6]])
    outputs, _ = stack(ids)
    difference = stack.embedding(np.array([[9, 5, 6]])) - stack.embedding(ids)
    shifted, _ = stack(ids, added=difference * 4.0)  # 4 is the root of d_model
    np.testing.assert_allclose(shifted, stack(np.array([[9, 5, 6]]))[0], atol=1e-5)
    assert np.abs(shifted - outputs).max() > 1e-2


def test_a_sequence_longer_than_the_positions_is_refused():
    stack = transformer.Stack(12, 16, 4, 32, 1, 10)
    assert stack(np.ones([1, 10], int))[0].shape == (1, 10, 16)
    with pytest.raises(ValueError, match="11 steps are more than the 10 positions"):
        stack(np.ones([1, 11], int))


def test_a_step_beyond_the_positions_is_refused():
    stack = transformer.Stack(12, 16, 4, 32, 1, 3)
    state = stack.start(1)
    for _ in range(3):
        _, state = stack.step(tf.constant([4]), state)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no more positions"):
        stack.step(tf.constant([4]), state)


def test_a_source_longer_than_the_positions_is_refused_by_translate():
    words = Words(["a b c d e f g h"])
    model = transformer.Transformer(words.size, words.size, 8, 2, 16, 1, 6)
    assert model.max_words == 4
    with pytest.raises(ValueError, match="has 5 words: the model takes 4"):
        seq2seq.translate(model, ["a b c d e"], words, words, max_length=4)
    assert len(seq2seq.translate(model, ["a b c d"], words, words, max_length=4)) == 1
