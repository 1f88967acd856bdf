"""What chapters define, for tests of it that do not run the chapters."""

import ast
import symtable
from types import SimpleNamespace

import pytest

from tools import chapters


@pytest.fixture(scope="session")
def definitions():
    """Return a function that executes some of the definitions of a chapter."""
    return execute_definitions


def execute_definitions(number, *names, **given):
    """Execute named top-level definitions of a chapter, and nothing else of it.

    The imports, functions, classes, constants and sizes that these refer to come along.
    What else they refer to is computed in the chapter: name it too, or give its value.

    Args:
        number: of the chapter, such as "10".
        names: of functions, classes or variables; of two definitions the last counts.
        given: values of other names, in place of what the chapter assigns to them.

    Returns:
        A namespace with all that was executed and given.

    Raises:
        NameError: the chapter does not define a name.
    """
    (chapter,) = chapters.read_all([number])
    code = "\n\n".join(cell.source for cell in chapter.code_cells)
    statements = ast.parse(code).body
    defining = {name: s for s in statements for name in _bound_by(s)}
    if unknown := set(names) - defining.keys():
        raise NameError(f"Chapter {number} does not define {', '.join(unknown)}.")
    needed, queue = set(), list(names)
    while queue:
        name = queue.pop()
        statement = defining.get(name)
        if statement is None or statement in needed or name in given:
            continue
        if name in names or not _is_computed(statement):
            needed.add(statement)
            source = ast.unparse(statement)
            queue += _globals_of(symtable.symtable(source, chapter.path.name, "exec"))
    chosen = ast.Module([s for s in statements if s in needed], type_ignores=[])
    namespace = {"__name__": chapter.path.stem, **given}
    exec(compile(chosen, chapter.path.name, "exec"), namespace)
    return SimpleNamespace(**namespace)


def _bound_by(statement):
    """Return the names that a top-level statement defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=imported) | ast.ImportFrom(names=imported):
            return {(a.asname or a.name).partition(".")[0] for a in imported}
        case ast.Assign(targets=targets):
            nodes = [node for target in targets for node in ast.walk(target)]
            names = [node for node in nodes if isinstance(node, ast.Name)]
            return {name.id for name in names if isinstance(name.ctx, ast.Store)}
        case ast.Try(body=body):  # an import that may fail
            return set().union(*map(_bound_by, body))
    return set()


def _is_computed(statement):
    """Say whether a statement assigns what is neither a constant nor a size."""
    if not isinstance(statement, ast.Assign):
        return False
    calls = [n.func for n in ast.walk(statement) if isinstance(n, ast.Call)]
    is_size = all(ast.unparse(call).startswith("course.by_") for call in calls)
    return not is_size and not all(map(str.isupper, _bound_by(statement)))


def _globals_of(table):
    """Return the names that code takes from around it, by its symbol table."""
    own = {s.get_name() for s in table.get_symbols() if s.is_global()}
    return own.union(*map(_globals_of, table.get_children()))
