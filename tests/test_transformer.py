import contextlib
import functools
import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import transformer
from nlp_helpers.beam_search import beam_search, translate
from nlp_helpers.compiling import compiled
from nlp_helpers.metrics import masked_loss
from nlp_helpers.seq2seq import EncoderDecoder
from nlp_helpers.vocabulary import PAD, Words

keras = tf.keras

SOURCE = np.array([[2, 5, 6, 7, 3, 0], [2, 9, 3, 0, 0, 0], [2, 4, 8, 4, 9, 3]], "int32")
WRITTEN = np.array([[2, 4, 5, 6, 7], [2, 6, 1, 4, 4], [2, 8, 7, 5, 5]], "int32")


def config_of(**changes):
    sizes = {"d_model": 16, "n_heads": 4, "d_ff": 32, "n_blocks": 2, "max_steps": 10}
    return transformer.TransformerConfig(**{**sizes, **changes})


def random(*shape, seed=1):
    return tf.random.stateless_normal(shape, [seed, 2])


def randomised(layer, *inputs):
    """Return a layer that has seen inputs once, with weights that are all random."""
    keras.utils.set_random_seed(7)
    layer(*inputs)
    for weight in layer.weights:  # biases too, which start at zero
        weight.assign_add(0.3 * random(*weight.shape))
    return layer


# Positions and masks


@settings(max_examples=25)
@given(n_steps=st.integers(1, 60), d_model=st.integers(1, 33))
def test_positions_are_the_sines_and_cosines_of_the_paper(n_steps, d_model):
    encoding = transformer.positional_encoding(n_steps, d_model)
    assert encoding.shape == (n_steps, d_model)
    for t in {0, n_steps // 2, n_steps - 1}:
        for place in range(d_model):
            angle = t / 10_000 ** (2 * (place // 2) / d_model)
            wave = math.cos(angle) if place % 2 else math.sin(angle)
            assert encoding[t, place] == pytest.approx(wave, abs=1e-5)


@pytest.mark.parametrize("sizes", [(0, 8), (-1, 8), (5, 0)])
def test_positions_need_sizes_above_zero(sizes):
    with pytest.raises(ValueError, match="must both be 1 or more"):
        transformer.positional_encoding(*sizes)


@pytest.mark.parametrize(("n_steps", "n_before"), [(1, 0), (4, 0), (1, 3), (3, 2)])
def test_causal_mask_shows_the_past_and_the_present(n_steps, n_before):
    mask = transformer.causal_mask(n_steps, n_before).numpy()
    assert mask.shape == (1, n_steps, n_before + n_steps)
    for step, row in enumerate(mask[0]):
        seen = n_before + step + 1
        assert row.tolist() == [True] * seen + [False] * (n_steps - step - 1)


def test_padding_mask():
    mask = transformer.padding_mask(tf.constant([[3, 1, 0], [0, 2, 2]])).numpy()
    assert mask.tolist() == [[[True, True, False]], [[False, True, True]]]


# Attention


def keras_twin(attention):
    """Return the library's layer with the weights of ours, which has to be built."""
    n_heads, d_head = attention.n_heads, attention.d_head
    twin = keras.layers.MultiHeadAttention(n_heads, d_head)
    twin(*[random(1, 2, n_heads * d_head)] * 2)
    pairs = zip(attention.get_weights(), twin.weights, strict=True)
    twin.set_weights([np.reshape(ours, theirs.shape) for ours, theirs in pairs])
    return twin


@functools.cache
def attention_and_twin(n_heads):
    layer = transformer.MultiHeadAttention(12, n_heads)
    randomised(layer, *[random(1, 2, 12)] * 2)
    return layer, keras_twin(layer)


@pytest.mark.parametrize("n_heads", [1, 3, 4])
@pytest.mark.parametrize("n_cached", [0, 1, 3, 5])
def test_attention_equals_keras_however_much_of_the_context_is_cached(
    n_heads, n_cached
):
    layer, twin = attention_and_twin(n_heads)
    queries, context = random(2, 3, 12, seed=n_heads), random(2, 5, 12, seed=5)
    mask = random(2, 3, 5, seed=n_cached) > 0
    mask |= tf.range(5) == 0  # Keras masks softly: a row without any key differs

    cache = layer.keys_and_values(context[:, :n_cached]) if n_cached else None
    new = context[:, n_cached:] if n_cached < 5 else None
    outputs, weights, new_cache = layer(queries, new, mask, cache)
    expected, expected_weights = twin(
        queries, context, attention_mask=mask, return_attention_scores=True
    )
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(weights, expected_weights, atol=1e-5)
    for found, whole in zip(new_cache, layer.keys_and_values(context), strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-5)


def test_gradients_of_attention_equal_those_of_keras():
    gradients = []
    for layer in attention_and_twin(n_heads=3):
        with tf.GradientTape() as tape:
            outputs = layer(random(2, 4, 12), random(2, 4, 12, seed=5))
            outputs = outputs[0] if isinstance(outputs, tuple) else outputs
            loss = tf.reduce_sum(tf.sin(outputs))
        found = tape.gradient(loss, layer.trainable_weights)
        gradients.append([tf.reshape(g, [-1]) for g in found])
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_attention_to_nothing_is_refused():
    layer, _ = attention_and_twin(n_heads=3)
    with pytest.raises(ValueError, match="needs a context or a cache"):
        layer(random(2, 3, 12))


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_a_query_that_may_look_nowhere_gets_the_mean(dtype):
    layer = transformer.MultiHeadAttention(12, 3, dtype=dtype)
    mask = tf.zeros([1, 3, 5], tf.bool)
    outputs, weights, _ = layer(random(2, 3, 12), random(2, 5, 12), mask)
    np.testing.assert_allclose(weights, 1 / 5, rtol=1e-3)
    assert np.isfinite(outputs).all()


@pytest.mark.parametrize("n_heads", [-1, 0, 5, 24])
def test_heads_must_divide_the_width(n_heads):
    with pytest.raises(ValueError, match=f"n_heads={n_heads} does not divide"):
        transformer.MultiHeadAttention(12, n_heads)


@pytest.mark.parametrize(
    "shape", [(5,), (3, 5), (2, 4, 5), (3, 3, 5), (2, 3, 4), (2, 4, 3, 5)]
)
def test_a_mask_of_the_wrong_shape_is_refused(shape):
    layer, _ = attention_and_twin(n_heads=3)
    with pytest.raises(ValueError, match="does not fit scores"):
        layer(random(2, 3, 12), random(2, 5, 12), tf.ones(shape, tf.bool))


@pytest.mark.parametrize("shape", [(1, 1, 5), (2, 1, 5), (1, 3, 5)])
def test_a_mask_of_one_row_is_that_of_all_rows(shape):
    layer, _ = attention_and_twin(n_heads=3)
    queries, context, mask = random(2, 3, 12), random(2, 5, 12), random(*shape) > 0
    found, *_ = layer(queries, context, mask)
    expected, *_ = layer(queries, context, tf.broadcast_to(mask, [2, 3, 5]))
    np.testing.assert_array_equal(found, expected)


# Blocks


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("block_type", ["EncoderBlock", "DecoderBlock"])
def test_a_block_is_that_of_the_paper_or_has_its_norms_first(block_type, norm_first):
    x, memory = random(2, 4, 16), random(2, 3, 16, seed=2)
    mask = transformer.causal_mask(4)
    inputs = (x, memory, mask) if block_type == "DecoderBlock" else (x, mask)
    block = getattr(transformer, block_type)(config_of(norm_first=norm_first))
    outputs, *_ = randomised(block, *inputs)(*inputs)

    look = keras_twin(block.self_attention)
    parts = [lambda x: look(x, x, attention_mask=mask), block.feed_forward]
    if block_type == "DecoderBlock":
        read = keras_twin(block.cross_attention)
        parts.insert(1, lambda x: read(x, memory))
    for part, norm in zip(parts, block.norms, strict=True):
        x = x + part(norm(x)) if norm_first else norm(x + part(x))
    np.testing.assert_allclose(outputs, x, rtol=1e-4, atol=1e-4)


# Whole networks


@pytest.fixture(scope="module", params=[True, False], ids=["pre", "post"])
def config(request):
    return config_of(norm_first=request.param)


def translator_of(config):
    model = transformer.Transformer(config, source_size=12, target_size=12)
    return randomised(model, (SOURCE, WRITTEN))


@pytest.fixture(scope="module")
def translator(config):
    return translator_of(config)


@pytest.fixture(scope="module")
def language_model(config):
    model = transformer.LanguageModel(config, vocab_size=12)
    return randomised(model, WRITTEN)


def test_an_embedding_is_a_scaled_vector_and_that_of_the_position():
    embedding = transformer.TokenAndPositionEmbedding(12, config_of())
    found = embedding(WRITTEN, first_position=3)
    vectors = embedding.tokens(WRITTEN) * 4.0  # the root of d_model
    positions = transformer.positional_encoding(8, 16)[3:]
    np.testing.assert_allclose(found - vectors, [positions] * 3, atol=1e-5)


@pytest.fixture(params=["encoder", "decoder"])
def stack(request, config):
    """Return an encoder, or a decoder without a memory, as it begins."""
    if request.param == "encoder":
        return transformer.TransformerEncoder(12, config)
    return transformer.TransformerDecoder(12, config, cross_attention=False)


def test_what_comes_out_is_normalised(stack):
    outputs, *_ = stack(WRITTEN)
    np.testing.assert_allclose(np.mean(outputs, axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(np.std(outputs, axis=-1), 1, rtol=0.01)


def test_what_is_extra_is_added_to_the_embedding(stack):
    ids, other_ids = WRITTEN, WRITTEN[::-1]
    outputs, *_ = stack(other_ids)
    extra = stack.embedding(other_ids) - stack.embedding(ids)
    shifted, *_ = stack(ids, extra=extra)
    np.testing.assert_allclose(shifted, outputs, atol=1e-4)


def test_no_step_sees_a_later_one(translator):
    logits = translator((SOURCE, WRITTEN)).numpy()
    for k in range(1, 5):
        changed = WRITTEN.copy()
        changed[:, k:] = 11
        moved = np.abs(translator((SOURCE, changed)) - logits).max(axis=-1) > 1e-4
        assert not moved[:, :k].any()
        assert moved[:, k].all()


@contextlib.contextmanager
def another_vector(embedding, id):
    """Give an id another vector for a while."""
    table = embedding.tokens.embeddings
    before = table.numpy()
    table.assign(before + tf.one_hot([id] * 16, 12, axis=0) * random(16, seed=3))
    yield
    table.assign(before)


def test_words_of_the_source_have_a_say_and_padding_has_none(translator):
    logits = translator((SOURCE, WRITTEN)).numpy()
    for id in (PAD, 3, 5, 9):
        with another_vector(translator.encoder.embedding, id):
            moved = np.abs(translator((SOURCE, WRITTEN)) - logits) > 1e-4
        has_a_say = np.any(id == SOURCE, axis=1) & (id != PAD)
        np.testing.assert_array_equal(moved.any(axis=(1, 2)), has_a_say)


def test_no_word_of_the_decoder_looks_at_the_padding_behind_it(language_model):
    ids = np.array([[4, 5, 0, 0], [6, 0, 0, 0]], "int32")
    logits = language_model(ids).numpy()
    with another_vector(language_model.decoder.embedding, PAD):
        moved = np.abs(language_model(ids) - logits) > 1e-4
    np.testing.assert_array_equal(moved.any(axis=-1), ids == PAD)


def test_a_step_gives_what_all_at_once_gives_after_padding_too(translator):
    written = np.array([[2, 0, 5, 0], [2, 6, 0, 4], [2, 0, 0, 5]], "int32")
    expected = translator((SOURCE, written))
    cache, memory = translator.encode(SOURCE)
    for k in range(written.shape[1]):
        logits, cache = translator.step(written[:, k], cache, memory)
        np.testing.assert_allclose(logits, expected[:, k], atol=1e-4)


def test_attention_weights_show_where_each_block_looks(translator):
    memory, of_encoder = translator.encoder(SOURCE)
    mask = transformer.padding_mask(SOURCE)
    _, of_decoder, _ = translator.decoder(WRITTEN, memory, mask)
    to_itself, to_memory = zip(*of_decoder, strict=True)
    is_real = (SOURCE != PAD)[:, np.newaxis, np.newaxis]
    for blocks, may_look in [
        (of_encoder, np.broadcast_to(is_real, [3, 4, 6, 6])),
        (to_itself, np.broadcast_to(np.tri(5, dtype=bool), [3, 4, 5, 5])),
        (to_memory, np.broadcast_to(is_real, [3, 4, 5, 6])),
    ]:
        assert len(blocks) == 2
        for weights in blocks:
            np.testing.assert_array_equal(weights > 0, may_look)
            np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1), 1, rtol=1e-5)


def in_parts(decoder, cache, **memory):
    """Run a decoder over two steps at once, then over one by one."""
    outputs = []
    for ids in np.split(WRITTEN, [2, 3, 4], axis=1):
        output, _, cache = decoder(ids, cache=cache, **memory)
        outputs.append(output)
    return tf.concat(outputs, axis=1)


def test_a_translation_in_parts_is_that_of_all_at_once(translator):
    cache, (memory_cache, memory_mask) = translator.encode(SOURCE)
    outputs = in_parts(
        translator.decoder, cache, memory_cache=memory_cache, memory_mask=memory_mask
    )
    expected = translator((SOURCE, WRITTEN))
    np.testing.assert_allclose(translator.output_layer(outputs), expected, atol=1e-4)


def test_a_text_in_parts_is_that_of_all_at_once(language_model):
    outputs = in_parts(language_model.decoder, language_model.decoder.empty_cache(3))
    found = language_model.output_layer(outputs)
    np.testing.assert_allclose(found, language_model(WRITTEN), atol=1e-4)


def test_a_search_with_a_cache_finds_what_one_without_does(translator):
    def step_without_cache(ids, written, source):
        written = tf.concat([written, ids[:, tf.newaxis, tf.newaxis]], axis=1)
        return translator((source, written[:, :, 0]))[:, -1], written

    how = {"beam_width": 3, "max_length": 6}
    ids, scores = beam_search(translator.step, *translator.encode(SOURCE), **how)
    nothing = tf.zeros([3, 0, 1], tf.int32)
    expected = beam_search(step_without_cache, nothing, tf.constant(SOURCE), **how)
    np.testing.assert_array_equal(ids, expected[0])
    np.testing.assert_allclose(scores, expected[1], atol=1e-3)


def test_a_compiled_search_equals_the_eager_one_up_to_the_longest_source():
    words, how = Words(["a b c d e f g h"]), {"beam_width": 3, "max_length": 6}
    model = translator_of(config_of(n_blocks=1))
    sentences = ["a b", "c d e f g h a b", "h"]  # 8 and two signs fill 10 positions
    eager, _ = beam_search(model.step, *model.encode(words.encode(sentences)), **how)
    found = translate(model, sentences, words, words, **how)
    assert found == words.decode(eager[:, 0])
    with pytest.raises(ValueError, match="has 9 words: the model takes 8"):
        translate(model, ["a b c d e f g h a"], words, words, **how)
    assert translate(model, ["a b"], words, words, max_length=10)
    with pytest.raises(ValueError, match=r"max_length=50 is too large: .* 10 words"):
        translate(model, ["a b"], words, words)


def test_dropout_is_on_in_training_only():
    # This rate drops all, so that nothing is left to add up and to normalise.
    dropping = translator_of(config_of(n_blocks=1, dropout=1 - 1e-9))
    plain = translator_of(config_of(n_blocks=1))
    plain.set_weights(dropping.get_weights())
    np.testing.assert_array_equal(dropping((SOURCE, WRITTEN)), plain((SOURCE, WRITTEN)))
    for stack, inputs in [
        (dropping.encoder, [SOURCE]),
        (dropping.decoder, [WRITTEN, random(3, 6, 16)]),
    ]:
        outputs, *_ = stack(*inputs, training=True)
        nothing = stack.norm(tf.zeros_like(outputs))
        np.testing.assert_allclose(outputs, nothing, atol=1e-6)


def test_all_weights_learn(translator):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(translator((SOURCE, WRITTEN), training=True)))
    gradients = tape.gradient(loss, translator.trainable_weights)
    assert all(gradient is not None for gradient in gradients)


def test_more_steps_than_positions_are_refused():
    encoder = transformer.TransformerEncoder(12, config_of())
    assert encoder(np.ones([1, 10], int))[0].shape == (1, 10, 16)
    with pytest.raises(ValueError, match="11 steps are more than the 10 positions"):
        encoder(np.ones([1, 11], int))


def test_a_step_beyond_the_positions_is_refused(language_model):
    decoder = language_model.decoder
    *_, cache = decoder(np.ones([1, 9], int), cache=decoder.empty_cache(1))
    *_, cache = decoder(np.ones([1, 1], int), cache=cache)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no more positions"):
        decoder(np.ones([1, 1], int), cache=cache)


# Saving, and half precision


def model_and_inputs(name):
    """Return a model whose sizes are integers of NumPy, and inputs for it."""
    size = np.int64(12)
    sizes = {"source_size": size, "target_size": size}
    if name == "EncoderDecoder":
        model = EncoderDecoder(**sizes, embed_size=np.int32(8), n_units=np.int64(8))
        return model, (SOURCE, WRITTEN)
    sized = {"d_model": np.int64(16), "max_steps": np.int32(10)}
    config = config_of(norm_first=False, n_blocks=np.int8(1), dropout=0.1, **sized)
    if name == "Transformer":
        return transformer.Transformer(config, **sizes), (SOURCE, WRITTEN)
    return transformer.LanguageModel(config, vocab_size=size), WRITTEN


MODELS = ["EncoderDecoder", "Transformer", "LanguageModel"]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_from_its_file(name, tmp_path):
    model, inputs = model_and_inputs(name)
    model.compile("adam", masked_loss)
    expected = model(inputs)
    # What is compiled for a model does not get into its file.
    compiled(model, lambda model: tf.function(lambda: model(inputs)))
    model.save(tmp_path / "model.keras")
    found = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"masked_loss": masked_loss}
    )
    assert type(found) is type(model)
    np.testing.assert_array_equal(found(inputs), expected)
    if name != "EncoderDecoder":
        assert found.config == model.config
    assert found.loss is masked_loss


@pytest.mark.parametrize("name", MODELS)
def test_a_model_runs_and_learns_in_half_precision(name):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, inputs = model_and_inputs(name)
        with tf.GradientTape() as tape:
            logits = model(inputs)
            loss = masked_loss(WRITTEN, logits)
        gradients = tape.gradient(loss, model.trainable_weights)
        if name != "LanguageModel":
            state, memory = model.encode(tf.constant(SOURCE))
            _, scores = beam_search(
                model.step, state, memory, beam_width=2, max_length=3
            )
            assert np.isfinite(scores).all()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert logits.dtype == tf.float16
    types = {tf.as_dtype(weight.dtype) for weight in model.trainable_weights}
    assert types == {tf.float32}
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in gradients)
