"""What is stored for the live figure of tokens."""

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from tools import live_tokens


class Pieces:
    """A SentencePiece model of pieces whose scores need not be in order."""

    def __init__(self, scores):
        self.scores = scores

    def __len__(self):
        return len(self.scores)

    def get_score(self, i):
        return self.scores[i]

    def id_to_piece(self, i):
        return f"piece {i}"


@pytest.fixture(scope="module")
def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=258, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["aab aab aab"], trainer)
    return tokenizer


def test_the_random_texts_are_always_the_same_and_differ():
    texts = live_tokens.random_texts()
    assert texts == live_tokens.random_texts()
    assert len(set(texts)) == len(texts) == 50
    assert max(map(len, texts)) <= live_tokens.MOST_CHARACTERS


def test_the_merges_are_pairs_of_ids_in_order(byte_level):
    merges = live_tokens.merges_of(byte_level)
    assert len(merges) == 2
    a, b = (byte_level.token_to_id(letter) for letter in "ab")
    assert merges[0] in ([a, a], [a, b])
    assert 256 in merges[1]


def test_chapter_9_stores_its_merges_and_ids(byte_level, monkeypatch):
    monkeypatch.setattr(live_tokens, "EXAMPLE", "b é")
    page, tests = live_tokens.chapter_9(byte_level)
    assert page["example"] == {"bytes": "b | ␣ | <C3> | <A9>", "n_bytes": "4"}
    assert page["merges"] == live_tokens.merges_of(byte_level)
    assert tests["bytes"][7] == byte_level.encode(tests["texts"][7]).ids


def test_pieces_must_be_in_the_order_of_their_scores():
    # The first three are the special ones.
    pieces = live_tokens._pieces(Pieces([0, 0, 0, -1, -2]))
    assert pieces[-1] == "piece 4"
    with pytest.raises(ValueError, match="not in the order of their scores"):
        live_tokens._pieces(Pieces([0, 0, 0, -2, -1]))


@pytest.mark.parametrize("entries", [["a", ""], ["a b", "c"]])
def test_entries_that_could_not_be_told_apart_are_refused(entries):
    with pytest.raises(ValueError, match="is empty or has a space in it"):
        live_tokens._joined(entries)
