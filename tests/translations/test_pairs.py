"""What a text and its translation have in common."""

import pytest

from tools.translations import catalogs, pairs, quantities
from tools.translations.terms import Glossary

RIGHT = [
    ("It has 1.1 million weights.", "가중치가 110만 개입니다."),
    ("10,000 words", "단어 1만 개"),
    ("10,000 words", "단어 10,000개"),
    ("320 million of 3", "3개 중 3억 2천만"),
    ("from 1 to 4", "1에서 4만"),
    ("two layers", "두 층"),
    ("two layers", "2개 층"),
    ("a third of 9", "9의 3분의 1"),
    ("six-grams, which", "6-그램, 6-그램은"),
    ("one and a half minutes", "1.5분"),
    ("May 2014", "2014년 5월"),
    ("`n` and $k$ (Kudo 2018)", "$k$와 `n`(Kudo 2018)"),
    ("Sutskever et al. (2014) say", "Sutskever et al. (2014)에 따르면"),
    ("[chapter 3](03.ipynb)", "[3장](03.ipynb)"),
    ("3. Words", "3. 낱말"),
    ("**One** and *two*", "**하나**와 둘"),
]
WRONG = [
    ("10 words", "단어 11개", "add the number 10", "remove the number 11"),
    ("two layers", "3개 층", "remove the number 3"),
    ("10,000", "10만", "add the number 10,000", "remove the number 100,000"),
    ("`n` words", "단어 `m`개", "add `n`", "remove `m`"),
    ("`n` words", "단어", "add `n`"),
    ("$k$ words", "$k$ $k$", "remove $k$"),
    ("[a](a.md)", "[a](b.md)", "add (a.md)", "remove (b.md)"),
    ("(Kudo 2018)", "(Kudo 2019)", "add Kudo 2018", "remove Kudo 2019"),
    ("(Kudo 2018)", "(쿠도 2018)", "add Kudo 2018", "remove the number 2,018"),
    ("One", "1. 하나", "begin it with a word, or it is not one block"),
    (
        "**RNN** is",
        "**순환 신경망(RNN)**은",
        "a * shows: end **bold** before a bracket",
    ),
    ("from 2 to 3", "2~3", "write 2에서 3 for 2~3"),
    ("**One** is", "하나는", "make 1 parts bold, not 0"),
]


@pytest.mark.parametrize(("english", "translation"), RIGHT)
def test_a_good_translation_has_no_problem(english, translation):
    assert pairs.problems(english, translation) == []
    assert pairs.problems(english, english) == []


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case):
    english, translation, *said = case
    found = pairs.problems(english, translation)
    assert len(found) == len(said)
    assert all(map(str.startswith, found, said))


def test_numbers_are_compared_by_their_values():
    values = {"1.1 million": 1_100_000, "3억 2천만": 320_000_000, "2,000": 2_000}
    assert {text: quantities.value_of(text) for text in values} == values


# Terms


@pytest.fixture
def glossary(translate):
    """Return the terms of the small course in Korean."""
    names = {
        "attention": "어텐션",
        "attention map": "어텐션 지도",
        "byte-pair encoding": "바이트 쌍 인코딩",
    }
    translate("glossary", names, comments={"attention": "also: 주의 | 집중"})
    return Glossary("ko")


def message(english, translation, *comments, kind="paragraph"):
    catalog = catalogs.new_catalog("ko")
    return catalog.add(
        english, translation, auto_comments=[kind], user_comments=comments
    )


def test_terms_are_found_with_their_longest_names(glossary):
    text = "*Attention* maps and BPE; `attention`, inattention"
    assert glossary.used_in(text) == {
        "attention map": "Attention map",
        "byte-pair encoding": "BPE",
    }


@pytest.mark.parametrize("name", ["어텐션", "주의", "집중"])
def test_a_term_has_its_names(glossary, name):
    assert glossary.problems(message("Attention!", f"{name}입니다!")) == []


def test_a_term_by_another_name_is_found(glossary):
    (said,) = glossary.problems(message("The attention map", "어텐션 맵"))
    assert said == (
        "call 'attention map' 어텐션 지도, or say in a comment "
        "'another sense of: attention map'"
    )


def test_a_word_in_another_sense_is_no_term(glossary):
    comment = "another sense of: attention"
    assert glossary.problems(message("Attention!", "조심!", comment)) == []


def test_the_english_stands_beside_the_first_use(glossary):
    introduced = set()
    heading = message("Attention", "어텐션", kind="heading")
    assert glossary.problems(heading, introduced) == []
    first = message("Attention", "어텐션은")
    (said,) = glossary.problems(first, introduced)
    assert said == "here is its first use: write 어텐션(attention)"
    assert glossary.problems(first, introduced) == []
    other_form = message("Attention", "주의(attention)는")
    assert glossary.problems(other_form, set()) == [said]
    with_english = message("BPE", "바이트 쌍 인코딩(BPE)")
    assert glossary.problems(with_english, introduced) == []
    assert glossary.problems(first, introduced=None) == []


def test_a_catalog_is_checked_line_by_line(course, glossary, translate):
    translate("01_first", {"1. First": "1. 처음", "The end": "끝 2"})
    translate("01_first", {"Attention to `x` and BPE.": "`x`와 BPE"})
    lines = pairs.check("ko", "01_first")
    assert lines == [
        "01_first.po: 'how to begin': translate it",
        "01_first.po: 'Attention to `x` and BPE.': call 'Attention' 어텐션, or say in "
        "a comment 'another sense of: attention'",
        "01_first.po: 'Attention to `x` and BPE.': call 'BPE' 바이트 쌍 인코딩, "
        "or say in a comment 'another sense of: byte-pair encoding'",
        "01_first.po: 'A curve': translate it",
        "01_first.po: 'The end': remove the number 2",
    ]


def test_a_fuzzy_translation_is_named(course, translate):
    translate("01_first", {"The end": "끝"})
    catalog = catalogs.load("ko", "01_first")
    catalog["The end"].flags.add("fuzzy")
    catalogs.save("ko", "01_first", catalog)
    assert pairs.check("ko", "01_first")[-1] == (
        "01_first.po: 'The end': the English has changed: correct it, and say that it "
        "is not fuzzy"
    )
