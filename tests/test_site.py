"""What the site is made of, and the files that other tools read. No browser here."""

import json
import re
import runpy
import shlex
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from check_jsonschema import main as schema_checker
from click.testing import CliRunner
from docutils import nodes
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)
from pybtex.database import parse_file

from docs import build, citations, extension, pages, slides
from tools import chapters

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
COURSE = pages.Course()


# Gathering


@pytest.mark.parametrize(("executed", "outputs"), [(False, "stored"), (True, "of run")])
def test_the_site_gathers_pages_notebooks_and_pictures(
    tmp_path, monkeypatch, executed, outputs
):
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "SOURCE", tmp_path / "build" / "source")
    monkeypatch.setattr(build, "TARGET", tmp_path / "build" / "html")
    stored, of_run = (json.dumps({"cells": [], "from": x}) for x in ("store", "run"))
    files = {
        "docs/index.md": "index",
        "notebooks/01_a.ipynb": stored,
        "notebooks/draft.ipynb": "draft",
        "images/01/curve.png": "stored",
        "build/images/01/curve.png": "of run",
        "build/executed/01_a.ipynb": of_run,
        "build/source/notebooks/09_gone.ipynb": "left from before",
        "build/html/gone.html": "left from before",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    build.gather(executed)
    gathered = {
        path.relative_to(build.SOURCE).as_posix(): path.read_text()
        for path in build.SOURCE.rglob("*")
        if path.is_file()
    }
    assert gathered == {
        "index.md": "index",
        "notebooks/01_a.ipynb": of_run if executed else stored,
        "images/01/curve.png": outputs,
    }
    assert not build.TARGET.exists()


# The parts of the pages


def test_a_page_is_filled_with_what_it_asks_for():
    page = "Before.\n\n<!-- generated: costs -->\n\nChapters [[1]] and [[77]]."
    filled = pages.fill(page, COURSE)
    first = COURSE.chapters[0]
    assert filled.startswith("Before.\n\n| chapter | minutes")
    assert filled.endswith(f"Chapters [1]({first.link}) and 77.")
    with pytest.raises(KeyError, match="nonsense"):
        pages.fill("<!-- generated: nonsense -->", COURSE)


def test_every_part_is_on_a_page():
    asked = [
        name
        for path in (ROOT / "docs").glob("*.md")
        for name in pages.PLACE.findall(path.read_text("utf-8"))
    ]
    assert sorted(asked) == sorted(pages.PARTS)


def test_every_chapter_has_a_card_with_its_line_and_picture():
    cards = pages.cards(COURSE)
    for chapter, path in zip(COURSE.chapters, NOTEBOOKS, strict=True):
        alt, picture = chapter.picture
        assert (ROOT / picture).exists()
        assert f":::{{image}} {picture}\n:alt: {alt}\n" in cards
        assert f"[{chapter.title}](notebooks/{path.name})" in cards
        line = COURSE.lines[path.name]
        assert line[1:] in cards


def test_a_chapter_without_a_line_in_the_readme_shows_its_first_sentence():
    cells = [{"cell_type": "markdown", "source": ["# 1. A\n", "\n", "It is. So."]}]
    chapter = pages.Chapter("01", Path("01_a.ipynb"), {"cells": cells})
    assert pages.first_sentence(chapter) == "It is."


def test_costs_are_those_of_the_stored_run():
    costs = pages.costs(COURSE)
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        claims = chapters.claims(notebook)
        minutes = sum(notebook.metadata.cell_seconds) / 60
        seconds = max(claim["cpu_seconds"] for claim in claims)
        memory = max(claim["peak_memory_mb"] for claim in claims) / 1000
        (row,) = [line for line in costs.splitlines() if path.name in line]
        assert f"| {minutes:.1f} | {seconds:.0f} |" in row
        assert row.endswith(f"| {memory:.1f} |")


def test_the_speeds_are_the_ratios_that_the_chapters_claim():
    ratios = [
        (row["claim"], f"{row['value']:,.4g}×", f"{row['edition']}, at least")
        for row in COURSE.results
        if row["unit"] == "x" and row["at_least"] is not None
    ]
    shown = pages.speed(COURSE).replace("&#x27;", "'")
    rows = shown.split("<tr>")
    for claim, value, edition in ratios:
        found = [row for row in rows if f">{claim}<" in row]
        if claim in pages.NO_SPEED:
            assert not found
        else:
            assert [row for row in found if f">{value}<" in row and edition in row]
    assert {claim for claim, _, _ in ratios} >= pages.NO_SPEED


def test_the_data_page_has_every_cell_of_the_table():
    page = pages.data(COURSE)
    rows = pages.data_rows(COURSE.read("data", "README.md"))
    assert len(rows) == page.count("\n## ") + 1
    for _, edition, place, source, _, sha256 in rows:
        section = page.partition(sha256)[0].rpartition("## ")[2]
        assert f"**Edition:** {edition}" in section
        assert place in section
        assert source in section
    assert not re.search(r"\[\d\]", page)


def test_every_exercise_is_found():
    for chapter in COURSE.chapters:
        assert 2 <= len(chapter.exercises) <= 8, chapter.title
        assert all(len(task) > 40 for task in chapter.exercises)
    page = pages.exercises(COURSE)
    assert page.count("Exercises of the chapter") == len(NOTEBOOKS)


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("", None),
        ("https://example.org/a/b", None),
        ("https://github.com/a", None),
        ("https://github.com/a/b", "/gh/a/b/HEAD?urlpath=lab/tree/notebooks/x.ipynb"),
        ("https://github.com/a/b.git", "/gh/a/b/HEAD?urlpath="),
        ("https://gitlab.com/a/b", "/gl/a%2Fb/HEAD?urlpath="),
    ],
)
def test_binder_is_offered_where_it_can_work(repository, expected):
    link = pages.binder_link(repository, "x.ipynb")
    if expected is None:
        assert link is None
    else:
        assert link.startswith(f"https://mybinder.org/v2{expected}")


@pytest.mark.parametrize("repository", ["", "https://github.com/a/b"])
def test_the_button_for_binder_is_never_broken(repository, monkeypatch):
    course = pages.Course()
    course.__dict__["repository"] = repository
    monkeypatch.setattr(extension, "the_course", lambda: course)
    name = NOTEBOOKS[0].stem
    source = [NOTEBOOKS[0].read_text("utf-8")]
    extension.rewrite_notebook(None, f"notebooks/{name}", source)
    bar = "".join(json.loads(source[0])["cells"][0]["source"])
    (target,) = re.findall(r"\[Run it on Binder\]\((.+?)\)", bar)
    if repository:
        assert target.endswith(f"/gh/a/b/HEAD?urlpath=lab/tree/notebooks/{name}.ipynb")
        assert target.split("?")[0] in pages.binder(course)
    else:
        assert target == "../start.md#binder"
        assert "(binder)=" in (ROOT / "docs" / "start.md").read_text("utf-8")
        assert "https:" not in pages.binder(course)


# What becomes of a notebook


def test_the_site_takes_the_alternative_text_of_a_picture():
    picture = new_output("display_data", {"image/png": "iVBORw0K"})
    picture.metadata["image/png"] = {"alt": "A falling curve."}
    cells = [new_code_cell(outputs=[picture]), new_code_cell(), new_markdown_cell("#")]
    notebook = new_notebook(cells=cells)
    extension.add_alt_texts(notebook)
    shown, other, prose = notebook["cells"]
    assert shown["metadata"]["mystnb"] == {"image": {"alt": "A falling curve."}}
    assert other["metadata"] == prose["metadata"] == {}

    page = ["# A page, with no notebook in it"]
    extension.rewrite_notebook(None, "index", page)
    assert page == ["# A page, with no notebook in it"]


def folded(*cells):
    """Return the texts of cells once their solutions are folded, one line each."""
    cells = [
        new_code_cell(text[1:], metadata={"tags": ["hide-input", "corpus"]})
        if text.startswith(">")
        else new_markdown_cell(text)
        for text in cells
    ]
    result = extension.with_folded_solutions(cells)
    code = [cell for cell in result if cell["cell_type"] == "code"]
    return [cell["source"] for cell in result], [c["metadata"]["tags"] for c in code]


def opened(number):
    summary = f"<summary>Solution of exercise {number}</summary>"
    return f'<details class="solution">{summary}'


def test_solutions_below_their_exercises_are_folded():
    texts, tags = folded(
        "# T",
        ">a",
        "## Exercises\n\n**1.** Do.",
        ">b",
        "So.\n\n**2.** Do.",
        ">c",
        "End.",
    )
    assert texts == [
        *("# T", "a", "## Exercises", "**1.** Do.", opened(1), "b", "So."),
        *("</details>", "**2.** Do.", opened(2), "c", "End.", "</details>"),
    ]
    assert tags == [["hide-input", "corpus"], ["corpus"], ["corpus"]]


def test_solutions_below_a_list_of_exercises_are_folded():
    texts, _ = folded(
        "## Summary\n\n## Exercises\n\n1. Do.\n2. Do.\n\n### Solutions\n\n**1.** So.",
        ">a",
        "**2.** So.",
        ">b",
        ">c",
    )
    assert texts == [
        *("## Summary", "## Exercises\n\n1. Do.\n2. Do.", "### Solutions", opened(1)),
        *("**1.** So.", "a", "</details>", opened(2), "**2.** So.", "b", "c"),
        "</details>",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_solution_of_a_chapter_is_folded(path):
    notebook = nbformat.read(path, as_version=4)
    solutions = [
        cell.source
        for cell in notebook.cells
        if "hide-input" in cell.metadata.get("tags", [])
    ]
    is_open, found = False, []
    for cell in extension.with_folded_solutions(notebook.cells):
        if cell["source"].startswith("<details"):
            assert not is_open
            is_open = True
        elif cell["source"] == "</details>":
            assert is_open
            is_open = False
        elif is_open and cell["cell_type"] == "code":
            found.append(cell["source"])
    assert not is_open
    assert set(solutions) <= set(found)


# Terms and citations


def test_each_term_is_in_the_glossary_once():
    text = extension.GLOSSARY.read_text("utf-8").partition("```{glossary}")[2]
    names = re.findall(r"^(?! |:|`|\n)(.+)$", text, re.M)
    assert len({name.lower() for name in names}) == len(names) == len(extension.terms())
    assert len(names) > 50
    assert extension.terms()["bpe"] == "byte-pair encoding"


def test_a_term_is_found_in_the_plural_but_not_within_a_word():
    found = extension.term_pattern().findall("Masks, unmasked; an Attention map.")
    assert found == ["Mask", "Attention map"]


def test_links_take_the_place_of_words():
    text = nodes.Text("one two three")
    paragraph = nodes.paragraph("", "", text)
    extension.replace(text, [(4, 7, nodes.strong("", "two")), (5, 9, nodes.strong())])
    assert [child.astext() for child in paragraph] == ["one ", "two", " three"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(Sutskever, Vinyals and Le 2014)", ["sutskever2014"]),
        ("(Kudo 2018; Post 2018)", ["kudo2018", "post2018"]),
        ("(Kudo and Richardson 2018)", ["kudo2018sentencepiece"]),
        ("Wu et al. (2016) and Vaswani et al. 2017", ["wu2016", "vaswani2017"]),
        ("Post (2018) counts, Windows 2000 and May 2024 do not", ["post2018"]),
    ],
)
def test_citations_are_recognised(text, found):
    assert [citation.key for citation in citations.find(text)] == found


@pytest.mark.parametrize(
    "text", ["(Nobody 1999)", "Kudo et al. 2018", "Wu et al. 2015"]
)
def test_a_citation_of_an_unknown_paper_is_an_error(text):
    with pytest.raises(citations.UnknownPaperError, match="not one"):
        citations.find(text)


@pytest.mark.parametrize(
    ("note", "reference"),
    [
        ('M. Post, "A Call", WMT 2018.', "Post (2018)"),
        ("B. Pang and L. Lee, ACL 2004.", "Pang and Lee (2004)"),
        ("J. Pennington, R. Socher, C. Manning 2014", "Pennington, Socher and Manning"),
        ("Maas, Daly, Pham, Huang, Ng, Potts 2011", "Maas et al. (2011)"),
    ],
)
def test_a_footnote_about_a_paper_becomes_a_citation(note, reference):
    cited = citations.reference(note)
    assert cited.text.startswith(reference)
    assert [found.key for found in citations.find(f"({cited.text})")] == [cited.key]
    with pytest.raises(citations.UnknownPaperError):
        citations.reference(note.replace("20", "19"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_paper_that_a_chapter_cites_is_in_the_bibliography(path):
    prose = [
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    ]
    for text in prose:
        citations.find(text)
        # What looks like a citation but is not recognised would go unlinked.
        for year in re.finditer(r"[A-Z]\w+,? \(?(?:19|20)\d\d\b[,;)]", text):
            assert any(f.start <= year.start() < f.end for f in citations.find(text))


def test_every_entry_of_the_bibliography_is_whole():
    for key, entry in parse_file(citations.REFERENCES).entries.items():
        assert re.fullmatch(r"[a-z]+\d{4}[a-z]*", key)
        assert entry.persons["author"]
        assert {"title", "year"} <= set(entry.fields)
        assert "booktitle" in entry.fields or "journal" in entry.fields
        assert entry.fields["year"] in key


# Slides


def test_two_chapters_are_prepared_as_slides():
    notebooks = [nbformat.read(path, as_version=4) for path in NOTEBOOKS]
    prepared = [nb for nb in notebooks if slides.is_prepared(nb)]
    assert len(prepared) >= 2
    for notebook in prepared:
        types = [cell.metadata["slideshow"]["slide_type"] for cell in notebook.cells]
        assert types[0] == "slide"
        assert types.count("slide") >= 8


def test_slides_carry_their_pictures_and_link_to_no_notebook(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "a.png").write_bytes(b"123")
    source = slides.with_pictures_inside("![A](../a.png)", tmp_path / "notebooks")
    assert source == "![A](data:image/png;base64,MTIz)"
    text = "[chapter 5](05_a.ipynb#x), [uv](https://a.org), ![A](../a.png)"
    assert (
        slides.without_links_to_chapters(text)
        == "chapter 5, [uv](https://a.org), ![A](../a.png)"
    )


def test_the_template_of_the_slides_loads_nothing_from_elsewhere():
    template = slides.TEMPLATES / "course" / "index.html.j2"
    assert "//" not in re.sub(r"\n// .+", "", template.read_text("utf-8"))


# Files that other tools read

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.M)[1].split()
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
PAGES = ["README.md", "CONTRIBUTING.md", "data/README.md", "docs/start.md"]
PAGES += ["docs/teachers.md", "docs/data.md", "docs/results.md"]


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-workflows", WORKFLOW),
        ("vendor.citation-file-format", ROOT / "CITATION.cff"),
    ],
)
def test_files_follow_their_schema(schema, path):
    checked = check_schema(schema, path)
    assert checked.exit_code == 0, checked.output


def test_the_schemas_refuse_what_is_wrong(tmp_path):
    wrong = tmp_path / "ci.yml"
    wrong.write_text(WORKFLOW.read_text("utf-8").replace("runs-on:", "runs-at:"))
    assert check_schema("vendor.github-workflows", wrong).exit_code == 1


def check_schema(schema, path):
    """Check a file with a schema that comes with check-jsonschema: no network."""
    return CliRunner().invoke(schema_checker, ["--builtin-schema", schema, str(path)])


def commands_in(text):
    """Return the make commands in a text, each as a list of words."""
    lines = re.findall(r"^(?:\w+=\w+ )?(make [^#\n]+)", text, re.M)
    inline = re.findall(r"`(make [^`]+)`", text)
    return [shlex.split(command) for command in (*lines, *inline)]


def targets_in(text):
    """Return the targets of the make commands in a text."""
    words = [word for command in commands_in(text) for word in command[1:]]
    return [word for word in words if "=" not in word]


def test_the_workflow_calls_the_same_targets_on_three_systems():
    jobs = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]
    systems = {
        name.split("-")[0] for name in jobs["course"]["strategy"]["matrix"]["os"]
    }
    assert systems == {"ubuntu", "macos", "windows"}
    for job in jobs.values():
        runs = [step["run"] for step in job["steps"] if "run" in step]
        called = [target for run in runs for target in targets_in(run)]
        assert len(called) >= 2
        assert set(called) <= set(TARGETS)
    called = targets_in((ROOT / ".ci" / "run").read_text("utf-8"))
    assert {"setup", "lint", "test", "run", "test-site"} <= set(called)


def test_the_container_has_the_python_of_the_course():
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert settings["image"].endswith("python:3.11")
    assert targets_in(settings["postCreateCommand"]) == ["setup"]


@pytest.mark.parametrize("name", PAGES)
def test_every_make_target_on_a_page_exists(name):
    text = (ROOT / name).read_text("utf-8")
    assert set(targets_in(text)) <= set(TARGETS)


def test_every_command_in_the_readme_is_understood():
    text = (ROOT / "README.md").read_text("utf-8")
    commands = commands_in(text)
    assert ["make", "run"] in commands
    assert ["make", "run", "CHAPTERS=01 02"] in commands
    assert len(commands) == len(re.findall(r"^make |`make ", text, re.M))
    for command in commands:
        # -n: say what would be done, and do nothing. The environment counts as made.
        planned = subprocess.run(
            ["make", "-n", "-o", ".venv/ready", *command[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert planned.returncode == 0, (command, planned.stderr)
        assert "no-chapter" not in planned.stdout


def test_the_readme_names_every_chapter_with_a_line():
    assert list(COURSE.lines) == [path.name for path in NOTEBOOKS]
    assert all(len(line.split()) >= 5 for line in COURSE.lines.values())


def test_the_settings_of_the_site_can_be_read():
    settings = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    assert settings["nb_execution_mode"] == "off"
    assert settings["html_theme_options"]["use_repository_button"] == bool(
        COURSE.repository
    )
