"""The tables of results and of chapters, and the pages that show them."""

import re
from decimal import Decimal

import pytest

from tools import chapters, results_tables

RATIO = {
    "kind": "cost",
    "claim": "the table",
    "than": "the loop",
    "sentence": "the table is 4,000 times as fast as the loop",
    "value": 4000,
    "unit": "times as fast",
    "text": None,
    "floor": None,
    "at_least": 2,
    "at_most": None,
}


# The tables


def test_a_row_of_the_table_reads_by_itself(row):
    both = row(claim="gain", value=12345.6, unit="", at_least=2.5, at_most=20000)
    runs = row(interval=[1.7, 1.75], text="IMDb reviews")
    zero = row(kind="equality", value=0.0, unit="", floor=None, at_most=0.0)
    table = results_tables.table([row(), both, runs, row(**RATIO), zero])
    assert table.splitlines()[2:7] == [
        "| 01 | validation loss | plays | **1.725 nats/char** | – "
        "| letter frequencies: 3.31 | at most 1.8 |",
        "| 01 | gain | plays | **12,350** | – | letter frequencies: 3.31 "
        "| at least 2.5 and at most 20,000 |",
        "| 01 | validation loss | IMDb reviews | **1.725 nats/char** | 1.700 to 1.750 "
        "| letter frequencies: 3.31 | at most 1.8 |",
        "| 01 | the table is 4,000 times as fast as the loop | packaged data "
        "| **4,000 ×** | – | – | at least 2 |",
        "| 01 | validation loss | plays | **0** | – | – | exactly 0 |",
    ]
    assert table.splitlines()[-1].endswith(" on x86_64, 2 cores, no GPU.")


def test_the_summary_shows_the_headlines_of_the_packaged_edition(add_chapter, row):
    add_chapter("02_b")
    rows = [
        row("01", "training", unit="CPU-s"),
        row("01", "first", headline=True),
        row("01", "first", "original", headline=True),
        row("02", "loss", headline=True),
        row("02", headline=True, **RATIO),
    ]
    lines = results_tables.summary(rows).splitlines()[2:]
    shown = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines]
    assert shown == [
        ["1", "first"],
        ["2", "loss"],
        ["2", RATIO["sentence"]],
    ]


def test_the_page_of_results_has_a_section_for_each_chapter(add_chapter, row):
    add_chapter("02_b")
    rows = [row("01", "loss"), row("01", "loss", "original"), row("02", "speed")]
    rows[1] |= {"cpu_seconds": 99.6, "peak_memory_mb": 1234}
    blocks = results_tables.results_page(rows).split("\n\n")
    headings = [b for b in blocks if b.startswith("#")]
    assert headings == ["## The main results", "## 01", "## Chapter 02_b"]
    assert [len(b.splitlines()) for b in blocks] == [1, 1, 2, 1, 4, 1, 1, 3, 1]
    assert blocks[5] == (
        "The whole chapter takes 62 CPU-seconds and 712 MB with the packaged data, "
        "100 CPU-seconds and 1,234 MB with the original data."
    )


def test_the_table_of_chapters_says_what_each_is_about_and_costs(add_chapter, row):
    add_chapter("01_a")
    add_chapter("02_b")
    rows = [row("02", cpu_seconds=99.4, peak_memory_mb=1349)]
    table = results_tables.chapters_table(chapters.read_all(), rows)
    assert table.splitlines()[2:] == [
        "| [Chapter 01_a](notebooks/01_a.ipynb) | what 01_a is about | 0 | 0.0 |",
        "| [Chapter 02_b](notebooks/02_b.ipynb) | what 02_b is about | 99 | 1.3 |",
    ]


@pytest.mark.parametrize(
    ("value", "interval", "shown", "ends"),
    [
        (1.4984, [1.4883, 1.5083], "1.498", "1.488 to 1.508"),
        (32.22, [29.76, 34.68], "32.2", "29.8 to 34.7"),
        (12345.6, [12000.0, 12691.2], "12,346", "12,000 to 12,691"),
        (-0.0004, [-0.0304, 0.0296], "0.00", "-0.03 to 0.03"),
        (0.5, [0.5, 0.5], "0.50", "0.50 to 0.50"),
        (0.12345, None, "0.1235", ""),
    ],
)
def test_numbers_have_the_digits_that_their_interval_leaves(
    row, value, interval, shown, ends
):
    claim = row(value=value, interval=interval, unit="")
    assert results_tables.value_of(claim) == shown
    assert results_tables.interval_of(claim) == ends


def test_the_readme_has_one_result_of_each_chapter(add_chapter, row, monkeypatch):
    add_chapter("01_a")
    add_chapter("02_b")
    add_chapter("03_c")
    monkeypatch.setattr(results_tables, "SHOWN", {"01": "gain", "02": "loss"})
    rows = [
        row("01", "loss", headline=True),
        row("01", "gain", interval=[1.7, 1.75]),
        row("01", "gain", "original"),
        row("02", "gain"),
    ]
    table = results_tables.one_of_each(chapters.read_all(), rows)
    assert table.splitlines()[2:] == [
        "| [1](notebooks/01_a.ipynb) | gain | plays | **1.725 nats/char** "
        "| 1.700 to 1.750 | letter frequencies: 3.31 |",
    ]


def test_the_cost_of_all_chapters_is_that_of_two_at_a_time(row):
    rows = [
        row("01", cpu_seconds=100, peak_memory_mb=1000),
        row("02", cpu_seconds=300, peak_memory_mb=1800),
        row("03", cpu_seconds=200, peak_memory_mb=1500),
        row("03", edition="original", cpu_seconds=9999, peak_memory_mb=9999),
    ]
    assert results_tables.cost_of_all(rows) == (
        "All chapters together take 10 CPU-minutes, that is about 5 minutes on two "
        "free cores, and up to 3.3 GB of memory, since two run at once."
    )


def test_what_a_chapter_costs_is_what_its_last_claim_says(row):
    rows = [
        row("01", cpu_seconds=5, peak_memory_mb=900),
        row("01", cpu_seconds=9, peak_memory_mb=800),
        row("01", edition="original", cpu_seconds=99, peak_memory_mb=9999),
        row("02", cpu_seconds=99, peak_memory_mb=9999),
    ]
    assert results_tables.cost_of(rows, "01") == (9, 900)
    assert results_tables.cost_of(rows, "01", "original") == (99, 9999)
    assert results_tables.cost_of(rows, "03") == (0, 0)


# Storing results, and the pages


def test_results_replace_those_of_the_same_chapter_and_edition(course, row):
    old = [
        row("01", "given up"),
        row("01", "loss", "original", value=2.0),
        row("02", "loss"),
    ]
    results_tables.store(old)
    assert results_tables.load() == old
    new = [row("03", "loss"), row("01", "loss", value=1.5), row("01", "a claim")]
    results_tables.store(new)
    stored = [new[1], new[2], old[1], old[2], new[0]]
    assert results_tables.load() == stored
    assert results_tables.cost_of_all(stored) in (course / "README.md").read_text(
        "utf-8"
    )
    assert results_tables.results_page(stored) in (course / "results.md").read_text(
        "utf-8"
    )


def test_results_are_stored_everywhere_or_nowhere(course, row):
    results_tables.store([row()])
    (course / "results.md").write_text("a page without a place")
    before = {
        path: path.read_text("utf-8") for path in course.rglob("*") if path.is_file()
    }
    with pytest.raises(SystemExit, match="no place for the table"):
        results_tables.store([row(value=1.5)])
    after = {
        path: path.read_text("utf-8") for path in course.rglob("*") if path.is_file()
    }
    assert after == before


PAGE = """Before.

<!-- results: written by make results -->
<!-- end of results -->

After.
"""


def test_a_table_in_a_page_is_replaced_and_the_rest_kept():
    once = results_tables.with_table(PAGE, "results", r"| loss \1 \g<0> |")
    assert once.startswith("Before.\n\n<!-- results")
    assert once.endswith("<!-- end of results -->\n\nAfter.\n")
    assert r"| loss \1 \g<0> |" in once
    twice = results_tables.with_table(once, "results", "a table")
    assert twice == results_tables.with_table(PAGE, "results", "a table")


@pytest.mark.parametrize("page", [PAGE.replace("end of", "end"), "Some page.\n"])
def test_a_page_without_a_place_for_the_table_is_refused(page):
    with pytest.raises(SystemExit, match="no place for the table"):
        results_tables.with_table(page, "results", "a table")


# What is stored


def test_stored_results_are_the_claims_of_the_chapters():
    stored = [c for ch in chapters.read_all() for c in chapters.claims(ch.notebook)]
    assert stored
    packaged = [r for r in results_tables.load() if r["edition"] == "packaged"]
    assert packaged == stored


@pytest.mark.parametrize("path", results_tables.PAGES, ids=lambda path: path.name)
def test_pages_show_the_stored_results(path):
    page = path.read_text(encoding="utf-8")
    assert results_tables.updated(path, results_tables.load()) == page


def stored_value(claim):
    """Return the value of a claim as a table shows it, made in another way."""
    if "than" in claim:
        return re.search(r" is ([\d,.]+) times as", claim["sentence"])[1] + " ×"
    digits = f"{claim['value']:,.10g}"
    if claim["interval"]:
        low, high = claim["interval"]
        # The last digit shown is worth a third of the interval's reach, or less.
        step = Decimal(10) ** Decimal((high - low) / 6).adjusted()
        digits = f"{Decimal(claim['value']).quantize(min(step, Decimal(1))):z,f}"
    return f"{digits} {claim['unit']}".strip()


def test_readme_and_results_page_show_the_numbers_stored_in_the_chapters():
    # Read without the functions that write the tables.
    shown_of, stored = {}, []
    for chapter in chapters.read_all():
        for claim in chapters.claims(chapter.notebook):
            stored.append((chapter.title, stored_value(claim)))
            if claim["claim"] == results_tables.SHOWN[chapter.number]:
                shown_of[chapter.path.name] = stored[-1][1]
    readme, page = (path.read_text(encoding="utf-8") for path in results_tables.PAGES)
    in_readme = re.findall(
        r"^\| \[\d+\]\(notebooks/(.+?)\) \|.*\*\*(.+)\*\*.*\|$", readme, re.MULTILINE
    )
    assert in_readme == list(shown_of.items())
    assert [name for name, _ in in_readme] == [
        f"{name}.ipynb" for name in chapters.NAMES
    ]
    for section in page.split("\n## ")[2:]:
        title = section.partition("\n")[0]
        shown = re.findall(r"^\|.*\*\*(.+)\*\*.*\|$", section, re.MULTILINE)
        for value in [value for name, value in stored if name == title]:
            assert value in shown
            shown.remove(value)
