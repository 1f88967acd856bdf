"""The terms of the glossary: each has one name in a language, and texts use it.

The names are the translations of the terms in the catalog of the glossary. Two kinds of
comments of a translator mean something:

    # also: 어텐션 층 | 어텐션 레이어        beside a term: further forms
    # another sense of: floor           beside any other text: no term is meant
"""

import re

from tools.references import glossary_terms
from tools.translations import catalogs, sources
from tools.translations.blocks import PARSER, TERM

ALSO = "also: "
OTHER_SENSE = "another sense of: "
# In these, a chapter names the English of a term where it first uses it.
INTRODUCES = {"paragraph", "list item", "quotation", "cell of a table"}


class Glossary:
    """The terms of the course, in English and in another language.

    Attributes:
        first: a dict from each English name, in lower case, to the first name of its
            term.
        names: a dict from the first English name of each term to its names in the
            language; one of them stands where a chapter introduces the term.
        further: likewise, the further forms that are allowed elsewhere.
    """

    def __init__(self, language):
        """Read the glossary and its catalog; terms without a translation do not count.

        Raises:
            CatalogError: the catalog is missing or damaged.
        """
        page = sources.page_of("glossary").read_text("utf-8")
        first, self.names, self.further = glossary_terms(page), {}, {}
        for message in catalogs.load(language, "glossary"):
            if TERM in message.auto_comments and catalogs.done(message):
                term = first[message.id.lower()]
                self.names.setdefault(term, []).append(message.string)
                forms = [n for c in comments(message, ALSO) for n in c.split(" | ")]
                self.further.setdefault(term, []).extend(forms)
        self.first = {name: term for name, term in first.items() if term in self.names}
        longest_first = sorted(self.first, key=len, reverse=True)
        either = "|".join(map(re.escape, longest_first)) or "(?!)"
        self.pattern = re.compile(rf"\b({either})(?:e?s)?\b", re.IGNORECASE)

    def used_in(self, english):
        """Return the terms that a text uses, a dict from each to the word for it."""
        found = self.pattern.finditer(words_of(english))
        return {self.first[match[1].lower()]: match[1] for match in found}

    def problems(self, message, introduced=None):
        """Return which terms the translation of a text lacks, as a list of sentences.

        Args:
            message: an entry of a catalog.
            introduced: a set of the terms whose English was named before, to which
                these are added; None if the English need not be named.
        """
        found, words = [], words_of(message.string)
        used = self.used_in(message.id)
        for term in used.keys() - {*comments(message, OTHER_SENSE)}:
            names = self.names[term]
            if not has_one_of([*names, *self.further[term]], words):
                found.append(
                    f"call {used[term]!r} {' or '.join(names)}, or say in a comment "
                    f"'{OTHER_SENSE}{term}'"
                )
            elif introduced is not None and {*message.auto_comments} & INTRODUCES:
                english = [name for name, first in self.first.items() if first == term]
                is_named = has_one_of(names, words) and has_one_of(english, words)
                if term not in introduced and not is_named:
                    found.append(f"here is its first use: write {names[0]}({term})")
                introduced.add(term)
        return sorted(found)


def has_one_of(names, words):
    """Tell whether there is one of some names in a text."""
    return any(name.lower() in words.lower() for name in names)


def comments(message, start):
    """Return what the translators' comments of an entry say that have a beginning."""
    found = [c for c in message.user_comments if c.startswith(start)]
    return [comment.removeprefix(start) for comment in found]


def words_of(text):
    """Return the words of a text in Markdown, without code and formulas."""
    inline = [t for block in PARSER.parse(text) for t in block.children or ()]
    return "".join(
        token.content if token.type in ("text", "image") else " "
        for token in inline
        if token.type not in ("em_open", "em_close", "strong_open", "strong_close")
    )
