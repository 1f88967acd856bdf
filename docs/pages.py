"""The generated parts of the pages, made anew for each build so that none goes stale.

A page of docs/ says `<!-- generated: NAME -->` where NAME is one of `parts`.
"""

import re

from docs import lessons, live, repository, speed, studies
from docs.cards import cards
from docs.chapter_pages import EXERCISE
from tools import results_tables
from tools.translations.language import _, heading, markdown

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
        **live.parts(),
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
    names = _("chapter"), _("minutes"), _("CPU-seconds"), _("memory, GB")
    lines = [f"| {' | '.join(names)} |", "|---|--:|--:|--:|"]
    for chapter in chapters:
        cpu_seconds, memory_mb = results_tables.cost_of(rows, chapter.number)
        lines.append(
            f"| [{_(chapter.title)}](notebooks/{chapter.path.name}) "
            f"| {chapter.seconds / 60:.1f} | {cpu_seconds:.0f} "
            f"| {memory_mb / 1000:.1f} |"
        )
    machines = "; ".join(sorted({_(row["machine"]) for row in rows}))
    minutes = sum(chapter.seconds for chapter in chapters) / 60
    in_all = _("On {machines}: {minutes} minutes in all.")
    in_all = in_all.format(machines=machines, minutes=f"{minutes:.0f}")
    return "\n".join([*lines, "", in_all])


def exercises(chapters):
    """Return the exercises of all chapters, a section for each chapter."""
    sections = []
    for chapter in chapters:
        texts = [cell.source for cell in chapter.notebook.cells]
        tasks = [markdown(text) for text in texts if EXERCISE.match(text)]
        name = _("Exercises of the chapter")
        link = f"[{name}](notebooks/{chapter.path.name}#exercises)"
        title = heading(chapter.title, _(chapter.title))
        sections += [f"### {title}", *tasks, link]
    return "\n\n".join(sections)
