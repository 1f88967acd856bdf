import unicodedata

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers.vocabulary import PAD, Characters, Words

Tokenizer = tf.keras.preprocessing.text.Tokenizer

any_text = st.text(min_size=1) | st.text("ab🙂👍🏽é\n\0\U0010ffff", min_size=1)
any_text = any_text.map(lambda text: unicodedata.normalize("NFC", text))


@given(any_text)
def test_decoding_characters_undoes_encoding(corpus):
    characters = Characters(corpus)
    ids = characters.encode(corpus)
    assert ids.shape == (len(corpus),)
    assert ids.dtype == np.int32
    assert characters.decode(ids) == corpus


@given(any_text)
def test_ids_of_characters_are_those_of_the_keras_tokenizer(corpus):
    tokenizer = Tokenizer(char_level=True, lower=False, filters="")
    tokenizer.fit_on_texts([corpus])
    characters = Characters(corpus)
    ids = characters.encode(characters.alphabet)
    found = dict(zip(characters.alphabet, ids.tolist(), strict=True))
    assert found == tokenizer.word_index
    assert characters.size == len(set(corpus)) + 1


def test_a_text_without_characters_has_no_ids():
    ids = Characters("abc").encode("")
    assert (ids.shape, ids.dtype) == ((0,), np.int32)
    assert Characters("abc").decode(ids) == ""


@given(any_text, any_text)
def test_an_accent_may_be_a_character_of_its_own(corpus, sentence):
    characters, apart = Characters(corpus), unicodedata.normalize("NFD", corpus)
    assert Characters(apart).alphabet == characters.alphabet
    assert characters.encode(apart).tolist() == characters.encode(corpus).tolist()
    words, apart = Words(["a", sentence]), unicodedata.normalize("NFD", sentence)
    assert Words(["a", apart]).vocabulary == words.vocabulary
    assert words.encode([apart]).tolist() == words.encode([sentence]).tolist()


@pytest.mark.parametrize(
    ("ids", "described"),
    [
        ([[1, 2]], "int64 in the shape [1, 2]"),
        (1, "int64 in the shape []"),
        ([1.0, 2.9], "float64 in the shape [2]"),
        ([float("nan")], "float64 in the shape [1]"),
    ],
)
def test_ids_of_characters_that_are_no_sequence_are_refused(ids, described):
    with pytest.raises(ValueError, match=r"whole .* \[steps\]") as caught:
        Characters("abc").decode(ids)
    assert str(caught.value).endswith(f"not {described}.")


def test_numpy_integers_are_integers():
    assert Words(["a b c"], max_size=np.int64(5)).size == 5
    assert Characters("ab").decode(np.array([1, 2], np.uint8)) == "ab"


def test_padding_shows_when_decoded():
    assert Characters("ab").decode([1, PAD, 2]) == "a_b"


@pytest.mark.parametrize("unknown", ["d", "Z", "\0", "é", "🙂"])
def test_an_unknown_character_is_named_with_its_position(unknown):
    with pytest.raises(ValueError, match="is not in the corpus") as caught:
        Characters("abc").encode(f"ab{unknown}c{unknown}")
    assert f"character {unknown!r} at position 2 " in str(caught.value)


def test_an_empty_corpus_is_refused():
    with pytest.raises(ValueError, match="corpus is empty"):
        Characters("")


@pytest.mark.parametrize("wrong", [-(2**62), -1, 4, 2**62])
def test_an_id_without_a_character_is_named(wrong):
    with pytest.raises(ValueError, match=f"The id {wrong} has no .* from 0 to 3"):
        Characters("abc").decode([1, wrong, 2])


# Words

any_sentence = st.text() | st.text("ab¿¡!?, .\n한글é🙂_1<>")
any_sentence = any_sentence.map(lambda text: unicodedata.normalize("NFC", text))
some_sentences = st.lists(any_sentence, min_size=1).filter(lambda s: "".join(s).split())


@given(any_sentence)
def test_splitting_loses_spaces_only_and_parts_signs_from_words(sentence):
    parts = Words.split(sentence)
    assert "".join(parts) == "".join(sentence.split())
    assert all(len(p) == 1 or all(c.isalnum() or c == "_" for c in p) for p in parts)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("¿Qué? ¡No, señor!", "¿ Qué ? ¡ No , señor !"),
        ("dieciséis años-luz", "dieciséis años - luz"),
        ("저는 학생입니다.", "저는 학생입니다 ."),
        ("1975년 6월 26일", "1975년 6월 26일"),
        (" 8.918,55  euros", "8 . 918 , 55 euros"),
        ("I'm «here»…", "I ' m « here » …"),
        ("<pad>", "< pad >"),
        (" \t", ""),
    ],
)
def test_words_and_signs_are_spaced(sentence, expected):
    assert Words.spaced([sentence]) == [expected]


@given(some_sentences)
def test_decoding_known_words_gives_them_back_with_single_spaces(sentences):
    words = Words(sentences)
    assert words.decode(words.encode(sentences)) == Words.spaced(sentences)


@given(some_sentences)
def test_ids_of_words_are_those_of_the_keras_tokenizer_after_four_special(sentences):
    words = Words(sentences)
    tokenizer = Tokenizer(lower=False, filters="")
    tokenizer.fit_on_texts(Words.spaced(sentences))
    assert words.vocabulary[:4] == ["<pad>", "<unk>", "<sos>", "<eos>"]
    found = {word: id for id, word in enumerate(words.vocabulary[4:], 1)}
    assert found == tokenizer.word_index
    assert words.size == len(words.vocabulary)


@given(some_sentences, st.integers(5, 20))
def test_the_largest_size_keeps_the_most_frequent_words(sentences, max_size):
    everything = Words(sentences)
    words = Words(iter(sentences), max_size)
    assert words.vocabulary == everything.vocabulary[:max_size]
    assert words.size == min(max_size, everything.size)


def test_a_row_is_sos_words_eos_and_padding():
    words = Words(["d c c", "b a c b"])
    assert words.vocabulary[4:] == ["c", "b", "d", "a"]
    ids = words.encode(["a b", "", "c ? d c"])
    assert ids.dtype == np.int32
    assert ids.tolist() == [
        [2, 7, 5, 3, 0, 0],
        [2, 3, 0, 0, 0, 0],
        [2, 4, 1, 6, 4, 3],
    ]


def test_decoding_stops_at_the_first_eos_and_shows_unknown_words():
    words = Words(["a b"])
    ids = [[2, 4, 1, 5, 3, 4, 3], [4, 0, 5, 0, 2, 5, 5], [3, 4, 4, 4, 4, 4, 4]]
    assert words.decode(ids) == ["a <unk> b", "a b b b", ""]
    assert words.decode(tf.constant(ids, tf.int64)) == words.decode(ids)


def test_batches_of_nothing():
    words = Words(["a b"])
    ids = words.encode([])
    assert (ids.shape, ids.dtype) == ((0, 0), np.int32)
    assert words.decode(ids) == words.decode([]) == []
    assert words.decode(np.zeros([2, 0], int)) == ["", ""]


@pytest.mark.parametrize("sentences", [[], [""], [" ", "\n"]])
def test_sentences_without_words_are_refused(sentences):
    with pytest.raises(ValueError, match="no words in the sentences"):
        Words(sentences)


@pytest.mark.parametrize("max_size", [-1, 0, 4])
def test_a_size_without_room_for_words_is_refused(max_size):
    with pytest.raises(ValueError, match=f"max_size={max_size} .* must be 5 or more"):
        Words(["a b"], max_size)


@pytest.mark.parametrize("sentence", ["", "one " * 50])
def test_one_string_instead_of_a_list_is_refused(sentence):
    for use in (Words, Words(["one"]).encode):
        with pytest.raises(ValueError, match="must be a list of strings") as caught:
            use(sentence)
        assert str(caught.value).startswith(f"{sentence[:40]!r} is one string")


@pytest.mark.parametrize("wrong", [-(2**62), -1, 6, 2**62])
def test_an_id_without_a_word_is_named(wrong):
    with pytest.raises(ValueError, match=f"id {wrong} has no word: .* from 0 to 5"):
        Words(["a b"]).decode([[2, 4, 3], [2, 3, wrong]])


@pytest.mark.parametrize(
    ("ids", "described"),
    [
        ([4, 5], "int64 in the shape [2]"),
        (4, "int64 in the shape []"),
        ([[[4]]], "int64 in the shape [1, 1, 1]"),
        ([[4.0, 5.0]], "float64 in the shape [1, 2]"),
    ],
)
def test_ids_that_are_no_batch_are_refused(ids, described):
    with pytest.raises(ValueError, match=r"whole .* \[batch, steps\]") as caught:
        Words(["a b"]).decode(ids)
    assert str(caught.value).endswith(f"not {described}.")


# Sentences that somebody types

ENGLISH = Words(["the girl bought a book", "I did not buy it", "did the dog sleep ?"])


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The girl bought a book.", "the girl bought a book"),
        (" i  did not, buy IT", "I did not buy it"),
        ("Did the dog sleep?", "did the dog sleep ?"),
    ],
)
def test_a_typed_sentence_is_written_as_in_the_corpus(sentence, expected):
    assert ENGLISH.typed(sentence) == expected


def test_signs_and_capitals_of_the_vocabulary_stay():
    words = Words(["The girl left.", "Well, Mary left the house."])
    assert words.typed("The girl left, Mary.") == "The girl left , Mary ."


def test_an_unknown_word_is_an_error_that_names_similar_ones():
    message = r"Not in the vocabulary: 'gril' \(near: girl\); 'zzz'\. Use words of"
    with pytest.raises(ValueError, match=message):
        ENGLISH.typed("The gril bought a zzz.")


@pytest.mark.parametrize("sentence", ["", " . ", ","])
def test_a_typed_sentence_without_words_is_refused(sentence):
    with pytest.raises(ValueError, match="A sentence is empty"):
        ENGLISH.typed(sentence)
