"""The texts of the live figures, and how they are put into other words."""

import pytest

from tools.translations import scripts

SCRIPT = """// A figure.
(() => {
  const other = { stop: "no" };
  const texts = {
    names: {
      "01": "One: the first",
      [TWO]: "Two",
    },
    stop: "Stop",
    write: (n, unit) => `Write ${n} ${unit}s`,
    long: (n) =>
      `The text has ${n} letters. ` +
      "Only the first are read.",
    help:
      "Point at " +
      "a word.",
    columns: ["word", "id"],
    examples: [
      ["a", "one"],
      ["b", "two"],
    ],
    both: (n) => `${n} / ${other}`,
  };
  const after = { stop: "no" };
})();
"""
VALUES = [
    '"One: the first"',
    '"Two"',
    '"Stop"',
    "(n, unit) => `Write ${n} ${unit}s`",
    '(n) => `The text has ${n} letters. ` + "Only the first are read."',
    '"Point at " + "a word."',
    '["word", "id"]',
    '[ ["a", "one"], ["b", "two"], ]',
]


def test_the_values_of_the_texts_are_found():
    assert [block.text for block in scripts.blocks_of_script(SCRIPT)] == VALUES
    assert scripts.blocks_of_script("const a = 1;") == []


def test_a_script_has_other_texts_and_is_else_the_same():
    new = scripts.translated_script(SCRIPT, lambda block: f"T({block.text})")
    for value in VALUES:
        assert f" T({value})," in new
    assert new.count("T(") == len(VALUES)
    for kept in (
        "// A figure.",
        "      [TWO]: T(",
        "`${n} / ${other}`,",
        "const after",
    ):
        assert kept in new
    assert new.endswith(SCRIPT[SCRIPT.index("    both:") :])


def test_texts_in_html_are_found_and_replaced():
    text = "<p>A text,\nin two lines.</p>\n<div><b>${one}</b>${two} and</div>"
    assert [b.text for b in scripts.blocks_of_html(text)] == [
        "A text, in two lines.",
        "${two} and",
    ]
    new = scripts.translated_html(text, lambda block: "번역")
    assert new == "<p>번역</p>\n<div><b>${one}</b>번역</div>"


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        ("(n) => `${n}개`", []),
        ("(m) => `${m}개`", ["begin it with (n) =>"]),
        ("`개`", ["begin it with (n) =>"]),
    ],
)
def test_a_function_keeps_its_parameters(translation, said):
    assert scripts.problems("(n) => `${n} words`", translation) == said


def test_a_text_stays_javascript():
    assert scripts.problems('"Stop"', "정지") == [
        'it is JavaScript: begin and end it with "'
    ]
    assert scripts.problems('"Stop"', "`정지`") == []
    assert scripts.problems('"Stop"', "(n) => `정지`") == ["remove (n) =>"]
