"""What becomes of a notebook on the site."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_output

from docs import bibliography, chapter_pages, repository

TERMS = {"rnn": "RNN"}


def adapted(chapter, bar="A bar."):
    """Return the cells of a chapter as the site shows them."""
    papers = bibliography.Bibliography()
    chapter_pages.adapt(chapter.notebook, "notebooks/01.ipynb", bar, TERMS, papers)
    return chapter.notebook.cells, papers


def test_the_bar_stands_below_the_title(chapter):
    cells, _ = adapted(chapter)
    assert cells[0].source.startswith("# 1. First\n\nA bar.\n\nA line.")


def test_terms_are_linked_once_in_a_notebook_and_citations_always(chapter):
    cells = chapter.notebook.cells
    cells[0].source = "# An RNN\n\nAn RNN (Vaswani et al. 2017)."
    cells[3].source = "**1.** Which RNN? Ask Vaswani et al. (2017)."
    cells, papers = adapted(chapter, bar=":::{container}\nAn RNN\n:::")
    assert cells[0].source == (
        "# An RNN\n\n:::{container}\nAn RNN\n:::\n\n"
        "An {term}`RNN <RNN>` ([Vaswani et al. 2017](#vaswani2017))."
    )
    assert cells[3].source == (
        "**1.** Which RNN? Ask [Vaswani et al. (2017)](#vaswani2017)."
    )
    assert papers.cited_in == {"vaswani2017": ["notebooks/01.ipynb"]}


def test_folded_solutions_are_named_by_their_exercise(chapter):
    cells, _ = adapted(chapter)
    assert "code_prompt_show" not in cells[1].metadata.mystnb
    options = cells[4].metadata.mystnb
    assert options.code_prompt_show == options.code_prompt_hide
    assert options.code_prompt_show == "Solution of exercise 1"


def test_pictures_get_their_alternative_texts(chapter):
    picture = new_output("display_data", {"image/png": "iVBORw0K"})
    picture.metadata["image/png"] = {"alt": "A falling curve."}
    stream = new_output("stream", text="a")
    chapter.notebook.cells.append(new_code_cell(outputs=[stream, picture]))
    cells, _ = adapted(chapter)
    assert cells[-1].metadata.mystnb.image.alt == "A falling curve."


@pytest.mark.parametrize(
    ("address", "services"),
    [("", []), ("https://github.com/a/b", ["Colab", "Kaggle", "Binder"])],
)
def test_the_bar_says_what_a_chapter_costs_and_how_to_run_it(
    chapter, rows, monkeypatch, address, services
):
    monkeypatch.setattr(repository, "address", lambda: address)
    bar = chapter_pages.title_bar(chapter, rows)
    assert re.findall(r"\[Open in (.+)\]\(https://.+01_first.ipynb\)", bar) == services
    assert "[Run it at home](../start.md)" in bar
    assert "notebook <../downloads/01_first.ipynb>`" in bar
    assert "\n3 minutes, 10 CPU-seconds, 1.0 GB\n" in bar
