import itertools

import numpy as np
import pytest
import sacrebleu
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import metrics
from nlp_helpers.vocabulary import PAD

SCORES = [metrics.bleu, metrics.exact_match]

few_words = st.sampled_from(["el", "la", "gato", "ve", "¿", "?", "한국", ".", "<unk>"])
sentence = st.lists(few_words).map(" ".join)


@given(st.lists(st.tuples(sentence, sentence), min_size=1))
def test_bleu_is_that_of_sacrebleu(pairs):
    translations, references = map(list, zip(*pairs, strict=True))
    right = sacrebleu.BLEU(tokenize="none")
    expected = right.corpus_score(translations, [references]).score
    assert metrics.bleu(translations, references) == expected


@pytest.mark.parametrize("wrong", ["<unk>", "a_b", "blue"])
def test_every_wrong_word_costs_the_same(wrong):
    reference = ["the cat sat on the red mat today ."]
    found = metrics.bleu([f"the cat sat on the {wrong} mat today ."], reference)
    assert found == pytest.approx(59.69, abs=0.005)


def test_bleu_by_hand():
    # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples and 1 of 3 quadruples are right.
    found = metrics.bleu(["the cat sat on the mat"], ["the cat sat on a mat"])
    assert found == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    # All is right, but two words are missing; with two too many, all is not right.
    shorter, longer = "the cat sat on", "the cat sat on the mat"
    assert metrics.bleu([shorter], [longer]) == pytest.approx(100 * np.exp(1 - 6 / 4))
    expected = 100 * (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert metrics.bleu([longer], [shorter]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("translations", "share"),
    [("abcd", 1), ("abdc", 0.5), ("Abcd", 0.75), ("dabc", 0), (["a ", *"bcd"], 0.75)],
)
def test_exact_match_by_hand(translations, share):
    assert metrics.exact_match([*translations], [*"abcd"]) == share


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 1), (1, 0), (2, 3), (3, 2)])
def test_scores_need_one_reference_for_each_translation(score, n, m):
    with pytest.raises(ValueError, match=f"^{n} translations and {m} references: "):
        score(["a"] * n, ["a"] * m)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("lists", [("abc", "abc"), (["abc"], "a"), ("a", ["abc"])])
def test_scores_of_one_string_are_refused(score, lists):
    with pytest.raises(ValueError, match="must be lists of strings"):
        score(*lists)


def test_guessing_by_frequency():
    # Counts with one added: 3, 2, 1 of 6; the last one was never seen.
    losses = -np.log(np.array([3, 2, 1]) / 6)
    assert metrics.unigram_loss([0, 1, 0], [0]) == pytest.approx(-np.log(3 / 5))
    found = metrics.unigram_loss(np.array([0, 1, 0]), np.array([0, 1, 2, 2]))
    assert found == pytest.approx(losses[[0, 1, 2, 2]].mean())


KNOWN = ["the cat sees a dog .", "a dog sees the cat .", "it rains ."]
NUMBERED = ["1", "2", "3"]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("a dog sees the cat .", "2"),  # the same words as the first, in another order
        ("the cat sees the dog .", "1"),
        ("it snows .", "3"),
        ("rains", "3"),
    ],
)
def test_the_nearest_sentence_has_the_same_words_and_pairs(sentence, found):
    assert metrics.nearest_translations([sentence], KNOWN, NUMBERED) == [found]


@given(st.lists(sentence.filter(str.strip), min_size=1, max_size=9))
def test_a_known_sentence_is_nearest_to_itself(known):
    # Those with the same words and pairs cannot be told from each other.
    found = metrics.nearest_translations(known * 30, known, known)
    for one, other in zip(known * 30, found, strict=True):
        assert _words_and_pairs(one) == _words_and_pairs(other)


def _words_and_pairs(text):
    words = text.split()
    return sorted(words), sorted(itertools.pairwise(words))


def test_nearest_sentences_need_a_translation_each():
    with pytest.raises(ValueError, match="3 translations and 2 references"):
        metrics.nearest_translations(["a"], KNOWN, ["1", "2"])


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("The cat", 1),
        ("cat dug CAT dog", 0.5),
        ("xyz", 0),
        ("'Tis o'er: DON'T—mock me, 2 fools'!", 4 / 6),
        ("o er don t fools", 1 / 5),
    ],
)
def test_known_word_rate(text, rate):
    assert metrics.known_word_rate(text, "the cat 'o'er, don't tis fools") == rate


def test_words_may_be_of_any_script():
    assert (
        metrics.known_word_rate("나는 사과를 먹었어요.", "나는 사과를 샀어요") == 2 / 3
    )


def test_known_word_rate_of_a_text_without_words():
    with pytest.raises(ValueError, match=r"no word in '123 \.\.\.'"):
        metrics.known_word_rate("123 ...", "the cat")


def random_batch(seed, padding_logit=0.0):
    """Return targets `[4, 7]`, padded at the end, and logits `[4, 7, 9]`."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 8, [4, 1])
    targets = np.where(np.arange(7) < lengths, rng.integers(1, 9, [4, 7]), PAD)
    logits = rng.normal(0, 3, [4, 7, 9]).astype(np.float32)
    logits[targets == PAD, PAD] = padding_logit
    return targets, logits


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), padding_logit=st.sampled_from([-20.0, 20.0]))
def test_loss_and_accuracy_are_means_over_the_real_targets(seed, padding_logit):
    targets, logits = random_batch(seed, padding_logit)
    real = targets != PAD
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    of_targets = np.take_along_axis(log_probs, targets[:, :, np.newaxis], axis=2)
    right = np.argmax(logits, axis=-1) == targets

    for loss in (metrics.masked_loss, metrics.MaskedLoss()):
        found = float(loss(tf.constant(targets), tf.constant(logits)))
        assert found == pytest.approx(-of_targets[real].mean(), rel=1e-4)
    accuracy = metrics.MaskedAccuracy()(tf.constant(targets), tf.constant(logits))
    assert float(accuracy) == pytest.approx(right[real].mean(), abs=1e-6)


@pytest.fixture(scope="module")
def as_they_come():
    """Return a model that gives its inputs back as logits."""
    inputs = tf.keras.Input([7, 9])
    model = tf.keras.Sequential([inputs, tf.keras.layers.Activation("linear")])
    of_words = [metrics.MaskedLoss(), metrics.MaskedAccuracy()]
    model.compile(loss=metrics.masked_loss, metrics=of_words)
    return model


@settings(max_examples=10)
@given(seed=st.integers(0, 1_000), batch_size=st.integers(1, 5))
def test_keras_reports_the_same_for_every_batch_size(as_they_come, seed, batch_size):
    targets, logits = random_batch(seed)
    _, *reported = as_they_come.evaluate(
        logits, targets, batch_size=batch_size, verbose=0
    )
    expected = [
        float(metric(tf.constant(targets), tf.constant(logits)))
        for metric in (metrics.MaskedLoss(), metrics.MaskedAccuracy())
    ]
    assert reported == pytest.approx(expected, rel=1e-5)


def test_nothing_but_padding_is_finite():
    _, logits = random_batch(1)
    targets = tf.zeros([4, 7], tf.int32)
    assert float(metrics.MaskedLoss()(targets, logits)) == 0
    assert float(metrics.MaskedAccuracy()(targets, logits)) == 0
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        loss = metrics.masked_loss(targets, variable)
    assert float(loss) == 0
    np.testing.assert_array_equal(tape.gradient(loss, variable), 0)
