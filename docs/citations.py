"""Citations in running text, such as "Vaswani et al. 2017", and the papers they mean.

The chapters cite in plain words, so that they read the same in Jupyter; here the words
are recognised, and each has to mean exactly one entry of references.bib.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pybtex.database import parse_file

REFERENCES = Path(__file__).with_name("references.bib")
NO_NAMES = (
    "January|February|March|April|May|June|July|August|September|October|November|"
    "December|The|In|Since|Until"
)
NAME = (
    rf"(?!(?:{NO_NAMES})\b)(?:(?:van|von|de|den|der|Del|le) )*"
    r"[A-ZÀ-Þ][\w'’-]*[a-zß-ÿ](?:-[A-ZÀ-Þ][\w'’]*)?"
)
CITATION = re.compile(
    rf"(?P<names>{NAME} et al\.|(?:{NAME}, )*{NAME},? and {NAME}|(?P<alone>{NAME}))"
    r",? (?:(?P<year>(?:19|20)\d\d)\b|\((?P<in_brackets>(?:19|20)\d\d)\))"
)


class Found(NamedTuple):
    """A citation in a text: where it stands, its words, and the key it stands for."""

    start: int
    end: int
    text: str
    key: str


class UnknownPaperError(LookupError):
    """A citation that means no entry of the bibliography, or more than one."""


@cache
def entries():
    """Return a dict from keys to the surnames of the authors and the year."""
    database = parse_file(REFERENCES, bib_format="bibtex")
    return {
        key: (
            [" ".join(p.prelast_names + p.last_names) for p in entry.persons["author"]],
            entry.fields["year"],
        )
        for key, entry in database.entries.items()
    }


def find(text):
    """Return the citations in a text.

    A single name counts only in brackets, "(Kudo 2018)", or with the year in brackets:
    "Windows 2000" is none.

    Raises:
        UnknownPaperError: there is no such paper in the bibliography, or several.
    """
    return [
        Found(*match.span(), match[0], key_of(match["names"], year_of(match)))
        for match in matches(text)
    ]


def year_of(match):
    """Return the year of a match of CITATION."""
    return match["year"] or match["in_brackets"]


def matches(text):
    """Yield the matches of CITATION that are citations, whatever they mean."""
    for match in CITATION.finditer(text):
        bracketed = text[: match.start()].rstrip().endswith(("(", ";"))
        if match["alone"] and not (bracketed or match["in_brackets"]):
            continue
        yield match


def key_of(names, year):
    """Return the key of the one paper that authors wrote in a year.

    Args:
        names: "A et al." for three authors or more, else all of them.
        year: four digits.

    Raises:
        UnknownPaperError: there is no such paper in the bibliography, or several.
    """
    many = names.endswith(" et al.")
    given = re.split(r", and |, | and ", names.removesuffix(" et al."))

    def means(authors):
        return authors[0] == given[0] and len(authors) > 2 if many else authors == given

    keys = [key for key, (a, y) in entries().items() if y == year and means(a)]
    if len(keys) != 1:
        raise UnknownPaperError(
            f"{names} {year} means {len(keys)} entries of docs/references.bib, not one"
        )
    return keys[0]


class Reference(NamedTuple):
    """How a paper is cited in running text, and its key."""

    text: str
    key: str


def reference(note):
    """Return how to cite the paper that a footnote describes in full.

    Raises:
        UnknownPaperError: no paper has these authors and this year, or several.
    """
    keys = [
        key
        for key, (authors, year) in entries().items()
        if year in note and all(author in note for author in authors)
    ]
    if len(keys) != 1:
        raise UnknownPaperError(f"{note!r} means {len(keys)} entries of references.bib")
    authors, year = entries()[keys[0]]
    if len(authors) > 3:
        names = f"{authors[0]} et al."
    else:
        *others, last = authors
        names = " and ".join([", ".join(others), last]) if others else last
    return Reference(f"{names} ({year})", keys[0])
