"""Metrics: of translations, of generated text, and losses that leave padding out."""

import itertools
import re
import zlib

import numpy as np
import sacrebleu
import tensorflow as tf
from scipy import sparse

from nlp_helpers.vocabulary import PAD


def masked_loss(targets, logits):
    """Return the mean cross-entropy of the targets that are not padding, in nats.

    Of nothing but padding it is 0.

    Args:
        targets: whole numbers `[batch, steps]`.
        logits: float tensor `[batch, steps, vocab_size]`.
    """
    losses, is_real = _losses(targets, logits)
    real = tf.cast(is_real, losses.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * real), tf.reduce_sum(real))


def _losses(targets, logits):
    """Return the cross-entropy of each target, and which are not padding."""
    targets = tf.cast(targets, tf.int32)  # Keras hands over floats
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        targets, tf.cast(logits, tf.float32)
    )
    return losses, targets != PAD


class MaskedAccuracy(tf.keras.metrics.Mean):
    """The share of right ids among the targets that are not padding.

    It counts over all batches, so the batch size does not change it. Without any real
    target it is 0.
    """

    def __init__(self, name="masked_accuracy", **kwargs):
        """Start with a count of zero; the arguments are those of a Keras metric."""
        super().__init__(name=name, **kwargs)

    def update_state(self, targets, logits, sample_weight=None):
        """Count the right ones of a batch.

        Args:
            targets: whole numbers `[batch, steps]`.
            logits: float tensor `[batch, steps, vocab_size]`.
            sample_weight: is not used: padding has no weight, all else has the same.
        """
        targets = tf.cast(targets, tf.int32)  # Keras hands over floats
        right = tf.argmax(logits, axis=-1, output_type=tf.int32) == targets
        return super().update_state(right, sample_weight=targets != PAD)


class MaskedLoss(tf.keras.metrics.Mean):
    """The mean of `masked_loss` over all the targets that are not padding.

    The loss that Keras reports is a mean over batches, in which a word of a batch with
    few words counts more. This one is the same for every batch size.
    """

    def __init__(self, name="masked_loss", **kwargs):
        """Start with a count of zero; the arguments are those of a Keras metric."""
        super().__init__(name=name, **kwargs)

    def update_state(self, targets, logits, sample_weight=None):
        """Add up the losses of a batch; the arguments are those of `MaskedAccuracy`."""
        losses, is_real = _losses(targets, logits)
        return super().update_state(losses, sample_weight=is_real)


def unigram_loss(train_ids, ids):
    """Return the loss of guessing by frequency alone, in nats an id.

    Each id gets the share that it has in the training data; one is added to all counts,
    so that no id is impossible.

    Args:
        train_ids: whole numbers `[n]`, to count.
        ids: whole numbers `[m]`, to guess.
    """
    counts = np.bincount(train_ids, minlength=np.max(ids) + 1) + 1
    return -np.log(counts / counts.sum())[ids].mean()


def bleu(translations, references):
    """Return the corpus BLEU of translations, from 0 to 100 (Papineni et al. 2002).

    Words are what spaces separate, so that `<unk>` is one word, and wrong like another.

    Args:
        translations: a list of strings, their words and signs set apart by spaces.
        references: a list of strings, one for each translation.

    Raises:
        ValueError: the lists are empty, or differ in length, or one is a string.
    """
    _check_pairs(translations, references)
    # Words set apart by spaces are what we want here: no warning about them.
    options = {"tokenize": "none", "force": True}
    return sacrebleu.corpus_bleu(translations, [references], **options).score


def nearest_translations(sentences, known, translations):
    """Return, for each sentence, the translation of the known one that is most like it.

    It is what somebody writes who looks a sentence up in the training data, and
    understands nothing: the floor of a translation. Two sentences are alike by the
    cosine between the counts of their words and of their pairs of words.

    Args:
        sentences: a list of strings, their words set apart by spaces.
        known: another, such as the sources of the training data.
        translations: those of the known sentences, one each.

    Raises:
        ValueError: there is not one translation for each known sentence, or none.
    """
    _check_pairs(known, translations)
    counts = _word_counts(known).T.tocsr()
    nearest = []
    for start in range(0, len(sentences), 20):  # a few at once: likeness takes memory
        alike = _word_counts(sentences[start : start + 20]) @ counts
        nearest.extend(np.asarray(alike.argmax(axis=1)).ravel())
    return [translations[k] for k in nearest]


def _word_counts(sentences, n_columns=2**20):
    """Return a sparse matrix with a row of length 1 for each sentence.

    A word or a pair has the column that a hash of it says: no dictionary is needed.
    """
    columns, starts = [], [0]
    for sentence in sentences:
        words = sentence.split()
        parts = [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))]
        columns += [zlib.crc32(part.encode()) % n_columns for part in parts]
        starts.append(len(columns))
    ones, shape = np.ones(len(columns), np.float32), (len(starts) - 1, n_columns)
    counts = sparse.csr_matrix((ones, columns, starts), shape)
    counts.sum_duplicates()
    norms = sparse.linalg.norm(counts, axis=1)
    return counts.multiply(1 / np.maximum(norms, 1e-9)[:, None]).tocsr()


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
    found = _words_of(text)
    if not found:
        raise ValueError(f"There is no word in {text[:40]!r}, so no share of words.")
    known = set(_words_of(corpus))
    return sum(word in known for word in found) / len(found)


def _words_of(text):
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower())


def _check_pairs(translations, references):
    if isinstance(translations, str) or isinstance(references, str):
        raise ValueError("Translations and references must be lists of strings.")
    if not references or len(translations) != len(references):
        raise ValueError(
            f"{len(translations)} translations and {len(references)} references: "
            "there must be one reference for each translation, and one at least."
        )
