"""Chapters on Colab and Kaggle: the cell in front, and what it installs."""

import ast
import os
import subprocess
import sys

import nbformat
import pytest
from nlp_helpers import settings

from docs import colab
from tools import chapters, hosted
from tools.chapters import NOTEBOOKS, ROOT

# What is ours, what TensorFlow brings, and what only one line has.
NOT_FETCHED = {"nlp_helpers", "scaling", "tensorflow", "keras", "tensorflow_addons"}
NOT_FETCHED |= {"ml_dtypes"}  # which TensorFlow brings too
NOT_FETCHED |= {"google", "IPython"}  # brought by tensorflow-datasets and every host


@pytest.fixture
def host(monkeypatch):
    """Return a dict of the packages of a host, name: version, that may be changed."""
    packages = dict.fromkeys(hosted.NEEDED.values(), "1.0")
    packages |= {"tensorflow": "2.19.0", "keras": "3.8.0", "numpy": "2.0.2"}
    modules = hosted.NEEDED

    def find_spec(module):
        return packages.get(modules[module])

    monkeypatch.setattr(hosted, "version_of", packages.get)
    monkeypatch.setattr(hosted.importlib.util, "find_spec", find_spec)
    return packages


def imported(source):
    """Return the modules that a piece of code imports, without their parts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_all_that_chapters_import_is_looked_after():
    sources = [cell.source for c in chapters.read_all() for cell in c.code_cells]
    sources += [path.read_text("utf-8") for path in NOTEBOOKS.rglob("*.py")]
    modules = {module for source in sources for module in imported(source)}
    known = {*hosted.NEEDED, *NOT_FETCHED, *sys.stdlib_module_names}
    assert modules - known == set()
    # pip fetches data; TensorFlow Hub imports pkg_resources, and tensorflow-datasets
    # imports importlib_resources without asking for it.
    only_for_others = {"pip", "pkg_resources", "importlib_resources"}
    assert set(hosted.NEEDED) - modules <= only_for_others


@pytest.mark.parametrize("package", [*hosted.NEEDED.values(), "tensorflow"])
def test_the_lock_pins_what_may_be_installed(package):
    name, _, version = hosted.pinned(package).partition("==")
    assert name == package
    if settings.line() == "current":
        assert version == hosted.importlib.metadata.version(package)


def test_a_package_that_the_lock_does_not_have():
    with pytest.raises(LookupError, match="does not pin flax"):
        hosted.pinned("flax")


@pytest.mark.parametrize(
    ("version", "tried"),
    [
        ("2.17.1", False),
        ("2.18.0", True),
        ("2.19.0rc1", True),
        ("2.21.0", True),
        ("2.22.0", False),
        ("3.0.0", False),
        (None, False),
    ],
)
def test_which_tensorflow_stays(host, version, tried):
    assert hosted.was_tried(version) == tried
    host["tensorflow"] = version
    installed = [r.partition("==")[0] for r in hosted.lacking()]
    assert installed == ([] if tried else ["tensorflow"])


def test_only_what_is_lacking_is_installed(host, monkeypatch):
    del host["pooch"], host["setuptools"]
    host["protobuf"] = "5.29.6"
    commands = []

    def run(command, **_):
        constraints = command[command.index("--constraint") + 1]
        with open(constraints, encoding="utf-8") as file:
            commands.append((command, file.read().split()))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(hosted.subprocess, "run", run)
    hosted.install(hosted.lacking())
    ((command, constraints),) = commands
    assert [part.partition("==")[0] for part in command[-2:]] == ["setuptools", "pooch"]
    kept = ["tensorflow==2.19.0", "keras==3.8.0", "numpy==2.0.2"]
    assert constraints == [*kept, "tensorflow-metadata<1.18"]


@pytest.mark.parametrize(
    ("protobuf", "constraints"),
    [("5.29.6", ["tensorflow-metadata<1.18\n"]), ("6.31.1", []), (None, [])],
)
def test_an_older_protobuf_gets_what_it_can_read(host, protobuf, constraints):
    host["protobuf"] = protobuf
    assert hosted.for_older_protobuf() == constraints


def test_a_host_without_a_network_says_so(host, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stderr="no route to host")
    monkeypatch.setattr(hosted.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit, match=r"pooch.*\n?.*switch the internet on") as said:
        hosted.install(["pooch==1.8.2"])
    assert "no route to host" in str(said.value)


def test_a_host_that_lacks_nothing_goes_to_the_chapters(host, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [])
    hosted.main()
    assert os.getcwd() == str(NOTEBOOKS)
    assert sys.path == [str(NOTEBOOKS)]
    assert capsys.readouterr().out == "Ready, with TensorFlow 2.19.0\n"


def test_without_a_public_address_nothing_is_written(monkeypatch):
    monkeypatch.setattr(colab.repository, "address", lambda: "")
    with pytest.raises(SystemExit, match=r"`repository` below \[tool.course\]"):
        colab.main([])


def test_chapters_are_written_with_one_cell_before_them(course, add_chapter):
    add_chapter("01_a", "1 + 1")
    add_chapter("02_b", "2 + 2", "3 + 3")
    (course / "build" / "colab").mkdir(parents=True)
    (course / "build" / "colab" / "old.ipynb").touch()
    folder = str(course / "build" / "colab")
    colab.main(["--repository", "https://example.org/a/it's", "--folder", folder])
    originals = chapters.read_all()
    written = sorted((course / "build" / "colab").iterdir())
    assert [path.name for path in written] == ["01_a.ipynb", "02_b.ipynb"]
    for path, original in zip(written, originals, strict=True):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        first, *rest = notebook.cells
        assert "https://example.org/a/it's" in ast.unparse(ast.parse(first.source))
        sources = [cell.source for cell in original.notebook.cells]
        assert [cell.source for cell in rest] == sources
        assert not any(cell.outputs for cell in chapters.code_cells(notebook))
