"""Every table of results and of chapters; README and site show the same ones."""

import json
import re

from tools import chapters
from tools.chapters import ROOT, write

RESULTS = ROOT / "docs" / "results.json"
EDITIONS = "packaged", "original"
COLUMNS = (
    "what was measured",
    "on which data",
    "value",
    "95 % interval",
    "floor",
    "required",
)


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
    block = f"{start}\n\n{table}\n\n{end}"
    return re.sub(f"{start}.*?{end}", lambda _: block, page, flags=re.DOTALL)


def table(rows):
    """Return results as one table in Markdown, with a line about the machine."""
    cells = [[row["chapter"], *cells_of(row)] for row in rows]
    return f"{_markdown(['chapter', *COLUMNS], cells)}\n\n{_about(rows)}"


def results_page(rows):
    """Return results in Markdown, a section and a table for each chapter."""
    parts = [_about(rows)]
    for number, title in _titles(rows).items():
        own = [row for row in rows if row["chapter"] == number]
        parts += [f"## {title}", _markdown(COLUMNS, map(cells_of, own))]
        parts += [_costs_line(rows, number)]
    return "\n\n".join(parts)


def summary(rows):
    """Return a table in Markdown with the headlines of each chapter.

    Args:
        rows: results; those of the original edition are left out.
    """
    titles = _titles(rows)
    shown = [r for r in rows if r["headline"] and r["edition"] == "packaged"]
    cells = [[titles[row["chapter"]], *cells_of(row)] for row in shown]
    return _markdown(["chapter", *COLUMNS], cells)


def chapters_table(all_chapters, rows):
    """Return a table in Markdown: a link to each chapter, its subject, its cost."""
    cells = []
    for chapter in all_chapters:
        seconds, memory = cost_of(rows, chapter.number)
        link = f"[{chapter.title}](notebooks/{chapter.path.name})"
        cost = f"{seconds:.0f}", f"{memory / 1000:.1f}"
        cells.append([link, chapter.description, *cost])
    return _markdown(["chapter", "what it is about", "CPU-s", "memory, GB"], cells)


def cells_of(row):
    """Return what a table shows of a claim: the cells below `COLUMNS`."""
    return (
        row["sentence"] if "than" in row else row["claim"],
        row["text"] or f"{row['edition']} data",
        f"**{value_of(row)}**",
        " to ".join(map(_number, row["interval"])) if row["interval"] else "–",
        f"{row['floor'][0]}: {_number(row['floor'][1])}" if row["floor"] else "–",
        _required(row),
    )


def _required(row):
    if row["kind"] == "equality" and row["at_most"] == 0:
        return "exactly 0"
    bounds = {"at least": row["at_least"], "at most": row["at_most"]}
    stated = [f"{sign} {_number(b)}" for sign, b in bounds.items() if b is not None]
    return " and ".join(stated)


def value_of(row):
    """Return the value of a claim with its unit, as the tables show it."""
    if "than" in row:  # rounded once, in the sentence
        return re.search(r" is (\S+) times as", row["sentence"])[1] + " ×"
    return f"{_number(row['value'])} {row['unit']}".strip()


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
        "results": summary,
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
    stated = [
        f"{seconds:.0f} CPU-seconds and {memory:,} MB with the {edition} data"
        for edition, (seconds, memory) in costs.items()
        if seconds
    ]
    return f"The whole chapter takes {', '.join(stated)}."


def _about(rows):
    machines = "; ".join(sorted({row["machine"] for row in rows}))
    return (
        "A value without an interval comes from one run, and its last digits are "
        "chance. CPU-seconds and memory are those of the chapter's process, on "
        f"{machines}."
    )


def _markdown(header, rows):
    head, *lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([head, "|---" * len(header) + "|", *lines])
