"""Translation pairs: those of the grammar, Tatoeba's, and a reader's own."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import course
from nlp_helpers.data import fetch, grammar, sentence_pairs, sources
from nlp_helpers.data.fetch import DataError
from nlp_helpers.data.splits import split_of


@pytest.fixture(autouse=True)
def run(monkeypatch):
    monkeypatch.setattr(course, "run", course.Run())


def is_tidy(text):
    return unicodedata.is_normalized("NFC", text) and " ".join(text.split()) == text


def check_splits(splits):
    """Each source is in one split, which a hash of it decides."""
    for name in sentence_pairs.SPLITS:
        assert splits[name]
        for source, target in splits[name]:
            assert split_of(source) == name
            assert all(text and is_tidy(text) for text in (source, target))


def test_the_packaged_edition_is_the_grammar(edition):
    with edition("packaged"):
        splits = sentence_pairs.load()
    assert splits == grammar.load("es")
    check_splits(splits)


def test_the_original_edition_is_tatoeba(edition):
    if not fetch.at_hand(sources.TATOEBA):
        pytest.skip("data/spa-eng/spa.txt is not there")
    with edition("original"):
        splits = sentence_pairs.load()
    check_splits(splits)
    pairs = [pair for name in sentence_pairs.SPLITS for pair in splits[name]]
    assert len(pairs) == len(set(pairs)) > 110_000
    assert ("Go.", "Ve.") in pairs
    # 70/10/20
    shares = [len(splits[name]) / len(pairs) for name in sentence_pairs.SPLITS]
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.02)


def test_titles_name_the_corpus(edition):
    with edition("packaged"):
        assert "grammar" in sentence_pairs.title()
    with edition("original"):
        assert "Tatoeba" in sentence_pairs.title()
    course.run.own_data = True
    assert sentence_pairs.title() == "own pairs"


@given(st.text())
def test_tidying_is_done_once_and_keeps_the_letters(text):
    tidy = sentence_pairs._tidy(text)
    assert sentence_pairs._tidy(tidy) == tidy
    letters, kept = (re.sub(r"[\s\u200b]", "", t) for t in (text, tidy))
    assert unicodedata.normalize("NFC", letters) == unicodedata.normalize("NFC", kept)


# A reader's own

GERMAN = [f"number {k} and {k % 7}\tZahl {k} und {k % 7}" for k in range(2_000)]


@pytest.fixture
def own_file(tmp_path):
    """Return a function that writes a file, and returns where."""

    def write(text):
        path = tmp_path / "pairs.tsv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_own_pairs_come_like_the_course_s(own_file):
    splits = sentence_pairs.own_pairs(own_file("\n".join(GERMAN)))
    assert course.run.own_data
    assert list(splits) == list(sentence_pairs.SPLITS)
    check_splits(splits)
    pairs = sorted(pair for part in splits.values() for pair in part)
    assert pairs == sorted(tuple(line.split("\t")) for line in GERMAN)


def test_more_columns_empty_lines_and_doubles_do_no_harm(own_file):
    lines = [f"{line}\tCC-BY 2.0" for line in [*GERMAN, "", *GERMAN[:50]]]
    lines[2_000] = "  "
    splits = sentence_pairs.own_pairs(own_file("\n".join(lines)))
    assert sum(map(len, splits.values())) == 2_000


@pytest.mark.parametrize("line", ["no tab", "source\t", "\ttarget", "a\t \tb"])
def test_a_line_that_is_no_pair_is_named(own_file, line):
    path = own_file("\n".join([*GERMAN, line]))
    with pytest.raises(DataError, match=r"Line 2001 of .* is no pair: .* a tab"):
        sentence_pairs.own_pairs(path)
    assert not course.run.own_data


def test_too_few_pairs_are_refused(own_file):
    path = own_file("\n".join(GERMAN[:999] * 2))
    with pytest.raises(DataError, match=r"has 999 different pairs.* at least 1,000"):
        sentence_pairs.own_pairs(path)
    assert not course.run.own_data


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        sentence_pairs.own_pairs(tmp_path / "nowhere.tsv")
