"""What the site makes of a chapter, which itself stays a plain notebook."""

import re

from docs import repository
from docs.links import link_terms
from tools import results_tables

EXERCISE = re.compile(r"\*\*(\d+)\.\*\* ")
BAR = """\
:::{{container}} chapter-bar
{{download}}`Download this notebook <../downloads/{name}>`
{services}[Run it at home](../start.md)

{minutes:.0f} minutes, {cpu_seconds:.0f} CPU-seconds, {memory:.1f} GB
:::"""


def adapt(notebook, page, bar, terms, bibliography):
    """Change a notebook into what MyST-NB shall show.

    Figures get their alternative texts, folded solutions the number of their exercise;
    terms and citations become links, and below the title stands the chapter's bar.

    Args:
        notebook: a NotebookNode.
        page: its file, as seen from the bibliography.
        bar: Markdown, such as `title_bar` returns.
        terms: a dict from `links.glossary_terms`.
        bibliography: a `Bibliography`.

    Raises:
        UnknownPaperError: the chapter cites a paper that is not in the bibliography.
    """
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n{bar}\n{rest}"
    linked, prompts = set(), {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if task := EXERCISE.match(cell.source):
                name = f"Solution of exercise {task[1]}"
                prompts = {"code_prompt_show": name, "code_prompt_hide": name}
            text = bibliography.link(cell.source, page)
            cell.source = link_terms(text, terms, linked)
        else:
            cell.metadata["mystnb"] = {"image": {"alt": alt_text(cell)}, **prompts}


def alt_text(cell):
    """Return the alternative text that `save_fig` stored beside a picture, or ""."""
    pictures = [o.metadata.get("image/png", {}) for o in cell.outputs if "data" in o]
    return "".join(picture.get("alt", "") for picture in pictures)


def title_bar(chapter, rows):
    """Return the line below a chapter's title: how to run it, and what it costs."""
    name = chapter.path.name
    cpu_seconds, memory_mb = results_tables.cost_of(rows, chapter.number)
    services = repository.service_links(repository.address(), name)
    return BAR.format(
        name=name,
        services="".join(f"[Open in {s}]({link})\n" for s, link in services.items()),
        minutes=chapter.seconds / 60,
        cpu_seconds=cpu_seconds,
        memory=memory_mb / 1000,
    )
