"""The generated parts of the pages, made anew for each build so that none goes stale.

A page of docs/ says `<!-- generated: NAME -->` where NAME is one of `parts`.
"""

import re

from docs import lessons, repository, speed, studies
from docs.cards import cards
from docs.chapter_pages import EXERCISE
from tools import results_tables

PLACE = re.compile(r"<!-- generated: ([a-z-]+) -->")
# What a page links to in the repository, and where that is on the site.
ON_THE_SITE = {"../notebooks/": "notebooks/", "../data/README.md": "data.md"}


def parts(chapters, rows, stored_studies):
    """Return a dict from the name of each generated part to its text in Markdown.

    Args:
        chapters: what `tools.chapters.read_all` returns.
        rows: what `tools.results_tables.load` returns.
        stored_studies: what `studies.read_all` returns.
    """
    return {
        "services": repository.in_a_browser(repository.address()),
        "cards": cards(chapters),
        "costs": costs(chapters, rows),
        "exercises": exercises(chapters),
        "lessons": lessons.lessons(chapters),
        "speed": speed.figure(chapters, rows),
        "studies": studies.page(stored_studies),
        "results": results_tables.one_of_each(chapters, rows),
    }


def fill(page, parts):
    """Return a page with its generated parts, and with links that lead into the site.

    Raises:
        LookupError: the page asks for a part that there is none of.
    """
    if unknown := set(PLACE.findall(page)) - set(parts):
        raise LookupError(
            f"There is no generated part {', '.join(unknown)}. "
            f"Choose from {', '.join(parts)}."
        )
    for in_repository, on_site in ON_THE_SITE.items():
        page = page.replace(in_repository, on_site)
    return PLACE.sub(lambda place: parts[place[1]], page)


def costs(chapters, rows):
    """Return a table of what each chapter costs, at quick scale."""
    lines = ["| chapter | minutes | CPU-seconds | memory, GB |", "|---|--:|--:|--:|"]
    for chapter in chapters:
        cpu_seconds, memory_mb = results_tables.cost_of(rows, chapter.number)
        lines.append(
            f"| [{chapter.title}](notebooks/{chapter.path.name}) "
            f"| {chapter.seconds / 60:.1f} | {cpu_seconds:.0f} "
            f"| {memory_mb / 1000:.1f} |"
        )
    machines = "; ".join(sorted({row["machine"] for row in rows}))
    minutes = sum(chapter.seconds for chapter in chapters) / 60
    return "\n".join([*lines, "", f"On {machines}: {minutes:.0f} minutes in all."])


def exercises(chapters):
    """Return the exercises of all chapters, a section for each chapter."""
    sections = []
    for chapter in chapters:
        texts = [cell.source for cell in chapter.notebook.cells]
        tasks = [text for text in texts if EXERCISE.match(text)]
        link = f"[Exercises of the chapter](notebooks/{chapter.path.name}#exercises)"
        sections += [f"### {chapter.title}", *tasks, link]
    return "\n\n".join(sections)
