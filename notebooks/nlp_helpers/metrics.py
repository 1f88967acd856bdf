"""Metrics: of translations, of generated text, and losses that leave padding out."""

import re

import sacrebleu
import tensorflow as tf

from nlp_helpers.vocabulary import PAD

masked_loss = tf.keras.losses.SparseCategoricalCrossentropy(
    from_logits=True, ignore_class=PAD, name="masked_loss"
)


def masked_accuracy(targets, logits):
    """Return the share of right ids among the targets that are not padding.

    Args:
        targets: whole numbers `[batch, steps]`.
        logits: float tensor `[batch, steps, vocab_size]`.
    """
    targets = tf.cast(targets, tf.int32)  # Keras hands over floats
    right = tf.argmax(logits, axis=-1, output_type=tf.int32) == targets
    real = targets != PAD
    n_right = tf.reduce_sum(tf.cast(right & real, tf.float32))
    return n_right / tf.reduce_sum(tf.cast(real, tf.float32))


def bleu(translations, references):
    """Return the corpus BLEU of translations, from 0 to 100 (Papineni et al. 2002).

    Args:
        translations: a list of strings.
        references: a list of strings, one for each translation.

    Raises:
        ValueError: the lists are empty, or differ in length, or one is a string.
    """
    _check_pairs(translations, references)
    # Words set apart by spaces are what we want here: no warning about them.
    return sacrebleu.corpus_bleu(translations, [references], force=True).score


def exact_match(translations, references):
    """Return the share of translations that equal their reference, from 0 to 1.

    Arguments and errors are those of `bleu`.
    """
    _check_pairs(translations, references)
    pairs = zip(translations, references, strict=True)
    return sum(a == b for a, b in pairs) / len(references)


def known_word_rate(text, corpus):
    """Return the share of the words of a text that occur in a corpus, from 0 to 1.

    A word is a run of letters and inner apostrophes; case does not count.

    Raises:
        ValueError: the text has no words.
    """
    found = _english_words(text)
    if not found:
        raise ValueError(f"There is no word in {text[:40]!r}, so no share of words.")
    known = set(_english_words(corpus))
    return sum(word in known for word in found) / len(found)


def _english_words(text):
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower())


def _check_pairs(translations, references):
    if isinstance(translations, str) or isinstance(references, str):
        raise ValueError("Translations and references must be lists of strings.")
    if not references or len(translations) != len(references):
        raise ValueError(
            f"{len(translations)} translations and {len(references)} references: "
            "there must be one reference for each translation, and one at least."
        )
