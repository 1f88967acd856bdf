"""How the outputs of a chapter are compared: a layer over nbval.

A cell's tags say how its output is compared with the stored one:

- none: exactly;
- `nbval-approx:RTOL`: numbers with a point or an exponent within the relative tolerance
  RTOL, whole numbers and the text around them exactly;
- `learned`, beside it: whole numbers, too, are learned ones, and within RTOL;
- `corpus`, beside any: only in a run of the packaged edition, from which the stored
  outputs come;
- `seed`, beside any: only in a run with the seed and on the line of packages from which
  the stored outputs come, because it depends on a draw or on learned numbers;
- `line`, beside any: only on the line from which they come, because Keras 2 and Keras 3
  show something else;
- `nbval-ignore-output`: not at all, it only has to run, and to show as many pictures.

`study` and `study:NAME` mark the cells that `make study` runs; they compare nothing.

After the solution of an exercise comes an item that solves it as the student edition
has it: its check has to fail first, and to pass with the solution.

nbval 0.11 has no hook for the comparison, so its two classes are extended here; that
is why nbval is pinned.
"""

import collections
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError, coalesce_streams
from nlp_helpers import settings

from tools import exercises, student
from tools.chapters import (
    NAMES,
    NOTEBOOKS,
    code_cells,
    code_hash,
    readers_own,
    without_blank_streams,
)
from tools.isolation import isolate

SANITIZE = Path(__file__).with_name("sanitize.cfg")
MAX_RTOL = 0.1
OUTPUT_TIMEOUT = 120  # seconds from a cell's end to the last of its outputs; nbval's: 5
KNOWN_TAGS = {
    *("corpus", "hide-cell", "learned", "nbval-ignore-output", "raises-exception"),
    *("seed", "line"),
}
STUDY_TAG = re.compile(r"study(:[a-z][a-z0-9_]*)?")
_FRACTION = r"(?:\.\d*)?(?:[eE][-+]?\d+)?(?!\d)"
# A comma parts thousands, but not in a list: [100,200] holds two numbers.
NUMBER = re.compile(
    rf"(?<![\w.,\[])[-+]?\d{{1,3}}(?:,\d{{3}})+(?![\d,\]]){_FRACTION}"
    rf"|(?<![\w.])[-+]?\d+{_FRACTION}"
)
KINDS = {
    "exact": "compared exactly",
    "approx": "compared within a tolerance",
    "corpus": "not compared: depends on the corpus, and this is the original edition",
    "seed": "not compared: depends on the seed, and this is another one",
    "line": "not compared: depends on the version of Keras, and this is another one",
    "ignored": "not compared: timings, generated text or pictures",
    "silent": "without output, and none came",
}
COMPARED = {"exact", "approx", "silent"}

SOLVE = """\
exec({to_fill!r})
try:
    exec({to_check!r})
except AssertionError:
    pass
else:
    raise RuntimeError("the check passes before the exercise is solved")
for _source in ({solution!r}, {to_check!r}):
    get_ipython().run_cell(_source, store_history=False).raise_error()"""

ADVICE = {  # of each kind of failure, in the order in which to look at them
    "error": "a cell raised an error. The last line of its traceback, above, says what "
    "is wrong. If a package is missing: delete .venv, and run `make setup`.",
    "claim": "a claim does not hold, so the chapter's lesson does not either. Run that "
    "chapter alone, with nothing else on the machine: make test CHAPTERS=07. If it "
    "fails again, the code is the reason.",
    "picture": "a cell shows fewer pictures than it did: look at how it draws them.",
    "tolerance": "a learned number is outside its tolerance. If no claim failed, the "
    "course works: another kind of processor rounds differently. Please report the "
    "cell and the processor.",
    "difference": "an output that is compared exactly is another one. If you changed "
    "the chapter, `make refresh CHAPTERS=07` stores the new outputs.",
}


class PolicyError(Exception):
    """A notebook that breaks the rules above before a cell is run."""


def comparison_of(cell, edition="packaged", seed=settings.DEFAULT_SEED, line="addons"):
    """Return how a code cell is compared: a key of KINDS, and the tolerance or None.

    Args:
        cell: a code cell of a notebook.
        edition: the edition of the run that is compared with the stored one.
        seed: its seed.
        line: its line of packages.

    Raises:
        PolicyError: a tag is unknown, or a tolerance is malformed or too wide.
    """
    rtol = None
    tags = cell.metadata.get("tags", [])
    if re.search(r"^\s*#\s*NBVAL_", cell.source, flags=re.MULTILINE):
        raise PolicyError("a NBVAL_ comment: say it with a tag, which is counted")
    for tag in tags:
        if tag.startswith("nbval-approx"):
            rtol = _tolerance(tag)
        elif tag not in KNOWN_TAGS and not STUDY_TAG.fullmatch(tag):
            raise PolicyError(
                f"unknown tag {tag!r}: use nbval-approx:RTOL or one of "
                f"{', '.join(sorted(KNOWN_TAGS))}"
            )
    if "nbval-ignore-output" in tags:
        return "ignored", None
    if "learned" in tags and rtol is None:
        raise PolicyError("the tag 'learned' says nothing without nbval-approx:RTOL")
    if "corpus" in tags and edition == "original":
        return "corpus", None
    if "seed" in tags and seed != settings.DEFAULT_SEED:
        return "seed", None
    if {"seed", "line"} & set(tags) and line != "addons":
        return "line", None
    if not cell.outputs:
        return "silent", None
    return ("exact", None) if rtol is None else ("approx", rtol)


def _tolerance(tag):
    match = re.fullmatch(r"nbval-approx:(\d*\.?\d+)", tag)
    if not match or not 0 < float(match[1]) <= MAX_RTOL:
        raise PolicyError(
            f"tag {tag!r}: the tolerance must be above 0 and at most {MAX_RTOL}, "
            "such as nbval-approx:0.02"
        )
    return float(match[1])


def check_outputs_are_fresh(notebook):
    """Check that all the outputs come from one run, top to bottom, of this very code.

    Raises:
        PolicyError: they do not.
    """
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        raise PolicyError("the cells were not run once each, from top to bottom")
    if notebook.metadata.get("code_sha256") != code_hash(notebook):
        raise PolicyError("the outputs are stale: the code has changed since they came")


def within(reference, test, rtol, learned=False):
    """Return `test` with each number replaced by the reference's where they are close.

    Close means |test - reference| <= rtol * |reference|. If the texts then are equal,
    but for the number of spaces, the reference is returned: they agree. If not, what is
    left is the difference.

    Args:
        reference: the stored text.
        test: the text of this run.
        rtol: relative tolerance.
        learned: whole numbers may differ as well, and have not to be equal.
    """
    expected, found = NUMBER.findall(reference), NUMBER.findall(test)
    if len(expected) != len(found):
        return test
    pairs = iter(zip(expected, found, strict=True))

    def replace(_):
        want, got = next(pairs)
        want_value, got_value = (float(x.replace(",", "")) for x in (want, got))
        close = abs(got_value - want_value) <= rtol * abs(want_value)
        if not learned and _is_whole(want) and _is_whole(got):
            close = want_value == got_value
        return want if close else got

    replaced = NUMBER.sub(replace, test)
    return reference if _squeezed(replaced) == _squeezed(reference) else replaced


def _squeezed(text):
    """Return a text without the spaces by which NumPy lines numbers up: [4.8  4.59]."""
    return re.sub(r"(?<=\[) +| +(?=[ \]])", "", text)


def _is_whole(number):
    return not set(number) & set(".eE")


def n_pictures(outputs):
    """Return how many of a cell's outputs are pictures."""
    return sum("image/png" in output.get("data", {}) for output in outputs)


class ChapterFile(IPyNbFile):
    """A notebook whose outputs are compared by the rules above."""

    broken_at = None  # the first cell that raised an error: the rest cannot be run

    def collect(self):
        """Yield the code cells, after checking the notebook as a whole."""
        cells, edition = list(super().collect()), settings.edition()
        try:
            check_outputs_are_fresh(self.nb)
            comparisons = [
                comparison_of(cell.cell, edition, settings.seed(), settings.line())
                for cell in cells
            ]
            solved = {
                id(solution[-1]): exercise
                for exercise, solution in exercises.exercises_of(self.nb)
            }
        except exercises.MarkError as error:
            raise self.CollectError(f"{self.path.name}: {error}") from None
        except PolicyError as error:
            raise self.CollectError(
                f"{self.path.name}: {error}. `make refresh` runs it anew."
            ) from None
        for cell, (kind, rtol) in zip(cells, comparisons, strict=True):
            item = ChapterCell.from_parent(
                self,
                name=cell.name,
                cell_num=cell.cell_num,
                cell=cell.cell,
                options=cell.options,
            )
            item.rtol, item.output_timeout = rtol, OUTPUT_TIMEOUT
            item.options["check"] = kind in COMPARED
            item.user_properties.append(("comparison", kind))
            yield item
            if exercise := solved.get(id(cell.cell)):
                yield self.solving(exercise, cell)

    def solving(self, exercise, after):
        """Return the item that solves an exercise after a cell of the chapter."""
        source = SOLVE.format(
            to_fill=student.to_fill(exercise),
            to_check=student.to_check(exercise),
            solution=f"{exercise.given}\n{exercise.solution}",
        )
        return ChapterCell.from_parent(
            self,
            name=f"Exercise {exercise.number}",
            cell_num=after.cell_num,
            cell=new_code_cell(source),
            options=collections.defaultdict(bool),
        )


class ChapterCell(IPyNbCell):
    """A code cell, whose numbers may be compared within a tolerance."""

    rtol = None

    def runtest(self):
        """Run the cell, unless an earlier one of the chapter could not be run."""
        if self.parent.broken_at is not None:
            pytest.skip(f"cell {self.parent.broken_at} failed")
        try:
            super().runtest()
            stored, shown = n_pictures(self.cell.outputs), n_pictures(self.test_outputs)
            if shown < stored:
                self.raise_cell_error(f"{shown} pictures are shown, {stored} were")
        except NbCellError as error:
            kind = self._kind_of(error)
            self.user_properties.append(("failure", kind))
            if kind in ("error", "claim"):
                self.parent.broken_at = self.cell_num
            raise

    def _kind_of(self, error):
        """Return of which kind of ADVICE a failure is."""
        if str(error) == "Cell outputs differ":
            return "difference" if self.rtol is None else "tolerance"
        if "pictures are shown" in str(error):
            return "picture"
        is_claim = "This claim does not hold" in (error.inner_traceback or "")
        return "claim" if is_claim else "error"

    def compare_outputs(self, test, ref, skip_compare=None):
        """Compare as nbval does, once close numbers have been made equal."""
        test, ref = (without_blank_streams(coalesce_streams(o)) for o in (test, ref))
        if self.rtol is not None and len(test) == len(ref):
            for new, stored in zip(test, ref, strict=True):
                self._make_close_numbers_equal(new, stored)
        return super().compare_outputs(test, ref, skip_compare)

    def _make_close_numbers_equal(self, new, stored):
        for texts, references in ((new, stored), (new.get("data"), stored.get("data"))):
            for key in ("text", "text/plain", "text/html"):
                if texts and references and key in texts and key in references:
                    learned = "learned" in self.cell.metadata.get("tags", [])
                    texts[key] = within(references[key], texts[key], self.rtol, learned)


class ReadersOwnFile(pytest.File):
    """A notebook that is none of the course's, in which nothing is tested."""

    def collect(self):
        """Return nothing to run."""
        return []


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Replace nbval's collector of a notebook by ours."""
    collectors = yield
    return [
        collector_of(file_path).from_parent(parent, path=c.path)
        if type(c) is IPyNbFile
        else c
        for c in collectors
    ]


def collector_of(path):
    """Return the class that collects the cells of a notebook."""
    is_own = path.parent == NOTEBOOKS and path.stem not in NAMES
    return ReadersOwnFile if is_own else ChapterFile


def pytest_configure(config):
    """Refuse a scale for which there are no stored outputs."""
    if settings.scale() != "quick":
        raise pytest.UsageError(
            "The stored outputs come from NLP_SCALE=quick, and only that scale can be "
            "compared. To run the chapters at full scale: make run NLP_SCALE=full."
        )
    isolate()
    # Not in pyproject.toml, where it would depend on the working directory.
    config.option.nbval_sanitize_with = str(SANITIZE)


def pytest_terminal_summary(terminalreporter):
    """Say how many cells were compared, how, and what to do about those that failed."""
    counts = _count_properties(terminalreporter, "passed", "comparison")
    if counts:
        terminalreporter.section("notebook cells")
        for kind, meaning in KINDS.items():
            terminalreporter.line(f"{counts[kind]:5d} {meaning}")
        if own := readers_own():
            names = ", ".join(own)
            terminalreporter.line(f"Not of this course, and left alone: {names}")
    failures = _count_properties(terminalreporter, "failed", "failure")
    if failures:
        terminalreporter.section("what failed in the chapters, and what to do")
        for kind, advice in ADVICE.items():
            if failures[kind]:
                terminalreporter.line(f"{failures[kind]:5d} {kind}: {advice}")


def _count_properties(terminalreporter, outcome, name):
    """Return how many cells with an outcome have each value of a property."""
    return collections.Counter(
        dict(report.user_properties)[name]
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call" and name in dict(report.user_properties)
    )
