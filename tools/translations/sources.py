"""What there is to translate: for each catalog its entries, taken from the course."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tools import chapters
from tools.translations import scripts
from tools.translations.blocks import blocks_of

ROOT = chapters.ROOT
FIGURE = "alternative text of a figure"
DESCRIPTION = "description of the chapter"
INTERFACE = "interface"
LIVE = "live"
# Modules with sentences of their own, each marked as in _("Answer").
MODULES = ("docs/*.py", "tools/*.py")


@dataclass(frozen=True)
class Entry:
    """A text to translate, what kind of text it is, and the file that has it."""

    text: str
    kind: str
    file: str


def names():
    """Return the names of all catalogs: chapters, pages, README, and interface."""
    pages = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
    return [*chapters.NAMES, "README", *pages, "data", LIVE, INTERFACE]


def entries_of(name):
    """Return the entries of the catalog with a name, in the order of the text.

    Raises:
        UnsuitableTextError: a text cannot be cut into blocks.
    """
    if name in chapters.NAMES:
        return chapter_entries(chapters.NOTEBOOKS / f"{name}.ipynb")
    if name == INTERFACE:
        return interface_entries()
    if name == LIVE:
        return live_entries()
    path = page_of(name)
    more = {"results": result_names, "studies": study_names}.get(name, list)
    return [*markdown_entries(path.read_text("utf-8"), _shown(path)), *more()]


def page_of(name):
    """Return the file of a page with the name of its catalog."""
    places = {"README": ROOT / "README.md", "data": ROOT / "data" / "README.md"}
    return places.get(name, ROOT / "docs" / f"{name}.md")


def markdown_entries(text, file):
    """Return the entries of a text in Markdown."""
    return [Entry(block.text, block.kind, file) for block in blocks_of(text)]


def chapter_entries(path):
    """Return the entries of a chapter: its prose, and what its figures show."""
    notebook, file = nbformat.read(path, as_version=4), _shown(path)
    entries = [Entry(notebook.metadata["description"], DESCRIPTION, file)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            entries += markdown_entries(cell.source, file)
        elif cell.cell_type == "code":
            entries += [Entry(p["alt"], FIGURE, file) for p in pictures_of(cell)]
    return entries


def pictures_of(cell):
    """Return what is stored beside the pictures of a code cell that are described."""
    pictures = [o.get("metadata", {}).get("image/png", {}) for o in cell.outputs]
    return [picture for picture in pictures if picture.get("alt")]


def interface_entries():
    """Return the sentences that the course's own modules write, marked as _("...")."""
    paths = [path for pattern in MODULES for path in sorted(ROOT.glob(pattern))]
    return [
        Entry(call.args[0].value, "sentence of a page", _shown(path))
        for path in paths
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "_"
        and isinstance(call.args[0], ast.Constant)
    ]


def live_entries():
    """Return the texts of the live figures."""
    folder = ROOT / "docs" / "live"
    kinds = {"*.js": scripts.blocks_of_script, "*.html": scripts.blocks_of_html}
    return [
        Entry(block.text, block.kind, _shown(path))
        for pattern, find_blocks in kinds.items()
        for path in sorted(folder.glob(pattern))
        for block in find_blocks(path.read_text("utf-8"))
    ]


def result_names():
    """Return the names of what the chapters have measured."""
    path = ROOT / "docs" / "results.json"
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    kinds = {
        "what was measured": [row["claim"] for row in rows],
        "what it is compared with": [row.get("than") for row in rows],
        "data": [row["text"] for row in rows],
        "unit": [row["unit"] for row in rows],
        "edition": [row["edition"] for row in rows],
        "scale": [row["scale"] for row in rows],
        "floor": [row["floor"][0] for row in rows if row["floor"]],
        "machine": [row["machine"] for row in rows],
    }
    return _names(kinds, path)


def study_names():
    """Return the names of the arms of the studies, and of what they measure."""
    entries = []
    for path in sorted((ROOT / "studies").glob("*.json")):
        stored = json.loads(path.read_text("utf-8"))
        values = [name for row in stored["rows"] for name in row["values"]]
        kinds = {"arm of a study": stored["arms"], "value of a study": values}
        entries += _names(kinds, path)
    return entries


def _names(kinds, path):
    """Return an entry for each name that has letters, once for each kind."""
    return [
        Entry(name, kind, _shown(path))
        for kind, found in kinds.items()
        for name in dict.fromkeys(found)
        if name and any(letter.isalpha() for letter in name)
    ]


def _shown(path):
    return Path(path).relative_to(ROOT).as_posix()
