"""The cards of the first page: a picture, a title and a line for each chapter."""

import re

from tools.translations.language import _

CARD = """\
::::{{container}} card-of-chapter
:::{{image}} {picture}
:alt: {alt}
:loading: lazy
:::

[{title}](notebooks/{name})

{line}.
::::
"""


def cards(chapters):
    """Return the cards of chapters as Markdown, a grid of links."""
    shown = [
        CARD.format(
            **picture_of(chapter),
            title=_(chapter.title),
            name=chapter.path.name,
            line=capitalized(_(chapter.description)),
        )
        for chapter in chapters
    ]
    return "\n".join([":::::{container} cards", *shown, ":::::"])


def picture_of(chapter):
    """Return a dict with file and alternative text of the first picture in the prose.

    Raises:
        ValueError: there is none.
    """
    image = r"!\[(?P<alt>.+?)\]\(\.\./(?P<picture>.+?)\)"
    found = re.search(image, "\n".join(chapter.prose))
    if not found:
        raise ValueError(
            f"{chapter.path.name} has no picture for its card: put one below the "
            "title, such as ![What it shows](../images/01/summary.png)"
        )
    return {"picture": found["picture"], "alt": _(found["alt"])}


def capitalized(text):
    """Return a text that begins with a capital letter, all else as it is."""
    return text[:1].upper() + text[1:]
