"""Encoder-decoder models that translate: batches, loss, greedy and beam search."""

import functools

import numpy as np
import tensorflow as tf

from nlp_helpers.text import Words

keras = tf.keras


masked_loss = keras.losses.SparseCategoricalCrossentropy(
    from_logits=True, ignore_class=Words.PAD, name="masked_loss"
)


def masked_accuracy(targets, logits):
    """Return the share of right ids among the targets that are not padding.

    Args:
        targets: whole numbers `[batch, steps]`.
        logits: float tensor `[batch, steps, vocab_size]`.
    """
    targets = tf.cast(targets, tf.int32)  # Keras hands over floats
    right = tf.argmax(logits, axis=-1, output_type=tf.int32) == targets
    real = targets != Words.PAD
    n_right = tf.reduce_sum(tf.cast(right & real, tf.float32))
    return n_right / tf.reduce_sum(tf.cast(real, tf.float32))


def shuffled_pairs(pairs, max_words, seed=42):
    """Return the sources and the targets of some pairs, in random order.

    Args:
        pairs: a list of `(source, target)` strings.
        max_words: a pair in which a sentence has more words is left out.
        seed: the same seed gives the same order.

    Returns:
        Two lists of strings.

    Raises:
        ValueError: no pair is short enough.
    """
    kept = [
        pair
        for pair in pairs
        if max(len(Words.split(sentence)) for sentence in pair) <= max_words
    ]
    if not kept:
        raise ValueError(f"None of {len(pairs)} pairs has at most {max_words} words.")
    order = np.random.default_rng(seed).permutation(len(kept))
    sources, targets = zip(*(kept[k] for k in order), strict=True)
    return list(sources), list(targets)


def batches(source, target, batch_size, *, seed=None):
    """Return batches of pairs of like lengths, for teacher forcing.

    Args:
        source: ids `[n, source_steps]`, padded at the end.
        target: ids `[n, target_steps]`, from `<sos>` to `<eos>`, padded at the end.
        batch_size: number of pairs.
        seed: shuffles and repeats without end; None goes through the pairs once.

    Returns:
        A `tf.data.Dataset` of `((source, decoder_inputs), targets)`: the targets
        `[batch, steps]` are the decoder's inputs one step ahead.

    Raises:
        ValueError: there are no pairs, or not as many sources as targets.
    """
    if len(source) != len(target) or not len(source):
        raise ValueError(
            f"{len(source)} sources and {len(target)} targets: there must be one "
            "target for each source, and one pair at least."
        )
    lengths = np.sum(target != Words.PAD, axis=1)
    bounds = np.unique(np.quantile(lengths, [0.2, 0.4, 0.6, 0.8]).astype(int) + 1)
    dataset = tf.data.Dataset.from_tensor_slices((source, target))
    if seed is not None:
        dataset = dataset.shuffle(len(source), seed=seed).repeat()
    dataset = dataset.map(lambda s, t: (s[s != Words.PAD], t[t != Words.PAD]))
    dataset = dataset.bucket_by_sequence_length(
        lambda source, target: tf.size(target),
        bucket_boundaries=bounds.tolist(),
        bucket_batch_sizes=[batch_size] * (len(bounds) + 1),
    )
    dataset = dataset.map(lambda s, t: ((s, t[:, :-1]), t[:, 1:]))
    return dataset.prefetch(tf.data.AUTOTUNE)


class EncoderDecoder(keras.Model):
    """A bidirectional LSTM that reads, and an LSTM that writes from its last states.

    (Sutskever, Vinyals and Le 2014, section 2; read in both directions as in Bahdanau,
    Cho and Bengio 2015, section 3.2.)

    Attributes:
        max_words: the longest source, in words, that `translate` accepts.
    """

    def __init__(self, source_size, target_size, embed_size, n_units, max_words=50):
        """Build the layers.

        Args:
            source_size: number of source ids.
            target_size: number of target ids.
            embed_size: numbers in the vector of a word.
            n_units: size of the decoder's state; the encoder has half as many units in
                each direction, so it must be even.
            max_words: see the class.

        Raises:
            ValueError: n_units is odd.
        """
        super().__init__()
        if n_units % 2:
            raise ValueError(
                f"n_units={n_units} is odd: it must be even, one half for each "
                "direction of the encoder."
            )
        self.max_words = max_words
        self.source_embedding = keras.layers.Embedding(
            source_size,
            embed_size,
            embeddings_initializer=_unit_normal(),
            mask_zero=True,
        )
        self.encoder = keras.layers.Bidirectional(
            keras.layers.LSTM(n_units // 2, return_sequences=True, return_state=True)
        )
        self.target_embedding = keras.layers.Embedding(
            target_size, embed_size, embeddings_initializer=_unit_normal()
        )
        self.decoder = keras.layers.LSTM(
            n_units, return_sequences=True, return_state=True
        )
        self.output_layer = keras.layers.Dense(target_size)

    def encode(self, source):
        """Read the source; return what `step` needs to write the target.

        Args:
            source: ids `[batch, source_steps]`.

        Returns:
            The first state `[h, c]` of the decoder, `[batch, n_units]` each, and what
            stays the same at every step (the memory), which is nothing here: `()`.
        """
        embedded = self.source_embedding(source)
        mask = self.source_embedding.compute_mask(source)
        _, h_forward, c_forward, h_back, c_back = self.encoder(embedded, mask=mask)
        h = tf.concat([h_forward, h_back], axis=-1)
        c = tf.concat([c_forward, c_back], axis=-1)
        return [h, c], ()

    def step(self, ids, state, memory=()):
        """Write one word.

        Args:
            ids: the words before, `[batch]`.
            state: `[h, c]`, as `encode` or the step before returned it.
            memory: the second result of `encode`.

        Returns:
            Logits `[batch, target_size]` of the next word, and the new state.
        """
        outputs, state = self.decoder.cell(self.target_embedding(ids), state)
        return self.output_layer(outputs), state

    def call(self, inputs):
        """Return the logits `[batch, steps, target_size]` of all the steps at once.

        Args:
            inputs: source ids `[batch, source_steps]` and the decoder's inputs
                `[batch, steps]`, the right words one step late.
        """
        source, decoder_inputs = inputs
        state, _ = self.encode(source)
        embedded = self.target_embedding(decoder_inputs)
        outputs, *_ = self.decoder(embedded, initial_state=state)
        return self.output_layer(outputs)


def beam_search(
    step, state, memory=(), *, beam_width, max_length, length_penalty=0.0, n_best=None
):
    """Write the most likely sequences that a search with some beams finds.

    All beams of all sentences go through one step at once. A beam that has written
    `<eos>` keeps its place for as long as no other beats it. The search ends at
    `max_length`, or when no live beam can come among the `n_best` any more.

    The score of a sequence is its log-probability divided by
    `((5 + length) / 6) ** length_penalty`, where `<eos>` counts for the length (Wu et
    al. 2016, equation 14).

    Args:
        step: a function from ids `[n]`, a state and a memory to logits
            `[n, vocab_size]` and the new state, such as `EncoderDecoder.step`.
        state: the first state, a structure of tensors `[batch, ...]`. The beams of a
            sentence each carry their own. A dimension of size 0 may grow.
        memory: a structure of tensors `[batch, ...]` that no step changes.
        beam_width: number of beams, from 1 to vocab_size.
        max_length: largest number of ids, `<eos>` included.
        length_penalty: 0 for none, above 0 to favour longer sequences.
        n_best: number of sequences to return, from 1 to beam_width; None returns all.

    Returns:
        ids: int32 `[batch, n_best, max_length]`, the best first, padded after `<eos>`.
        scores: float `[batch, n_best]`.

    Raises:
        ValueError: a number is out of range, or the batch sizes of state and memory
            differ.
    """
    n_best = beam_width if n_best is None else n_best
    _check_search(beam_width, max_length, length_penalty, n_best)
    batch_size = _batch_size(state, memory)
    infinity = tf.constant(float("inf"))
    only_first = tf.where(tf.range(beam_width) == 0, 0.0, -infinity)
    all_lengths = tf.range(max_length + 1, dtype=tf.float32)
    penalties = ((5.0 + all_lengths) / 6.0) ** length_penalty

    def tiled(tensor):
        return tf.repeat(tensor, beam_width, axis=0)

    def penalty(lengths):
        return tf.gather(penalties, lengths)

    def advance(t, ids, last, log_probs, scores, lengths, finished, state):
        logits, state = step(tf.reshape(last, [-1]), state, memory)
        _check_width(beam_width, logits.shape[-1])
        # No beam can have more successors among the best than there are beams.
        best, words = tf.math.top_k(logits, beam_width)
        best -= tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
        successors = [batch_size, beam_width, beam_width]
        best, words = tf.reshape(best, successors), tf.reshape(words, successors)
        # All that a finished beam can do is to stand still, which costs nothing.
        done = finished[:, :, tf.newaxis]
        best, words = tf.where(done, only_first, best), tf.where(done, Words.PAD, words)
        lengths += tf.cast(~finished, tf.int32)
        totals = log_probs[:, :, tf.newaxis] + best
        candidates = totals / penalty(lengths)[:, :, tf.newaxis]
        all_successors = [batch_size, beam_width * beam_width]
        scores, chosen = tf.math.top_k(
            tf.reshape(candidates, all_successors), beam_width
        )
        parents = chosen // beam_width
        last = tf.gather(tf.reshape(words, all_successors), chosen, batch_dims=1)
        lengths = tf.gather(lengths, parents, batch_dims=1)
        log_probs = scores * penalty(lengths)
        ids = tf.gather(ids, parents, batch_dims=1)
        ids = tf.where(tf.range(max_length) == t, last[:, :, tf.newaxis], ids)
        finished = tf.gather(finished, parents, batch_dims=1) | (last == Words.EOS)
        rows = tf.range(batch_size)[:, tf.newaxis] * beam_width + parents
        rows = tf.reshape(rows, [-1])
        state = tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), state)
        return t + 1, ids, last, log_probs, scores, lengths, finished, state

    def can_change(t, ids, last, log_probs, scores, lengths, finished, state):
        # Log-probabilities only fall, so this is the most a live beam can still reach.
        reachable = tf.where(finished, -infinity, log_probs / penalty(max_length))
        kept = tf.where(finished, scores, -infinity)[:, :n_best]
        return tf.reduce_any(
            tf.reduce_max(reachable, axis=1) > tf.reduce_min(kept, axis=1)
        )

    memory = tf.nest.map_structure(tiled, memory)
    shape = [batch_size, beam_width]
    start = (
        tf.constant(0),
        tf.fill([*shape, max_length], Words.PAD),
        tf.fill(shape, Words.SOS),
        # All beams are the same at the start: only the first may have successors.
        tf.broadcast_to(only_first, shape),
        tf.fill(shape, -infinity),
        tf.zeros(shape, tf.int32),
        tf.fill(shape, False),
        tf.nest.map_structure(tiled, state),
    )
    # A dimension of the state that starts at 0 is a cache, which grows at each step.
    shapes = tf.nest.map_structure(
        lambda tensor: tf.TensorShape([size or None for size in tensor.shape]), start
    )
    _, ids, _, _, scores, *_ = tf.while_loop(
        can_change,
        advance,
        start,
        shape_invariants=shapes,
        maximum_iterations=max_length,
    )
    return ids[:, :n_best], scores[:, :n_best]


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
        model: an `EncoderDecoder`, or another model with its `encode` and `step`.
        sentences: a list of strings.
        source_words: the `text.Words` of the sentences.
        target_words: the `text.Words` of the translations.
        beam_width: see `beam_search`; 1 takes the most likely word at each step.
        max_length: see `beam_search`.
        length_penalty: see `beam_search`.
        batch_size: number of sentences that are translated at once.
        allow_unknown: translate also sentences of which no word is in the vocabulary,
            as the score of a whole test set needs.

    Returns:
        A list of strings, words separated by single spaces.

    Raises:
        ValueError: a sentence is empty, has more than `model.max_words` words, or none
            that is in the vocabulary; or an argument is out of range.
    """
    _check_search(beam_width, max_length, length_penalty, 1)
    _check_width(beam_width, target_words.size)
    source = source_words.encode(sentences)
    _check_sentences(sentences, source, model.max_words, allow_unknown)
    search = _compiled(model, beam_width, max_length, length_penalty)
    n_steps = np.sum(source != Words.PAD, axis=1)
    order = np.argsort(n_steps, kind="stable")  # like lengths together: less padding
    ids = np.zeros([len(source), max_length], np.int32)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        ids[rows] = search(source[rows, : n_steps[rows].max()])
    return target_words.decode(ids)


@functools.lru_cache(maxsize=8)
def _compiled(model, beam_width, max_length, length_penalty):
    """Return a compiled function from sources `[batch, n]` to ids `[batch, total]`."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def search(source):
        ids, _ = beam_search(
            model.step,
            *model.encode(source),
            beam_width=beam_width,
            max_length=max_length,
            length_penalty=length_penalty,
            n_best=1,
        )
        return ids[:, 0]

    return search


def _unit_normal():
    # Keras' own start of an embedding is within 0.05, where an LSTM hardly sees it.
    return keras.initializers.RandomNormal(stddev=1.0)


def _check_search(beam_width, max_length, length_penalty, n_best):
    if beam_width < 1:
        raise ValueError(f"beam_width={beam_width} leaves no beam: use 1 or more.")
    if max_length < 1:
        raise ValueError(f"max_length={max_length} leaves no word: use 1 or more.")
    if not 0 <= length_penalty < float("inf"):
        raise ValueError(
            f"length_penalty={length_penalty} is not allowed: it must be 0 for none, "
            "or a number above 0."
        )
    if n_best not in range(1, beam_width + 1):
        raise ValueError(f"n_best={n_best} is not a number from 1 to {beam_width}.")


def _check_width(beam_width, vocab_size):
    if beam_width > vocab_size:
        raise ValueError(
            f"beam_width={beam_width} is more than the {vocab_size} ids that there "
            f"are: use a width from 1 to {vocab_size}."
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


def _check_sentences(sentences, source, max_words, allow_unknown):
    for sentence, ids in zip(sentences, source, strict=True):
        words = ids[~np.isin(ids, [Words.PAD, Words.SOS, Words.EOS])]
        if not len(words):
            raise ValueError("A sentence is empty: there is nothing to translate.")
        if len(words) > max_words:
            raise ValueError(
                f"The sentence {sentence[:40]!r} has {len(words)} words: the model "
                f"takes {max_words} at most."
            )
        if not allow_unknown and np.all(words == Words.UNK):
            raise ValueError(
                f"No word of {sentence[:40]!r} is in the vocabulary: a translation "
                "would be made up. Use words that the model was trained on."
            )
