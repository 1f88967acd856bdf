"""Run the chapters, refresh their stored outputs, and collect what they claim.

python tools/chapters.py run [01 02 ...]      into build/, leaving notebooks/ alone
python tools/chapters.py refresh [01 02 ...]  in place: outputs and results table
python tools/chapters.py results              refresh, then the original edition too
python tools/chapters.py tables               only rewrite the tables from the results
"""

import argparse
import json
import os
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.nbval_policy import code_hash, without_blank_streams  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
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
CELL_TIMEOUT = 3600 if os.environ.get("NLP_SCALE") != "full" else None


def chapter_paths(chapters=()):
    """Return the notebooks of the given chapters, or of all.

    Args:
        chapters: numbers such as "01" or "1".

    Raises:
        SystemExit: there is no such chapter.
    """
    paths = {path.name[:2]: path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))}
    wanted = [chapter.zfill(2) for chapter in chapters] or list(paths)
    if unknown := [chapter for chapter in wanted if chapter not in paths]:
        raise SystemExit(
            f"There is no chapter {', '.join(unknown)}. Choose from {', '.join(paths)}."
        )
    return [paths[chapter] for chapter in wanted]


class Progress:
    """One line that says where the run is: chapter, cell, elapsed and remaining time.

    What remains is estimated from the seconds that each cell took when the outputs
    were stored, stretched by how much slower or faster this run has been so far.
    """

    def __init__(self, notebooks):
        """Start the clock for a dict from chapter names to notebooks."""
        self.expected = {name: _seconds(nb) for name, nb in notebooks.items()}
        self.done = dict.fromkeys(notebooks, 0)
        self.start = time.monotonic()
        self.last_shown = -60.0
        self.lock = threading.Lock()

    def cell_starts(self, name, number):
        """Show that cell `number`, counted from 0, of a chapter is running now."""
        with self.lock:
            self.done[name] = number
            elapsed = time.monotonic() - self.start
            planned = sum(map(sum, self.expected.values()))
            passed = sum(sum(self.expected[n][:k]) for n, k in self.done.items())
            pace = elapsed / passed if passed > 5 else 1.0
            remaining = max(0.0, planned - passed) * pace
            line = (
                f"{name}  cell {number + 1}/{len(self.expected[name])}  "
                f"elapsed {_clock(elapsed)}  remaining about {_clock(remaining)}"
            )
            if sys.stderr.isatty():
                print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
            elif elapsed - self.last_shown >= 10:  # a log needs fewer lines
                self.last_shown = elapsed
                print(line, file=sys.stderr, flush=True)

    def chapter_ends(self, name):
        """Show that a chapter is done."""
        with self.lock:
            self.done[name] = len(self.expected[name])
            wipe = "\r\033[K" if sys.stderr.isatty() else ""
            elapsed = _clock(time.monotonic() - self.start)
            print(f"{wipe}{name}  done after {elapsed}", file=sys.stderr, flush=True)


def _seconds(notebook):
    stored, n_cells = notebook.metadata.get("cell_seconds"), len(code_cells(notebook))
    return stored if stored and len(stored) == n_cells else [1.0] * n_cells


def code_cells(notebook):
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def execute(paths, jobs=1):
    """Execute notebooks, each in a kernel of its own.

    Args:
        paths: the notebooks; the files are only read.
        jobs: how many run at the same time.

    Returns:
        A dict from each path to its executed notebook.

    Raises:
        SystemExit: a cell failed; the message holds chapter, source and error.
    """
    notebooks = {path: nbformat.read(path, as_version=4) for path in paths}
    progress = Progress({path.stem: nb for path, nb in notebooks.items()})
    stop = threading.Event()

    def run(path):
        if not stop.is_set():
            try:
                _execute_one(path, notebooks[path], progress)
            except SystemExit:
                stop.set()
                raise

    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(run, path) for path in paths]:
            future.result()
    return notebooks


def _execute_one(path, notebook, progress):
    numbers = {id(cell): k for k, cell in enumerate(code_cells(notebook))}
    began = {}
    seconds = [0.0] * len(numbers)

    def cell_starts(cell, cell_index):
        if id(cell) in numbers:
            began[id(cell)] = time.monotonic()
            progress.cell_starts(path.stem, numbers[id(cell)])

    def cell_ends(cell, cell_index, **_):
        if id(cell) in numbers:
            elapsed = time.monotonic() - began[id(cell)]
            seconds[numbers[id(cell)]] = round(elapsed, 1)

    for cell in code_cells(notebook):
        cell.update(outputs=[], execution_count=None)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        on_cell_start=cell_starts,
        on_cell_executed=cell_ends,
    )
    try:
        client.execute()
    except (CellControlSignal, DeadKernelError) as error:
        cell = code_cells(notebook)[len(began) - 1]
        reason = _traceback(cell) or f"{type(error).__name__}: {error}"
        raise SystemExit(
            f"\n{path.stem}, cell {len(began)} failed.\n\n{cell.source}\n\n{reason}"
        ) from None
    for cell in code_cells(notebook):
        cell.outputs = without_blank_streams(cell.outputs)
    notebook.metadata["code_sha256"] = code_hash(notebook)
    notebook.metadata["cell_seconds"] = seconds
    progress.chapter_ends(path.stem)


def _traceback(cell):
    """Return the traceback of a cell that failed, without colours, or None."""
    for output in cell.outputs:
        if output.output_type == "error":
            return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))
    return None


def claims(notebook):
    """Return the claims that `course.claim` stored in a notebook's outputs."""
    return [
        dict(output.metadata["claim"])
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "claim" in output.get("metadata", {})
    ]


def table(rows):
    """Return the results as a table in Markdown, with a line about the machine."""
    lines = [
        "| chapter | claim | value | bound | edition | scale | CPU s | peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(f"| {row['chapter']} | " + " | ".join(_cells(row)) + " |")
    return "\n".join([*lines, "", _about_machines(rows)])


def value_of(row):
    """Return the value of a claim with its unit, as the tables show it."""
    return f"{row['value']:,.4g} {row['unit']}".strip()


def _cells(row):
    bounds = (("≥", row["at_least"]), ("≤", row["at_most"]))
    stated = ", ".join(f"{sign} {b:,.4g}" for sign, b in bounds if b is not None)
    cost = (f"{row['cpu_seconds']:.0f}", str(row["peak_memory_mb"]))
    return row["claim"], value_of(row), stated, row["edition"], row["scale"], *cost


def _about_machines(rows):
    return (
        "CPU seconds and peak memory are those of the chapter up to that claim, on "
        f"{'; '.join(sorted({row['machine'] for row in rows}))}."
    )


def results_page(rows):
    """Return the results in Markdown, a section and a table for each chapter."""
    header = "| claim | value | bound | edition | scale | CPU s | peak MB |"
    parts = [_about_machines(rows)]
    for chapter in sorted({row["chapter"] for row in rows}):
        lines = ["| " + " | ".join(_cells(r)) + " |" for r in _of(chapter, rows)]
        parts += [
            f"## {_title(chapter)}",
            "\n".join([header, "|---" * 7 + "|", *lines]),
        ]
    return "\n\n".join(parts)


def summary(rows):
    """Return a table in Markdown with two results of each chapter and what it costs.

    The packaged edition only; its CPU seconds and memory are those at the last claim.
    """
    lines = [
        "| chapter | it reaches | and against the usual code | CPU s | peak GB |",
        "|---|---|---|---|---|",
    ]
    rows = [row for row in rows if row["edition"] == "packaged"]
    for chapter in sorted({row["chapter"] for row in rows}):
        own = _of(chapter, rows)
        shown = [
            f"{row['claim']}: **{value_of(row).replace(' x', '×')}**" if row else "–"
            for row in headlines(chapter, own)
        ]
        seconds = max(row["cpu_seconds"] for row in own)
        memory = max(row["peak_memory_mb"] for row in own) / 1000
        cells = (_title(chapter), *shown, f"{seconds:.0f}", f"{memory:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def headlines(chapter, rows):
    """Return two rows of a chapter: a result and a ratio of speed; None for lack of it.

    Those that HEADLINES names; else the first claim that is no cost, and the largest
    ratio.
    """
    named = [
        row
        for name in HEADLINES.get(chapter, ())
        for row in rows
        if row["claim"] == name
    ]
    if len(named) == 2:
        return named
    results = [row for row in rows if row["unit"] not in ("x", "CPU-s", "MB")]
    ratios = [row for row in rows if row["unit"] == "x" and row["at_least"] is not None]
    return [
        next(iter(results), None),
        max(ratios, key=lambda row: row["value"], default=None),
    ]


def _of(chapter, rows):
    return [row for row in rows if row["chapter"] == chapter]


def _title(chapter):
    """Return the title of a chapter, such as "7. Attention", or its number."""
    for path in NOTEBOOKS.glob(f"{chapter}_*.ipynb"):
        first = nbformat.read(path, as_version=4).cells[0].source
        if heading := re.match(r"# (.+)", first):
            return heading[1]
    return chapter


def store_results(rows):
    """Replace the stored rows that were measured anew, and rewrite the tables."""
    stored = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    renewed = {(row["chapter"], row["edition"]) for row in rows}
    kept = [r for r in stored if (r["chapter"], r["edition"]) not in renewed]
    rows = sorted(kept + rows, key=lambda r: (r["chapter"], r["edition"] == "original"))
    pages = {
        path: with_table(path.read_text(encoding="utf-8"), shape(rows))
        for path, shape in TABLES.items()
    }
    write(RESULTS, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    for path, page in pages.items():
        write(path, page)


TABLES = {ROOT / "README.md": summary, ROOT / "docs" / "results.md": results_page}


def with_table(page, table):
    """Return a page with what stands between its two `results` comments replaced."""
    start, end = "<!-- results: written by make results -->", "<!-- end of results -->"
    if start not in page or end not in page:
        raise SystemExit(f"The page has no place for the table: {start} ... {end}")
    block = f"{start}\n\n{table}\n\n{end}"
    return re.sub(f"{start}.*?{end}", lambda _: block, page, flags=re.DOTALL)


def write(path, content):
    """Write a text file in one step: whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)


def run(chapters, jobs):
    """Execute chapters into build/executed, and print and store what they claim."""
    os.environ["NLP_IMAGES"] = str(BUILD / "images")
    executed = execute(chapter_paths(chapters), jobs)
    rows = [row for notebook in executed.values() for row in claims(notebook)]
    for path, notebook in executed.items():
        write(BUILD / "executed" / path.name, nbformat.writes(notebook) + "\n")
    without_machine = [{k: v for k, v in r.items() if k != "machine"} for r in rows]
    write(BUILD / "results.json", json.dumps(without_machine, indent=1) + "\n")
    print(table(rows))
    return rows


def refresh(chapters, jobs):
    """Execute chapters in place, at the edition and scale that the tests compare."""
    os.environ.update(NLP_DATA="packaged", NLP_SCALE="quick")
    os.environ.pop("NLP_IMAGES", None)
    executed = execute(chapter_paths(chapters), jobs)
    for path, notebook in executed.items():
        write(path, nbformat.writes(notebook) + "\n")
    store_results([row for notebook in executed.values() for row in claims(notebook)])


def results(chapters, jobs):
    """Measure both editions, and write the results table of the README and the site."""
    refresh(chapters, jobs)
    os.environ["NLP_DATA"] = "original"
    store_results(run(chapters, jobs))


def tables(chapters, jobs):
    """Rewrite the tables of the README and the site from the stored results."""
    store_results([])


def _clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("run", "refresh", "results", "tables"))
    parser.add_argument("chapters", nargs="*", help="such as 01 02; all if none")
    parser.add_argument("--jobs", type=int, default=1, help="chapters at a time")
    arguments = parser.parse_args()
    globals()[arguments.command](arguments.chapters, arguments.jobs)
