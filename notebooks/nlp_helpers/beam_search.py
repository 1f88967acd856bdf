"""Beam search in one compiled loop, and translating with it."""

import math
import operator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nlp_helpers.compiling import compiled, finite, not_finite_is_reported
from nlp_helpers.vocabulary import Words


class Beams(NamedTuple):
    """The beams of all sentences between two steps.

    Attributes:
        ids: int32 `[batch, beams, max_length]`, padded with what is not yet written.
        last: the last id of each beam, int32 `[batch, beams]`.
        log_probs: their log-probabilities, float `[batch, beams]`.
        scores: these divided by the length penalty, float `[batch, beams]`.
        lengths: numbers of ids written, int32 `[batch, beams]`.
        finished: whether `<eos>` is written, bool `[batch, beams]`.
        state: a structure of tensors `[batch * beams, ...]`.
    """

    ids: tf.Tensor
    last: tf.Tensor
    log_probs: tf.Tensor
    scores: tf.Tensor
    lengths: tf.Tensor
    finished: tf.Tensor
    state: object


def beam_search(
    step, state, memory=(), *, beam_width, max_length, length_penalty=0.0, n_best=None
):
    """Write the most likely sequences that a search with some beams finds.

    All beams of all sentences go through one step at once. A beam that has written
    `<eos>` keeps its place for as long as no other beats it. The search ends at
    `max_length`, or when no live beam can come among the `n_best` any more.

    The score of a sequence is its log-probability divided by
    `((5 + length) / 6) ** length_penalty`, where `<eos>` counts for the length (Wu et
    al. 2016, equation 14). `<pad>` is never written.

    Args:
        step: a function from ids `[n]`, a state and a memory to logits
            `[n, vocab_size]` and the new state, such as `EncoderDecoder.step`.
        state: the first state, a structure of tensors `[batch, ...]`. The beams of a
            sentence each carry their own. All dimensions but the last may change from
            step to step, as that of a cache does.
        memory: a structure of tensors `[batch, ...]` that no step changes.
        beam_width: number of beams, from 1 to vocab_size - 1.
        max_length: largest number of ids, `<eos>` included.
        length_penalty: 0 for none, above 0 to favour longer sequences; the divisor of
            a score must be below 1e30.
        n_best: number of sequences to return, from 1 to beam_width; None returns all.

    Returns:
        ids: int32 `[batch, n_best, max_length]`, the best first, padded after `<eos>`.
        scores: float32 `[batch, n_best]`.

    Raises:
        InvalidArgumentError: logits are not finite.
        TypeError: a number is not whole.
        ValueError: a number is out of range, or the batch sizes of state and memory
            differ.
    """
    beam_width, max_length = operator.index(beam_width), operator.index(max_length)
    n_best = beam_width if n_best is None else operator.index(n_best)
    _check_search(beam_width, max_length, length_penalty, n_best)
    batch_size = _batch_size(state, memory)
    # What comes after one beam, if only its first successor is possible.
    only_first = tf.where(tf.range(beam_width) == 0, 0.0, -np.inf)

    def tiled(tensor):
        return tf.repeat(tensor, beam_width, axis=0)

    def penalty(lengths):
        return ((5.0 + tf.cast(lengths, tf.float32)) / 6.0) ** length_penalty

    def successors(beams):
        """Return ids and log-probabilities `[batch, beams, beams]`, and the state."""
        logits, state = step(tf.reshape(beams.last, [-1]), beams.state, memory)
        vocab_size = logits.shape[-1]
        _check_width(beam_width, vocab_size)
        logits = finite(logits)
        possible = tf.where(tf.range(vocab_size) == Words.PAD, -np.inf, logits)
        # No beam can have more successors among the best than there are beams.
        best, words = tf.math.top_k(possible, beam_width)
        best -= tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
        shape = [batch_size, beam_width, beam_width]
        best, words = tf.reshape(best, shape), tf.reshape(words, shape)
        # All that a finished beam can do is to stand still, which costs nothing.
        done = beams.finished[:, :, tf.newaxis]
        best, words = tf.where(done, only_first, best), tf.where(done, Words.PAD, words)
        return words, beams.log_probs[:, :, tf.newaxis] + best, state

    def advance(t, beams):
        """Take one step: keep the best successors of all the beams of a sentence."""
        words, log_probs, state = successors(beams)
        lengths = beams.lengths + tf.cast(~beams.finished, tf.int32)
        candidates = log_probs / penalty(lengths)[:, :, tf.newaxis]
        flat = [batch_size, beam_width * beam_width]
        scores, chosen = tf.math.top_k(tf.reshape(candidates, flat), beam_width)
        parents = chosen // beam_width
        rows = tf.range(batch_size)[:, tf.newaxis] * beam_width + parents
        rows = tf.reshape(rows, [-1])

        def of_parents(tensor):
            return tf.gather(tensor, parents, batch_dims=1)

        last = tf.gather(tf.reshape(words, flat), chosen, batch_dims=1)
        is_now, lengths = tf.range(max_length) == t, of_parents(lengths)
        return t + 1, Beams(
            ids=tf.where(is_now, last[:, :, tf.newaxis], of_parents(beams.ids)),
            last=last,
            log_probs=scores * penalty(lengths),
            scores=scores,
            lengths=lengths,
            finished=of_parents(beams.finished) | (last == Words.EOS),
            state=tf.nest.map_structure(lambda x: tf.gather(x, rows), state),
        )

    def can_change(t, beams):
        # Log-probabilities only fall, so this is the most a live beam can still reach.
        most = beams.log_probs / penalty(max_length)
        reachable = tf.where(beams.finished, -np.inf, most)
        kept = tf.where(beams.finished, beams.scores, -np.inf)[:, :n_best]
        return tf.reduce_any(
            tf.reduce_max(reachable, axis=1) > tf.reduce_min(kept, axis=1)
        )

    memory = tf.nest.map_structure(tiled, memory)
    shape = [batch_size, beam_width]
    start = Beams(
        ids=tf.fill([*shape, max_length], Words.PAD),
        last=tf.fill(shape, Words.SOS),
        # All beams are the same at the start: only the first may have successors.
        log_probs=tf.broadcast_to(only_first, shape),
        scores=tf.fill(shape, -np.inf),
        lengths=tf.zeros(shape, tf.int32),
        finished=tf.fill(shape, False),
        state=tf.nest.map_structure(tiled, state),
    )
    shapes = tf.nest.map_structure(lambda tensor: tensor.shape, start)
    shapes = shapes._replace(state=tf.nest.map_structure(_growing, start.state))
    _, beams = tf.while_loop(
        can_change,
        advance,
        (tf.constant(0), start),
        shape_invariants=(tf.TensorShape([]), shapes),
        maximum_iterations=max_length,
    )
    return beams.ids[:, :n_best], beams.scores[:, :n_best]


def translate(
    model,
    sentences,
    source_words,
    target_words,
    *,
    beam_width=1,
    max_length=50,
    length_penalty=0.0,
    batch_size=128,
    allow_unknown=False,
):
    """Translate sentences, each to the best sequence of a beam search.

    Args:
        model: a `seq2seq.EncoderDecoder`, or a model with the same `encode`, `step` and
            `max_words`. If it also has `max_length`, it can write that many words.
        sentences: a list of strings.
        source_words: the `vocabulary.Words` of the sentences.
        target_words: the `vocabulary.Words` of the translations.
        beam_width: see `beam_search`; 1 takes the most likely word at each step.
        max_length: see `beam_search`.
        length_penalty: see `beam_search`.
        batch_size: number of sentences that are translated at once, 1 or more.
        allow_unknown: take the sentences as they are, with words that are not in the
            vocabulary, as the score of a whole test set needs. Otherwise they are
            what somebody has typed: see `Words.typed`.

    Returns:
        A list of strings, words separated by single spaces.

    Raises:
        FloatingPointError: the model's logits are not finite.
        TypeError: a number is not whole.
        ValueError: a sentence is empty, has more than `model.max_words` words, or one
            that is not in the vocabulary; or an argument is out of range.
    """
    beam_width, max_length = operator.index(beam_width), operator.index(max_length)
    _check_search(beam_width, max_length, length_penalty, 1)
    _check_width(beam_width, target_words.size)
    longest = getattr(model, "max_length", math.inf)
    if max_length > longest:
        raise ValueError(
            f"max_length={max_length} is too large: this model can write {longest} "
            "words at most."
        )
    if operator.index(batch_size) < 1:
        raise ValueError(f"batch_size={batch_size} must be at least 1.")
    source = source_words.encode(sentences)  # refuses a string
    if not allow_unknown:
        source = source_words.encode([source_words.typed(s) for s in sentences])
    _check_lengths(sentences, source, model.max_words)
    how = {"beam_width": beam_width, "max_length": max_length}
    search = compiled(model, _make_search, **how, length_penalty=float(length_penalty))
    n_steps = np.sum(source != Words.PAD, axis=1)
    order = np.argsort(n_steps, kind="stable")  # like lengths together: less padding
    ids = np.zeros([len(source), max_length], np.int32)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        with not_finite_is_reported():
            ids[rows] = search(source[rows, : n_steps[rows].max()])
    return target_words.decode(ids)


def _make_search(model, **how):
    """Return a compiled function from sources `[batch, n]` to ids `[batch, total]`."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def search(source):
        ids, _ = beam_search(model.step, *model.encode(source), n_best=1, **how)
        return ids[:, 0]

    return search


def _growing(tensor):
    """Return the shape of a part of the state, of which all but the last may change."""
    return tf.TensorShape([None] * (len(tensor.shape) - 1) + [tensor.shape[-1]])


def _check_search(beam_width, max_length, length_penalty, n_best):
    if beam_width < 1:
        raise ValueError(f"beam_width={beam_width} leaves no beam: use 1 or more.")
    if max_length < 1:
        raise ValueError(f"max_length={max_length} leaves no word: use 1 or more.")
    growth = math.log((5 + max_length) / 6)
    if not (length_penalty >= 0 and length_penalty * growth < math.log(1e30)):
        largest = math.log(1e30) / growth if growth else math.inf
        raise ValueError(
            f"length_penalty={length_penalty} is not allowed: it must be 0 for none, "
            f"or a number up to {largest:.3g} at this max_length."
        )
    if n_best not in range(1, beam_width + 1):
        raise ValueError(f"n_best={n_best} is not a number from 1 to {beam_width}.")


def _check_width(beam_width, vocab_size):
    if beam_width >= vocab_size:
        raise ValueError(
            f"beam_width={beam_width} is more than the {vocab_size - 1} ids that can "
            f"be written: use a width from 1 to {vocab_size - 1}."
        )


def _batch_size(state, memory):
    tensors = tf.nest.flatten([state, memory])
    sizes = {tensor.shape[0] for tensor in tensors} - {None}
    if len(sizes) > 1:
        raise ValueError(
            f"State and memory have batches of {sorted(sizes)}: they must all have "
            "one row for each sentence."
        )
    # What is known while a function is compiled keeps the shapes of its loop fixed.
    return sizes.pop() if sizes else tf.shape(tensors[0])[0]


def _check_lengths(sentences, source, max_words):
    n_words = np.sum(source != Words.PAD, axis=1) - 2  # without <sos> and <eos>
    for sentence, n in zip(sentences, n_words, strict=True):
        if not n:
            raise ValueError("A sentence is empty: there is nothing to translate.")
        if n > max_words:
            raise ValueError(
                f"The sentence {sentence[:40]!r} has {n} words: the model takes "
                f"{max_words} at most."
            )
