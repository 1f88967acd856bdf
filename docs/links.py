"""Links that the site puts into running text, such as those to the glossary.

The chapters are plain Markdown, so that they read the same in Jupyter. For the site,
words in their prose are replaced by links before Sphinx reads the pages.
"""

import re

from docs.search_ko import ENDINGS

# What is no prose, or has a link already. The first alternative that matches counts.
UNTOUCHED = "|".join(
    [
        r"^ *(?P<fence>`{3,}|~{3,}|:{3,})(?s:.*?)(?:^ *(?P=fence)|\Z)",  # a fence
        r"(?P<ticks>`+)(?s:.+?)(?P=ticks)",  # code, or the text of a role
        r"\$\$(?s:.+?)\$\$|\$[^$\n]+\$",  # maths
        r"\\begin\{(?P<kind>.+?)\}(?s:.+?)\\end\{(?P=kind)\}",
        r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\](?:\([^)]*\)|\[[^\]]*\])",  # a link, a picture
        r"^\[[^\]]+\]:.*$",  # the address of a link
        r"^ *</?[A-Za-z!](?s:.*?)(?:^\s*$|\Z)",  # HTML, up to an empty line
        r"<[^<>\s][^<>]*>",
        r"\\.",
    ]
)
HEADING = r"^#+ .*$"
HANGUL = re.compile("[가-힣]")


def replace_in_prose(pattern, replacement, text, untouched=UNTOUCHED):
    """Replace what matches a pattern in the prose of a text in Markdown.

    Code, maths, links, pictures, HTML and directives stay as they are.

    Args:
        pattern: a regular expression, as a string.
        replacement: a function from a match to its new text.
        text: Markdown.
        untouched: a regular expression for what stays as it is.

    Returns:
        The new text.
    """

    def new_text(match):
        return replacement(match) if match["untouched"] is None else match[0]

    either = f"(?P<untouched>{untouched})|(?:{pattern})"
    return re.sub(either, new_text, text, flags=re.MULTILINE)


def link_terms(text, terms, linked):
    """Link each term to the glossary where it is used for the first time.

    Args:
        text: Markdown; its headings are left alone.
        terms: a dict from `references.glossary_terms`.
        linked: a set of the terms that have a link already; new ones are added.

    Returns:
        The text with roles of MyST, such as {term}`Masks <mask>`.
    """
    longest_first = sorted(terms, key=len, reverse=True)
    names = "|".join(re.escape(name) + end_of(name) for name in longest_first)

    def link(match):
        term = terms[match["name"].lower()]
        if term in linked:
            return match[0]
        linked.add(term)
        return f"{{term}}`{match[0]} <{term}>`"

    pattern = rf"(?i:\b(?P<name>{names})(?:e?s\b)?)"
    return replace_in_prose(pattern, link, text, f"{HEADING}|{UNTOUCHED}")


def end_of(name):
    """Return a regular expression for what comes behind a name where its word ends.

    In Korean particles do, which stay outside of a link.
    """
    if HANGUL.match(name[-1]):
        return rf"(?=(?:{'|'.join(ENDINGS)})*(?!{HANGUL.pattern}))"
    return r"(?=(?:e?s)?\b)"
