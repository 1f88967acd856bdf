"""Encoder-decoder networks: pairs of sentences in batches, and two LSTMs."""

import operator

import numpy as np
import tensorflow as tf

from nlp_helpers.vocabulary import Words

keras = tf.keras


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


def pair_batches(source, target, batch_size, *, seed=None):
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


@keras.utils.register_keras_serializable("nlp_helpers")
class EncoderDecoder(keras.Model):
    """A bidirectional LSTM that reads, and an LSTM that writes from its last states.

    (Sutskever, Vinyals and Le 2014, section 2; read in both directions as in Bahdanau,
    Cho and Bengio 2015, section 3.2.) With attention, the output of each step of the
    decoder looks up the states of all source words (Luong, Pham and Manning 2015,
    section 3, with the score "general" divided by the root of the number of units).

    Attributes:
        max_words: the longest source, in words, that `beam_search.translate` accepts.
    """

    def __init__(
        self,
        *,
        source_size,
        target_size,
        embed_size,
        n_units,
        attention=False,
        max_words=50,
    ):
        """Build the layers.

        Args:
            source_size: number of source ids.
            target_size: number of target ids.
            embed_size: numbers in the vector of a word.
            n_units: size of the decoder's state; the encoder has half as many units in
                each direction, so it must be even.
            attention: whether the decoder looks back at the source.
            max_words: see the class.

        Raises:
            TypeError: a size is not whole.
            ValueError: n_units is odd.
        """
        super().__init__()
        self.sizes = {
            "source_size": operator.index(source_size),
            "target_size": operator.index(target_size),
            "embed_size": operator.index(embed_size),
            "n_units": operator.index(n_units),
            "max_words": operator.index(max_words),
        }
        source_size, target_size, embed_size, n_units, max_words = self.sizes.values()
        if n_units % 2:
            raise ValueError(
                f"n_units={n_units} is odd: it must be even, one half for each "
                "direction of the encoder."
            )
        self.max_words, self.attention = max_words, bool(attention)
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
        if self.attention:
            self.scale = n_units**-0.5
            self.key_layer = keras.layers.Dense(n_units, use_bias=False)
            self.combine = keras.layers.Dense(n_units, activation="tanh")
        self.output_layer = keras.layers.Dense(target_size)

    def get_config(self):
        """Return the arguments of the model, which Keras saves with it."""
        return {**self.sizes, "attention": self.attention}

    def encode(self, source):
        """Read the source; return what `step` needs to write the target.

        Args:
            source: ids `[batch, source_steps]`.

        Returns:
            The first state `[h, c]` of the decoder, `[batch, n_units]` each, and what
            stays the same at every step (the memory): with attention the keys and the
            values `[batch, source_steps, n_units]` and the mask `[batch,
            source_steps]` of the source, without it `()`.
        """
        embedded = self.source_embedding(source)
        mask = self.source_embedding.compute_mask(source)
        states, h_forward, c_forward, h_back, c_back = self.encoder(embedded, mask=mask)
        h = tf.concat([h_forward, h_back], axis=-1)
        c = tf.concat([c_forward, c_back], axis=-1)
        memory = (self.key_layer(states), states, mask) if self.attention else ()
        return [h, c], memory

    def step(self, ids, state, memory=()):
        """Write one word.

        Args:
            ids: the words before, `[batch]`.
            state: `[h, c]`, as `encode` or the step before returned it.
            memory: the second result of `encode`.

        Returns:
            Logits `[batch, target_size]` of the next word, and the new state.
        """
        output, state = self.decoder.cell(self.target_embedding(ids), state)
        logits, _ = self.look_back(output[:, tf.newaxis], memory)
        return logits[:, 0], state

    def call(self, inputs, return_weights=False, training=None):
        """Return the logits `[batch, steps, target_size]` of all the steps at once.

        Args:
            inputs: source ids `[batch, source_steps]` and the decoder's inputs
                `[batch, steps]`, the right words one step late.
            return_weights: return also the weights of `look_back`.
            training: is not used: there is no dropout.
        """
        source, decoder_inputs = inputs
        state, memory = self.encode(source)
        embedded = self.target_embedding(decoder_inputs)
        outputs, *_ = self.decoder(embedded, initial_state=state)
        logits, weights = self.look_back(outputs, memory)
        return (logits, weights) if return_weights else logits

    def look_back(self, outputs, memory):
        """Return the logits of the decoder's outputs, and where they looked.

        Args:
            outputs: `[batch, steps, n_units]`.
            memory: the second result of `encode`.

        Returns:
            Logits `[batch, steps, target_size]`, and the attention weights `[batch,
            steps, source_steps]`, or None without attention.
        """
        if not self.attention:
            return self.output_layer(outputs), None
        keys, values, mask = memory
        scores = self.scale * tf.matmul(outputs, keys, transpose_b=True)
        scores = tf.where(mask[:, tf.newaxis], scores, -1e9)
        weights = tf.nn.softmax(scores)
        contexts = tf.matmul(weights, values)
        combined = self.combine(tf.concat([contexts, outputs], axis=-1))
        return self.output_layer(combined), weights


def _unit_normal():
    # Keras' own start of an embedding is within 0.05, where an LSTM hardly sees it.
    return keras.initializers.RandomNormal(stddev=1.0)
