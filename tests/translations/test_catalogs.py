"""Catalogs: what is in them, and what becomes of them when the English changes."""

import pytest
from babel.messages.pofile import read_po

from tools.translations import catalogs, sources
from tools.translations.catalogs import CatalogError
from tools.translations.sources import Entry


def entries(*texts):
    return [Entry(text, "paragraph", "a.md") for text in texts]


def texts_of(catalog):
    return {m.id: m.string or "" for m in catalog if m.id}


def catalog_of(texts):
    """Return a catalog with translations, as it is read from its file."""
    catalog = catalogs.template("ko", entries(*texts))
    for text, translation in texts.items():
        catalog[text].string = translation
    return catalog


LONG = "The network reads one letter after the other."


def test_a_catalog_has_the_texts_of_a_chapter_in_their_order(course):
    assert [(entry.kind, entry.text) for entry in sources.entries_of("01_first")] == [
        ("description of the chapter", "how to begin"),
        ("heading", "1. First"),
        ("paragraph", "Attention to `x` and BPE."),
        ("alternative text of a figure", "A curve"),
        ("heading", "The end"),
    ]
    stored = (course / "locale/ko/LC_MESSAGES/01_first.po").read_text("utf-8")
    expected = """
#. paragraph
#: notebooks/01_first.ipynb
msgid "Attention to `x` and BPE."
msgstr ""
"""
    assert expected in stored


def test_sentences_of_modules_are_found_where_they_are_marked(course):
    texts = [entry.text for entry in sources.entries_of("interface")]
    assert sorted(texts) == ["A {thing}", "Two"]


def test_equal_texts_share_an_entry():
    same = [Entry("Yes.", "paragraph", "a.md"), Entry("Yes.", "list item", "a.md")]
    (message,) = [m for m in catalogs.template("ko", same) if m.id]
    assert message.auto_comments == ["paragraph", "list item"]


def test_new_texts_are_empty_and_others_keep_their_translations():
    old = catalog_of({"One.": "하나."})
    new = catalogs.template("ko", entries("Zero, which is new.", "One."))
    updated = catalogs.updated(old, new)
    assert texts_of(updated) == {"Zero, which is new.": "", "One.": "하나."}
    assert list(texts_of(updated)) == ["Zero, which is new.", "One."]


def test_a_changed_text_is_fuzzy_and_says_what_it_was():
    old = catalog_of({LONG: "신경망은 글자를 하나씩 읽습니다."})
    changed = LONG.replace("one letter", "two letters")
    updated = catalogs.updated(old, catalogs.template("ko", entries(changed)))
    message = updated[changed]
    assert message.fuzzy
    assert message.string == "신경망은 글자를 하나씩 읽습니다."
    assert message.previous_id == [LONG]
    assert not catalogs.done(message)
    assert not updated.obsolete


def test_a_new_text_takes_nothing_from_one_that_is_still_there():
    old = catalog_of({LONG: "신경망은 글자를 하나씩 읽습니다."})
    similar = LONG.replace("one letter", "two letters")
    updated = catalogs.updated(old, catalogs.template("ko", entries(LONG, similar)))
    assert texts_of(updated)[similar] == ""
    assert not updated[similar].fuzzy


def test_a_text_that_is_gone_is_obsolete_and_comes_back():
    old = catalog_of({"One.": "하나.", LONG: "신경망은 글자를 하나씩 읽습니다."})
    without = catalogs.updated(old, catalogs.template("ko", entries("One.")))
    assert [m.id for m in without.obsolete.values()] == [LONG]
    again = catalogs.updated(without, catalogs.template("ko", entries("One.", LONG)))
    assert catalogs.done(again[LONG])
    assert not again.obsolete


def test_what_is_stored_is_read_again_and_stays_as_it_is(course, translate):
    texts = {"Attention to `x` and BPE.": '"따옴표"와 \\ `x`, BPE. ' * 9}
    comments = {"Attention to `x` and BPE.": "another sense of: attention"}
    translate("01_first", texts, comments=comments)
    path = catalogs.path_of("ko", "01_first")
    stored = path.read_bytes()
    assert catalogs.update_all("ko")["01_first"] == 4
    assert path.read_bytes() == stored
    message = catalogs.load("ko", "01_first")["Attention to `x` and BPE."]
    assert message.string == texts[message.id]
    assert message.user_comments == ["another sense of: attention"]
    with path.open("rb") as file:
        assert str(read_po(file).locale) == "ko"


def test_a_missing_catalog_and_a_damaged_one_are_named(course):
    with pytest.raises(
        CatalogError, match=r"There is no 02\.po: run make translations"
    ):
        catalogs.load("ko", "02")
    path = catalogs.path_of("ko", "01_first")
    path.write_text(path.read_text("utf-8").replace('msgid "1', 'msg "1'), "utf-8")
    with pytest.raises(CatalogError, match=r"01_first\.po is damaged"):
        catalogs.load("ko", "01_first")
