"""The shape that every chapter, helper and page keeps, and the table of results."""

import ast
import contextlib
import getpass
import io
import json
import platform
import re
import statistics
import tokenize
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tests import nbval_policy as policy
from tools import chapters

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
HELPERS = sorted((ROOT / "notebooks" / "nlp_helpers").glob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
FOLDERS = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users)\b|\bC:\\")
DATE_OR_TIME = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
UNFINISHED = re.compile(r"issue #|TODO|FIXME|XXX")
COMMON_NAMES = {"admin", "docker", "guest", "jovyan", "localhost", "macbook"} | {
    *("laptop", "notebook", "runner", "student", "teacher", "ubuntu", "vagrant")
}


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def chapter(path):
    return nbformat.read(path, as_version=4)


def code_of(chapter):
    return [cell for cell in chapter.cells if cell.cell_type == "code"]


def source_of(cell):
    return "".join(cell.source)


def prose_of(chapter):
    return [source_of(c) for c in chapter.cells if c.cell_type == "markdown"]


def texts_of(cell):
    """Return all the text that a code cell shows, pictures left out."""
    texts = []
    for output in cell.outputs:
        texts += ["".join(output.get("text", "")), *output.get("traceback", [])]
        for mime, data in output.get("data", {}).items():
            if not mime.startswith("image/"):
                texts.append("".join(data) if isinstance(data, list) else str(data))
    return texts


def sources_and_outputs(chapter):
    for cell in chapter.cells:
        yield source_of(cell)
        yield from texts_of(cell) if cell.cell_type == "code" else ()


def tokens_of(markdown):
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def headings_of(cell_source):
    """Return the level and text of each heading of a Markdown cell."""
    tokens = MARKDOWN.parse(cell_source)
    return [
        (int(token.tag[1]), tokens[k + 1].content)
        for k, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def links_of(markdown):
    """Return the targets of all links and images, in Markdown or HTML."""
    targets = []
    for token in tokens_of(markdown):
        targets += [token.attrGet("href"), token.attrGet("src")]
        if token.type.startswith("html"):
            targets += re.findall(r"(?:href|src)=[\"']([^\"']+)", token.content)
    return [target for target in targets if target]


def missing_files(markdown, *folders):
    """Return the local targets that are in none of the folders."""
    local = [
        unquote(parts.path)
        for parts in map(urlsplit, links_of(markdown))
        if not parts.scheme and not parts.netloc and parts.path
    ]
    return [t for t in local if not any((folder / t).exists() for folder in folders)]


# Chapters: one run, stored whole


def test_chapters_are_numbered_without_a_gap():
    numbers = [path.name[:3] for path in CHAPTERS]
    assert numbers
    assert numbers == [f"{k:02d}_" for k in range(1, len(CHAPTERS) + 1)]


def test_chapter_is_a_valid_notebook(chapter):
    nbformat.validate(chapter)
    assert chapter.nbformat == 4
    assert chapter.metadata.kernelspec.name == "python3"


def test_outputs_come_from_one_run_of_this_code(path):
    policy.check_outputs_are_fresh(nbformat.read(path, as_version=4))


def test_no_cell_ended_in_an_error(chapter):
    outputs = [output for cell in code_of(chapter) for output in cell.outputs]
    assert outputs
    assert [output for output in outputs if output.output_type == "error"] == []
    assert not [t for t in sources_and_outputs(chapter) if "Traceback (most" in t]


# Chapters: nothing of the machine or of the moment


def test_no_path_of_a_machine(chapter):
    assert [t for t in sources_and_outputs(chapter) if FOLDERS.search(t)] == []


def names_in(text, names):
    """Return the names that a text gives away, short and common ones left out."""
    telling = [n for n in names if len(n) >= 5 and n.lower() not in COMMON_NAMES]
    return [
        n for n in telling if re.search(rf"\b{re.escape(n)}\b", text, re.IGNORECASE)
    ]


def test_no_name_of_a_user_or_machine(chapter):
    names = {platform.node()}
    with contextlib.suppress(KeyError, OSError):  # a user may have no name
        names.add(getpass.getuser())
    texts = sources_and_outputs(chapter)
    assert [text for text in texts if names_in(text, names)] == []


def test_only_telling_names_count():
    names = ["vm", "student", "alexandra", "lex-laptop"]
    text = "written by Alexandra, a student, in a vm on lex-laptop.local"
    assert names_in(text, names) == ["alexandra", "lex-laptop"]
    assert names_in("alexandrian verse", names) == []


def test_no_date_or_time_in_an_output(chapter):
    texts = [text for cell in code_of(chapter) for text in texts_of(cell)]
    assert [text for text in texts if DATE_OR_TIME.search(text)] == []


def test_no_memory_address_in_a_compared_output(chapter):
    texts = [
        text
        for cell in code_of(chapter)
        if policy.comparison_of(cell)[0] != "ignored"
        for text in texts_of(cell)
    ]
    assert [text for text in texts if ADDRESS.search(text)] == []


def test_nothing_is_left_to_be_done(chapter):
    assert [t for t in sources_and_outputs(chapter) if UNFINISHED.search(t)] == []


# Chapters: comparison, pictures, claims


def test_most_outputs_are_compared(chapter):
    kinds = [policy.comparison_of(cell)[0] for cell in code_of(chapter) if cell.outputs]
    compared = [kind for kind in kinds if kind in ("exact", "approx")]
    assert kinds
    assert len(compared) >= 0.7 * len(kinds)


def test_no_comment_changes_how_a_cell_is_compared(chapter):
    # nbval obeys such comments, so one could leave a cell out of the count.
    assert [c for c in code_of(chapter) if re.search(r"#\s*NBVAL_", source_of(c))] == []


def test_every_picture_has_a_text_for_those_who_cannot_see_it(chapter):
    outputs = [output for cell in code_of(chapter) for output in cell.outputs]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    for picture in pictures:
        alt = picture.metadata.get("image/png", {}).get("alt", "")
        assert len(alt.split()) >= 5, f"alt text {alt!r}"
    images = [t for s in prose_of(chapter) for t in tokens_of(s) if t.type == "image"]
    for image in images:
        assert len(image.content.split()) >= 5, image.attrGet("src")
    assert pictures or images


def test_chapter_states_claims_and_they_hold(path):
    claims = chapters.claims(nbformat.read(path, as_version=4))
    assert claims
    for claim in claims:
        place = (claim["chapter"], claim["edition"], claim["scale"])
        assert place == (path.name[:2], "packaged", "quick")
        at_least, at_most = claim["at_least"], claim["at_most"]
        assert (at_least, at_most) != (None, None)
        rounding = 1e-3 * abs(claim["value"])  # four digits are stored
        assert at_least is None or claim["value"] >= at_least - rounding
        assert at_most is None or claim["value"] <= at_most + rounding
    names = [claim["claim"] for claim in claims]
    assert len(set(names)) == len(names)


# Chapters: prose and code


def test_code_cells_are_short(chapter):
    lines = [source_of(cell).splitlines() for cell in code_of(chapter)]
    lengths = [sum(1 for line in cell if line.strip()) for cell in lines]
    assert min(lengths) >= 1
    assert max(lengths) <= 40
    assert statistics.median(lengths) <= 8
    assert [line for cell in lines for line in cell if len(line) > 88] == []


def test_chapter_begins_with_its_own_number(path, chapter):
    first, *others = [source_of(cell) for cell in code_of(chapter)]
    assert re.findall(r"^course\.begin\((.*)\)$", first, re.M) == [f'"{path.name[:2]}"']
    assert not re.search(r"^\s*(import|from) (tensorflow|keras)", first, re.M)
    assert not [source for source in others if "course.begin(" in source]


def unguarded_addons(source):
    """Return the lines that need TensorFlow Addons where it may be missing.

    A statement outside of functions may use `tfa` only below an `if tfa`.
    """

    def uses_addons(tree):
        nodes = ast.walk(tree)
        return any(isinstance(node, ast.Name) and node.id == "tfa" for node in nodes)

    def lines(nodes):
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue  # a definition does not run
            if isinstance(node, ast.If) and uses_addons(node.test):
                yield from lines(node.orelse)
            elif hasattr(node, "body"):
                yield from lines(node.body)
            elif uses_addons(node):
                yield node.lineno

    return list(lines(ast.parse(source).body))


def test_addons_are_used_only_where_they_are(chapter):
    for cell in code_of(chapter):
        assert unguarded_addons(source_of(cell)) == [], source_of(cell)


def test_what_counts_as_unguarded_use_of_addons():
    assert unguarded_addons("if tfa:\n    tfa.a()\nelse:\n    b()") == []
    assert unguarded_addons("def f():\n    tfa.a()\n\n\nx = 1") == []
    assert (
        unguarded_addons("try:\n    import tensorflow_addons as tfa\nexcept: x") == []
    )
    assert unguarded_addons("x = 1\ny = tfa.a(x)") == [2]
    assert unguarded_addons("if tfa:\n    x\nelse:\n    tfa.a()") == [4]
    assert unguarded_addons("for k in x:\n    tfa.seq2seq.a()") == [2]


def test_every_local_link_leads_somewhere(path, chapter):
    prose = prose_of(chapter)
    assert [t for source in prose for t in missing_files(source, path.parent)] == []


def test_headings_form_a_tree(chapter):
    headings = [
        heading for source in prose_of(chapter) for heading in headings_of(source)
    ]
    levels = [level for level, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    skipped = [
        heading
        for heading, before in zip(headings[1:], levels, strict=False)
        if heading[0] > before + 1
    ]
    assert skipped == []


def test_the_first_cell_makes_a_promise(chapter):
    assert headings_of(source_of(chapter.cells[0]))[0][0] == 1
    phrases = ("You will learn", "You need", "It costs")
    assert [s for s in prose_of(chapter) if all(phrase in s for phrase in phrases)]


def test_chapter_ends_with_summary_exercises_and_solutions(chapter):
    sections = [
        (title, k)
        for k, cell in enumerate(chapter.cells)
        if cell.cell_type == "markdown"
        for _, title in headings_of(source_of(cell))
    ]
    titles = [title for title, _ in sections]
    assert titles.count("Summary") == titles.count("Exercises") == 1
    assert titles.index("Summary") < titles.index("Exercises")
    start = dict(sections)["Exercises"]
    solutions = []  # the code below each piece of prose
    for cell in chapter.cells[start:]:
        if cell.cell_type == "markdown":
            solutions.append("")
        elif "hide-input" in cell.metadata.get("tags", []):
            solutions[-1] += source_of(cell) + "\n"
    solutions = [code for code in solutions if code]
    assert solutions
    assert [s for s in solutions if not re.search(r"^\s*assert\b", s, re.M)] == []


# Helpers


def helper_imports(path):
    """Return the names of the helper modules that a module imports, anywhere in it."""
    names = {helper.stem for helper in HELPERS}
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if node.level:
                package = f"nlp_helpers.{package}".rstrip(".")
            dotted = [f"{package}.{alias.name}" for alias in node.names]
        else:
            continue
        parts = [name.split(".") for name in dotted]
        imported |= {p[1] for p in parts if p[0] == "nlp_helpers" and len(p) > 1}
    return imported & names


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_helpers_import_no_other_helper_but_text(helper):
    may_import_text = {"sampling", "seq2seq", "transformer"}
    allowed = {"text"} if helper.stem in may_import_text else set()
    # Those that run as processes of their own stand above the others.
    programs = {"__main__": {"datasets"}, "worker": {"cluster", "training"}}
    programs["training"] = {"cluster", "text", "transformer"}
    allowed = programs.get(helper.stem, allowed)
    assert helper_imports(helper) <= allowed


def test_the_check_above_sees_every_way_to_import(tmp_path):
    for line in (
        "from nlp_helpers import text, setting",
        "from nlp_helpers.text import bleu",
        "import nlp_helpers.text as t",
        "from . import text",
        "def f():\n    from .text import bleu",
    ):
        module = tmp_path / "module.py"
        module.write_text(line)
        assert helper_imports(module) == {"text"}, line


NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT} | {
    *(tokenize.DEDENT, tokenize.ENDMARKER)
}


def code_lines(source):
    """Return the numbers of the lines that are no comment, docstring or blank."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def test_only_lines_of_code_count():
    source = '''
"""A module.

Of few lines.
"""

# A comment

import os  # counts once


def f(
    a,
):
    """Return a text."""
    # no code

    return """a text

    # of three lines"""


class C:
    """Of no
    code."""

    text = "a" \\
        "b"
    """Not a docstring."""
'''
    lines = source.splitlines()
    assert [lines[n - 1].strip() for n in sorted(code_lines(source))] == [
        *("import os  # counts once", "def f(", "a,", "):"),
        *('return """a text', "", '# of three lines"""'),
        *("class C:", 'text = "a" \\', '"b"', '"""Not a docstring."""'),
    ]


def test_helpers_stay_small():
    sizes = {path.stem: len(code_lines(path.read_text("utf-8"))) for path in HELPERS}
    assert min(sizes.values()) > 0
    assert sizes["datasets"] > 200
    assert sum(sizes.values()) <= 1650, sizes


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_public_functions_and_classes_have_docstrings(helper):
    module = ast.parse(helper.read_text(encoding="utf-8"))
    definitions = [
        node
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]
    assert definitions
    assert ast.get_docstring(module)
    assert [node.name for node in definitions if not ast.get_docstring(node)] == []


# Pages and results


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_local_link_of_a_page_leads_somewhere(page):
    # The site shows the notebooks beside the pages of docs/.
    assert missing_files(page.read_text(encoding="utf-8"), page.parent, ROOT) == []


@pytest.fixture(scope="module")
def results():
    return json.loads(chapters.RESULTS.read_text(encoding="utf-8"))


def test_results_of_the_packaged_edition_are_the_claims_of_the_chapters(results):
    stored = [
        claim
        for path in CHAPTERS
        for claim in chapters.claims(nbformat.read(path, as_version=4))
    ]
    assert stored
    assert [row for row in results if row["edition"] == "packaged"] == stored


@pytest.mark.parametrize("page", chapters.TABLES, ids=lambda path: path.name)
def test_pages_show_the_results(results, page):
    text = page.read_text(encoding="utf-8")
    assert chapters.with_table(text, chapters.TABLES[page](results)) == text


def rows_of(page):
    """Return the cells of the rows of all the tables of a page, headers left out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


def test_readme_and_results_page_show_the_numbers_stored_in_the_chapters():
    stored, shown, found = {}, {}, set()
    for path in CHAPTERS:
        title = headings_of(source_of(nbformat.read(path, 4).cells[0]))[0][1]
        for claim in chapters.claims(nbformat.read(path, as_version=4)):
            value = f"{claim['value']:,.4g} {claim['unit']}".strip()
            stored[title, claim["claim"]] = value
    title = None
    for line in (ROOT / "docs" / "results.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            title = line[3:]
        elif "| packaged |" in line:
            claim, value, *_ = (cell.strip() for cell in line.strip("|").split("|"))
            shown[title, claim] = value
    assert shown == stored
    for title, *cells in rows_of(ROOT / "README.md"):
        for cell in cells:
            if headline := re.fullmatch(r"(.+): \*\*(.+)\*\*", cell):
                assert headline[2].replace("×", " x") == stored[title, headline[1]]
                found.add(title)
    assert found == {title for title, _ in stored}
