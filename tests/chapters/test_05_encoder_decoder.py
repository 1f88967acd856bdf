"""Chapter 5's networks: against the course's own, with padding, and in use."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers import beam_search, metrics, seq2seq, settings
from nlp_helpers.vocabulary import Words

SOURCE = np.array([[2, 5, 6, 3, 0, 0], [2, 7, 5, 8, 4, 3]], np.int32)
TARGET = np.array([[2, 4, 3, 0], [2, 6, 5, 3]], np.int32)
ENCODERS = ["one_way", "reversed_source", "two_way"]


@pytest.fixture(scope="module")
def chapter(definitions):
    """The chapter's networks, for small vocabularies."""
    names = ["Translator", "ScheduledTranslator", "GrowingProbability", *ENCODERS]
    return definitions(
        "05",
        *names,
        "greedy_translator",
        "masked_accuracy",
        english_words=SimpleNamespace(size=9),
        spanish_words=SimpleNamespace(size=8),
        embed_size=6,
        n_units=4,
        max_steps=5,
    )


@pytest.fixture
def eager():
    """Compiled functions run line by line: AutoGraph finds no source here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(params=ENCODERS)
def translator(request, chapter):
    tf.keras.utils.set_random_seed(1)
    model = chapter.Translator(getattr(chapter, request.param)())
    model((SOURCE, TARGET))
    return model


def test_the_two_way_network_is_that_of_later_chapters(chapter):
    ours = chapter.Translator(chapter.two_way())
    sizes = {"source_size": 9, "target_size": 8, "embed_size": 6, "n_units": 4}
    helper = seq2seq.EncoderDecoder(**sizes)
    assert not np.allclose(ours((SOURCE, TARGET)), helper((SOURCE, TARGET)), atol=1e-2)
    helper.set_weights(ours.get_weights())
    assert np.allclose(ours((SOURCE, TARGET)), helper((SOURCE, TARGET)), atol=1e-5)


def test_padding_does_not_change_the_state(translator):
    alone = translator.encode(SOURCE[:1, :4])
    padded = translator.encode(SOURCE[:1])
    assert np.allclose(alone, padded, atol=1e-6)
    other = translator.encode(np.array([[2, 6, 6, 3]], np.int32))
    assert not np.allclose(alone, other, atol=1e-4)


def test_the_reversed_encoder_reads_the_last_word_first(chapter):
    one_way = chapter.Translator(chapter.one_way())
    backwards = chapter.Translator(chapter.reversed_source())
    one_way((SOURCE, TARGET))
    backwards((SOURCE, TARGET))
    backwards.set_weights(one_way.get_weights())
    sentence = SOURCE[:1, :4]
    state = one_way.encode(sentence[:, ::-1])
    assert np.allclose(backwards.encode(sentence), state, atol=1e-6)
    assert np.allclose(backwards.encode(SOURCE[:1]), state, atol=1e-6)


@pytest.mark.usefixtures("eager")
def test_greedy_translations_are_those_of_one_beam(chapter, translator):
    greedy = chapter.greedy_translator(translator.encode, translator.step)
    # <pad> is never written by the search, and hardly by a trained network.
    bias = translator.output_layer.bias
    bias.assign([-100.0, *np.zeros(7)])
    words = Words(["a b c d"])
    ids, _ = beam_search.beam_search(
        lambda ids, state, memory: translator.step(ids, state),
        translator.encode(SOURCE),
        beam_width=1,
        max_length=5,
    )
    assert words.decode(greedy(SOURCE)) == words.decode(ids[:, 0])


@pytest.mark.usefixtures("eager")
def test_without_chance_scheduled_sampling_is_teacher_forcing(chapter):
    model = chapter.ScheduledTranslator(chapter.one_way())
    taught = model((SOURCE, TARGET))
    assert np.allclose(model((SOURCE, TARGET), training=True), taught, atol=1e-5)
    model.probability.assign(1.0)
    own = model((SOURCE, TARGET), training=True)
    assert np.allclose(own[:, 0], taught[:, 0], atol=1e-5)  # <sos> is always read
    assert not np.allclose(own[:, 1:], taught[:, 1:], atol=1e-5)


def test_a_second_training_begins_with_probability_zero(chapter):
    variable = tf.Variable(1.0)
    growing = chapter.GrowingProbability(variable, last=0.25, n_updates=2)
    for _ in range(2):
        growing.on_train_begin()
        assert variable == 0
        growing.on_train_batch_end(0)
        assert variable == 0.125
        growing.on_train_batch_end(1)
        assert variable == 0.25


def test_accuracy_is_that_of_the_helper(chapter):
    logits = tf.random.stateless_normal([2, 3, 8], [1, 2])
    metric = metrics.MaskedAccuracy()
    metric.update_state(TARGET[:, 1:], logits)
    assert np.isclose(chapter.masked_accuracy(TARGET[:, 1:], logits), metric.result())


@pytest.mark.skipif(settings.line() != "addons", reason="needs TensorFlow Addons")
@pytest.mark.parametrize("impute", [False, True])
def test_what_addons_returns_beyond_the_length_of_a_sequence(impute):
    import tensorflow_addons as tfa

    decoder = tfa.seq2seq.BasicDecoder(
        tf.keras.layers.LSTMCell(3),
        tfa.seq2seq.TrainingSampler(),
        impute_finished=impute,
    )
    outputs, _, _ = decoder(
        tf.random.stateless_normal([2, 6, 3], [1, 2]),
        initial_state=[tf.zeros([2, 3])] * 2,
        sequence_length=[2, 4],
    )
    beyond = outputs.rnn_output[0, 2:]
    assert outputs.rnn_output.shape == [2, 4, 3]  # as the longest, not as the input
    assert np.all(beyond == 0) == impute
