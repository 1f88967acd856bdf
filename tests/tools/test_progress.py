"""What a run of chapters prints while it runs."""

import io
import re
import sys

import pytest

from tools import chapters
from tools.progress import Progress


@pytest.fixture
def start(add_chapter):
    """Return a function that starts a run of chapters which took some seconds."""

    def start(*seconds_of_chapters, n_cells=None, jobs=1):
        for number, seconds in enumerate(seconds_of_chapters, start=1):
            add_chapter(f"0{number}_a", *["x = 1"] * (n_cells or len(seconds)))
        run = chapters.read_all()
        for chapter, seconds in zip(run, seconds_of_chapters, strict=True):
            chapter.notebook.metadata["cell_seconds"] = seconds
        return Progress(run, jobs), *run

    return start


def wait(progress, seconds):
    """Let time pass for a progress line."""
    progress.start_t -= seconds
    progress.last_print_t -= seconds


def test_a_log_tells_chapter_cell_elapsed_and_remaining_time(start, capsys):
    progress, chapter = start([10, 20, 30])
    progress.cell_starts(chapter, 0)
    wait(progress, 20)  # twice as long as it took before
    progress.cell_starts(chapter, 1)
    wait(progress, 100)
    progress.chapter_ends(chapter)
    progress.close()
    assert capsys.readouterr().err.splitlines() == [
        "elapsed 00:00  remaining about 01:00",
        "01_a  cell 2/3  elapsed 00:20  remaining about 01:40",
        "01_a  done after 02:00",
    ]


def test_a_log_gets_a_line_every_ten_seconds(start, capsys):
    progress, chapter = start([0.0] * 40)
    for index in range(40):
        progress.cell_starts(chapter, index)
        wait(progress, 1)
    shown = re.findall(r"cell (\d+)/40", capsys.readouterr().err)
    assert shown == ["11", "21", "31"]


def test_a_long_cell_shows_that_time_passes(start, capsys):
    progress, chapter = start([600, 600])
    progress.cell_starts(chapter, 0)
    for _ in range(25):
        wait(progress, 1)
        progress.tick()
    shown = re.findall(r"01_a  cell 1/2  elapsed (\S+)", capsys.readouterr().err)
    assert shown == ["00:10", "00:20"]


@pytest.mark.parametrize(("jobs", "minutes"), [(1, 3), (2, 1.5), (4, 1)])
def test_chapters_at_once_take_less_time(start, capsys, jobs, minutes):
    start([60], [60], [60], jobs=jobs)
    seconds = int(60 * minutes)
    expected = f"remaining about 0{seconds // 60}:{seconds % 60:02}"
    assert expected in capsys.readouterr().err


def test_all_chapters_of_a_run_count(start, capsys):
    progress, first, second = start([60], [60, 60])
    wait(progress, 60)
    progress.chapter_ends(first)
    wait(progress, 60)
    progress.cell_starts(second, 1)
    *_, last = capsys.readouterr().err.splitlines()
    assert last == "02_a  cell 2/2  elapsed 02:00  remaining about 01:00"


def test_the_cells_of_now_count_not_those_of_the_last_run(start, capsys):
    progress, chapter = start([100, 200], n_cells=4)
    wait(progress, 20)
    progress.cell_starts(chapter, 3)
    assert "cell 4/4  elapsed 00:20  remaining about 00:01" in capsys.readouterr().err


def test_a_terminal_shows_every_cell_in_place(start, monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", screen)
    progress, chapter = start([0.0, 0.0])
    for index in range(2):
        progress.cell_starts(chapter, index)
    progress.chapter_ends(chapter)
    progress.close()
    shown = re.split(r"[\r\n]", screen.getvalue())
    cells = [re.match(r"01_a  cell \d", line) for line in shown]
    assert [cell[0] for cell in cells if cell][:2] == ["01_a  cell 1", "01_a  cell 2"]
    assert "01_a  done after 00:00" in shown
    assert screen.getvalue().count("\n") == 1
    assert shown[-2].strip() == shown[-1] == ""
