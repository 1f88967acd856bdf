"""The Transformer of Vaswani et al. 2017: positions, attention, blocks, decoding."""

import operator
from dataclasses import asdict, dataclass

import numpy as np
import tensorflow as tf

from nlp_helpers.vocabulary import PAD

keras = tf.keras


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """The sizes of a stack of blocks.

    Attributes:
        d_model: size of the vector of a step.
        n_heads: number of heads of each attention; it must divide d_model.
        d_ff: inner size of the feed-forward parts.
        n_blocks: number of blocks.
        max_steps: number of positions: no sequence may be longer.
        dropout: share of the outputs of each part that is dropped in training.
        norm_first: layer normalisation before each part (Xiong et al. 2020) instead of
            after the sum, as in the paper.
    """

    d_model: int
    n_heads: int
    d_ff: int
    n_blocks: int
    max_steps: int
    dropout: float = 0.0
    norm_first: bool = True

    def __post_init__(self):
        """Make Python's own integers of the sizes, which a file can hold.

        Raises:
            TypeError: one is not whole.
        """
        for name in ("d_model", "n_heads", "d_ff", "n_blocks", "max_steps"):
            object.__setattr__(self, name, operator.index(getattr(self, name)))


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


def causal_mask(n_steps, n_before=0):
    """Return which of n_steps may look at which, `[1, n_steps, n_before + n_steps]`.

    A step (row) may look at itself and at all before it (columns), of which n_before
    have come before the first of these steps.
    """
    steps = tf.range(n_before, n_before + n_steps)
    return (tf.range(n_before + n_steps) <= steps[:, tf.newaxis])[tf.newaxis]


def padding_mask(ids):
    """Return `[batch, 1, steps]`: is the step of ids `[batch, steps]` not padding?"""
    return (ids != PAD)[:, tf.newaxis]


class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention with heads (Vaswani et al. 2017, section 3.2)."""

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

    def call(self, queries, context=None, mask=None, cache=None):
        """Look up the values of a context by how well its keys fit the queries.

        Args:
            queries: `[batch, steps, d_model]`.
            context: the vectors that give keys and values, `[batch, new_steps,
                d_model]`; None if all keys and values are in the cache.
            mask: bool, `[batch or 1, steps or 1, key_steps]`, False where a query must
                not look; None allows all. A query that may look nowhere gets the mean
                of all values.
            cache: keys and values from before, `[batch, n_heads, cached_steps, d_head]`
                each; those of the context come after them. None if there are none.

        Returns:
            The outputs `[batch, steps, d_model]`, the attention weights `[batch,
            n_heads, steps, key_steps]`, and the cache with the context in it.

        Raises:
            ValueError: the mask does not fit, or there are no keys.
        """
        if context is None and cache is None:
            raise ValueError("Attention needs a context or a cache: give one of them.")
        n_cached = 0 if cache is None else tf.shape(cache[0])[2]
        if context is not None:
            keys, values = self.keys_and_values(context)
            cache = self._extended(cache, (self.placed(keys, n_cached), values))
        keys, values = cache
        # [batch, n_heads, steps, d_head]
        queries = self.placed(self._split(self.query(queries)), n_cached)
        scores = tf.matmul(queries, keys, transpose_b=True) / self.d_head**0.5
        scores = tf.cast(scores, tf.float32)  # float16 is too coarse for a softmax
        if mask is not None:
            _check_mask(mask, scores)
            scores = tf.where(mask[:, tf.newaxis], scores, -1e9)
        attention_weights = tf.cast(tf.nn.softmax(scores), values.dtype)
        heads = tf.transpose(tf.matmul(attention_weights, values), [0, 2, 1, 3])
        batch_size, n_steps = tf.shape(heads)[0], tf.shape(heads)[1]
        joined = tf.reshape(heads, [batch_size, n_steps, self.n_heads * self.d_head])
        return self.output_layer(joined), attention_weights, cache

    def keys_and_values(self, context):
        """Return the keys and the values of a context, as a cache has them."""
        return self._split(self.key(context)), self._split(self.value(context))

    def placed(self, vectors, first_position):
        """Return queries or keys `[batch, n_heads, steps, d_head]` as they are.

        Self-attention in which positions are not added to the embedding, such as
        rotary ones, brings them in here.

        Args:
            vectors: queries, or the keys of the same steps.
            first_position: the position of the first step.
        """
        return vectors

    @staticmethod
    def _extended(cache, new):
        if cache is None:
            return new
        return tuple(tf.concat(pair, axis=2) for pair in zip(cache, new, strict=True))

    def _split(self, vectors):
        """Turn `[batch, steps, d_model]` into `[batch, n_heads, steps, d_head]`."""
        batch_size, n_steps = tf.shape(vectors)[0], tf.shape(vectors)[1]
        shape = [batch_size, n_steps, self.n_heads, self.d_head]
        return tf.transpose(tf.reshape(vectors, shape), [0, 2, 1, 3])


class _Block(keras.layers.Layer):
    """The layers of a block, and the residual connection around each of its parts."""

    def __init__(self, config, cross_attention):
        super().__init__()
        sizes = config.d_model, config.n_heads
        self.norm_first = config.norm_first
        self.self_attention = MultiHeadAttention(*sizes)
        self.cross_attention = MultiHeadAttention(*sizes) if cross_attention else None
        inner = keras.layers.Dense(config.d_ff, activation="relu")
        outer = keras.layers.Dense(config.d_model)
        self.feed_forward = keras.Sequential([inner, outer])
        n_parts = 2 + cross_attention
        self.norms = [keras.layers.LayerNormalization() for _ in range(n_parts)]
        self.dropout = keras.layers.Dropout(config.dropout)
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        """Return None: a mask is given to each block, and travels with no tensor."""

    def before(self, part, x):
        """Return what a part reads of x, `[batch, steps, d_model]`."""
        return self.norms[part](x) if self.norm_first else x

    def after(self, part, x, outputs, training):
        """Return x with the outputs of a part added, `[batch, steps, d_model]`."""
        x = x + self.dropout(outputs, training=training)
        return x if self.norm_first else self.norms[part](x)


class EncoderBlock(_Block):
    """Self-attention and feed-forward, each with a residual connection."""

    def __init__(self, config):
        """Build the layers of a `TransformerConfig`."""
        super().__init__(config, cross_attention=False)

    def call(self, x, mask=None, training=None):
        """Run all the steps.

        Args:
            x: `[batch, steps, d_model]`.
            mask: which steps may look at which: see `MultiHeadAttention`.
            training: True switches dropout on.

        Returns:
            `[batch, steps, d_model]`, and the attention weights `[batch, n_heads,
            steps, steps]`.
        """
        normed = self.before(0, x)
        outputs, attention_weights, _ = self.self_attention(normed, normed, mask)
        x = self.after(0, x, outputs, training)
        outputs = self.feed_forward(self.before(1, x))
        return self.after(1, x, outputs, training), attention_weights


class DecoderBlock(_Block):
    """Self-attention, cross-attention to a memory if there is one, feed-forward."""

    def __init__(self, config, cross_attention=True):
        """Build the layers of a `TransformerConfig`."""
        super().__init__(config, cross_attention)

    def call(
        self,
        x,
        memory=None,
        mask=None,
        memory_mask=None,
        cache=None,
        memory_cache=None,
        training=None,
    ):
        """Run some steps: all at once, or, with a cache, those that are new.

        Args:
            x: `[batch, steps, d_model]`.
            memory: what cross-attention reads, `[batch, memory_steps, d_model]`.
            mask: which steps may look at which: see `MultiHeadAttention`.
            memory_mask: the same for the memory.
            cache: keys and values of the steps before, or None.
            memory_cache: keys and values of the memory, instead of the memory.
            training: True switches dropout on.

        Returns:
            `[batch, steps, d_model]`; a list of the attention weights, `[batch,
            n_heads, steps, key_steps]`, of self-attention and of cross-attention; and
            the cache with these steps in it.
        """
        normed = self.before(0, x)
        outputs, weights, cache = self.self_attention(normed, normed, mask, cache)
        x = self.after(0, x, outputs, training)
        attention_weights = [weights]
        if self.cross_attention:
            outputs, weights, _ = self.cross_attention(
                self.before(1, x), memory, memory_mask, memory_cache
            )
            x = self.after(1, x, outputs, training)
            attention_weights.append(weights)
        outputs = self.feed_forward(self.before(-1, x))
        return self.after(-1, x, outputs, training), attention_weights, cache


class TokenAndPositionEmbedding(keras.layers.Layer):
    """The vectors of tokens, times the root of d_model, plus those of positions."""

    def __init__(self, vocab_size, config):
        """Build the table of tokens, and that of positions.

        Args:
            vocab_size: number of ids.
            config: a `TransformerConfig`.
        """
        super().__init__()
        self.max_steps, self.scale = config.max_steps, config.d_model**0.5
        start = keras.initializers.RandomNormal(stddev=1 / self.scale)
        self.tokens = keras.layers.Embedding(
            int(vocab_size), config.d_model, embeddings_initializer=start
        )
        self.positions = tf.constant(
            positional_encoding(config.max_steps, config.d_model)
        )
        self.dropout = keras.layers.Dropout(config.dropout)

    def call(self, ids, first_position=0, extra=0.0, training=None):
        """Return the vectors `[batch, steps, d_model]`.

        Args:
            ids: `[batch, steps]`.
            first_position: the position of the first step.
            extra: more to add, `[batch, steps, d_model]`, such as segments.
            training: True switches dropout on.

        Raises:
            ValueError: there are more steps than positions, and their number is known.
            InvalidArgumentError: the same, for a number that is not known beforehand.
        """
        last = first_position + (ids.shape[1] or tf.shape(ids)[1])
        if not tf.is_tensor(last) and last > self.max_steps:
            raise ValueError(
                f"{last} steps are more than the {self.max_steps} positions of this "
                "model: shorten the sequence, or build it with a larger max_steps."
            )
        tf.debugging.assert_less_equal(
            last, self.max_steps, "There are no more positions in this model."
        )
        x = self.tokens(ids)
        positions = tf.cast(self.positions[first_position:last], x.dtype)
        x = x * self.scale + positions + tf.cast(extra, x.dtype)
        return self.dropout(x, training=training)


class TransformerEncoder(keras.layers.Layer):
    """Embedding and blocks in which each step looks at all the others."""

    def __init__(self, vocab_size, config):
        """Build the layers.

        Args:
            vocab_size: number of ids.
            config: a `TransformerConfig`.
        """
        super().__init__()
        self.config = config
        self.embedding = TokenAndPositionEmbedding(vocab_size, config)
        self.blocks = [EncoderBlock(config) for _ in range(config.n_blocks)]
        self.norm = keras.layers.LayerNormalization() if config.norm_first else None

    def call(self, ids, extra=0.0, training=None):
        """Run all the steps.

        Args:
            ids: `[batch, steps]`; nobody looks at padding.
            extra: more to add to the embedding, `[batch, steps, d_model]`.
            training: True switches dropout on.

        Returns:
            `[batch, steps, d_model]`, and for each block its attention weights,
            `[batch, n_heads, steps, steps]`.

        Raises:
            ValueError: there are more steps than positions.
        """
        x, mask = self.embedding(ids, extra=extra, training=training), padding_mask(ids)
        attention_weights = []
        for block in self.blocks:
            x, weights = block(x, mask, training=training)
            attention_weights.append(weights)
        return (x if self.norm is None else self.norm(x)), attention_weights


class TransformerDecoder(keras.layers.Layer):
    """Embedding and blocks in which no step looks at a later one.

    What it computes is the same with a cache and without.
    """

    def __init__(self, vocab_size, config, cross_attention=True):
        """Build the layers.

        Args:
            vocab_size: number of ids.
            config: a `TransformerConfig`.
            cross_attention: the blocks also read a memory.
        """
        super().__init__()
        self.config = config
        self.embedding = TokenAndPositionEmbedding(vocab_size, config)
        self.blocks = [
            DecoderBlock(config, cross_attention) for _ in range(config.n_blocks)
        ]
        self.norm = keras.layers.LayerNormalization() if config.norm_first else None

    def call(
        self,
        ids,
        memory=None,
        memory_mask=None,
        cache=None,
        memory_cache=None,
        extra=0.0,
        training=None,
    ):
        """Run some steps: all at once, or, with a cache, those that are new.

        Args:
            ids: `[batch, steps]`; padding, if any, comes last, where no id looks at it.
            memory: what cross-attention reads, `[batch, memory_steps, d_model]`.
            memory_mask: bool, `[batch, 1, memory_steps]`.
            cache: what the call for the steps before returned, or `empty_cache`.
            memory_cache: what `read` returned, instead of the memory.
            extra: more to add to the embedding, `[batch, steps, d_model]`.
            training: True switches dropout on.

        Returns:
            `[batch, steps, d_model]`; for each block a list of its attention weights,
            `[batch, n_heads, steps, key_steps]` each; and for each block its cache,
            the keys and the values so far, `[batch, n_heads, steps, d_head]` each.

        Raises:
            ValueError: there are more steps than positions, and their number is known.
            InvalidArgumentError: the same, for a number that is not known beforehand.
        """
        n_steps = ids.shape[1] or tf.shape(ids)[1]
        n_cached = 0 if cache is None else tf.shape(cache[0][0])[2]
        mask = causal_mask(n_steps, n_cached)
        nothing = [None] * len(self.blocks)
        caches = zip(cache or nothing, memory_cache or nothing, strict=True)
        x = self.embedding(ids, first_position=n_cached, extra=extra, training=training)
        attention_weights, new_cache = [], []
        for block, (own, of_memory) in zip(self.blocks, caches, strict=True):
            x, weights, kept = block(
                x,
                memory,
                mask=mask,
                memory_mask=memory_mask,
                cache=own,
                memory_cache=of_memory,
                training=training,
            )
            attention_weights.append(weights)
            new_cache.append(kept)
        x = x if self.norm is None else self.norm(x)
        return x, attention_weights, new_cache

    def empty_cache(self, batch_size):
        """Return the cache before the first step."""
        attention = self.blocks[0].self_attention
        shape = [batch_size, attention.n_heads, 0, attention.d_head]
        nothing = tf.zeros(shape, attention.compute_dtype)
        return [(nothing, nothing) for _ in self.blocks]

    def read(self, memory):
        """Return for each block the keys and values of a memory, computed once."""
        return [b.cross_attention.keys_and_values(memory) for b in self.blocks]


class _SavedByConfig:
    """What Keras needs to save a model of a `TransformerConfig`, and to load it."""

    def get_config(self):
        """Return the arguments of the model, as plain numbers and dicts."""
        return {"config": asdict(self.config), **self.sizes}

    @classmethod
    def from_config(cls, arguments):
        """Return a new model from what `get_config` returned."""
        sizes = {name: arguments[name] for name in arguments if name.endswith("_size")}
        return cls(TransformerConfig(**arguments["config"]), **sizes)


@keras.utils.register_keras_serializable("nlp_helpers")
class Transformer(_SavedByConfig, keras.Model):
    """An encoder and a decoder that translate (Vaswani et al. 2017, figure 1).

    It has the `encode` and `step` that `beam_search` needs; they keep a cache of keys
    and values, so a word is never computed twice.

    Attributes:
        max_words: the longest source, in words, that `beam_search.translate` accepts.
        max_length: the largest number of words that it can write, `<eos>` included.
    """

    def __init__(self, config, *, source_size, target_size):
        """Build the layers.

        Args:
            config: a `TransformerConfig`, for the encoder and for the decoder.
            source_size: number of source ids.
            target_size: number of target ids.
        """
        super().__init__()
        source_size, target_size = map(operator.index, (source_size, target_size))
        self.config = config
        self.sizes = {"source_size": source_size, "target_size": target_size}
        self.encoder = TransformerEncoder(source_size, config)
        self.decoder = TransformerDecoder(target_size, config)
        self.output_layer = keras.layers.Dense(target_size)
        self.max_words = config.max_steps - 2  # <sos> and <eos> need a place
        self.max_length = config.max_steps

    def call(self, inputs, training=None):
        """Return the logits `[batch, steps, target_size]` of all the steps at once.

        Args:
            inputs: source ids `[batch, source_steps]` and the decoder's inputs
                `[batch, steps]`.
            training: True switches dropout on.
        """
        source, decoder_inputs = inputs
        memory, _ = self.encoder(source, training=training)
        outputs, *_ = self.decoder(
            decoder_inputs, memory, padding_mask(source), training=training
        )
        return self.output_layer(outputs)

    def encode(self, source):
        """Read the source; return what `step` needs to write the target.

        Args:
            source: ids `[batch, source_steps]`.

        Returns:
            An empty cache, and what no step changes: the decoder's keys and values of
            the source, and its mask.
        """
        memory, _ = self.encoder(source)
        cache = self.decoder.empty_cache(tf.shape(source)[0])
        return cache, (self.decoder.read(memory), padding_mask(source))

    def step(self, ids, cache, memory):
        """Write one word.

        Args:
            ids: the words before, `[batch]`.
            cache: as `encode` or the step before returned it.
            memory: the second result of `encode`.

        Returns:
            Logits `[batch, target_size]` of the next word, and the new cache.
        """
        memory_cache, memory_mask = memory
        outputs, _, cache = self.decoder(
            ids[:, tf.newaxis],
            memory_mask=memory_mask,
            cache=cache,
            memory_cache=memory_cache,
        )
        return self.output_layer(outputs[:, 0]), cache


@keras.utils.register_keras_serializable("nlp_helpers")
class LanguageModel(_SavedByConfig, keras.Model):
    """A decoder without a memory, and logits of the next id."""

    def __init__(self, config, *, vocab_size):
        """Build the layers.

        Args:
            config: a `TransformerConfig`.
            vocab_size: number of ids.
        """
        super().__init__()
        vocab_size = operator.index(vocab_size)
        self.config, self.sizes = config, {"vocab_size": vocab_size}
        self.decoder = TransformerDecoder(vocab_size, config, cross_attention=False)
        self.output_layer = keras.layers.Dense(vocab_size)

    def call(self, ids, training=None):
        """Return logits `[batch, steps, vocab_size]` of ids `[batch, steps]`."""
        outputs, *_ = self.decoder(ids, training=training)
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
