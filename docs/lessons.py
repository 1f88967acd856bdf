"""What each chapter teaches, and about how long each of its sections takes.

The minutes are computed from the chapter, so that they change with it.
"""

import re

from tools.translations.language import _

WORDS_PER_MINUTE = 150
CODE_CELLS_PER_MINUTE = 2
LEFT_OUT = ("Check yourself", "Exercises")  # how long these take is up to the reader
LESSON = """\
<details><summary>{summary}</summary>

{objectives}

{table}

</details>"""


def lessons(chapters):
    """Return the objectives and the minutes of chapters as Markdown, folded."""
    rule = _(
        "The minutes are an estimate, not a measurement: {words} words of text a "
        "minute, and {cells} code cells a minute. *Check yourself* and *Exercises* are "
        "not counted."
    ).format(words=WORDS_PER_MINUTE, cells=CODE_CELLS_PER_MINUTE)
    return "\n\n".join([rule, *map(lesson, chapters)])


def lesson(chapter):
    """Return the objectives of a chapter and a table of its minutes."""
    minutes = minutes_of(chapter.notebook)
    summary = _("{title}: {minutes} minutes")
    rows = [
        f"| {_(heading) if heading else _('Before the first section')} | {n} |"
        for heading, n in minutes.items()
    ]
    return LESSON.format(
        summary=summary.format(title=_(chapter.title), minutes=sum(minutes.values())),
        objectives=_(objectives_of(chapter)),
        table="\n".join([f"| {_('section')} | {_('minutes')} |", "|---|--:|", *rows]),
    )


def objectives_of(chapter):
    """Return the paragraph of a chapter that says what one will learn.

    Raises:
        ValueError: there is none.
    """
    found = re.search(r"^\*\*You will learn\*\* .+", "\n".join(chapter.prose), re.M)
    if found is None:
        raise ValueError(
            f"{chapter.path.name} does not say what it teaches. Begin a paragraph of "
            "its first cell with **You will learn**."
        )
    return found[0]


def minutes_of(notebook):
    """Return the minutes of each section, whole and at least 1, by its heading.

    What comes before the first section has none, "".
    """
    heading, minutes = "", {"": 0.0}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            minutes[heading] += 1 / CODE_CELLS_PER_MINUTE
            continue
        for line in cell.source.splitlines():
            if line.startswith("## "):
                heading = line.removeprefix("## ")
                minutes[heading] = 0.0
            minutes[heading] += len(line.split()) / WORDS_PER_MINUTE
    return {h: max(1, round(n)) for h, n in minutes.items() if h not in LEFT_OUT}
