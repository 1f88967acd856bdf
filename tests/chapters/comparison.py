"""How the outputs of a chapter are compared: a layer over nbval.

A cell's tags say how its output is compared with the stored one:

- none: exactly;
- `nbval-approx:RTOL`: the numbers within the relative tolerance RTOL, the text around
  them exactly;
- `corpus`, beside either: only in a run of the packaged edition, from which the stored
  outputs come;
- `nbval-ignore-output`: not at all, it only has to run.

nbval 0.11 has no hook for the comparison, so its two classes are extended here; that
is why nbval is pinned.
"""

import collections
import os
import re

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError, coalesce_streams
from nlp_helpers import settings

from tools.chapters import code_cells, code_hash, without_blank_streams

MAX_RTOL = 0.1
KNOWN_TAGS = {"corpus", "hide-cell", "nbval-ignore-output", "raises-exception"}
NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?(?:[eE][-+]?\d+)?(?!\d)"
)
KINDS = {
    "exact": "compared exactly",
    "approx": "compared within a tolerance",
    "corpus": "not compared: depends on the corpus, and this is the original edition",
    "ignored": "not compared: timings, generated text or pictures",
    "silent": "without output, and none came",
}


class PolicyError(Exception):
    """A notebook that breaks the rules above before a cell is run."""


def comparison_of(cell, edition="packaged"):
    """Return how a code cell is compared: a key of KINDS, and the tolerance or None.

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
        elif tag not in KNOWN_TAGS:
            raise PolicyError(
                f"unknown tag {tag!r}: use nbval-approx:RTOL or one of "
                f"{', '.join(sorted(KNOWN_TAGS))}"
            )
    if "nbval-ignore-output" in tags:
        return "ignored", None
    if "corpus" in tags and edition == "original":
        return "corpus", None
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


def within(reference, test, rtol):
    """Return `test` with each number replaced by the reference's where they are close.

    Close means |test - reference| <= rtol * |reference|. If the texts then are equal,
    they agree; if not, what is left is the difference.
    """
    expected, found = NUMBER.findall(reference), NUMBER.findall(test)
    if len(expected) != len(found):
        return test
    pairs = iter(zip(expected, found, strict=True))

    def replace(_):
        want, got = next(pairs)
        want_value, got_value = (float(x.replace(",", "")) for x in (want, got))
        close = abs(got_value - want_value) <= rtol * abs(want_value)
        return want if close else got

    return NUMBER.sub(replace, test)


class ChapterFile(IPyNbFile):
    """A notebook whose outputs are compared by the rules above."""

    broken_at = None  # the first cell that raised an error: the rest cannot be run

    def collect(self):
        """Yield the code cells, after checking the notebook as a whole."""
        cells, edition = list(super().collect()), settings.edition()
        try:
            check_outputs_are_fresh(self.nb)
            comparisons = [comparison_of(cell.cell, edition) for cell in cells]
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
            item.rtol = rtol
            item.options["check"] = kind not in ("corpus", "ignored")
            item.user_properties.append(("comparison", kind))
            yield item


class ChapterCell(IPyNbCell):
    """A code cell, whose numbers may be compared within a tolerance."""

    rtol = None

    def runtest(self):
        """Run the cell, unless an earlier one of the chapter could not be run."""
        if self.parent.broken_at is not None:
            pytest.skip(f"cell {self.parent.broken_at} failed")
        try:
            super().runtest()
        except NbCellError as error:
            if str(error) != "Cell outputs differ":
                self.parent.broken_at = self.cell_num
            raise

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
                    texts[key] = within(references[key], texts[key], self.rtol)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(parent):
    """Replace nbval's collector of a notebook by ours."""
    collectors = yield
    return [
        ChapterFile.from_parent(parent, path=c.path) if type(c) is IPyNbFile else c
        for c in collectors
    ]


def pytest_configure():
    """Refuse a scale for which there are no stored outputs; keep pictures apart."""
    if settings.scale() != "quick":
        raise pytest.UsageError(
            "The stored outputs come from NLP_SCALE=quick, and only that scale can be "
            "compared. To run the chapters at full scale: make run NLP_SCALE=full."
        )
    os.environ.setdefault("NLP_IMAGES", os.path.abspath("build/images"))


def pytest_terminal_summary(terminalreporter):
    """Say how many cells were compared, how, and why not."""
    counts = collections.Counter(
        dict(report.user_properties)["comparison"]
        for report in terminalreporter.stats.get("passed", [])
        if report.when == "call" and "comparison" in dict(report.user_properties)
    )
    if counts:
        terminalreporter.section("notebook cells")
        for kind, meaning in KINDS.items():
            terminalreporter.line(f"{counts[kind]:5d} {meaning}")
