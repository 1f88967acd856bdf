"""The commands on the pages: each is run here, or its own program understands it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import course, run_chapters
from tools.translations import __main__ as translations

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "data/README.md"] + [
    path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / "docs").glob("*.md"))
    if path.name != "clusters.md"  # its commands have tests of their own
]
PROGRAM = re.compile(
    r"(make|(\S*/)?python[\d.]*|py|pip|git|cd|conda|jupyter|xcode-select|uv|export) "
)
OF_OTHER_SYSTEMS = ["xcode-select --install"]


def commands_of(name):
    """Return the commands of a page: the lines of its scripts, and those in a text."""
    text = (ROOT / name).read_text("utf-8")
    scripts = re.findall(r"^```bash\n(.*?)^```$", text, re.M | re.S)
    lines = [line for script in scripts for line in script.splitlines()]
    inline = re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"(?s)^```.*?^```", "", text))
    return [
        line.partition(" #")[0].strip() for line in lines + inline if is_command(line)
    ]


def is_command(code):
    return bool(PROGRAM.match(code)) and not code.endswith("...")


COMMANDS = [(page, command) for page in PAGES for command in commands_of(page)]
ALL = sorted({command for _, command in COMMANDS})


def execute(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def understood_by_the_course(words):
    """Check that the course knows a target and its settings; NN is any chapter."""
    asked = course.Asked([word.replace("NN", "02") for word in words])
    assert "" not in asked.chapters
    if asked.target not in course.ALONE:
        course.commands_of(asked)  # each chapter is there


def try_make(words, folder):
    # -n: say what would be done, and do nothing.
    planned = execute("make", "-n", *words, cwd=ROOT)
    understood_by_the_course(
        shlex.split(re.search(r"tools/course\.py (.*?);", planned)[1])
    )


def try_tool(words, folder):
    assert words[0] == "tools/course.py"
    understood_by_the_course(words[1:])


def try_tables(words, folder):
    script, *arguments = words
    assert script == "tools/run_chapters.py"
    run_chapters.main(arguments)


def try_clone(words, folder):
    assert words[:2] == ["clone", "ADDRESS"] or words[1].startswith("https://")
    execute("git", "clone", "--quiet", str(ROOT), words[2], cwd=folder)
    assert (folder / "sequence-models" / "Makefile").exists()


def try_git(words, folder):
    execute("git", *words, "--stat", cwd=ROOT)


def try_folder(words, folder):
    assert words == ["sequence-models"]  # that of `git clone`, tried above


def try_pip(words, folder):
    """Let pip read its arguments, with a file of requirements that is empty."""
    arguments = list(words)
    for option in (n for n, word in enumerate(words, 1) if word == "-r"):
        assert (ROOT / arguments[option]).exists()
        arguments[option] = "nothing.txt"
    (folder / "nothing.txt").write_text("")
    if "-r" not in arguments:
        arguments += ["-r", "nothing.txt"]
    execute(sys.executable, "-m", "pip", *arguments, cwd=folder)


def try_translations(words, folder):
    what, *names = words
    assert what == "check"
    translations.names_of(names)


def try_conda(words, folder):
    name = {
        path.name: yaml.safe_load(path.read_text("utf-8"))["name"]
        for path in ROOT.glob("environment*.yml")
    }
    *_, last = words
    assert last in (name if words[0] == "env" else name.values())


def try_jupyter(words, folder):
    _, planned = course.commands_of(course.Asked(["lab"]))
    assert planned[:-1] == ["-m", "jupyter", *words]


TRIES = {  # the first that fits
    r"make (.+)": try_make,
    r"(?:python3?|py -3\.\d+) (tools/course\.py .+|tools/course\.py)": try_tool,
    r"\.venv/bin/python (tools/run_chapters\.py .+)": try_tables,
    r"\.venv/bin/python -m tools\.translations (.+)": try_translations,
    r"(?:python[\d.]+ -m )?pip (.+)": try_pip,
    r"git (clone .+)": try_clone,
    r"git (diff)": try_git,
    r"cd (.+)": try_folder,
    r"conda (.+)": try_conda,
    r"jupyter (.+)": try_jupyter,
}


@pytest.mark.parametrize("command", ALL)
def test_a_command_is_understood(command, tmp_path, monkeypatch):
    if command in OF_OTHER_SYSTEMS:
        return
    monkeypatch.setattr(run_chapters.results_tables, "store", lambda rows: None)
    fits = [(re.fullmatch(k, command, re.S), attempt) for k, attempt in TRIES.items()]
    found = [(match, attempt) for match, attempt in fits if match]
    assert found, f"no test knows what to do with: {command}"
    match, attempt = found[0]
    attempt(shlex.split(match[1]), tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_every_script_on_a_page_is_marked_as_one(page):
    fences = re.findall(r"^```(.*)$", (ROOT / page).read_text("utf-8"), re.M)
    assert "" not in fences[::2]


def test_the_pages_have_the_commands_that_everybody_needs():
    readme = commands_of("README.md")
    assert {"make run", "make lab", "make test", "make help"} <= set(readme)
    assert any(command.startswith("git clone ") for command in readme)
    assert "make study NAME=07/length" in commands_of("CONTRIBUTING.md")


@pytest.mark.parametrize(
    "command",
    [
        "make tset",
        "make test CHAPTERS=99",
        "make test CHAPTER=01",
        "python tools/course.py runs",
        "python tools/cours.py run",
        "cd course",
        "conda activate models",
        "pip download -r none.txt",
        "git dif",
        "jupyter labs",
    ],
)
def test_what_is_wrong_is_found(command, tmp_path, monkeypatch):
    with pytest.raises((AssertionError, SystemExit)):
        test_a_command_is_understood(command, tmp_path, monkeypatch)
