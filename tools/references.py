"""What a text of the course refers to: papers, and terms of the glossary."""

import re

_NO_NAMES = (
    "January|February|March|April|May|June|July|August|September|October|November|"
    "December|The|In|Since|Until"
)
_NAME = (
    rf"(?!(?:{_NO_NAMES})\b)(?:(?:van|von|de|den|der|Del|le) )*"
    r"[A-ZÀ-Þ][\w'’-]*[a-zß-ÿ](?:-[A-ZÀ-Þ][\w'’]*)?"
)
# Such as "Vaswani et al. 2017", "Kudo (2018)" or "Press and Wolf 2017".
CITATION = (
    rf"(?P<names>{_NAME} et al\.|(?:{_NAME}, )*{_NAME},? and {_NAME}|"
    rf"(?P<alone>{_NAME}))"
    r",? (?:(?P<year>(?:19|20)\d\d)\b|\((?P<in_brackets>(?:19|20)\d\d)\))"
).replace(" ", r"(?: |\n *)")


def glossary_terms(page):
    """Return the terms of a page with a `{glossary}` directive.

    Args:
        page: Markdown. Several names of a term stand in lines above one definition.

    Returns:
        A dict from each name, in lower case, to the first name of its term.
    """
    _, _, entries = page.partition("```{glossary}\n")
    terms = {}
    for entry in entries.partition("\n```")[0].split("\n\n"):
        names = re.findall(r"^[^ :\n].*", entry, re.MULTILINE)
        terms.update({name.lower(): names[0] for name in names})
    return terms
