"""Run the chapters, refresh their stored outputs, and collect what they claim.

python tools/chapters.py run [01 02 ...]      into build/, leaving notebooks/ alone
python tools/chapters.py refresh [01 02 ...]  in place: outputs and results table
python tools/chapters.py results              refresh, then the original edition too
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
TABLES = (ROOT / "README.md", ROOT / "docs" / "results.md")
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
        bounds = (("≥", row["at_least"]), ("≤", row["at_most"]))
        stated = ", ".join(f"{sign} {b:,.4g}" for sign, b in bounds if b is not None)
        value = f"{row['value']:,.4g} {row['unit']}".strip()
        lines.append(
            f"| {row['chapter']} | {row['claim']} | {value} | {stated} | "
            f"{row['edition']} | {row['scale']} | {row['cpu_seconds']:.0f} | "
            f"{row['peak_memory_mb']} |"
        )
    machines = sorted({row["machine"] for row in rows})
    lines += [
        "",
        "CPU seconds and peak memory are those of the chapter up to that claim, on "
        f"{'; '.join(machines)}.",
    ]
    return "\n".join(lines)


def store_results(rows):
    """Replace the stored rows that were measured anew, and rewrite the tables."""
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    renewed = {(row["chapter"], row["edition"]) for row in rows}
    kept = [r for r in stored if (r["chapter"], r["edition"]) not in renewed]
    rows = sorted(kept + rows, key=lambda r: (r["chapter"], r["edition"] == "original"))
    pages = {
        path: with_table(path.read_text(encoding="utf-8"), rows) for path in TABLES
    }
    write(RESULTS, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    for path, page in pages.items():
        write(path, page)


def with_table(page, rows):
    """Return a page with the table between its two `results` comments replaced."""
    start, end = "<!-- results: written by make results -->", "<!-- end of results -->"
    if start not in page or end not in page:
        raise SystemExit(f"The page has no place for the table: {start} ... {end}")
    block = f"{start}\n\n{table(rows)}\n\n{end}"
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


def _clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("run", "refresh", "results"))
    parser.add_argument("chapters", nargs="*", help="such as 01 02; all if none")
    parser.add_argument("--jobs", type=int, default=1, help="chapters at a time")
    arguments = parser.parse_args()
    globals()[arguments.command](arguments.chapters, arguments.jobs)
