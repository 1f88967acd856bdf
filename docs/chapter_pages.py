"""What the site makes of a chapter, which itself stays a plain notebook."""

import re

from docs import repository
from docs.links import link_terms
from tools import results_tables
from tools.translations.language import _

EXERCISE = re.compile(r"\*\*(\d+)\.\*\* ")
BAR = """\
:::{{container}} chapter-bar
{{download}}`{download} <../downloads/{name}>`
{services}[{at_home}](../start.md)

{cost}
:::"""


def adapt(notebook, page, bar, terms, bibliography):
    """Change a notebook into what MyST-NB shall show.

    Figures get their alternative texts, folded solutions the number of their exercise;
    terms and citations become links, and below the title stands the chapter's bar.

    Args:
        notebook: a NotebookNode.
        page: its file, as seen from the bibliography.
        bar: Markdown, such as `title_bar` returns.
        terms: a dict from `references.glossary_terms`.
        bibliography: a `Bibliography`.

    Raises:
        UnknownPaperError: the chapter cites a paper that is not in the bibliography.
    """
    title, *rest = notebook.cells[0].source.split("\n", maxsplit=1)
    notebook.cells[0].source = "\n".join([title, "", bar, *rest])
    linked, prompts = set(), {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if task := EXERCISE.match(cell.source):
                name = _("Solution of exercise {number}").format(number=task[1])
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
        download=_("Download this notebook"),
        services="".join(
            f"[{_('Open in {service}').format(service=service)}]({link})\n"
            for service, link in services.items()
        ),
        at_home=_("Run it at home"),
        cost=_("{minutes} minutes, {cpu_seconds} CPU-seconds, {memory} GB").format(
            minutes=f"{chapter.seconds / 60:.0f}",
            cpu_seconds=f"{cpu_seconds:.0f}",
            memory=f"{memory_mb / 1000:.1f}",
        ),
    )
