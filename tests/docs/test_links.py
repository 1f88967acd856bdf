"""Links in the prose of a page, and what is no prose."""

from pathlib import Path

import pytest

from docs import links
from tools import references

GLOSSARY = """# Glossary

```{glossary}
:sorted:

attention
  A weighted mean.

attention map
  A picture of attention.

byte-pair encoding
BPE
  Pieces of words.
```
"""
TERMS = references.glossary_terms(GLOSSARY)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nword\n```",
        "  ~~~\n  word\n  ~~~",
        "::::{container} a\n:::{image} b\n:::\nword\n::::",
        "`word`",
        "``word ` word``",
        "{term}`word <word>`",
        "$word$",
        "$$\nword\n$$",
        "\\begin{align*}\nword\n\\end{align*}",
        "[a word](word.md)",
        "[a [word]](word.md)",
        "[word][word]",
        "![A word: [0, word]](word.png)",
        "[a]: word",
        "<details><summary>word</summary>",
        '<table class="word">\n<tr><td>word</td></tr>\n</table>',
        "<!-- word -->",
        'a <b title="word">c</b>',
    ],
)
def test_what_is_no_prose_stays_and_what_is_around_it_does_not(text):
    page = f"a word\n\n{text}\n\na word"
    replaced = links.replace_in_prose("word", lambda match: "X", page)
    assert replaced == f"a X\n\n{text}\n\na X"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word `word` word <b>word</b> word", "X `word` X <b>X</b> X"),
        ("| word | $word$ |\n|---|---|", "| X | $word$ |\n|---|---|"),
        ("- **word**, *word*\n  word", "- **X**, *X*\n  X"),
        ("for $5 a word", "for $5 a X"),
        ("for \\$5 a word, or \\$6", "for \\$5 a X, or \\$6"),
        ("[word] and (word) and [0, 1) word", "[X] and (X) and [0, 1) X"),
        ("# A word", "# A X"),
        ("word\n\n```\nnot closed: word", "X\n\n```\nnot closed: word"),
        ("<details><summary>word</summary>\n\nword\n\n</details>", None),
    ],
)
def test_prose_between_other_things_is_found(text, expected):
    expected = expected or "<details><summary>word</summary>\n\nX\n\n</details>"
    assert links.replace_in_prose("word", lambda match: "X", text) == expected


def test_names_of_a_term_are_found_in_the_glossary():
    assert TERMS == {
        "attention": "attention",
        "attention map": "attention map",
        "byte-pair encoding": "byte-pair encoding",
        "bpe": "byte-pair encoding",
    }


def test_a_term_is_linked_once_by_whichever_name():
    linked = set()
    first = links.link_terms("# BPE\n\nBPE, attention maps. Attention?", TERMS, linked)
    assert first == (
        "# BPE\n\n{term}`BPE <byte-pair encoding>`, "
        "{term}`attention maps <attention map>`. {term}`Attention <attention>`?"
    )
    text = "Byte-pair encoding; no attention."
    assert links.link_terms(text, TERMS, linked) == text


def test_a_term_is_not_found_within_a_word():
    text = "Inattention, attentional, BPEs"
    assert links.link_terms(text, TERMS, set()) == (
        "Inattention, attentional, {term}`BPEs <byte-pair encoding>`"
    )


def test_each_term_of_the_course_is_in_the_glossary_once():
    page = (Path(links.__file__).parent / "glossary.md").read_text("utf-8")
    terms = references.glossary_terms(page)
    # A definition is indented; every other line of the directive names a term.
    lines = page.partition("{glossary}\n")[2].partition("\n```")[0].splitlines()
    names = [line for line in lines if line and line[0] not in " :"]
    assert len(terms) == len(names) == len({name.lower() for name in names})
