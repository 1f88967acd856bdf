"""What the live figure "translating" needs of chapters 5 and 7; see live_weights.py.

In float16 the two networks would be 5.6 MB of base64. So their matrices are
quantized to 6 bits a weight, and one letter of base64 holds one weight: 2.1 MB.
"""

import itertools
from collections import Counter

import numpy as np
import tensorflow as tf
from nlp_helpers.beam_search import beam_search, translate
from nlp_helpers.metrics import bleu
from nlp_helpers.vocabulary import Words

from tools.live_weights import listed, other_weights, packed, rounded, uncounted

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
ZERO = 32  # the letter of the weight 0; 31 steps lead up from it, and 31 down
MAX_WORDS = 25  # of a sentence; the longest of the chapters has as many
MAX_LENGTH = 40  # ids of a translation, <eos> included
N_INPUTS, N_EXAMPLES, N_SCORED = 50, 12, 500
N_NEXT = 12  # words that are offered after a word
EXAMPLE = "the girl who found the watch bought a beautiful hat"
LSTM = ("kernel", "recurrent_kernel", "bias")
DENSE = ("kernel", "bias")
PARTS = {
    "source_embedding": ("",),
    "encoder": [f"{way}/{part}" for way in ("forward", "backward") for part in LSTM],
    "target_embedding": ("",),
    "decoder": LSTM,
    "key_layer": ("kernel",),
    "combine": DENSE,
    "output_layer": DENSE,
}


@uncounted()
def without_attention(model, words, splits):
    """Return chapter 5's network, what its page needs beside it, and what it computes.

    Args:
        model: the chapter's `Translator`.
        words: the `vocabulary.Words` of the sources and of the targets.
        splits: lists of pairs by name, as `sentence_pairs.load` returns them.
    """
    layers = {name: getattr(model, name, None) for name in PARTS}
    page, tests = _stored(_Plain(model), layers, words, splits, "without")
    page["next"] = next_words(words[0], [source for source, _ in splits["train"]])
    page["pairs"] = _examples(splits)
    return page, tests


@uncounted()
def with_attention(model, words, splits):
    """Return chapter 7's network, and what it computes; see `without_attention`."""
    layers = {name: getattr(model, name, None) for name in PARTS}
    layers["key_layer"] = model.scores.key_layer
    return _stored(model, layers, words, splits, "with")


class _Plain:
    """Chapter 5's network as `beam_search` wants it: with a memory, which is empty."""

    max_words = MAX_WORDS

    def __init__(self, model):
        self.model = model

    def __call__(self, inputs):
        return self.model(inputs)

    def encode(self, source):
        return self.model.encode(source), ()

    def step(self, ids, state, memory):
        return self.model.step(ids, state)


def _stored(network, layers, words, splits, kind):
    layers = {name: layer for name, layer in layers.items() if layer is not None}
    page = {
        "words": [side.vocabulary for side in words],
        "max_words": MAX_WORDS,
        "max_length": MAX_LENGTH,
        "quantized": {},
        "tensors": {},
    }
    for key, array in _arrays(layers):
        if array.ndim == 2:
            page["quantized"][key] = quantized(array, _axis(key))
        else:
            page["tensors"][key] = array
    scores = [_score(network, words, splits)]
    with quantized_weights(layers):
        scores.append(_score(network, words, splits))
        tests = _computed(network, words, splits)
        (written,) = _translate(network, words, [EXAMPLE], allow_unknown=False)
    page["example"] = {"sentence": EXAMPLE, kind: written}
    page["bleu"] = [round(score, 1) for score in scores]
    return page, tests


def _arrays(layers):
    for name, layer in layers.items():
        for part, array in zip(PARTS[name], layer.get_weights(), strict=True):
            yield f"{name}/{part}".rstrip("/"), array


def _axis(key):
    """Return the axis that `quantized` takes for a tensor."""
    return 1 if key.endswith("embedding") else 0


def quantized(array, axis):
    """Return a matrix as a page reads it: sizes of steps, and a letter for each weight.

    Args:
        array: a matrix.
        axis: 0 if each column has its own size, 1 if each row has.

    Raises:
        ValueError: a number is not finite, or too large for float16.
    """
    steps, sizes = _steps(array, axis)
    letters = np.frombuffer(LETTERS, np.uint8)[steps + ZERO]
    return {
        "shape": list(array.shape),
        "axis": axis,
        "sizes": packed(sizes.ravel(), "the sizes of the steps"),
        "letters": letters.tobytes().decode("ascii"),
    }


def dequantized(array, axis):
    """Return a matrix as the pages see it: each weight a whole number of steps.

    Raises:
        ValueError: a number is not finite, or too large for float16.
    """
    steps, sizes = _steps(array, axis)
    return steps * sizes


def _steps(array, axis):
    most = ZERO - 1
    sizes = np.max(np.abs(array), axis=axis, keepdims=True) / most
    sizes = rounded(sizes, "the sizes of the steps")
    sizes[sizes == 0] = 1  # only zeros
    return np.clip(np.rint(array / sizes), -most, most).astype(int), sizes


def quantized_weights(layers):
    """Let layers have the weights of a page for a while.

    Args:
        layers: a dict from keys of `PARTS` to layers.
    """
    weights = [
        [
            dequantized(array, _axis(key)) if array.ndim == 2 else rounded(array)
            for key, array in _arrays({name: layer})
        ]
        for name, layer in layers.items()
    ]
    return other_weights(layers.values(), weights)


def next_words(words, sentences):
    """Return, for each id, the ids that most often come next, the most frequent first.

    Ends of sentences do not count. Those after `<sos>` begin a sentence.
    """
    counts = [Counter() for _ in range(words.size)]
    for ids in words.encode(sentences):
        kept = ids[(ids != Words.PAD) & (ids != Words.EOS)].tolist()
        for before, after in itertools.pairwise(kept):
            counts[before][after] += 1
    return [[id for id, _ in count.most_common(N_NEXT)] for count in counts]


def _examples(splits):
    """Return splits, sources and references that a page offers; each fourth is long."""
    chosen = []
    longer = iter(_sample(splits, "longer", N_EXAMPLES // 3))
    for k, pair in enumerate(_sample(splits, "validation", N_EXAMPLES), start=1):
        chosen.append(["validation", *pair])
        if k % 3 == 0:
            chosen.append(["longer", *next(longer)])
    return chosen


def _sample(splits, name, n):
    """Return n pairs, the same ones in whatever order a chapter has them."""
    pairs = sorted(splits[name])
    return [pairs[row] for row in np.random.default_rng(0).permutation(len(pairs))[:n]]


def _translate(network, words, sentences, **how):
    how = {"max_length": MAX_LENGTH, "allow_unknown": True} | how
    return translate(network, sentences, *words, **how)


def _score(network, words, splits):
    pairs = _sample(splits, "validation", N_SCORED)
    sources, references = zip(*pairs, strict=True)
    written = _translate(network, words, list(sources))
    return bleu(written, Words.spaced(references))


def _computed(network, words, splits):
    """Return what a page has to compute: logits, translations, beams, and weights."""
    rng = np.random.default_rng(0)
    sides = [_random_ids(rng, side.size) for side in words]
    pairs = zip(*sides, strict=True)
    logits = [network((tf.constant([s]), tf.constant([t])))[0, -1] for s, t in pairs]
    names = ["validation", "longer"]
    pairs = [pair for name in names for pair in _sample(splits, name, N_INPUTS // 2)]
    sentences = [source for source, _ in pairs]
    return {
        "inputs": [[ids.tolist() for ids in side] for side in sides],
        "logits": listed(logits),
        "sentences": sentences,
        "greedy": _translate(network, words, sentences),
        "width 5": _translate(network, words, sentences, beam_width=5),
        "beams": [_beams(network, words, sentence) for sentence in sentences[:5]],
    }


def _random_ids(rng, n_ids):
    """Return fifty sequences of 3 to 15 ids that stand for words."""
    return [rng.integers(4, n_ids, rng.integers(3, 16)) for _ in range(N_INPUTS)]


def _beams(network, words, sentence):
    """Return five beams of a sentence: translations and log-probabilities."""
    state, memory = network.encode(words[0].encode([sentence]))
    how = {"beam_width": 5, "max_length": MAX_LENGTH}
    ids, scores = beam_search(network.step, state, memory, **how)
    return [words[1].decode(ids[0]), listed(scores[0])]
