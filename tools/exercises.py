"""The exercises of the chapters, taken apart: what is given, solved and checked.

A chapter holds the code of a solution and the assertions about it together. To hand out
an exercise without its solution, the cell with the task says in its metadata which
names a student has to define:

    "exercise": {"define": ["masked_max: a function of vectors and their mask"]}

The check is then the assertions, and what they need, back to these names. The rest is
the student's work. What that needs of the check stands before it, as given. There may
also be:

    "given": ["tree"]        names of the solution that are given to the student
    "check": ["assert ..."]  lines that the check has besides
    "returns": ["weight"]    for assertions inside a loop: all else in the loop becomes
                             a function, the only name to define, which returns these
"""

import ast
import functools
import itertools
import re
import symtable
from dataclasses import dataclass

HEADING = re.compile(r"## Exercises\b")
DEFINITIONS = {ast.FunctionDef, ast.ClassDef}
TASK = re.compile(r"\*\*(\d+)\.\*\* ")


class MarkError(ValueError):
    """The metadata of an exercise does not fit its solution."""


@dataclass(frozen=True)
class Exercise:
    """An exercise: which names to define, what each is, and the parts of its code."""

    number: int
    define: dict
    given: str
    solution: str
    check: str


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement of a solution, and the source that it stands in."""

    node: ast.stmt
    source: str

    @property
    def text(self):
        """The lines of the statement."""
        first = min(
            [self.node, *getattr(self.node, "decorator_list", [])],
            key=lambda node: node.lineno,
        )
        lines = self.source.splitlines()
        return "\n".join(lines[first.lineno - 1 : self.node.end_lineno])

    @functools.cached_property
    def binds(self):
        """The names that it defines or changes."""
        return set(_bound_by(self.node))

    @functools.cached_property
    def reads(self):
        """The names that it takes from before."""
        return _read_in(symtable.symtable(ast.unparse(self.node), "exercise", "exec"))

    @property
    def asserts(self):
        """Whether there is an assertion in it."""
        return any(isinstance(node, ast.Assert) for node in ast.walk(self.node))

    @property
    def prints(self):
        """Whether it does nothing but print."""
        return _prints(self.node)


def exercises_of(notebook):
    """Return the exercises of a notebook, each with the code cells of its solution.

    Raises:
        MarkError: the metadata of one is missing, or does not fit its solution.
    """
    exercises = []
    for task, cells in _tasks(notebook):
        number = int(TASK.match(task.source)[1])
        solution = "\n\n\n".join(cell.source for cell in cells)
        try:
            mark = task.metadata["exercise"]
            exercises.append((take_apart(number, solution, mark), cells))
        except KeyError as error:
            raise MarkError(f"Exercise {number}: {error} is missing.") from None
        except MarkError as error:
            raise MarkError(f"Exercise {number}: {error}") from None
    return exercises


def start_of(notebook):
    """Return the index of the heading of the exercises, or the number of cells."""
    starts = (k for k, c in enumerate(notebook.cells) if HEADING.match(c.source))
    return next(starts, len(notebook.cells))


def _tasks(notebook):
    tasks = []
    for cell in notebook.cells[start_of(notebook) + 1 :]:
        if TASK.match(cell.source):
            tasks.append((cell, []))
        elif cell.cell_type == "code":
            tasks[-1][1].append(cell)
    return tasks


def take_apart(number, solution, mark):
    """Return the `Exercise` of a solution.

    Args:
        number: of the exercise.
        solution: the source of the chapter's solution, with its assertions.
        mark: the metadata of the task, a dict as above.

    Raises:
        MarkError: it does not fit the solution.
    """
    define = dict(line.split(": ", 1) for line in mark["define"])
    given = set(mark.get("given", ()))
    if returns := mark.get("returns"):
        solution = _with_loop_as_function(solution, define, returns)
    solution = "\n".join([solution, *mark.get("check", ())])
    statements = _statements(ast.parse(solution).body, solution)
    kept = _needed_by_assertions(statements, define)
    work = [s for s in statements if s not in kept and not s.prints]
    before = _needed_before(statements, kept, work, define, given)
    work = [s for s in work if s not in before]
    kept = [s for s in kept if s not in before]
    _check_that_it_fits(define, given, before, work, kept)
    return Exercise(number, define, _text(before), _text(work), _text(kept))


def _needed_by_assertions(statements, define):
    """Return the statements that hold assertions, or define what these need.

    Those that define a name in `define` are left out, with what only they need.
    """
    needed, kept = set(), []
    for statement in reversed(statements):
        is_needed = statement.binds & needed and not statement.binds & {*define}
        if statement.asserts or (is_needed and not statement.prints):
            kept.insert(0, statement)
            needed |= statement.reads
    return kept


def _needed_before(statements, kept, work, define, given):
    """Return the statements that have to stand before the student's."""
    wanted, before = set().union(*(s.reads for s in work)), []
    for statement in reversed(statements):
        names = given | wanted if statement in kept else given
        if statement.binds & names - {*define} and not statement.asserts:
            before.insert(0, statement)
            given = given | statement.reads
    return before


def _check_that_it_fits(define, given, before, work, kept):
    """Raise a MarkError unless every name is defined, and checked, in its place."""
    by_work, by_check = _all(work, "binds"), _all(kept, "binds")
    read = _all([*before, *kept], "reads")
    if unknown := {*define} - by_work | given - _all(before, "binds"):
        raise MarkError(f"the solution does not define {_list(unknown)}.")
    if unchecked := {*define} - read:
        raise MarkError(f"no assertion depends on {_list(unchecked)}.")
    if hidden := read & by_work - {*define}:
        raise MarkError(f"the check needs {_list(hidden)}: to define, or given?")
    at_once = [s for s in before if type(s.node) not in DEFINITIONS]
    if early := _all(at_once, "reads") & {*define}:
        raise MarkError(f"{_list(early)} would be needed before the student's cell.")
    if late := _all(work, "reads") & by_check - by_work - _all(before, "binds"):
        raise MarkError(f"the solution needs {_list(late)}, which the check defines.")


def _with_loop_as_function(source, define, returns):
    """Return a solution in which a function does the work of the loop that asserts."""
    (name,) = define
    loops = [n for n in ast.parse(source).body if isinstance(n, ast.For)]
    loop = next(n for n in loops if Statement(n, source).asserts)
    body = _statements(loop.body, source)
    kept = _needed_by_assertions(body, returns)
    work = [s.text for s in body if s not in kept and not s.prints]
    target, results = ast.unparse(loop.target), ", ".join(returns)
    lines = source.splitlines()
    function = [f"def {name}({target}):", *work, f"    return {results}", "", ""]
    rest = [f"    {results} = {name}({target})", *(s.text for s in kept)]
    lines[loop.lineno - 1 : loop.end_lineno] = [
        *function,
        lines[loop.lineno - 1],
        *rest,
    ]
    return "\n".join(lines)


def _statements(nodes, source):
    return [Statement(node, source) for node in nodes]


def _prints(node):
    if isinstance(node, ast.For):
        return all(map(_prints, node.body))
    return ast.unparse(node).startswith("print(")


def _text(statements):
    """Return statements as code, with blank lines around definitions."""
    text = ""
    for before, after in itertools.pairwise([None, *statements]):
        defines = {type(s.node) for s in (before, after) if s} & DEFINITIONS
        text += ("\n\n\n" if defines else "\n") * bool(text) + after.text
    return text


def _all(statements, names):
    return set().union(*(getattr(statement, names) for statement in statements))


def _list(names):
    return ", ".join(sorted(names))


def _bound_by(node):
    """Yield the names that a statement defines, or changes as in `x[0] = 1`."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return  # what stands inside is its own
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Subscript(ctx=ast.Store()):
            yield from _base_of(node)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))):
            yield from _base_of(owner)  # names.append(name)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return
    for child in ast.iter_child_nodes(node):
        yield from _bound_by(child)


def _base_of(node):
    """Yield x of x, x[0] or x[0][1], and nothing of x.y or f(x)."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _read_in(table):
    """Return the names that code takes from around it, by its symbol table."""
    is_top = table.get_type() == "module"
    own = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (is_top or symbol.is_global())
    }
    return own.union(*map(_read_in, table.get_children()))
