"""Run the chapters, refresh their stored outputs, and collect what they claim.

python tools/run_chapters.py run [01 ...] --jobs 2      into build/ only
python tools/run_chapters.py refresh [01 ...] --jobs 2  in place: outputs and tables
python tools/run_chapters.py results [01 ...] --jobs 2  the original edition as well
python tools/run_chapters.py tables                     only rewrite the tables
"""

import argparse
import json
import os
import re
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chapters, live_weights, results_tables
from tools.progress import Progress

sys.path.append(str(chapters.NOTEBOOKS))
try:
    from nlp_helpers import settings
except ValueError as error:  # a variable of the environment is wrong
    sys.exit(f"{error}")
from scaling.cluster import kill_tree

from tools.isolation import isolate

BUILD = chapters.ROOT / "build"
IMAGES = chapters.ROOT / "images"
CELL_TIMEOUT = {"quick": 3600, "full": None}  # seconds


def run(chosen, jobs, edition, scale="quick"):
    """Execute chapters into build/, print what they claim, and return it."""
    execute(chosen, jobs, edition, scale, images=BUILD / "executed" / "images")
    for chapter in chosen:
        _save(chapter, BUILD / "executed" / chapter.path.name)
    rows = _claims_of(chosen)
    without_machine = [{k: v for k, v in r.items() if k != "machine"} for r in rows]
    text = json.dumps(without_machine, indent=1) + "\n"
    chapters.write(BUILD / "results.json", text)
    print(results_tables.table(rows))
    return rows


def refresh(chosen, jobs):
    """Execute chapters in place, at the edition and scale that the tests compare."""
    execute(chosen, jobs, "packaged", "quick", images=IMAGES, stores=True)
    for chapter in chosen:
        _save(chapter, chapter.path)
    results_tables.store(_claims_of(chosen))


def execute(chosen, jobs, edition, scale, images, stores=False):
    """Execute chapters in memory, each in a kernel of its own.

    Args:
        chosen: the chapters; their files are left alone.
        jobs: how many run at the same time.
        edition: "packaged" or "original", for `NLP_DATA`.
        scale: "quick" or "full", for `NLP_SCALE`.
        images: folder for the pictures.
        stores: whether to store the weights that the site's live figures need.

    Raises:
        SystemExit: a cell failed; the message holds chapter, source and error.
    """
    isolate()
    chosen_settings = {"NLP_DATA": edition, "NLP_SCALE": scale, "NLP_IMAGES": images}
    environment = os.environ | {k: str(v) for k, v in chosen_settings.items()}
    progress = Progress(chosen, jobs)
    stop = threading.Event()  # a failure or Ctrl-C: start no other chapter

    def run_next(chapter):
        if not stop.is_set():
            try:
                _execute(chapter, environment, CELL_TIMEOUT[scale], progress, stores)
            except BaseException:
                stop.set()
                raise

    pool = ThreadPoolExecutor(jobs)
    running = [pool.submit(run_next, chapter) for chapter in chosen]
    try:
        waiting = running
        while waiting:
            ended, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
            for one in ended:
                one.result()
            progress.tick()
    except BaseException:
        stop.set()
        _end_kernels(running)
        raise
    finally:
        pool.shutdown()
        progress.close()


def _end_kernels(running):
    """End all that chapters have started; one may be starting at this very moment."""
    while wait(running, timeout=0.2).not_done:
        for child in psutil.Process().children():
            kill_tree(child)


def _execute(chapter, environment, timeout, progress, stores):
    began, seconds = [], []

    def cell_starts(**_):
        progress.cell_starts(chapter, len(began))
        began.append(time.monotonic())

    async def cell_ends(cell, execute_reply, **_):
        seconds.append(round(time.monotonic() - began[-1], 1))
        succeeded = execute_reply["content"]["status"] == "ok"
        if stores and succeeded and "live" in cell.metadata:
            await _store(client.kc, cell.metadata["live"])

    for cell in chapter.code_cells:
        cell.update(outputs=[], execution_count=None)
    client = NotebookClient(
        chapter.notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(chapter.path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        on_cell_execute=cell_starts,
        on_cell_executed=cell_ends,
    )
    try:
        client.execute(env=environment)
    except (CellControlSignal, DeadKernelError) as error:
        raise SystemExit(_failure(chapter, len(began), error)) from None
    for cell in chapter.code_cells:
        cell.outputs = chapters.without_blank_streams(cell.outputs)
    chapter.notebook.metadata.update(
        code_sha256=chapters.code_hash(chapter.notebook), cell_seconds=seconds
    )
    progress.chapter_ends(chapter)


async def _store(kernel, live):
    """Store the weights that a cell's metadata names; nothing of it is to be seen."""
    reply = await kernel.execute_interactive(
        live_weights.code_for(live), silent=True, timeout=CELL_TIMEOUT["quick"]
    )
    if reply["content"]["status"] != "ok":
        error = "\n".join(reply["content"]["traceback"])
        raise SystemExit(f"{live['name']} cannot be stored.\n{_plain(error)}")


def _plain(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def _failure(chapter, number, error):
    """Say which cell failed, counted from 1, and show its source and its error."""
    cell = chapter.code_cells[number - 1]
    reason = f"{type(error).__name__}: {error}"
    for output in cell.outputs:
        if output.output_type == "error":
            reason = _plain("\n".join(output.traceback))
    name = chapter.path.stem
    return f"\n{name}, cell {number} failed.\n\n{cell.source}\n\n{reason}"


def _save(chapter, path):
    chapters.write(path, nbformat.writes(chapter.notebook) + "\n")


def _claims_of(chosen):
    return [row for chapter in chosen for row in chapters.claims(chapter.notebook)]


def main(arguments=None):
    """Do what the command line asks for."""
    sys.stdout.reconfigure(errors="replace")  # a log may not be able to hold a "≥"
    sys.stderr.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("run", "refresh", "results"):
        running = commands.add_parser(command)
        running.add_argument("chapters", nargs="*", help="such as 01 02; all if none")
        running.add_argument("--jobs", type=int, required=True, help="how many at once")
    commands.add_parser("tables")
    asked = parser.parse_args(arguments)
    if asked.command == "tables":
        results_tables.store([])
        return
    chosen = chapters.read_all(asked.chapters)
    if own := chapters.readers_own():
        print(f"Not of this course, and left alone: {', '.join(own)}", file=sys.stderr)
    if asked.command == "run":
        run(chosen, asked.jobs, settings.edition(), settings.scale())
    elif settings.line() != "addons":
        sys.exit(
            "The stored outputs come from the addons line: say LINE=addons. It needs "
            "Linux on x86-64 and Python 3.11."
        )
    else:
        refresh(chosen, asked.jobs)
    if asked.command == "results":
        results_tables.store(run(chosen, asked.jobs, "original"))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped: no chapter is running any more.")
