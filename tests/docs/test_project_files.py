"""Files that other tools read, and the commands that the pages give to a reader."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as schema_checker
from click.testing import CliRunner

from tests.tools.test_locks import PROMISED
from tools import course

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def check_schema(schema, path):
    """Check a file with a schema that comes with check-jsonschema: no network."""
    return CliRunner().invoke(schema_checker, ["--builtin-schema", schema, str(path)])


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


def commands_in(text):
    """Return the make commands in a text, each as a list of words."""
    lines = re.findall(r"^(?:\w+=\w+ )?(make [^#\n]+)", text, re.M)
    inline = re.findall(r"`(make [^`]+)`", text)
    return [shlex.split(command) for command in (*lines, *inline)]


def targets_in(text):
    """Return the targets of the make commands in a text."""
    words = [word for command in commands_in(text) for word in command[1:]]
    return [word for word in words if "=" not in word]


def jobs_of_the_workflow():
    return yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]


def test_the_workflow_runs_on_every_system_and_line_promised():
    matrix = jobs_of_the_workflow()["course"]["strategy"]["matrix"]["include"]
    assert {(case["system"], case["line"]) for case in matrix} == {
        (system, line) for line in PROMISED for system in PROMISED[line]
    }
    for case in matrix:
        assert case["python"] in course.LINES[case["line"]].pythons
    current = {case["python"] for case in matrix if case["line"] == "current"}
    assert current == set(course.CURRENT.pythons)


def test_the_workflow_calls_the_targets_of_the_course():
    jobs = jobs_of_the_workflow()
    runs = [step.get("run", "") for step in jobs["course"]["steps"]]
    called = [run.split()[1] for run in runs if run.startswith("$COURSE ")]
    assert {"setup", "lint", "test", "run", "html"} <= set(called)
    called += [
        t for step in jobs["site"]["steps"] for t in targets_in(step.get("run", ""))
    ]
    called += targets_in((ROOT / ".ci" / "run").read_text("utf-8"))
    assert set(called) <= set(course.TARGETS)
    assert {"setup", "lint", "test", "run", "test-site"} <= set(called)


def test_the_container_has_the_python_of_the_course():
    settings = json.loads(
        (ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    )
    assert settings["image"].endswith("python:3.11")
    assert targets_in(settings["postCreateCommand"]) == ["setup"]


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "data/README.md"]
    + [f"docs/{name}.md" for name in ("start", "teachers", "results")],
)
def test_every_make_target_on_a_page_exists(name):
    targets = targets_in((ROOT / name).read_text("utf-8"))
    assert targets
    assert set(targets) <= set(course.TARGETS)


def test_every_command_in_the_readme_is_understood():
    text = (ROOT / "README.md").read_text("utf-8")
    commands = commands_in(text)
    assert ["make", "run"] in commands
    assert ["make", "run", "CHAPTERS=01 02"] in commands
    assert len(commands) == len(re.findall(r"^make |`make ", text, re.M))
    for command in commands:
        # -n: say what would be done, and do nothing.
        planned = subprocess.run(
            ["make", "-n", *command[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert planned.returncode == 0, (command, planned.stderr)
        handed = re.search(r"tools/course\.py (.*?);", planned.stdout)[1]
        asked = course.Asked(shlex.split(handed))
        if asked.target not in course.ALONE:
            course.commands_of(asked)  # each chapter is there
