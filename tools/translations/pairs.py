"""What an English text and its translation have in common: code, links, terms.

A problem is a sentence that says what to do.
"""

import re
from collections import Counter
from dataclasses import dataclass

from tools.references import CITATION
from tools.translations import catalogs, quantities, scripts, terms
from tools.translations.blocks import PARSER, TERM

# What a translation leaves as it is, and how that is written.
KEPT = {"code": "`{}`", "formulas": "${}$", "links": "({})", "citations": "{}"}
APART = ("code_inline", "math_inline", "softbreak")


@dataclass(frozen=True)
class Parts:
    """What there is in a text: its words, and what a translation leaves as it is."""

    words: str
    code: Counter
    formulas: Counter
    links: Counter
    citations: Counter
    n_bold: int
    structure: list

    @classmethod
    def of(cls, text):
        """Take a text in Markdown apart."""
        blocks = PARSER.parse(text)
        inline = [t for block in blocks for t in block.children or ()]
        every, text_types = [*blocks, *inline], ("text", "image")
        words = "".join(
            t.content if t.type in text_types else " " * (t.type in APART)
            for t in inline
        )
        cited = [" ".join(match[0].split()) for match in re.finditer(CITATION, words)]
        links = [t.attrs.get("href", t.attrs.get("src")) for t in inline if t.attrs]
        return cls(
            words=re.sub(CITATION, " ", words),
            code=Counter(t.content for t in inline if t.type == "code_inline"),
            formulas=Counter(t.content for t in every if t.type.startswith("math")),
            links=Counter(link for link in links if link),
            citations=Counter(cited),
            n_bold=sum(t.type == "strong_open" for t in inline),
            structure=[block.type for block in blocks],
        )


def problems(english, translation):
    """Return what is wrong with the translation of a text, as a list of sentences."""
    ours, theirs = Parts.of(english), Parts.of(translation)
    found = []
    for name, written in KEPT.items():
        expected, there = getattr(ours, name), getattr(theirs, name)
        missing, extra = expected - there, there - expected
        found += [f"add {written.format(part)}" for part in missing.elements()]
        found += [f"remove {written.format(part)}" for part in extra.elements()]
    found += quantities.problems(ours.words, theirs.words)
    if ours.structure != theirs.structure:
        found.append("begin it with a word, or it is not one block")
    if theirs.words.count("~") > ours.words.count("~"):
        found.append(
            "write 2에서 3 for 2~3: Markdown strikes out what is between two ~"
        )
    if theirs.words.count("*") > ours.words.count("*"):
        found.append("a * shows: end **bold** before a bracket, as in **낱말**(word)")
    elif ours.n_bold != theirs.n_bold:
        found.append(f"make {ours.n_bold} parts bold, not {theirs.n_bold}")
    return found


def check(language, name):
    """Return what is wrong with a catalog, a line for each problem.

    Raises:
        CatalogError: the catalog is missing or damaged.
    """
    catalog, lines = catalogs.load(language, name), []
    glossary = terms.Glossary(language)
    first_uses = set() if name[:2].isdigit() else None  # only chapters introduce terms
    for message in catalog:
        if not message.id:
            continue
        if not message.string:
            found = ["translate it"]
        elif message.fuzzy:
            found = [
                "the English has changed: correct it, and say that it is not fuzzy"
            ]
        elif TERM in message.auto_comments:
            found = []  # it is what all others are compared with
        elif scripts.KIND in message.auto_comments:
            found = scripts.problems(message.id, message.string)
        else:
            found = problems(message.id, message.string)
            found += glossary.problems(message, first_uses)
        start = message.id if len(message.id) < 50 else f"{message.id[:47]}..."
        lines += [f"{name}.po: {start!r}: {problem}" for problem in found]
    return lines
