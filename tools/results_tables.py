"""Every table of results and of chapters; README and site show the same ones."""

import json
import re

from tools import chapters
from tools.chapters import ROOT, write

RESULTS = ROOT / "docs" / "results.json"
HEADLINES = {  # of each chapter, the result and the ratio that the README shows
    "01": (
        "loss on the last tenth",
        "writing 200 characters, generate against the classic loop",
    ),
    "02": (
        "loss on the last tenth, state carried",
        "streams/s, gathered against zipped",
    ),
    "03": (
        "test accuracy, GRU with mask, 100 words",
        "vocabulary, flat values against the loop",
    ),
    "04": (
        "accuracy of the best GloVe network",
        "an update of 50,000 vectors, Adam against Adagrad",
    ),
    "05": (
        "test BLEU, greedy, two-way encoder",
        "an update with 50,000 words, full softmax against 500 sampled",
    ),
    "06": (
        "test BLEU, 5 beams",
        "speed of beam search, ours against eager tfa, one by one",
    ),
    "07": (
        "test BLEU, greedy, with attention",
        "writing 50 words, keys once against keys at every step",
    ),
    "08": (
        "test BLEU, greedy",
        "writing 127 steps, recomputing against a cache",
    ),
    "10": (
        "examples not seen exactly once an epoch, killed and resumed",
        "a GRU's training step, XLA against plain",
    ),
}
# Ratios that say something other than how fast the chapter's code is.
NO_SPEED = {"attention on a shape's own cells at its word, against chance"}


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
    header = ["chapter", *COLUMNS]
    cells = [[row["chapter"], *_cells(row)] for row in rows]
    return f"{_markdown(header, cells)}\n\n{_about_machines(rows)}"


def results_page(rows):
    """Return results in Markdown, a section and a table for each chapter."""
    parts = [_about_machines(rows)]
    for number, title in _titles(rows).items():
        own = [_cells(row) for row in rows if row["chapter"] == number]
        parts += [f"## {title}", _markdown(COLUMNS, own)]
    return "\n\n".join(parts)


def summary(rows):
    """Return a table in Markdown with two results of each chapter and what it costs.

    Args:
        rows: results; those of the original edition are left out.
    """
    header = "chapter", "it reaches", "and against the usual code", "CPU s", "peak GB"
    rows = [row for row in rows if row["edition"] == "packaged"]
    cells = []
    for number, title in _titles(rows).items():
        shown = [
            f"{row['claim']}: **{value_of(row).replace(' x', '×')}**" if row else "–"
            for row in _headlines(number, rows)
        ]
        seconds, memory = cost_of(rows, number)
        cells.append([title, *shown, f"{seconds:.0f}", f"{memory / 1000:.1f}"])
    return _markdown(header, cells)


def chapters_table(all_chapters):
    """Return a table in Markdown with a link to each chapter and its description."""
    cells = [
        [f"[{chapter.title}](notebooks/{chapter.path.name})", chapter.description]
        for chapter in all_chapters
    ]
    return _markdown(["chapter", "what it is about"], cells)


def value_of(row):
    """Return the value of a claim with its unit, as the tables show it."""
    return f"{row['value']:,.4g} {row['unit']}".strip()


def is_speed(row):
    """Say whether a claim is how many times faster than the usual code ours is."""
    shown = row["unit"] == "x" and row["at_least"] is not None
    return shown and row["claim"] not in NO_SPEED


def cost_of(rows, number):
    """Return the CPU-seconds and the peak memory, in MB, of a chapter.

    They are those of the packaged edition at the last claim; 0 where there is none.
    """
    own = [r for r in rows if (r["chapter"], r["edition"]) == (number, "packaged")]
    return (
        max((row["cpu_seconds"] for row in own), default=0),
        max((row["peak_memory_mb"] for row in own), default=0),
    )


PAGES = {  # the tables of each page, by the name in its comments
    ROOT / "README.md": {
        "results": summary,
        "chapters": lambda rows: chapters_table(chapters.read_all()),
    },
    ROOT / "docs" / "results.md": {"results": results_page},
}
COLUMNS = "claim", "value", "bound", "edition", "scale", "CPU s", "peak MB"


def _cells(row):
    bounds = (("≥", row["at_least"]), ("≤", row["at_most"]))
    stated = ", ".join(f"{sign} {b:,.4g}" for sign, b in bounds if b is not None)
    cost = (f"{row['cpu_seconds']:.0f}", str(row["peak_memory_mb"]))
    return row["claim"], value_of(row), stated, row["edition"], row["scale"], *cost


def _headlines(number, rows):
    """Return two results of a chapter, one of them a ratio of speed.

    Those that HEADLINES names; else the first claim that is no cost, and the largest
    ratio. None stands for one that is lacking.
    """
    own = [row for row in rows if row["chapter"] == number]
    by_claim = {row["claim"]: row for row in own}
    named = [by_claim[n] for n in HEADLINES.get(number, ()) if n in by_claim]
    if len(named) == 2:
        return named
    results = [row for row in own if row["unit"] not in ("x", "CPU-s", "MB")]
    ratios = filter(is_speed, own)
    return [
        next(iter(results), None),
        max(ratios, key=lambda row: row["value"], default=None),
    ]


def _titles(rows):
    """Return the title of each chapter that has results, by its number, in order."""
    titles = {chapter.number: chapter.title for chapter in chapters.read_all()}
    numbers = sorted({row["chapter"] for row in rows})
    return {number: titles.get(number, number) for number in numbers}


def _about_machines(rows):
    return (
        "CPU seconds and peak memory are those of the chapter up to that claim, on "
        f"{'; '.join(sorted({row['machine'] for row in rows}))}."
    )


def _markdown(header, rows):
    head, *lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([head, "|---" * len(header) + "|", *lines])
