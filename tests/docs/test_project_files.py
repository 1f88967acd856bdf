"""Files that other tools read."""

import json
import re
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as schema_checker
from click.testing import CliRunner

from docs import repository
from tests.tools.test_locks import PROMISED
from tools import chapters, course

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


def targets_in(text):
    """Return the targets of the make commands in a script."""
    commands = re.findall(r"^make ([^#\n]+)", text, re.M)
    return [word for c in commands for word in c.split() if "=" not in word]


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


# What is said twice


def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))


def test_the_citation_is_of_the_last_version_in_the_changelog():
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    version, date = re.findall(r"^## (\S+), (\S+)$", changes, re.M)[0]
    assert changes.index("\n## ") == changes.index(f"\n## {version}, ")
    assert citation()["version"] == version
    assert str(citation()["date-released"]) == date


@pytest.mark.parametrize("place", ["README.md", "CITATION.cff"])
def test_the_public_address_is_the_same_everywhere(place):
    # Until there is one, no page pretends to know it.
    address = repository.address()
    said = {
        "README.md": re.search(
            r"^git clone (\S+) ", (ROOT / "README.md").read_text("utf-8"), re.M
        )[1],
        "CITATION.cff": citation().get("repository-code", "ADDRESS"),
    }
    assert said[place].removesuffix(".git") == (address or "ADDRESS")


def test_every_measured_number_in_the_readme_comes_from_the_runs():
    # `make results` writes the blocks between comments. What else is a number, in
    # running text, is the name of something, or is said by the tool itself.
    readme = (ROOT / "README.md").read_text("utf-8")
    text = re.sub(r"<!-- (\w+): written.*?<!-- end of \1 -->", "", readme, flags=re.S)
    text = re.sub(
        r"^```.*?^```|`[^`]+`|\]\([^)]*\)|^\|.*?$", "", text, flags=re.M | re.S
    )
    versions = [v for line in course.LINES.values() for v in line.pythons]
    named = {
        *versions,
        *re.findall(r"[\d.]+", " ".join(line.about for line in course.LINES.values())),
        *re.findall(r"([\d.]+) GB", (ROOT / "tools" / "course.py").read_text("utf-8")),
        *["95", "0"],  # the interval, and the floor of a difference
        *["16", *map(str, range(1, len(chapters.NAMES) + 1))],  # chapters, of books too
    }
    papers = re.compile(r"(?<=[\s(])(?:19|20)\d\d(?=[;),])")
    numbers = re.findall(r"(?<![\w.-])\d+(?:[.,]\d+)*", papers.sub("", text))
    assert set(numbers) - named == set()
