"""The tables of results and of chapters, and the pages that show them."""

import re

import pytest

from tools import chapters, results_tables

RATIO = {"unit": "x", "at_least": 2, "at_most": None}


# The tables


def test_a_row_of_the_table_shows_value_bounds_and_cost(row):
    both = row(claim="ratio", value=12345.6, unit="", at_least=2.5, at_most=20000)
    lines = results_tables.table([row(), both]).splitlines()
    assert lines[2:4] == [
        "| 01 | validation loss | 1.725 nats/char | ≤ 1.8 | packaged | quick | 62 "
        "| 712 |",
        "| 01 | ratio | 1.235e+04 | ≥ 2.5, ≤ 2e+04 | packaged | quick | 62 | 712 |",
    ]
    assert {line.count("|") for line in lines[:4]} == {9}
    assert lines[-1].endswith(" on x86_64, 2 cores, no GPU.")


def test_the_summary_shows_a_result_and_a_ratio_of_each_chapter(
    add_chapter, row, monkeypatch
):
    monkeypatch.setattr(results_tables, "HEADLINES", {"02": ("loss", "windows/s")})
    add_chapter("02_b")
    rows = [
        row("01", "training", unit="CPU-s"),
        row("01", "first result", value=0.5, unit=""),
        row("01", "second result", cpu_seconds=99.4, peak_memory_mb=1349),
        row("01", "slower", value=3, **RATIO),
        row("01", "faster", value=4000, **RATIO),
        row("01", "no ratio of speed", value=9000, unit="x", at_most=9999),
        row("02", "first result"),
        row("02", "loss"),
        row("02", "faster", value=9, **RATIO),
        row("02", "windows/s", value=8, **RATIO),
        row("02", "loss", "original", value=99),
        row("03", "only result"),
    ]
    assert results_tables.summary(rows).splitlines()[2:] == [
        "| 01 | first result: **0.5** | faster: **4,000×** | 99 | 1.3 |",
        "| Chapter 02_b | loss: **1.725 nats/char** | windows/s: **8×** | 62 | 0.7 |",
        "| 03 | only result: **1.725 nats/char** | – | 62 | 0.7 |",
    ]


def test_the_page_of_results_has_a_section_for_each_chapter(add_chapter, row):
    add_chapter("02_b")
    rows = [row("01", "loss"), row("01", "loss", "original"), row("02", "speed")]
    blocks = results_tables.results_page(rows).split("\n\n")
    assert [b for b in blocks if b.startswith("#")] == ["## 01", "## Chapter 02_b"]
    assert [len(block.splitlines()) for block in blocks] == [1, 1, 4, 1, 3]
    original = "| loss | 1.725 nats/char | ≤ 1.8 | original | quick | 62 | 712 |"
    assert original in blocks[2]


def test_the_table_of_chapters_links_each_with_what_it_is_about(add_chapter):
    add_chapter("01_a")
    add_chapter("02_b")
    table = results_tables.chapters_table(chapters.read_all())
    assert table.splitlines()[2:] == [
        "| [Chapter 01_a](notebooks/01_a.ipynb) | what 01_a is about |",
        "| [Chapter 02_b](notebooks/02_b.ipynb) | what 02_b is about |",
    ]


def test_a_ratio_with_a_lower_bound_is_a_speed_unless_listed(row, monkeypatch):
    monkeypatch.setattr(results_tables, "NO_SPEED", {"attention"})
    assert results_tables.is_speed(row(**RATIO))
    assert not results_tables.is_speed(row(claim="attention", **RATIO))
    assert not results_tables.is_speed(row(unit="x"))
    assert not results_tables.is_speed(row(at_least=2))


def test_what_a_chapter_costs_is_what_its_last_packaged_claim_says(row):
    rows = [
        row("01", cpu_seconds=5, peak_memory_mb=900),
        row("01", cpu_seconds=9, peak_memory_mb=800),
        row("01", edition="original", cpu_seconds=99, peak_memory_mb=9999),
        row("02", cpu_seconds=99, peak_memory_mb=9999),
    ]
    assert results_tables.cost_of(rows, "01") == (9, 900)
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
    assert results_tables.summary(stored) in (course / "README.md").read_text("utf-8")
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


def test_readme_and_results_page_show_the_numbers_stored_in_the_chapters():
    # Read without the functions that write the tables.
    stored, shown = {}, {}
    for chapter in chapters.read_all():
        for claim in chapters.claims(chapter.notebook):
            value = f"{claim['value']:,.4g} {claim['unit']}".strip()
            stored[chapter.title, claim["claim"]] = value
    readme, page = (path.read_text(encoding="utf-8") for path in results_tables.PAGES)
    for section in page.split("\n## ")[1:]:
        title, _, table = section.partition("\n")
        rows = re.findall(r"^\| (.+?) \| (.+?) \| .* \| packaged \|", table, re.M)
        shown |= {(title, claim): value for claim, value in rows}
    assert shown == stored
    headlines = re.findall(r"^\| (.+?) \| (.+: \*\*.+\*\*) \|", readme, re.M)
    assert len(headlines) == len(chapters.read_all())
    for title, cells in headlines:
        pairs = re.findall(r"([^|]+): \*\*(.+?)\*\*", cells)
        assert len(pairs) in (1, 2)  # a chapter may have nothing to say about speed
        for claim, value in pairs:
            assert value.replace("×", " x") == stored[title, claim.strip()]
