"""What each chapter teaches, and about how long each of its sections takes.

The minutes are computed from the chapter, so that they change with it.
"""

import re

WORDS_PER_MINUTE = 150
CODE_CELLS_PER_MINUTE = 2
START = "Before the first section"
LEFT_OUT = ("Check yourself", "Exercises")  # how long these take is up to the reader
LESSON = """\
<details><summary>{title}: {total} minutes</summary>

{objectives}

| section | minutes |
|---|--:|
{rows}

</details>"""


def lessons(chapters):
    """Return the objectives and the minutes of chapters as Markdown, folded."""
    rule = (
        f"The minutes are an estimate, not a measurement: {WORDS_PER_MINUTE} words of "
        f"text a minute, and {CODE_CELLS_PER_MINUTE} code cells a minute. "
        f"*{LEFT_OUT[0]}* and *{LEFT_OUT[1]}* are not counted."
    )
    return "\n\n".join([rule, *map(lesson, chapters)])


def lesson(chapter):
    """Return the objectives of a chapter and a table of its minutes."""
    minutes = minutes_of(chapter.notebook)
    return LESSON.format(
        title=chapter.title,
        total=sum(minutes.values()),
        objectives=objectives_of(chapter),
        rows="\n".join(f"| {heading} | {n} |" for heading, n in minutes.items()),
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
    """Return the minutes of each section, by its heading: whole, and at least 1."""
    heading, minutes = START, {START: 0.0}
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
