import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import text

keras = tf.keras


@given(st.text(min_size=1) | st.text("ab🙂👍🏽é\n\0\U0010ffff", min_size=1))
def test_decoding_undoes_encoding(corpus):
    characters = text.Characters(corpus)
    ids = characters.encode(corpus)
    assert ids.shape == (len(corpus),)
    assert ids.dtype == np.int32
    assert characters.decode(ids) == corpus


@given(st.text(min_size=1))
def test_ids_go_from_one_to_the_size_and_padding_is_never_given(corpus):
    characters = text.Characters(corpus)
    ids = characters.encode(corpus)
    assert text.PAD not in ids
    assert set(ids) == set(range(1, characters.size))
    assert characters.size == len(set(corpus)) + 1
    assert characters.decode(range(1, characters.size)) == characters.alphabet


@given(st.text(min_size=1))
def test_ids_are_those_of_the_keras_tokenizer(corpus):
    tokenizer = keras.preprocessing.text.Tokenizer(
        char_level=True, lower=False, filters=""
    )
    tokenizer.fit_on_texts([corpus])
    characters = text.Characters(corpus)
    ids = {c: int(characters.encode(c)[0]) for c in characters.alphabet}
    assert ids == tokenizer.word_index


def test_the_most_frequent_character_has_id_one():
    characters = text.Characters("nothing, nnn")
    assert characters.alphabet[0] == "n"
    np.testing.assert_array_equal(characters.encode("no"), [1, 2])


def test_a_text_without_characters_has_no_ids():
    ids = text.Characters("abc").encode("")
    assert ids.shape == (0,)
    assert ids.dtype == np.int32
    assert text.Characters("abc").decode(ids) == ""


def test_padding_shows_when_decoded():
    assert text.Characters("ab").decode([1, text.PAD, 2]) == "a_b"


@pytest.mark.parametrize("unknown", ["d", "Z", "\0", "é", "🙂"])
def test_an_unknown_character_is_named_with_its_position(unknown):
    characters = text.Characters("abc")
    with pytest.raises(ValueError, match="is not in the corpus") as caught:
        characters.encode(f"ab{unknown}c{unknown}")
    assert f"character {unknown!r} at position 2 " in str(caught.value)


def test_an_empty_corpus_is_refused():
    with pytest.raises(ValueError, match="corpus is empty"):
        text.Characters("")


@given(st.integers(-(2**62), -1) | st.integers(4, 2**62))
def test_an_id_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=f"The id {wrong} has no .* from 0 to 3"):
        text.Characters("abc").decode([1, wrong, 2])


def test_words_are_lower_case_and_keep_inner_apostrophes():
    assert text.words("'Tis o'er: DON'T—mock me, 2 fools'!") == [
        *("tis", "o'er", "don't", "mock", "me", "fools")
    ]


@pytest.mark.parametrize(
    ("written", "rate"), [("The cat", 1), ("cat dug CAT dog", 0.5), ("xyz", 0)]
)
def test_known_word_rate(written, rate):
    assert text.known_word_rate(written, "the cat and the other cat") == rate


def test_known_word_rate_of_a_text_without_words():
    with pytest.raises(ValueError, match=r"no word in '123 \.\.\.'"):
        text.known_word_rate("123 ...", "the cat")
