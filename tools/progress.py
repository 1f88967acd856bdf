"""What a run of chapters prints while it runs."""

import sys

from tqdm import tqdm


class Progress(tqdm):
    """A line with chapter, cell, elapsed and remaining time, on standard error.

    What remains is estimated from the seconds that each cell took when the outputs
    were stored, stretched by how much slower or faster this run has been so far. A
    terminal shows the line in place, every second; a log gets one every ten seconds.
    """

    def __init__(self, chapters, jobs=1):
        """Start the clock for a run of these chapters, some of them at once."""
        self.at_once = min(jobs, len(chapters))
        self.expected = {chapter.path: _cell_seconds(chapter) for chapter in chapters}
        self.passed = dict.fromkeys(self.expected, 0)
        self.in_place = sys.stderr.isatty()
        super().__init__(
            total=sum(map(sum, self.expected.values())),
            bar_format="{desc}elapsed {elapsed}  remaining about {remaining}",
            mininterval=0 if self.in_place else 10,
            miniters=0,  # a cell may take no time
            smoothing=0,  # the pace is that of the whole run
            leave=False,
        )

    def cell_starts(self, chapter, index):
        """Show that a code cell of a chapter, counted from 0, is running now."""
        cell = f"cell {index + 1}/{len(self.expected[chapter.path])}"
        with self.get_lock():
            self.set_description_str(f"{chapter.path.stem}  {cell}  ", refresh=False)
            self._reach(chapter, index)
            self.update(0)  # shows the line, if it is time to

    def tick(self):
        """Show that time passes, however long a cell takes."""
        with self.get_lock():
            self.update(0)

    def chapter_ends(self, chapter):
        """Show that a chapter is done."""
        with self.get_lock():
            self._reach(chapter, len(self.expected[chapter.path]))
            elapsed = self.format_interval(self.format_dict["elapsed"])
            line = f"{chapter.path.stem}  done after {elapsed}"
            if self.in_place:
                self.write(line, file=sys.stderr)
            else:
                print(line, file=sys.stderr, flush=True)

    def _reach(self, chapter, index):
        self.passed[chapter.path] = sum(self.expected[chapter.path][:index])
        self.n = sum(self.passed.values())

    @property
    def format_dict(self):
        """What `bar_format` can show."""
        early = self.n <= 5  # seconds: too few to tell the pace from
        return super().format_dict | ({"rate": float(self.at_once)} if early else {})

    def display(self, msg=None, pos=None):
        """Show the line in place, or print it into a log."""
        if self.in_place:
            return super().display(msg, pos)
        if msg is None:
            print(self, file=sys.stderr, flush=True)
        return False  # nothing to wipe


def _cell_seconds(chapter):
    """Return what each code cell took in the stored run, or 1 where that is unknown."""
    stored = chapter.notebook.metadata.get("cell_seconds", [])
    n_cells = len(chapter.code_cells)
    return stored if len(stored) == n_cells else [1.0] * n_cells
