"""The Transformer of Vaswani et al. 2017: positions, attention, blocks, decoding."""

import numpy as np
import tensorflow as tf

from nlp_helpers.text import PAD

keras = tf.keras


def positional_encoding(n_steps, d_model):
    """Return sines and cosines of falling frequency (Vaswani et al. 2017, section 3.5).

    Args:
        n_steps: number of positions.
        d_model: size of a vector; when it is odd, there is one cosine less than sines.

    Returns:
        A float32 array `[n_steps, d_model]`, sines at even places, cosines at odd ones.

    Raises:
        ValueError: a size is below 1.
    """
    if n_steps < 1 or d_model < 1:
        raise ValueError(
            f"n_steps={n_steps} and d_model={d_model} must both be 1 or more."
        )
    frequencies = 10_000.0 ** (-np.arange(0, d_model, 2) / d_model)
    angles = np.arange(n_steps)[:, np.newaxis] * frequencies
    encoding = np.empty([n_steps, d_model], np.float32)
    encoding[:, 0::2] = np.sin(angles)
    encoding[:, 1::2] = np.cos(angles[:, : d_model // 2])
    return encoding


def causal_mask(n_steps):
    """Return `[1, n_steps, n_steps]`: may the row's step look at the column's?"""
    return tf.linalg.band_part(tf.ones([1, n_steps, n_steps], tf.bool), -1, 0)


def padding_mask(ids):
    """Return `[batch, 1, steps]`: is the step of ids `[batch, steps]` not padding?"""
    return (ids != PAD)[:, tf.newaxis]


class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention with some heads (Vaswani et al. 2017, section 3.2).

    Keys and values can be computed once and used again: see `keys_and_values`.
    """

    def __init__(self, d_model, n_heads, **kwargs):
        """Build the layer.

        Args:
            d_model: size of the vectors that go in and come out.
            n_heads: number of heads; it must divide d_model.
            **kwargs: those of a Keras layer.

        Raises:
            ValueError: n_heads does not divide d_model.
        """
        super().__init__(**kwargs)
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(
                f"n_heads={n_heads} does not divide d_model={d_model}: each head gets "
                "an equal part of the vector."
            )
        self.n_heads, self.d_head = n_heads, d_model // n_heads
        self.query = keras.layers.Dense(d_model)
        self.key = keras.layers.Dense(d_model)
        self.value = keras.layers.Dense(d_model)
        self.output_layer = keras.layers.Dense(d_model)

    def keys_and_values(self, memory):
        """Return keys and values `[batch, n_heads, steps, d_head]` of a memory."""
        return self._split(self.key(memory)), self._split(self.value(memory))

    def attend(self, queries, keys, values, mask=None):
        """Look up the values by how well their keys fit the queries.

        Args:
            queries: `[batch, steps, d_model]`, not yet split into heads.
            keys: `[batch, n_heads, key_steps, d_head]`.
            values: as the keys.
            mask: bool, `[batch or 1, steps or 1, key_steps]`, False where a query must
                not look; None allows all. A query that may look nowhere gets the mean
                of all values.

        Returns:
            The outputs `[batch, steps, d_model]` and the attention weights
            `[batch, n_heads, steps, key_steps]`.

        Raises:
            ValueError: the mask does not fit.
        """
        queries = self._split(self.query(queries))
        scores = tf.matmul(queries, keys, transpose_b=True) / self.d_head**0.5
        if mask is not None:
            _check_mask(mask, scores)
            scores = tf.where(mask[:, tf.newaxis], scores, -1e9)
        weights = tf.nn.softmax(scores)
        mixed = tf.transpose(tf.matmul(weights, values), [0, 2, 1, 3])
        batch_size, n_steps = tf.shape(mixed)[0], tf.shape(mixed)[1]
        joined = tf.reshape(mixed, [batch_size, n_steps, self.n_heads * self.d_head])
        return self.output_layer(joined), weights

    def call(self, queries, memory, mask=None):
        """Attend from queries to a memory, `[batch, steps, d_model]` each.

        Returns and raises what `attend` does.
        """
        return self.attend(queries, *self.keys_and_values(memory), mask)

    def _split(self, vectors):
        batch_size, n_steps = tf.shape(vectors)[0], tf.shape(vectors)[1]
        shape = [batch_size, n_steps, self.n_heads, self.d_head]
        return tf.transpose(tf.reshape(vectors, shape), [0, 2, 1, 3])


class Block(keras.layers.Layer):
    """Self-attention, cross-attention for a decoder that reads a memory, feed-forward.

    Around each of them goes a residual connection. Layer normalisation comes before
    each (Xiong et al. 2020) or, as in the paper, after the sum (`norm_first=False`).
    """

    def __init__(
        self, d_model, n_heads, d_ff, *, dropout=0.0, cross=False, norm_first=True
    ):
        """Build the layers; d_ff is the inner size of the feed-forward part."""
        super().__init__()
        self.norm_first = norm_first
        self.self_attention = MultiHeadAttention(d_model, n_heads)
        self.cross_attention = MultiHeadAttention(d_model, n_heads) if cross else None
        self.feed_forward = keras.Sequential(
            [keras.layers.Dense(d_ff, activation="relu"), keras.layers.Dense(d_model)]
        )
        self.norms = [keras.layers.LayerNormalization() for _ in range(2 + cross)]
        self.dropout = keras.layers.Dropout(dropout)

    def call(self, x, mask=None, memory=None, memory_mask=None, training=None):
        """Run all the steps at once.

        Args:
            x: `[batch, steps, d_model]`.
            mask: which steps may look at which, as in `MultiHeadAttention.attend`.
            memory: what cross-attention reads, `[batch, memory_steps, d_model]`.
            memory_mask: which steps may look at which of the memory.
            training: True switches dropout on.

        Returns:
            `[batch, steps, d_model]`, and a list of the attention weights.
        """
        return self._run(
            x,
            lambda x: self.self_attention(x, x, mask),
            lambda x: self.cross_attention(x, memory, memory_mask),
            training,
        )

    def step(self, x, cache, across=None, memory_mask=None):
        """Run one step, with the keys and values of those before at hand.

        Args:
            x: `[batch, 1, d_model]`.
            cache: keys and values so far, `[batch, n_heads, steps, d_head]` each.
            across: keys and values of the memory, or None.
            memory_mask: `[batch, 1, memory_steps]`.

        Returns:
            `[batch, 1, d_model]`, and the cache with this step in it.
        """
        new_cache = []

        def look_back(x):
            here = self.self_attention.keys_and_values(x)
            pairs = zip(cache, here, strict=True)
            new_cache.extend(tf.concat(pair, axis=2) for pair in pairs)
            return self.self_attention.attend(x, *new_cache)

        def look_across(x):
            return self.cross_attention.attend(x, *across, memory_mask)

        x, _ = self._run(x, look_back, look_across, training=False)
        return x, new_cache

    def _run(self, x, look_back, look_across, training):
        looks = [look_back, look_across] if self.cross_attention else [look_back]
        all_weights = []
        for norm, look in zip(self.norms, looks, strict=False):
            outputs, weights = look(norm(x) if self.norm_first else x)
            x = self._add(x, outputs, norm, training)
            all_weights.append(weights)
        norm = self.norms[-1]
        outputs = self.feed_forward(norm(x) if self.norm_first else x)
        return self._add(x, outputs, norm, training), all_weights

    def _add(self, x, outputs, norm, training):
        x = x + self.dropout(outputs, training=training)
        return x if self.norm_first else norm(x)


class Stack(keras.layers.Layer):
    """Embeddings, positions and some blocks: an encoder, or a decoder if `causal`."""

    def __init__(
        self,
        vocab_size,
        d_model,
        n_heads,
        d_ff,
        n_blocks,
        max_steps,
        *,
        dropout=0.0,
        causal=False,
        cross=False,
        norm_first=True,
    ):
        """Build the layers.

        Args:
            vocab_size: number of ids.
            d_model: size of the vector of a step.
            n_heads: number of heads of each attention.
            d_ff: inner size of the feed-forward parts.
            n_blocks: number of blocks.
            max_steps: number of positions: no sequence may be longer.
            dropout: share of the outputs of each part that is dropped in training.
            causal: no step looks at a later one.
            cross: the blocks also read a memory.
            norm_first: see `Block`.
        """
        super().__init__()
        self.d_model, self.max_steps, self.causal = d_model, max_steps, causal
        self.embedding = keras.layers.Embedding(
            vocab_size,
            d_model,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=d_model**-0.5
            ),
        )
        self.positions = tf.constant(positional_encoding(max_steps, d_model))
        self.dropout = keras.layers.Dropout(dropout)
        options = {"dropout": dropout, "cross": cross, "norm_first": norm_first}
        self.blocks = [
            Block(d_model, n_heads, d_ff, **options) for _ in range(n_blocks)
        ]
        self.norm = keras.layers.LayerNormalization() if norm_first else None

    def call(self, ids, memory=None, memory_mask=None, added=0.0, training=None):
        """Run all the steps at once.

        Args:
            ids: `[batch, steps]`; nobody looks at padding.
            memory: `[batch, memory_steps, d_model]`, for `cross`.
            memory_mask: bool, `[batch, 1, memory_steps]`.
            added: something to add to the embeddings, `[batch, steps, d_model]`.
            training: True switches dropout on.

        Returns:
            `[batch, steps, d_model]`, and for each block a list of its attention
            weights, `[batch, n_heads, steps, key_steps]` each.

        Raises:
            ValueError: there are more than max_steps steps.
        """
        n_steps = tf.shape(ids)[1] if ids.shape[1] is None else ids.shape[1]
        if ids.shape[1] is not None and n_steps > self.max_steps:
            raise ValueError(
                f"{n_steps} steps are more than the {self.max_steps} positions of this "
                "model: shorten the sequence, or build it with a larger max_steps."
            )
        mask = padding_mask(ids)
        if self.causal:
            mask = mask & causal_mask(n_steps)
        x = self._embed(ids, self.positions[:n_steps]) + added
        x = self.dropout(x, training=training)
        maps = []
        for block in self.blocks:
            x, weights = block(x, mask, memory, memory_mask, training=training)
            maps.append(weights)
        return (x if self.norm is None else self.norm(x)), maps

    def start(self, batch_size):
        """Return the state before the first step: an empty cache for each block."""
        attention = self.blocks[0].self_attention
        empty = tf.zeros([batch_size, attention.n_heads, 0, attention.d_head])
        return [[empty, empty] for _ in self.blocks]

    def step(self, ids, state, memory=()):
        """Run one step.

        Args:
            ids: `[batch]`.
            state: what `start` or the step before returned.
            memory: `(across, memory_mask)`, the keys and values of the memory for each
                block and its mask, or `()`.

        Returns:
            `[batch, d_model]`, and the new state.
        """
        across, memory_mask = memory or ([None] * len(self.blocks), None)
        position = tf.shape(state[0][0])[2]
        tf.debugging.assert_less(
            position, self.max_steps, "There are no more positions in this model."
        )
        x = self._embed(ids[:, tf.newaxis], self.positions[position])
        new_state = []
        for block, cache, keys in zip(self.blocks, state, across, strict=True):
            x, cache = block.step(x, cache, keys, memory_mask)
            new_state.append(cache)
        x = x if self.norm is None else self.norm(x)
        return x[:, 0], new_state

    def _embed(self, ids, positions):
        return self.embedding(ids) * self.d_model**0.5 + positions


class Transformer(keras.Model):
    """An encoder and a decoder that translate (Vaswani et al. 2017, figure 1).

    It has the `encode` and `step` that `seq2seq.beam_search` and `seq2seq.translate`
    need; the step keeps keys and values, so a word is never computed twice.

    Attributes:
        max_words: the longest source, in words, that `seq2seq.translate` accepts.
    """

    def __init__(self, source_size, target_size, *sizes, **options):
        """Build the layers.

        Args:
            source_size: number of source ids.
            target_size: number of target ids.
            *sizes: d_model, n_heads, d_ff, n_blocks and max_steps: see `Stack`.
            **options: dropout and norm_first: see `Stack`.
        """
        super().__init__()
        self.encoder = Stack(source_size, *sizes, **options)
        self.decoder = Stack(target_size, *sizes, causal=True, cross=True, **options)
        self.output_layer = keras.layers.Dense(target_size)
        self.max_words = self.encoder.max_steps - 2  # <sos> and <eos> need a place

    def call(self, inputs, training=None):
        """Return the logits `[batch, steps, target_size]` of all the steps at once.

        Args:
            inputs: source ids `[batch, source_steps]` and the decoder's inputs
                `[batch, steps]`.
            training: True switches dropout on.
        """
        source, decoder_inputs = inputs
        memory, _ = self.encoder(source, training=training)
        outputs, _ = self.decoder(
            decoder_inputs, memory, padding_mask(source), training=training
        )
        return self.output_layer(outputs)

    def encode(self, source):
        """Return the first state, and the memory of all steps: see `step`."""
        memory, _ = self.encoder(source)
        across = [
            list(block.cross_attention.keys_and_values(memory))
            for block in self.decoder.blocks
        ]
        return self.decoder.start(tf.shape(source)[0]), (across, padding_mask(source))

    def step(self, ids, state, memory):
        """Write one word: see `seq2seq.EncoderDecoder.step`."""
        outputs, state = self.decoder.step(ids, state, memory)
        return self.output_layer(outputs), state


class LanguageModel(keras.Model):
    """A stack and an output layer: logits of the next id, or of hidden ones."""

    def __init__(self, vocab_size, *sizes, causal=True, **options):
        """Build the layers; sizes and options are those of `Stack`."""
        super().__init__()
        self.stack = Stack(vocab_size, *sizes, causal=causal, **options)
        self.output_layer = keras.layers.Dense(vocab_size)

    def call(self, ids, training=None):
        """Return logits `[batch, steps, vocab_size]` of ids `[batch, steps]`."""
        outputs, _ = self.stack(ids, training=training)
        return self.output_layer(outputs)


def _check_mask(mask, scores):
    batch_size, _, n_steps, key_steps = scores.shape
    allowed = [{batch_size, 1}, {n_steps, 1}, {key_steps}]
    fits = len(mask.shape) == 3 and all(
        size is None or None in sizes or size in sizes
        for size, sizes in zip(mask.shape, allowed, strict=True)
    )
    if not fits:
        raise ValueError(
            f"A mask of shape {list(mask.shape)} does not fit scores of shape "
            f"{list(scores.shape)}: it must be [batch or 1, steps or 1, key_steps]."
        )
