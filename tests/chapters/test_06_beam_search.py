"""Chapter 6: its searches, on a language so small that all sequences can be listed."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers.vocabulary import Words

WORDS, VOCAB_SIZE, MAX_LENGTH = [4, 5], 6, 4
N_SEQUENCES = 31  # 15 that end, and 16 that are cut off


class Model:
    """Its logits depend on all that is written: a state in the wrong place shows."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.table = rng.normal(size=[1_000, VOCAB_SIZE]).astype(np.float32)
        self.table[:, [Words.UNK, Words.SOS]] = -1e6
        self.table[:, Words.PAD] = 5.0  # likely, and never to be written

    def encode(self, source):
        return [tf.constant(source)[:, 0]], ()

    def step(self, ids, state):
        state = (7 * state[0] + ids) % 1_000
        return tf.gather(self.table, state), [state]

    def log_prob_of(self, start, sequence):
        state, total = start, 0.0
        for before, id in itertools.pairwise([Words.SOS, *sequence]):
            state = (7 * state + before) % 1_000
            total += self.table[state, id] - np.log(np.sum(np.exp(self.table[state])))
        return total


def all_sequences():
    yield from itertools.product(WORDS, repeat=MAX_LENGTH)
    for n in range(MAX_LENGTH):
        for words in itertools.product(WORDS, repeat=n):
            yield *words, Words.EOS


@pytest.fixture(params=range(3))
def chapter(definitions, request):
    names = ["plain_beam_search", "batched_beam_search", "up_to_end"]
    names += ["is_padding", "only_padding", "no_padding"]
    given = {
        "model": Model(request.param),
        "max_length": MAX_LENGTH,
        "spanish_words": SimpleNamespace(size=VOCAB_SIZE),
    }
    return definitions("06", *names, **given)


def best_words_of(model, start):
    def best_words(ids, k):
        known = model.log_prob_of(start, ids)
        words = [*WORDS, Words.EOS]
        log_probs = {w: model.log_prob_of(start, [*ids, w]) - known for w in words}
        return sorted(log_probs.items(), key=lambda item: -item[1])[:k]

    return best_words


@pytest.mark.parametrize("search", ["plain", "batched"])
def test_a_width_that_drops_nothing_ranks_all_sequences(chapter, search):
    for start in [1, 2]:
        scores = {s: chapter.model.log_prob_of(start, s) for s in all_sequences()}
        ranking = sorted(scores, key=scores.get, reverse=True)
        if search == "plain":
            best_words = best_words_of(chapter.model, start)
            beams = chapter.plain_beam_search(
                best_words, N_SEQUENCES, MAX_LENGTH, end=Words.EOS
            )
            found, totals = zip(*beams, strict=True)
        else:
            ids, totals = chapter.batched_beam_search([[start]], N_SEQUENCES)
            [found], [totals] = chapter.up_to_end(ids), totals.numpy()
        assert list(found) == ranking
        np.testing.assert_allclose(totals, [scores[s] for s in ranking], atol=1e-4)


@pytest.mark.parametrize("beam_width", [1, 2, 3])
def test_on_a_batch_each_sentence_has_the_beams_of_the_plain_search(
    chapter, beam_width
):
    starts = [1, 2, 3, 4]
    ids, totals = chapter.batched_beam_search([[s] for s in starts], beam_width)
    for start, found, scores in zip(
        starts, chapter.up_to_end(ids), totals.numpy(), strict=True
    ):
        beams = chapter.plain_beam_search(
            best_words_of(chapter.model, start), beam_width, MAX_LENGTH, end=Words.EOS
        )
        assert found == [words for words, _ in beams]
        np.testing.assert_allclose(scores, [score for _, score in beams], atol=1e-4)
