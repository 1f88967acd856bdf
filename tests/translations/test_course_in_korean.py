"""The course in other languages: nothing is missing, old, or different from it."""

from collections import Counter

import nbformat
import pytest

from tools import chapters, course
from tools.translations import catalogs, documents, pairs, sources
from tools.translations.blocks import PARSER, UnsuitableTextError

CASES = [(code, name) for code in catalogs.LANGUAGES for name in sources.names()]
CHAPTERS = [(code, c) for code in catalogs.LANGUAGES for c in chapters.read_all()]


def chapter_id(value):
    return value.number if isinstance(value, chapters.Chapter) else value


@pytest.mark.parametrize(("language", "name"), CASES)
def test_the_catalogs_have_the_texts_of_the_course(language, name):
    stored = catalogs.load(language, name)
    expected = catalogs.template(language, sources.entries_of(name))
    texts, wanted = ([m.id for m in catalog] for catalog in (stored, expected))
    assert texts == wanted, f"{name}.po is out of date. Run: make translations"


@pytest.mark.parametrize(("language", "name"), CASES)
def test_every_text_is_translated_and_says_the_same(language, name):
    problems = pairs.check(language, name)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_the_readme_is_that_of_its_catalog(language):
    path = documents.ROOT / documents.readme_of(language)
    fresh = path.read_text("utf-8") == documents.readme_in(language)
    assert fresh, f"{path.name} is out of date. Run: make translations"


@pytest.mark.parametrize(("language", "chapter"), CHAPTERS, ids=chapter_id)
def test_a_chapter_has_the_cells_of_the_english_one(language, chapter):
    notebook = documents.notebook_in(language, chapter)
    nbformat.validate(notebook)
    for ours, theirs in zip(chapter.notebook.cells, notebook.cells, strict=True):
        assert (theirs.cell_type, theirs.id) == (ours.cell_type, ours.id)
        assert theirs.metadata == ours.metadata
        if ours.cell_type == "markdown":
            assert structure(theirs.source) == structure(ours.source), theirs.source
        else:
            assert theirs.source == ours.source
            assert list(map(without_alt, theirs.outputs)) == list(
                map(without_alt, ours.outputs)
            )


def structure(text):
    return [token.type for token in PARSER.parse(text)]


def without_alt(output):
    output = nbformat.from_dict(output)
    output.get("metadata", {}).get("image/png", {}).pop("alt", None)
    return output


@pytest.mark.parametrize(("language", "name"), CASES)
def test_each_heading_of_a_text_has_a_translation_of_its_own(language, name):
    # A heading has the anchor of its English text, which is found by its translation.
    headings = [
        message.string
        for message in catalogs.load(language, name)
        if "heading" in message.auto_comments and message.string
    ]
    assert [heading for heading, n in Counter(headings).items() if n > 1] == []


def test_the_commands_know_the_languages():
    assert course.translated_into() == sorted(catalogs.LANGUAGES)


def test_every_page_can_be_cut_into_blocks():
    for name in sources.names():
        try:
            assert sources.entries_of(name), name
        except UnsuitableTextError as error:
            pytest.fail(f"{name}: {error}")
