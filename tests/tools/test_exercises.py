"""The exercises of the chapters, taken apart."""

import ast

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import chapters, exercises

CHAPTERS = chapters.read_all()


def lines(*texts):
    return "\n".join(texts)


CASES = {
    "the assertion checks the names that are defined": (
        lines("y = x + 1", "z = 2 * y", "assert z > y", "print(z)"),
        {"define": ["y: one more", "z: twice that"]},
        ("", lines("y = x + 1", "z = 2 * y"), "assert z > y"),
    ),
    "what only the solution needs is gone": (
        lines("half = x / 2", "y = half + 1", "assert y > 0"),
        {"define": ["y: a half and one"]},
        ("", lines("half = x / 2", "y = half + 1"), "assert y > 0"),
    ),
    "what the assertion needs is kept, with what changes it": (
        lines("def f(x):", "    return x", "", "", "seen = []", "for x in [1, 2]:")
        + lines("", "    seen.append(f(x))", "assert seen == [1, 2]"),
        {"define": ["f: returns what it is given"]},
        (
            "",
            lines("def f(x):", "    return x"),
            lines("seen = []", "for x in [1, 2]:", "    seen.append(f(x))")
            + "\nassert seen == [1, 2]",
        ),
    ),
    "what check and solution need is given": (
        lines("order = [0, 1]", "order[0] = 1", "y = x[order]", "assert y[order] == x"),
        {"define": ["y: x in that order"]},
        (
            lines("order = [0, 1]", "order[0] = 1"),
            "y = x[order]",
            "assert y[order] == x",
        ),
    ),
    "a teacher gives more": (
        lines("a = 1", "b = a + 1", "c = b + 1", "assert c == 3"),
        {"define": ["c: three"], "given": ["b"]},
        (lines("a = 1", "b = a + 1"), "c = b + 1", "assert c == 3"),
    ),
    "a check may ask for more": (
        lines("a = 1", "assert a"),
        {"define": ["a: one"], "check": ["assert a == 1"]},
        ("", "a = 1", lines("assert a", "assert a == 1")),
    ),
    "of a loop that asserts the work becomes a function": (
        lines("for k in [1, 2]:", "    y = k * k", "    print(y)", "    z = k", "")
        + "    assert y == z * k",
        {"define": ["square: a function of k"], "returns": ["y"]},
        (
            "",
            lines("def square(k):", "    y = k * k", "    return y"),
            lines("for k in [1, 2]:", "    y = square(k)", "    z = k")
            + "\n    assert y == z * k",
        ),
    ),
    "loops that only print are nobody's work": (
        lines("a = 1", "assert a == 1", "for b in [a]:", "    print(b)"),
        {"define": ["a: one"]},
        ("", "a = 1", "assert a == 1"),
    ),
    "definitions keep their distance": (
        lines("def f():", "    return 1", "", "", "y = f()", "assert y == f()"),
        {"define": ["f: returns one", "y: what it returns"]},
        ("", lines("def f():", "    return 1", "", "", "y = f()"), "assert y == f()"),
    ),
}


@pytest.mark.parametrize(("solution", "mark", "parts"), CASES.values(), ids=CASES)
def test_a_solution_is_taken_apart(solution, mark, parts):
    exercise = exercises.take_apart(1, solution, mark)
    assert (exercise.given, exercise.solution, exercise.check) == parts
    assert list(exercise.define) == [line.split(":")[0] for line in mark["define"]]


ERRORS = {
    "unknown": ("a = 1\nassert a", {"define": ["b: one"]}, "does not define b"),
    "unknown, given": (
        "a = 1\nassert a",
        {"define": ["a: one"], "given": ["b"]},
        "does not define b",
    ),
    "not checked": (
        "a = 1\nb = 2\nassert a",
        {"define": ["a: one", "b: two"]},
        "no assertion depends on b",
    ),
    "hidden": (
        "a, b = 1, 2\nassert a < b",
        {"define": ["a: one"]},
        "the check needs b: to define, or given",
    ),
    "too early": (
        "a = 1\nb = a\nc = b\nassert b == c",
        {"define": ["a: one", "c: one"]},
        "a would be needed before the student's cell",
    ),
    "too late": (
        "for k in [1]:\n    assert f(a)\na = k",
        {"define": ["a: one"]},
        "the solution needs k, which the check defines",
    ),
}


@pytest.mark.parametrize(("solution", "mark", "message"), ERRORS.values(), ids=ERRORS)
def test_a_mark_that_does_not_fit_is_refused(solution, mark, message):
    with pytest.raises(exercises.MarkError, match=message):
        exercises.take_apart(1, solution, mark)


def test_the_exercises_of_a_notebook_are_those_below_their_heading():
    mark = {"exercise": {"define": ["a: one", "b: two"]}}
    cells = [
        new_markdown_cell("**1.** A question, and none of the exercises."),
        new_code_cell("a = 0"),
        new_markdown_cell("## Exercises"),
        new_markdown_cell("**1.** Do.", metadata=mark),
        new_code_cell("a = 1"),
        new_code_cell("b = 2\nassert a < b"),
        new_markdown_cell("<details><summary>Answer</summary>\n\nSo.\n\n</details>"),
    ]
    ((exercise, solution),) = exercises.exercises_of(new_notebook(cells=cells))
    assert exercise.number == 1
    assert exercise.define == {"a": "one", "b": "two"}
    assert exercise.solution == "a = 1\nb = 2"
    assert solution == cells[4:6]
    assert exercises.exercises_of(new_notebook(cells=cells[:2])) == []


def test_an_exercise_without_a_mark_is_named():
    cells = [new_markdown_cell("## Exercises"), new_markdown_cell("**7.** Do.")]
    with pytest.raises(exercises.MarkError, match=r"Exercise 7: 'exercise' is missing"):
        exercises.exercises_of(new_notebook(cells=cells))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.path.stem)
def test_every_assertion_of_a_chapters_solutions_checks_a_student(chapter):
    found = exercises.exercises_of(chapter.notebook)
    assert len(found) >= 2
    for exercise, cells in found:
        solution = "\n".join(cell.source for cell in cells)
        asserted = {ast.unparse(node) for node in assertions_in(solution)}
        assert asserted
        assert asserted <= {ast.unparse(node) for node in assertions_in(exercise.check)}
        assert assertions_in(f"{exercise.given}\n{exercise.solution}") == []


def assertions_in(source):
    return [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)
    ]
