import collections

import numpy as np
import pytest
import sacrebleu
import tensorflow as tf
from hypothesis import assume, given
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


# Words

any_sentence = st.text() | st.text("ab¿¡!?, .\n한글é🙂_1<>")
some_words = st.lists(any_sentence, min_size=1).filter(lambda s: "".join(s).split())


@given(some_words)
def test_decoding_known_words_gives_them_back_with_single_spaces(sentences):
    words = text.Words(sentences)
    assert words.decode(words.encode(sentences)) == text.Words.spaced(sentences)


def test_punctuation_is_set_apart():
    sentences = ["¿Cuánto cuesta?", "", " 3.50 €,  please "]
    spaced = ["¿ Cuánto cuesta ?", "", "3 . 50 € , please"]
    assert text.Words.spaced(sentences) == spaced


@given(some_words, st.lists(any_sentence), st.integers(5, 30))
def test_a_row_is_sos_words_eos_and_padding_at_the_end_only(corpus, batch, max_size):
    words = text.Words(corpus, max_size)
    ids = words.encode(batch)
    lengths = [len(words.split(sentence)) + 2 for sentence in batch]
    assert ids.dtype == np.int32
    assert ids.shape == (len(batch), max(lengths, default=0))
    for row, sentence, length in zip(ids.tolist(), batch, lengths, strict=True):
        known = [w if w in words.vocabulary else "<unk>" for w in words.split(sentence)]
        inner = [words.vocabulary.index(word) for word in known]
        assert row == [2, *inner, 3] + [0] * (len(row) - length)
        assert all(id == 1 or id >= 4 for id in inner)


@given(some_words)
def test_ids_of_words_are_those_of_the_keras_tokenizer_after_four_special(sentences):
    words = text.Words(sentences)
    tokenizer = keras.preprocessing.text.Tokenizer(lower=False, filters="")
    tokenizer.fit_on_texts([" ".join(words.split(s)) for s in sentences])
    assert words.vocabulary[:4] == ["<pad>", "<unk>", "<sos>", "<eos>"]
    index = {word: id for id, word in enumerate(words.vocabulary[4:], 1)}
    assert index == tokenizer.word_index
    assert words.size == len(words.vocabulary) == len(set(words.vocabulary))


@given(some_words, st.integers(5, 20))
def test_the_largest_size_keeps_the_most_frequent_words(sentences, max_size):
    everything = text.Words(sentences)
    words = text.Words(iter(sentences), max_size=max_size)
    assert words.vocabulary == everything.vocabulary[:max_size]
    assert words.size == min(max_size, everything.size)


@given(any_sentence)
def test_splitting_loses_spaces_only_and_parts_signs_from_words(sentence):
    parts = text.Words.split(sentence)
    assert "".join(parts) == "".join(sentence.split())
    assert all(len(p) == 1 or all(c.isalnum() or c == "_" for c in p) for p in parts)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("¿Qué? ¡No, señor!", "¿ Qué ? ¡ No , señor !"),
        ("dieciséis años-luz", "dieciséis años - luz"),
        ("저는 학생입니다.", "저는 학생입니다 ."),
        ("1975년 6월 26일", "1975년 6월 26일"),
        ("8.918,55 euros", "8 . 918 , 55 euros"),
        ("I'm «here»…", "I ' m « here » …"),
        ("<pad>", "< pad >"),
        (" \t", ""),
    ],
)
def test_how_a_sentence_is_split(sentence, expected):
    assert text.Words.split(sentence) == expected.split()


def test_special_ids_and_their_names():
    ids = (text.Words.PAD, text.Words.UNK, text.Words.SOS, text.Words.EOS)
    assert ids == (0, 1, 2, 3)
    assert text.PAD == 0
    assert text.Words(["a"]).vocabulary == ["<pad>", "<unk>", "<sos>", "<eos>", "a"]


def test_frequent_words_come_first_and_ties_by_where_they_are_met():
    words = text.Words(["d c c", "b a c b"])
    assert words.vocabulary[4:] == ["c", "b", "d", "a"]
    assert text.Words(["d c c", "b a c b"], max_size=7).vocabulary[4:] == [*"cbd"]
    assert words.encode(["a b", "", "c ? d c"]).tolist() == [
        [2, 7, 5, 3, 0, 0],
        [2, 3, 0, 0, 0, 0],
        [2, 4, 1, 6, 4, 3],
    ]


def test_decoding_stops_at_the_first_eos_and_shows_unknown_words():
    words = text.Words(["a b"])
    ids = [[2, 4, 1, 5, 3, 4, 3], [4, 0, 5, 0, 2, 5, 5], [3, 4, 4, 4, 4, 4, 4]]
    assert words.decode(ids) == ["a <unk> b", "a b b b", ""]
    assert words.decode(tf.constant(ids, tf.int64)) == words.decode(np.array(ids))


def test_batches_of_nothing():
    words = text.Words(["a b"])
    ids = words.encode([])
    assert (ids.shape, ids.dtype) == ((0, 0), np.int32)
    assert words.decode(ids) == words.decode([]) == []
    assert words.decode(np.zeros([0, 5], int)) == []
    assert words.decode(np.zeros([2, 0], int)) == ["", ""]
    assert words.decode(words.encode([""])) == [""]


@pytest.mark.parametrize("sentences", [[], [""], [" ", "\n"]])
def test_sentences_without_words_are_refused(sentences):
    with pytest.raises(ValueError, match="no words in the sentences"):
        text.Words(sentences)


@pytest.mark.parametrize("max_size", [-1, 0, 3, 4])
def test_a_size_without_room_for_words_is_refused(max_size):
    with pytest.raises(ValueError, match=f"max_size={max_size} .* must be 5 or more"):
        text.Words(["a b"], max_size)
    assert text.Words(["b a"], 5).vocabulary[4:] == ["b"]


@pytest.mark.parametrize("sentence", ["", "one sentence", "one " * 50])
def test_one_string_instead_of_a_list_is_refused(sentence):
    for use in (text.Words, text.Words(["one"]).encode):
        with pytest.raises(ValueError, match="must be a list of strings") as caught:
            use(sentence)
        assert str(caught.value).startswith(f"{sentence[:40]!r} is one string")


@given(st.integers(-(2**62), -1) | st.integers(6, 2**62))
def test_an_id_without_a_word_is_named(wrong):
    words = text.Words(["a b"])
    with pytest.raises(ValueError, match=f"id {wrong} has no word: .* from 0 to 5"):
        words.decode([[2, 4, 3], [2, 3, wrong]])


@pytest.mark.parametrize(
    "ids",
    [np.array([4, 5]), np.array(4), np.array([[[4]]]), np.array([[4.0, 5.0]])],
    ids=["one row", "one id", "logits", "fractions"],
)
def test_ids_that_are_no_batch_are_refused(ids):
    with pytest.raises(
        ValueError, match=r"whole numbers .* \[batch, steps\]"
    ) as caught:
        text.Words(["a b"]).decode(ids)
    assert str(caught.value).endswith(f"{ids.dtype} in the shape {list(ids.shape)}.")


# Translations

REFERENCES = ["El gato está en la estera .", "¿ Qué hora es ahora mismo ?", "Ve ."]
TRANSLATIONS = ["El gato estaba en la estera .", "¿ Qué hora es ahora ?", "Vete ."]
SCORES = [
    (text.bleu, sacrebleu.metrics.BLEU),
    (text.chrf, sacrebleu.metrics.CHRF),
]
few_words = st.sampled_from(["el", "la", "gato", "ve", "¿", "?", "한국", "."])
short = st.lists(few_words).map(" ".join)
sentence_pairs = st.lists(st.tuples(short, short), min_size=1)


@pytest.mark.parametrize(("score", "metric"), SCORES)
@given(pairs=sentence_pairs)
def test_scores_are_those_of_sacrebleu(score, metric, pairs):
    translations, references = map(list, zip(*pairs, strict=True))
    expected = metric().corpus_score(translations, [references]).score
    assert score(translations, references) == expected
    assert 0 <= expected <= 100 + 1e-9


@pytest.mark.parametrize("score", [text.bleu, text.chrf])
def test_a_perfect_translation_has_100(score):
    assert score(REFERENCES, REFERENCES) == pytest.approx(100)
    assert 0 < score(TRANSLATIONS, REFERENCES) < 100


def test_bleu_by_hand():
    # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples and 1 of 3 quadruples are right.
    found = text.bleu(["the cat sat on the mat"], ["the cat sat on a mat"])
    assert found == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    # All is right, but two words are missing; too many are no better.
    shorter, longer = "the cat sat on", "the cat sat on the mat"
    assert text.bleu([shorter], [longer]) == pytest.approx(100 * np.exp(1 - 6 / 4))
    expected = 100 * (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert text.bleu([longer], [shorter]) == pytest.approx(expected)


def test_chrf_by_hand():
    # Of characters and pairs all are right, and 2 of 4 and 1 of 3 are found.
    precision, recall = 1, (2 / 4 + 1 / 3) / 2
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert text.chrf(["ab"], ["abcd"]) == pytest.approx(expected)


def test_bleu_is_of_the_corpus_and_no_mean_of_sentences():
    alone = [text.bleu([t], [r]) for t, r in zip(TRANSLATIONS, REFERENCES, strict=True)]
    assert text.bleu(TRANSLATIONS, REFERENCES) != pytest.approx(np.mean(alone), abs=1)


@pytest.mark.parametrize(
    ("translations", "share"),
    [("abcd", 1), ("abdc", 0.5), ("Abcd", 0.75), ("dabc", 0), (["a ", *"bcd"], 0.75)],
)
def test_exact_match_by_hand(translations, share):
    assert text.exact_match([*translations], [*"abcd"]) == share


@given(sentence_pairs)
def test_exact_match_counts_equal_pairs(pairs):
    translations, references = map(list, zip(*pairs, strict=True))
    equal = collections.Counter(a == b for a, b in pairs)[True]
    assert text.exact_match(translations, references) == equal / len(pairs)


@pytest.mark.parametrize("score", [text.bleu, text.chrf, text.exact_match])
@given(counts=st.tuples(st.integers(0, 5), st.integers(0, 5)))
def test_scores_need_one_reference_for_each_translation(score, counts):
    n, m = counts
    assume(n != m or n == 0)
    with pytest.raises(ValueError, match=f"^{n} translations and {m} references: "):
        score(["a"] * n, ["a"] * m)


@pytest.mark.parametrize("score", [text.bleu, text.chrf, text.exact_match])
@pytest.mark.parametrize("lists", [("abc", "abc"), (["abc"], "a"), ("a", ["abc"])])
def test_scores_of_one_string_are_refused(score, lists):
    with pytest.raises(ValueError, match="must be lists of strings"):
        score(*lists)
