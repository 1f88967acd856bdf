"""The shape that every chapter, module and page keeps."""

import ast
import base64
import contextlib
import getpass
import graphlib
import platform
import re
import statistics
from importlib.util import resolve_name
from itertools import takewhile
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tests.chapters import comparison
from tools import chapters
from tools.chapters import NOTEBOOKS, ROOT

CHAPTERS = chapters.read_all()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
FOLDERS = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users)\b|\bC:\\")
DATE_OR_TIME = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
UNFINISHED = re.compile(r"issue #|TODO|FIXME|XXX")
EXERCISE = re.compile(r"\*\*(\d+)\.\*\* \S")
ANSWER = re.compile(
    r"<details><summary>Answer</summary>\n\n.+\n\n</details>", re.DOTALL
)
# A package may not import what stands above it.
ABOVE = {
    "nlp_helpers": {"scaling", "tools", "docs", "tests"},
    "scaling": {"tools", "docs", "tests"},
    "tools": {"docs", "tests"},
}


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda chapter: chapter.path.stem)
def chapter(request):
    return request.param


def sources_of(chapter):
    return [cell.source for cell in chapter.notebook.cells]


def texts_of(cell):
    """Return all the text that a code cell shows, pictures left out."""
    texts = []
    for output in cell.outputs:
        texts += [output.get("text", ""), *output.get("traceback", [])]
        for mime, data in output.get("data", {}).items():
            texts += [] if mime.startswith("image/") else [str(data)]
    return texts


def outputs_of(chapter):
    return [text for cell in chapter.code_cells for text in texts_of(cell)]


def tokens_of(markdown):
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def headings_of(markdown):
    """Return the level and text of each heading."""
    tokens = MARKDOWN.parse(markdown)
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
    numbers = [chapter.path.name[:3] for chapter in CHAPTERS]
    assert numbers
    assert numbers == [f"{k:02d}_" for k in range(1, len(CHAPTERS) + 1)]


def test_chapter_is_a_valid_notebook(chapter):
    nbformat.validate(chapter.notebook)
    assert chapter.notebook.nbformat == 4
    assert chapter.notebook.metadata.kernelspec.name == "python3"


def test_outputs_come_from_one_run_of_this_code(chapter):
    comparison.check_outputs_are_fresh(chapter.notebook)


def test_no_cell_ended_in_an_error(chapter):
    outputs = [output for cell in chapter.code_cells for output in cell.outputs]
    assert outputs
    assert [output for output in outputs if output.output_type == "error"] == []
    assert not [text for text in outputs_of(chapter) if "Traceback (most" in text]


# Chapters: nothing of the machine or of the moment


def test_no_path_of_a_machine(chapter):
    texts = sources_of(chapter) + outputs_of(chapter)
    assert [text for text in texts if FOLDERS.search(text)] == []


def names_in(texts, names):
    """Return the names that texts give away, in a path or beside an @ or a domain.

    A name by itself may be a word: users are called romeo, and machines server.
    """
    return [
        name
        for name in names
        for text in texts
        if re.search(
            rf"[@/\\]{re.escape(name)}\b|\b{re.escape(name)}(?:@|\.local\b|\.lan\b)",
            text,
        )
    ]


def test_no_name_of_a_user_or_machine_in_an_output(chapter):
    names = {platform.node()}
    with contextlib.suppress(KeyError, OSError):  # a user may have no name
        names.add(getpass.getuser())
    assert names_in(outputs_of(chapter), names) == []
    # Such names a user or a machine may have, and no chapter gives them away.
    common = ["server", "keras", "train", "romeo", "data", "gpu"]
    assert names_in(outputs_of(chapter), common) == []


def test_a_name_is_given_away_in_a_path_or_an_address_only():
    words = ["ROMEO: a server to train keras", "keras.layers", "romeo.", "server."]
    assert names_in(words, ["romeo", "server", "train", "keras"]) == []
    telling = ["/home/romeo/x", r"C:\Users\train", "ann@server", "keras.local", "b@c"]
    names = ["romeo", "train", "server", "keras", "b"]
    assert names_in(telling, names) == names


def test_no_date_or_time_in_an_output(chapter):
    assert [text for text in outputs_of(chapter) if DATE_OR_TIME.search(text)] == []


def test_no_memory_address_in_a_compared_output(chapter):
    compared = [
        cell
        for cell in chapter.code_cells
        if comparison.comparison_of(cell)[0] != "ignored"
    ]
    texts = [text for cell in compared for text in texts_of(cell)]
    assert [text for text in texts if ADDRESS.search(text)] == []


def test_nothing_is_left_to_be_done(chapter):
    assert [text for text in sources_of(chapter) if UNFINISHED.search(text)] == []


# Chapters: comparison, pictures, claims


def test_most_outputs_are_compared(chapter):
    shown = [cell for cell in chapter.code_cells if cell.outputs]
    kinds = [comparison.comparison_of(cell)[0] for cell in shown]
    compared = [kind for kind in kinds if kind in ("exact", "approx")]
    assert kinds
    assert len(compared) >= 0.7 * len(kinds)


def test_every_picture_has_a_text_for_those_who_cannot_see_it(chapter):
    outputs = [output for cell in chapter.code_cells for output in cell.outputs]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    for picture in pictures:
        alt = picture.metadata.get("image/png", {}).get("alt", "")
        assert len(alt.split()) >= 5, f"alt text {alt!r}"
    images = [t for s in chapter.prose for t in tokens_of(s) if t.type == "image"]
    for image in images:
        assert len(image.content.split()) >= 5, image.attrGet("src")
    assert pictures or images


def test_pictures_in_the_repository_are_those_of_the_outputs(chapter):
    outputs = [output for cell in chapter.code_cells for output in cell.outputs]
    data = [output["data"] for output in outputs if "data" in output]
    stored = [base64.b64decode(d["image/png"]) for d in data if "image/png" in d]
    folder = chapters.ROOT / "images" / chapter.number
    files = [path.read_bytes() for path in folder.glob("*.png")]
    assert sorted(files) == sorted(stored)


def test_chapter_states_claims_and_they_hold(chapter):
    claims = chapters.claims(chapter.notebook)
    assert claims
    for claim in claims:
        place = (claim["chapter"], claim["edition"], claim["scale"])
        assert place == (chapter.number, "packaged", "quick")
        at_least, at_most = claim["at_least"], claim["at_most"]
        assert (at_least, at_most) != (None, None)
        rounding = 1e-3 * abs(claim["value"])  # four digits are stored
        assert at_least is None or claim["value"] >= at_least - rounding
        assert at_most is None or claim["value"] <= at_most + rounding
    names = [(claim["claim"], claim.get("than")) for claim in claims]
    assert len(set(names)) == len(names)


# Chapters: prose and code


def test_code_cells_are_short(chapter):
    lines = [cell.source.splitlines() for cell in chapter.code_cells]
    lengths = [sum(1 for line in cell if line.strip()) for cell in lines]
    assert min(lengths) >= 1
    assert max(lengths) <= 40
    assert statistics.median(lengths) <= 8
    assert [line for cell in lines for line in cell if len(line) > 88] == []


def test_a_chapter_can_be_taught_in_two_hours(chapter):
    # Without its questions and exercises, which are for the time after it.
    after = ("## Check yourself", "## Exercises")
    taught = takewhile(lambda source: not source.startswith(after), chapter.prose)
    assert sum(len(source.split()) for source in taught) <= 3_300
    assert len(chapter.code_cells) <= 70


def test_chapter_begins_with_its_own_number(chapter):
    first, *others = [cell.source for cell in chapter.code_cells]
    assert re.findall(r'^course\.begin\("(.*)"\)$', first, re.M) == [chapter.number]
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
    for cell in chapter.code_cells:
        assert unguarded_addons(cell.source) == [], cell.source


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("if tfa:\n    tfa.a()\nelse:\n    b()", []),
        ("def f():\n    tfa.a()\n\n\nx = 1", []),
        ("try:\n    import tensorflow_addons as tfa\nexcept: x", []),
        ("x = 1\ny = tfa.a(x)", [2]),
        ("if tfa:\n    x\nelse:\n    tfa.a()", [4]),
        ("for k in x:\n    tfa.seq2seq.a()", [2]),
    ],
)
def test_what_counts_as_unguarded_use_of_addons(source, lines):
    assert unguarded_addons(source) == lines


def test_every_local_link_leads_somewhere(chapter):
    missing = [missing_files(source, NOTEBOOKS) for source in chapter.prose]
    assert [target for targets in missing for target in targets] == []


def test_headings_form_a_tree(chapter):
    headings = [heading for source in chapter.prose for heading in headings_of(source)]
    levels = [level for level, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = zip(headings[1:], levels[:-1], strict=True)
    assert [heading for heading, before in steps if heading[0] > before + 1] == []


def test_the_first_cells_make_a_promise(chapter):
    assert headings_of(chapter.prose[0])[0] == (1, chapter.title)
    phrases = ("You will learn", "You need", "It costs")
    assert [s for s in chapter.prose if all(phrase in s for phrase in phrases)]
    assert re.fullmatch(r"[^\n|]{20,120}[^\n|.]", chapter.description)


def test_chapter_ends_with_summary_and_exercises(chapter):
    headings = [heading for source in chapter.prose for heading in headings_of(source)]
    titles = [title for _, title in headings]
    assert titles.count("Summary") == titles.count("Exercises") == 1
    assert titles.index("Summary") < titles.index("Exercises")
    assert headings[-1] == (2, "Exercises")


def test_each_exercise_is_followed_by_its_solution(chapter):
    sources = sources_of(chapter)
    (start,) = [k for k, s in enumerate(sources) if re.match("## Exercises\\b", s)]
    solutions = {}  # the code below the number of each exercise, in order
    for cell in chapter.notebook.cells[start + 1 :]:
        if cell.cell_type == "code":
            assert "hide-cell" in cell.metadata.get("tags", []), cell.source
            *_, number = solutions
            solutions[number] += f"{cell.source}\n"
        elif task := EXERCISE.match(cell.source):
            solutions[int(task[1])] = ""
        else:
            assert ANSWER.fullmatch(cell.source), cell.source
    assert solutions
    assert list(solutions) == list(range(1, len(solutions) + 1))
    for number, code in solutions.items():
        assert re.search(r"^\s*assert\b", code, re.M), f"solution {number}"


# Modules


def modules_below(folder, package):
    """Return the source of each module of a package, by the module's dotted name."""
    paths = sorted((folder / package).rglob("*.py"))
    names = [".".join(p.relative_to(folder).with_suffix("").parts) for p in paths]
    return {n: p.read_text("utf-8") for n, p in zip(names, paths, strict=True)}


MODULES = (
    modules_below(NOTEBOOKS, "nlp_helpers")
    | modules_below(NOTEBOOKS, "scaling")
    | modules_below(ROOT, "tools")
)


def imports_of(name, source):
    """Return the dotted names that a module imports, anywhere in it."""
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            dots, package = "." * node.level, name.rpartition(".")[0]
            origin = resolve_name(f"{dots}{node.module or ''}", package)
            imported |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return imported


def reads_or_writes_by_locale(source):
    """Return the lines that leave the encoding of a text file to the machine."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        n_before = {"read_text": 0, "write_text": 1}.get(name)
        if name == "open" and isinstance(node.func, ast.Name):
            is_binary = len(node.args) > 1 and "b" in ast.unparse(node.args[1])
            n_before = None if is_binary else 3
        named = any(keyword.arg == "encoding" for keyword in node.keywords)
        if n_before is not None and not named and len(node.args) <= n_before:
            found.append(node.lineno)
    return found


def test_text_files_do_not_depend_on_the_locale():
    pages = {path.name: path.read_text("utf-8") for path in ROOT.glob("docs/*.py")}
    cells = {c.path.stem: "\n".join(s.source for s in c.code_cells) for c in CHAPTERS}
    sources = MODULES | pages | cells
    found = {
        name: reads_or_writes_by_locale(source) for name, source in sources.items()
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("line", "depends"),
    [
        ("path.read_text()", True),
        ("path.write_text(text)", True),
        ("open(path, 'w')", True),
        ("path.read_text('utf-8')", False),
        ("path.write_text(text, encoding='utf-8')", False),
        ("open(path, 'rb')", False),
        ("tarfile.open(path)", False),
    ],
)
def test_what_depends_on_the_locale(line, depends):
    assert reads_or_writes_by_locale(line) == [1] * depends


@pytest.mark.parametrize(
    "line",
    [
        "from nlp_helpers import text, setting",
        "from nlp_helpers.text import bleu",
        "import nlp_helpers.text as t",
        "from . import text",
        "def f():\n    from .text import bleu",
    ],
)
def test_every_way_to_import_is_seen(line):
    assert "nlp_helpers.text" in imports_of("nlp_helpers.sampling", line)


def test_modules_import_downwards_only():
    graph = {}
    for name, source in MODULES.items():
        imported = imports_of(name, source)
        packages = {dotted.partition(".")[0] for dotted in imported}
        assert not packages & ABOVE[name.partition(".")[0]], name
        graph[name] = imported & MODULES.keys()
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_and_classes_have_docstrings(name):
    module = ast.parse(MODULES[name])
    assert ast.get_docstring(module)
    definitions = [
        node
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]
    assert [node.name for node in definitions if not ast.get_docstring(node)] == []


# Pages


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_local_link_of_a_page_leads_somewhere(page):
    # The site shows the notebooks beside the pages of docs/.
    assert missing_files(page.read_text(encoding="utf-8"), page.parent, ROOT) == []
