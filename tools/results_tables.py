"""Every table of results and of chapters; README and site show the same ones."""

import json
import math
import re

from tools import chapters
from tools.chapters import ROOT, write
from tools.translations.language import _, heading

RESULTS = ROOT / "docs" / "results.json"
EDITIONS = "packaged", "original"
SHOWN = {  # by the README: of each chapter the one result that says most by itself
    "01": "loss on the last tenth of the text, GRU(320), 300 CPU-s of updates",
    "02": "loss on the last tenth, GRU of 320 units, 300 CPU-seconds, carried",
    "03": "validation accuracy, bag of words minus GRU, as many updates",
    "04": "validation accuracy with 100 labels, GloVe, trained minus naive Bayes",
    "05": "translating 2,000 test sentences, greedy, two-way encoder",
    "06": "BLEU of validation translations, beam width 5 minus greedy",
    "07": "translating validation sentences, with attention minus without, "
    "at equal cost",
    "08": "translating 1,000 test sentences, Transformer, greedy",
    "09": "validation loss at equal cost, GRU on characters minus GPT on tokens",
    "10": "validation accuracy with 100 labels, MiniLM frozen minus from scratch",
    "11": "examples not seen exactly once per epoch, run killed twice and resumed",
}


def load():
    """Return the stored results: the claims of all chapters, in both editions."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []


def store(rows):
    """Replace the stored results that were measured anew, and rewrite the pages.

    Raises:
        SystemExit: a page has no place for its table; then nothing is written.
    """
    renewed = {(row["chapter"], row["edition"]) for row in rows}
    kept = [r for r in load() if (r["chapter"], r["edition"]) not in renewed]
    rows = sorted(kept + rows, key=lambda r: (r["chapter"], r["edition"] == "original"))
    pages = {path: updated(path, rows) for path in PAGES}
    write(RESULTS, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    for path, page in pages.items():
        write(path, page)


def updated(path, rows):
    """Return the text of a page, with its tables made anew from rows of results."""
    page = path.read_text(encoding="utf-8")
    for name, make_table in PAGES[path].items():
        page = with_table(page, name, make_table(rows))
    return page


def with_table(page, name, table):
    """Return a page with what stands between two comments that name it replaced.

    Raises:
        SystemExit: the page lacks one of the comments.
    """
    start, end = f"<!-- {name}: written by make results -->", f"<!-- end of {name} -->"
    if start not in page or end not in page:
        raise SystemExit(f"The page has no place for the table: {start} ... {end}")
    before, _start, rest = page.partition(start)
    return f"{before}{start}\n\n{table}\n\n{end}{rest.partition(end)[2]}"


def columns():
    """Return the headings above what `cells_of` returns."""
    return (
        _("what was measured"),
        _("on which data"),
        _("value"),
        _("95 % interval"),
        _("floor"),
        _("required"),
    )


def table(rows):
    """Return results as one table in Markdown, with a line about the machine."""
    cells = [[row["chapter"], *cells_of(row)] for row in rows]
    return f"{markdown_table([_('chapter'), *columns()], cells)}\n\n{_about(rows)}"


def results_page(rows):
    """Return results in Markdown, a section and a table for each chapter."""
    main = heading("The main results", _("The main results"))
    parts = [_about(rows), f"## {main}", summary(rows)]
    for number, title in _titles(rows).items():
        own = [row for row in rows if row["chapter"] == number]
        parts += [
            f"## {heading(title, _(title))}",
            markdown_table(columns(), map(cells_of, own)),
        ]
        parts += [_costs_line(rows, number)]
    return "\n\n".join(parts)


def one_of_each(all_chapters, rows):
    """Return a table in Markdown with one result of each chapter, that in `SHOWN`.

    A chapter without this result, in the packaged edition, is left out.
    """
    packaged = [row for row in rows if row["edition"] == "packaged"]
    found = {(row["chapter"], row["claim"]): row for row in packaged}
    cells = []
    for chapter in all_chapters:
        if row := found.get((chapter.number, SHOWN.get(chapter.number))):
            link = f"[{int(chapter.number)}](notebooks/{chapter.path.name})"
            cells.append([link, *cells_of(row)[:-1]])
    return markdown_table([_("chapter"), *columns()[:-1]], cells)


def summary(rows):
    """Return a table in Markdown with the headlines of each chapter.

    Args:
        rows: results; those of the original edition are left out.
    """
    shown = [r for r in rows if r["headline"] and r["edition"] == "packaged"]
    cells = [[str(int(row["chapter"])), *cells_of(row)] for row in shown]
    return markdown_table([_("chapter"), *columns()], cells)


def chapters_table(all_chapters, rows):
    """Return a table in Markdown: a link to each chapter, its subject, its cost."""
    cells = []
    for chapter in all_chapters:
        seconds, memory = cost_of(rows, chapter.number)
        link = f"[{_(chapter.title)}](notebooks/{chapter.path.name})"
        cost = f"{seconds:.0f}", f"{memory / 1000:.1f}"
        cells.append([link, _(chapter.description), *cost])
    header = _("chapter"), _("what it is about"), _("CPU-s"), _("memory, GB")
    return markdown_table(header, cells)


def cost_of_all(rows):
    """Return a sentence on what a run of all chapters costs, two at a time."""
    costs = [cost_of(rows, number) for number in _titles(rows)]
    seconds = sum(cpu_seconds for cpu_seconds, _ in costs)
    memory = sum(sorted(megabytes for _, megabytes in costs)[-2:])
    sentence = _(
        "All chapters together take {cpu_minutes} CPU-minutes, that is about {minutes} "
        "minutes on two free cores, and up to {memory} GB of memory, since two run at "
        "once."
    )
    return sentence.format(
        cpu_minutes=f"{seconds / 60:.0f}",
        minutes=f"{seconds / 120:.0f}",
        memory=f"{memory / 1000:.1f}",
    )


def cells_of(row):
    """Return what a table shows of a claim: the cells below `columns()`."""
    data = _("{edition} data").format(edition=_(row["edition"]))
    return (
        sentence_of(row) if "than" in row else _(row["claim"]),
        _(row["text"]) if row["text"] else data,
        f"**{value_of(row)}**",
        interval_of(row) or "–",
        f"{_(row['floor'][0])}: {_number(row['floor'][1])}" if row["floor"] else "–",
        _required(row),
    )


def sentence_of(row):
    """Return the sentence of a claim about speed."""
    return _("{claim} is {ratio} times as fast as {than}").format(
        claim=_(row["claim"]), ratio=_ratio(row), than=_(row["than"])
    )


def _ratio(row):
    """Return the ratio of a claim about speed as its sentence has it, rounded once."""
    return re.search(r" is (\S+) times as", row["sentence"])[1]


def _required(row):
    if row["kind"] == "equality" and row["at_most"] == 0:
        return _("exactly 0")
    bounds = {
        _("at least {bound}"): row["at_least"],
        _("at most {bound}"): row["at_most"],
    }
    stated = [s.format(bound=_number(b)) for s, b in bounds.items() if b is not None]
    return f" {_('and')} ".join(stated)


def value_of(row):
    """Return the value of a claim with its unit, as the tables show it."""
    if "than" in row:
        return _ratio(row) + " ×"
    number = _number(row["value"])
    if row["interval"]:
        number = f"{row['value']:z,.{decimals_of(*row['interval'])}f}"
    return f"{number} {_(row['unit'])}".strip()


def interval_of(row):
    """Return the interval of a claim, such as "1.49 to 1.51"; "" if it has none."""
    if not row["interval"]:
        return ""
    decimals = decimals_of(*row["interval"])
    low, high = (f"{end:z,.{decimals}f}" for end in row["interval"])
    return _("{low} to {high}").format(low=low, high=high)


def decimals_of(low, high):
    """Return how many decimals mean a thing in a number with this interval."""
    reach = (high - low) / 2
    return max(0, -math.floor(math.log10(reach / 3))) if reach else 2


def cost_of(rows, number, edition="packaged"):
    """Return the CPU-seconds and the peak memory, in MB, of a chapter.

    They are those at its last claim; 0 where there is none.
    """
    own = [r for r in rows if (r["chapter"], r["edition"]) == (number, edition)]
    return (
        max((row["cpu_seconds"] for row in own), default=0),
        max((row["peak_memory_mb"] for row in own), default=0),
    )


PAGES = {  # the tables of each page, by the name in its comments
    ROOT / "README.md": {
        "cost": cost_of_all,
        "results": lambda rows: one_of_each(chapters.read_all(), rows),
        "chapters": lambda rows: chapters_table(chapters.read_all(), rows),
    },
    ROOT / "docs" / "results.md": {"results": results_page},
}


def _titles(rows):
    """Return the title of each chapter that has results, by its number, in order."""
    titles = {chapter.number: chapter.title for chapter in chapters.read_all()}
    numbers = sorted({row["chapter"] for row in rows})
    return {number: titles.get(number, number) for number in numbers}


def _number(value):
    return f"{float(f'{value:.4g}'):,.10g}"


def _costs_line(rows, number):
    costs = {edition: cost_of(rows, number, edition) for edition in EDITIONS}
    cost = _("{seconds} CPU-seconds and {memory} MB with the {edition} data")
    stated = [
        cost.format(seconds=f"{seconds:.0f}", memory=f"{memory:,}", edition=_(edition))
        for edition, (seconds, memory) in costs.items()
        if seconds
    ]
    return _("The whole chapter takes {costs}.").format(costs=", ".join(stated))


def _about(rows):
    return _(
        "A value without an interval comes from one run, and its last digits are "
        "chance. CPU-seconds and memory are those of the chapter's process, on "
        "{machines}."
    ).format(machines="; ".join(sorted({_(row["machine"]) for row in rows})))


def markdown_table(header, rows):
    """Return a table in Markdown: a header and rows, each a sequence of texts."""
    head, *lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([head, "|---" * len(header) + "|", *lines])
