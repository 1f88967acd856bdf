"""Texts in Markdown, cut into blocks and put together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import chapters
from tools.translations import blocks, sources
from tools.translations.blocks import PARSER, Block, UnsuitableTextError

PAGES = [name for name in sources.names() if sources.page_of(name).exists()]
CELLS = [
    pytest.param(cell, id=f"{chapter.number}-{number}")
    for chapter in chapters.read_all()
    for number, cell in enumerate(chapter.prose)
]


def html_of(text):
    """Return the HTML of a text; how lines are broken does not count."""
    return " ".join(PARSER.render(text).split())


def found_in(text):
    return [(block.kind, block.text) for block in blocks.blocks_of(text)]


def same(block):
    return block.text


@pytest.mark.parametrize("text", CELLS)
def test_a_cell_of_a_chapter_can_be_put_together_again(text):
    assert html_of(blocks.translated(text, same)) == html_of(text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_put_together_again(name):
    text = sources.page_of(name).read_text("utf-8")
    assert html_of(blocks.translated(text, same)) == html_of(text)


# No lines of = and -, which make headings of what is above: the course's begin with #.
WORDS = """
word Word, a 1 1. 2) - + # ## > | *it* **bold** `code` `a|b` $x_1$ [link](a.md) [1]
<b>b</b> & \\* ![alt](a.png) 100% 한국어 (Kudo&nbsp;2018)
"""
LINE = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=6).map(" ".join)
PARAGRAPH = st.lists(LINE, min_size=1, max_size=3).map("\n".join)
TABLE = st.lists(st.tuples(LINE, LINE), min_size=1, max_size=3).map(
    lambda rows: "\n".join(
        ["| a | b |", "|---|--:|"]
        + [f"| {' | '.join(c.replace('|', chr(92) + '|') for c in r)} |" for r in rows]
    )
)
OTHERS = st.sampled_from(
    [
        "```python\nx = 1  # word\n```",
        "$$\na + b\n$$",
        "<details><summary>Answer</summary>",
        "</details>",
        "---",
        "    code\n    word",
        "<!-- word -->",
        "[1]: a.md",
    ]
)


def indented(mark, text):
    lines = text.split("\n")
    return "\n".join([mark + lines[0], *(" " * len(mark) + line for line in lines[1:])])


def quoted(text):
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def nested(parts):
    return st.one_of(
        st.builds(indented, st.sampled_from(["- ", "* ", "1. ", "10) "]), parts),
        parts.map(quoted),
        st.lists(parts, min_size=2, max_size=3).map("\n\n".join),
    )


HEADING = st.builds("{} {}".format, st.sampled_from(["#", "###"]), LINE)
DOCUMENT = st.recursive(
    st.one_of(PARAGRAPH, HEADING, TABLE, OTHERS), nested, max_leaves=6
)


@given(DOCUMENT)
def test_any_text_can_be_put_together_again(text):
    assert html_of(blocks.translated(text, same)) == html_of(text)


@given(DOCUMENT)
def test_the_structure_of_any_text_stays_when_it_is_translated(text):
    def kinds(text):
        return [token.type for token in PARSER.parse(text)]

    new = blocks.translated(text, lambda block: "번역")
    assert kinds(new) == kinds(text)
    assert {text for _, text in found_in(new)} <= {"번역"}


def test_each_kind_of_block_is_found():
    text = """# A title

A paragraph of
two lines with `code` and $x$.

- An item
  of two lines

  and a paragraph in it.
  1. A number

> Quoted
> text

![A picture](a.png)

| one | two \\| three |
|---|---|
| `code` | four |
| 1 | |

```bash
make run   # runs
```

<details><summary>Answer</summary>

Yes.

</details>
"""
    assert found_in(text) == [
        ("heading", "A title"),
        ("paragraph", "A paragraph of two lines with `code` and $x$."),
        ("list item", "An item of two lines"),
        ("list item", "and a paragraph in it."),
        ("list item", "A number"),
        ("quotation", "Quoted text"),
        ("alternative text of a picture", "A picture"),
        ("heading of a table", "one"),
        ("heading of a table", "two | three"),
        ("cell of a table", "four"),
        ("comment beside a command", "runs"),
        ("what unfolds", "Answer"),
        ("paragraph", "Yes."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "```python\nword\n```",
        "$$\na\n$$",
        "\\begin{align}\na\n\\end{align}",
        "`code`",
        "$x$",
        "12 %",
        "[1](a.md)",
        "<!-- a word -->",
        "```{literalinclude} a.py\n:language: python\n```",
        "[1]: word.md",
        "<!-- costs: written by make results -->\n\nA word.\n\n<!-- end of costs -->",
    ],
)
def test_what_is_no_prose_is_no_block(text):
    assert found_in(text) == []


def test_a_table_keeps_its_columns_whatever_a_translation_holds():
    text = "| a | b |\n|---|---|\n| c | d |"
    new = blocks.translated(text, lambda block: f"{block.text} | e\nf")
    assert found_in(new)[-1] == ("cell of a table", "d | e f")


def test_captions_and_containers_of_a_page_are_found():
    text = """:::{container} buttons
[One](a.md)
[Two](b.md)
:::

```{toctree}
:caption: Chapters
:glob:

notebooks/[0-9]*
```
"""
    assert found_in(text) == [
        ("paragraph", "[One](a.md) [Two](b.md)"),
        ("caption of a list of pages", "Chapters"),
    ]
    new = blocks.translated(text, lambda block: "번역")
    assert new.startswith(":::{container} buttons\n번역\n:::\n")
    assert "\n:caption: 번역\n:glob:" in new


def test_a_glossary_has_terms_and_definitions():
    text = """```{glossary}
:sorted:

one
another one
  What it is,
  in two lines.

two
  Twice.
```
"""
    term = "term of the glossary"
    assert found_in(text) == [
        (term, "one"),
        (term, "another one"),
        ("definition", "What it is, in two lines."),
        (term, "two"),
        ("definition", "Twice."),
    ]
    new = blocks.translated(
        text, lambda b: f"{b.text}\n번역" if b.kind == term else "X"
    )
    assert "\n\ntwo\n번역\n  X\n```" in new


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\\\nb", "ends in a line break"),
        ("<!-- a: written by make results -->\n\nb", "lacks its last line"),
    ],
)
def test_what_cannot_be_cut_is_named(text, said):
    with pytest.raises(UnsuitableTextError, match=said):
        blocks.blocks_of(text)


def test_a_block_knows_where_it_stands():
    text = "- > one\n  > two"
    assert blocks.blocks_of(text) == [Block("quotation", "one two", (0, 2), 4, 7)]
    assert blocks.translated(text, lambda block: "번역") == "- > 번역"
