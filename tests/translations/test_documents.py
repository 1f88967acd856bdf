"""Chapters, pages and the README in another language."""

import nbformat
import pytest

from tools import chapters
from tools.translations import documents, language
from tools.translations.documents import MARK


@pytest.fixture
def chapter(course):
    return chapters.read_all()[0]


def test_a_chapter_has_the_code_and_the_outputs_of_the_english_one(chapter, translate):
    texts = {"1. First": "1. 처음", "A curve": "곡선", "how to begin": "시작하기"}
    translate("01_first", texts)
    before = nbformat.writes(chapter.notebook)
    notebook = documents.notebook_in("ko", chapter)
    nbformat.validate(notebook)
    assert nbformat.writes(chapter.notebook) == before
    first, code, last = notebook.cells
    assert first.source == "\n\n".join(
        ["# 1. 처음", MARK.format(text="Attention to `x` and BPE.")]
    )
    assert code.source == chapter.notebook.cells[1].source
    (output,) = code.outputs
    assert output.metadata["image/png"]["alt"] == "곡선"
    assert output.data == chapter.notebook.cells[1].outputs[0].data
    assert last.source == "## The end"
    assert notebook.metadata["description"] == "시작하기"
    assert [cell.id for cell in notebook.cells] == [
        cell.id for cell in chapter.notebook.cells
    ]


def test_in_english_all_is_as_it_is(chapter, course):
    assert documents.notebook_in("en", chapter) == chapter.notebook
    assert documents.page_in("en", "data") == "# Data\n"


def test_the_glossary_has_the_english_names_too(translate):
    translate("glossary", {"attention": "어텐션", "BPE": "BPE", "Glossary": "용어"})
    translate("glossary", {"A mean with *weights*.": "*가중* 평균입니다."})
    page = documents.page_in("ko", "glossary")
    assert page.startswith("# 용어\n\n```{glossary}\n:sorted:\n\n")
    assert "\n\n어텐션\nattention\n  *가중* 평균입니다.\n\n" in page
    assert "\n\nbyte-pair encoding\nBPE\n  " in page


def test_the_readmes_lead_to_each_other_and_to_their_own_sections(translate):
    translate("README", {"The end": "마지막 절", "[x](#the-end)": "[엑스](#the-end)"})
    documents.write_readmes()
    text = (documents.ROOT / "README.ko.md").read_text("utf-8")
    assert "[English](README.md) · 한국어" in text
    assert "[엑스](#마지막-절)" in text
    assert "## 마지막 절" in text


def test_sentences_of_pages_are_in_the_language_in_use(translate):
    translate("interface", {"A {thing}": "{thing} 하나"})
    translate("glossary", {"attention": "어텐션"})
    assert language._("Two") == "Two"
    with language.using("ko"):
        assert language.current() == "ko"
        assert language._("A {thing}") == "{thing} 하나"
        assert language._("Two") == "Two"
        assert language.markdown("# attention\n\nTwo") == "# 어텐션\n\nTwo"
        with language.using("en"):
            assert language._("A {thing}") == "A {thing}"
        assert language._("A {thing}") == "{thing} 하나"
    assert language.current() == "en"
    assert language._("A {thing}") == "A {thing}"
