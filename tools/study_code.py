"""The code that decides the numbers of a study, as one hash.

It is that of the tagged cells, and of what they reach in the course's own packages,
as a tree: comments, docstrings and formatting do not count. Other versions of Python
give the same hash. Nothing here needs more than the standard library.
"""

import ast
import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name

PACKAGES = ("nlp_helpers", "scaling")
# They state, show and store numbers, and make none. The settings of a run are stored
# with its rows, and files of data are verified by a hash of their own.
LEFT_OUT = {
    "nlp_helpers.claims",
    "nlp_helpers.collecting",
    "nlp_helpers.course",
    "nlp_helpers.data.fetch",
    "nlp_helpers.figures",
    "nlp_helpers.settings",
    "nlp_helpers.studies",
    "nlp_helpers.study_files",
}
# Arguments of `study` that change no row: they add rows, or show them.
WITHOUT_EFFECT = {"seeds", "tiny", "unit"}
# Fields of a tree that differ between versions of Python, or say nothing.
NO_CODE = {"ctx", "kind", "type_comment", "type_ignores"}


def code_hash(sources, folder):
    """Return the hash of cells, and of what they reach in the course's packages.

    Args:
        sources: the sources of the cells, in order.
        folder: where the packages are.

    Raises:
        SyntaxError: a cell is not plain Python.
    """
    cells = _Module("", [node for source in sources for node in ast.parse(source).body])
    reached = _Reached(folder)
    for node in cells.body:
        reached.add_used_by(cells, node)
    parts = [_plain(cells.body), sorted(reached.code.items()), sorted(reached.imported)]
    return hashlib.sha256(ascii(parts).encode()).hexdigest()


def study_calls(source):
    """Return the calls of `study` in the source of a cell, as nodes of its tree."""
    return [node for node in ast.walk(ast.parse(source)) if _is_study_call(node)]


def name_of(call):
    """Return the name in a call of `study`, or None if it is not written there."""
    names = [k.value for k in call.keywords if k.arg == "name"] + call.args[:1]
    return names[0].value if names and isinstance(names[0], ast.Constant) else None


def _is_study_call(node):
    called = getattr(node, "func", None)
    name = getattr(called, "id", getattr(called, "attr", ""))
    return isinstance(node, ast.Call) and name == "study"


@dataclass
class _Module:
    """A module, or the cells together, whose name is empty."""

    name: str
    body: list
    is_package: bool = False

    @cached_property
    def imports(self):
        """What its imports bind, anywhere in it: a list of (name, path in dots)."""
        bound = []
        for node in (n for statement in self.body for n in ast.walk(statement)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    whole = alias.asname or alias.name.partition(".")[0]
                    bound.append((whole, alias.name if alias.asname else whole))
            elif isinstance(node, ast.ImportFrom):
                origin = self._absolute(node)
                for alias in node.names:
                    path = origin if alias.name == "*" else f"{origin}.{alias.name}"
                    bound.append((alias.asname or alias.name, path))
        return bound

    def _absolute(self, node):
        package = self.name if self.is_package else self.name.rpartition(".")[0]
        return resolve_name("." * node.level + (node.module or ""), package)

    @cached_property
    def definitions(self):
        """A dict from each name bound at the top to the statements that bind it.

        Below "" stand statements that bind none: they act on what others have bound.
        """
        found = {}
        for statement in self.body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                for name in set(_bound_by(statement)) or {""}:
                    found.setdefault(name, []).append(statement)
        return found


class _Reached:
    """What code reaches in the packages.

    Attributes:
        code: a dict from (module, name) to the plain form of what defines the name.
        imported: what is used of other packages: (module, name in it, path in dots).
    """

    def __init__(self, folder):
        self.folder = folder
        self.code, self.imported, self.modules = {}, set(), {}

    def add_used_by(self, module, node):
        """Add all that a statement of a module uses."""
        for names in _used_by(node):
            self._add_name(module, names)

    def _add_name(self, module, names):
        """Add what dotted names, such as ["windows", "shuffled"], are in a module."""
        first, *rest = names
        for bound, path in module.imports:
            if bound == "*":
                self._add_path(path.split("."))
            elif bound == first and path.partition(".")[0] in PACKAGES:
                self._add_path([*path.split("."), *rest])
            elif bound == first:
                self.imported.add((module.name, first, path))
        if module.name and first in module.definitions:
            self._add_definition(module, first)

    def _add_path(self, path):
        """Add what a path leads to, such as ["nlp_helpers", "windows", "shuffled"]."""
        module, rest = None, path
        for n in range(1, len(path) + 1):
            if (below := self._module(path[:n])) is None:
                break
            module, rest = below, path[n:]
            if module.name in LEFT_OUT:
                return
            self._add_definition(module, "")  # whatever is imported from it, this runs
        if module is None:
            return
        if rest and rest[0] in {*module.definitions, *dict(module.imports)}:
            self._add_name(module, rest)
        else:  # the module as an object: anything in it may be used
            for name in module.definitions:
                self._add_definition(module, name)

    def _add_definition(self, module, name):
        key = (module.name, name)
        if key not in self.code:
            statements = module.definitions.get(name, [])
            self.code[key] = _plain(statements)
            for statement in statements:
                self.add_used_by(module, statement)

    def _module(self, path):
        """Return the module of a path, such as ["nlp_helpers", "windows"], or None."""
        name = ".".join(path)
        if name not in self.modules:
            place = self.folder.joinpath(*path)
            package, file = place / "__init__.py", place.with_suffix(".py")
            self.modules[name] = None
            for found in (package, file):
                if path and found.is_file():
                    tree = ast.parse(found.read_text("utf-8"))
                    self.modules[name] = _Module(name, tree.body, found == package)
                    break
        return self.modules[name]


def _used_by(node):
    """Return the dotted names in a tree, each as a list such as ["windows", "draw"]."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return [[node.id, *names]]
    return [used for child in ast.iter_child_nodes(node) for used in _used_by(child)]


def _bound_by(statement):
    """Return the names that a statement at the top of a module binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
        return [statement.id]
    return [n for child in ast.iter_child_nodes(statement) for n in _bound_by(child)]


def _plain(node):
    """Return a tree as nested tuples, without what is no code."""
    if isinstance(node, list):
        return tuple(_plain(item) for item in node if not _is_no_code(item))
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.JoinedStr):
        fields["values"] = _pieces(node.values)
    if _is_study_call(node):
        fields["keywords"] = [k for k in node.keywords if k.arg not in WITHOUT_EFFECT]
    # An empty field may be one that another version of Python does not have.
    said = [name for name in fields if name not in NO_CODE]
    said = [name for name in said if fields[name] is not None and fields[name] != []]
    return (type(node).__name__, *((name, _plain(fields[name])) for name in said))


def _pieces(values):
    """Return the parts of an f-string without empty texts, which one version leaves."""
    return [v for v in values if not isinstance(v, ast.Constant) or v.value]


def _is_no_code(node):
    """Tell whether a statement is a docstring, or an import: what it binds counts."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)
