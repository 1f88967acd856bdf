"""The page of studies: a figure of each, its table, its cost and its machine."""

import re
from math import ceil
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure
from myst_parser.slugs import github_slugify
from nlp_helpers import figures, study_files
from nlp_helpers.intervals import interval
from nlp_helpers.studies import Study

from tools.chapters import ROOT
from tools.results_tables import decimals_of, markdown_table
from tools.study import tagged_cells
from tools.study_code import name_of, study_calls
from tools.translations.language import _, heading

FOLDER = ROOT / "studies"
PICTURES = "images/studies"
NO_BREAK = "\u00a0"
SECTION = """\
### {title}

{place}

:::{{image}} {picture}
:alt: {alt}
:loading: lazy
:::

{table}

{facts}."""


def read_all(chapters, folder=FOLDER):
    """Return the stored studies of chapters as a list of (chapter, section, `Study`).

    Args:
        chapters: what `tools.chapters.read_all` returns.
        folder: where the files of the studies are.

    Raises:
        StudyError: a file is damaged.
    """
    found = []
    for chapter in chapters:
        for section, name in called_in(chapter):
            path = folder / f"{name.replace('/', '_')}.json"
            if path.exists():
                found.append((chapter, section, read(chapter, name, path)))
    return found


def called_in(chapter):
    """Return the studies that a chapter calls, as (heading of the section, name)."""
    section, calls = "", []
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^##+ (.+)$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        elif cell.cell_type == "code" and "study(" in cell.source:
            calls += [(section, name_of(call)) for call in study_calls(cell.source)]
    return calls


def read(chapter, name, path):
    """Return a `Study` with all its stored rows, from its file."""
    stored = study_files.load(path)
    seeds = sorted({row["seed"] for row in stored["rows"]})
    unit = unit_of(chapter, name)
    return Study(name, tuple(stored["arms"]), tuple(seeds), unit, stored)


def unit_of(chapter, name):
    """Return the unit of a study: unit="BLEU" in its call, or among its options."""
    sources = [source for _, source in tagged_cells(chapter, name.partition("/")[2])]
    calls = [call for source in sources for call in study_calls(source)]
    own = [
        keyword.value.value
        for call in calls
        for keyword in call.keywords
        if name_of(call) == name and keyword.arg == "unit"
    ]
    options = re.findall(r"""["']unit["']: ["'](.+?)["']""", "\n".join(sources))
    return [*own, *options, ""][0]


def page(studies):
    """Return the studies in Markdown, with a heading for each chapter.

    Args:
        studies: what `read_all` returns.
    """
    hours = sum(study.cpu_seconds for _, _, study in studies) / 3600
    together = _("{n} studies took {hours} CPU-hours together.")
    parts = [together.format(n=len(studies), hours=f"{hours:.1f}")]
    shown = ""
    for chapter, section, study in studies:
        if chapter.title != shown:
            shown = chapter.title
            parts.append(f"## {heading(shown, _(shown))}")
        parts.append(
            SECTION.format(
                title=heading(
                    f"{study.name}: {section}", f"{study.name}: {_(section)}"
                ),
                place=_(
                    "Its code, and what it shows, are in [chapter {number}]({link})."
                ).format(
                    number=int(chapter.number),
                    link=f"notebooks/{chapter.path.name}#{github_slugify(section)}",
                ),
                picture=f"{PICTURES}/{file_of(study)}",
                alt=alt_text(study),
                table=table(study),
                facts=". ".join(facts(study)),
            )
        )
    return "\n\n".join(parts)


def table(study):
    """Return means and intervals in Markdown; the arms stand where they need less room.

    With them stand how many updates a run of each arm has, and its CPU-seconds.
    """
    names = [*map(_, study.names), _("updates"), _("CPU-s")]
    cells = {_(arm): [*_means(study, arm), *_costs(study, arm)] for arm in study.arms}
    if len(study.arms) > len(study.names):
        return markdown_table(["", *names], [[arm, *cells[arm]] for arm in cells])
    return markdown_table(["", *cells], zip(names, *cells.values(), strict=True))


def facts(study):
    """Return where the numbers of a study come from, as a list of sentences."""
    seeds = _("1 seed") if len(study.seeds) == 1 else _("{n} seeds")
    seeds = seeds.format(n=len(study.seeds))
    if study.unit:
        seeds = _("{seeds}, in {unit}").format(seeds=seeds, unit=_(study.unit))
    data = _("{edition} data, {scale} scale").format(
        edition=_(study.stored["edition"]), scale=_(study.stored["scale"])
    )
    together = _("{duration} together").format(duration=_duration(study.cpu_seconds))
    facts = [f"{seeds}; {data}; {together}"]
    rows = study.stored["rows"]
    if n := sum(row["resumed"] for row in rows):
        facts += [_("Killed and gone on with: {n} runs; cost since then").format(n=n)]
    places = list(dict.fromkeys(map(study_files.place_of, rows)))
    if len(places) > 1:
        made = _("Made on {n} machines, or with other versions: {places}")
        return [*facts, made.format(n=len(places), places="; ".join(places))]
    return [*facts, *places]


def alt_text(study):
    """Return what the figure of a study shows."""
    alt = _(
        "Dot plots of {names}, for {arms}: a dot for each seed, and a line for the "
        "95 % interval of their mean. The table has the numbers."
    )
    names = _(study.names[0])
    if others := len(study.names) - 1:
        more = _("{name}, and of 1 more value"), _("{name}, and of {n} more values")
        names = more[others > 1].format(name=names, n=others)
    return alt.format(names=names, arms="; ".join(map(_, study.arms)))


def draw_all(studies, folder):
    """Save the figure of each study below a folder.

    Args:
        studies: what `read_all` returns.
        folder: that of the site's source, a `Path`.
    """
    (folder / PICTURES).mkdir(parents=True)
    for place in studies:
        study = place[-1]
        draw(study).savefig(folder / PICTURES / file_of(study))


def draw(study):
    """Return a figure: a panel for each value of a study, in it a row for each arm."""
    n_values = len(study.names)
    n_columns = 2 if n_values == 4 else min(3, n_values)
    n_rows = ceil(n_values / n_columns)
    size = 8.5, 0.4 + n_rows * (0.6 + 0.24 * len(study.arms))
    figure = Figure(size, layout="constrained")
    panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).ravel()
    for panel, name in zip(panels, study.names, strict=False):
        _draw_value(panel, study, name)
    for panel in panels[n_values:]:
        panel.set_axis_off()
    panels[0].set_yticks(range(len(study.arms)), study.arms)
    figure.supxlabel(study.unit, fontsize="medium")
    return figure


def _duration(seconds):
    if seconds < 3600:
        return _("{n} CPU-seconds").format(n=f"{seconds:,.0f}")
    return _("{n} CPU-hours").format(n=f"{seconds / 3600:.1f}")


def file_of(study):
    """Return the name of the picture of a study."""
    return f"{study.name.replace('/', '_')}.png"


def _draw_value(panel, study, name):
    for row, arm in enumerate(study.arms):
        values = study.values(arm, name)
        panel.plot(values, [row] * len(values), "o", ms=4, color=figures.COLOURS[0])
        if len(values) > 1:  # below the dots, so that both can be seen
            ends = [row + 0.3] * 2
            panel.plot(interval(values), ends, "-", color=figures.COLOURS[1])
    panel.set_title(fill(name, 30), fontsize="small")
    panel.set_ylim(len(study.arms) - 0.4, -0.6)


def _means(study, arm):
    """Return the mean of each value of an arm, with its interval if there is one."""
    cells = []
    for name in study.names:
        values = study.values(arm, name)
        if len(values) > 1:
            low, high = interval(values)
            mean, low, high = (
                f"{number:z,.{decimals_of(low, high)}f}"
                for number in (np.mean(values), low, high)
            )
            between = _("{low} to {high}").format(low=low, high=high)
            cells.append(f"{mean}<br>{between.replace(' ', NO_BREAK)}")
        else:
            cells.append(", ".join(f"{value:.4g}" for value in values) or "–")
    return cells


def _costs(study, arm):
    rows = [row for row in study.stored["rows"] if row["arm"] == arm]
    # What a run that was killed had cost before is not known.
    costs = [row["cpu_seconds"] for row in rows if not row["resumed"]]
    updates = sorted({f"{row['n_updates']:,}" for row in rows})
    return ", ".join(updates) or "–", f"{np.mean(costs):,.0f}" if costs else "–"
