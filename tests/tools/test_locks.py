"""The locks: all that is asked for, pinned and hashed, for every system promised."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import course

ROOT = Path(__file__).resolve().parents[2]
# The systems that each line promises, as uv names them; the README shows this table.
SYSTEMS = {
    "Linux on x86-64": "x86_64-unknown-linux-gnu",
    "Linux on Arm": "aarch64-unknown-linux-gnu",
    "macOS on Apple silicon": "aarch64-apple-darwin",
    "Windows on x86-64": "x86_64-pc-windows-msvc",
}
PROMISED = {"addons": ["Linux on x86-64"], "current": list(SYSTEMS)}
# Pure Python, and on the package index as sources only.
ONLY_SOURCES = ("promise", "docopt")
MARKERS = {  # of each system: sys_platform, platform_machine, platform_system, os_name
    "Linux on x86-64": ("linux", "x86_64", "Linux", "posix"),
    "Linux on Arm": ("linux", "aarch64", "Linux", "posix"),
    "macOS on Apple silicon": ("darwin", "arm64", "Darwin", "posix"),
    "Windows on x86-64": ("win32", "AMD64", "Windows", "nt"),
}
MARKER_NAMES = ("sys_platform", "platform_machine", "platform_system", "os_name")
CASES = [
    (line, system, python)
    for line in course.LINES.values()
    for system in PROMISED[line.name]
    for python in line.pythons
]
by_case = pytest.mark.parametrize(
    ("line", "system", "python"),
    CASES,
    ids=[f"{line.name}, {system}, {python}" for line, system, python in CASES],
)
by_lock = pytest.mark.parametrize(
    "lock",
    [lock for line in course.LINES.values() for lock in (line.lock, line.gpu_lock)],
)


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def locked_lines(lock):
    joined = text_of(lock).replace("\\\n", " ").splitlines()
    return [line.strip() for line in joined if line.strip() and line[0] != "#"]


def locked(lock):
    return [Requirement(line.partition(" --hash")[0]) for line in locked_lines(lock)]


def asked_for(source):
    """Return the direct requirements of a file, and of those that it includes."""
    found = []
    for line in text_of(source).splitlines():
        code = line.partition(" #")[0].strip()
        if code.startswith("-r "):
            found += asked_for(code[3:])
        elif code and code[0] != "#":
            found.append(Requirement(code))
    return found


def version_of(requirement):
    (pin,) = requirement.specifier
    assert pin.operator == "=="
    return Version(pin.version)


def is_for(requirement, system, python):
    if requirement.marker is None:
        return True
    values = dict(zip(MARKER_NAMES, MARKERS[system], strict=True))
    values |= {"python_version": python, "python_full_version": f"{python}.5"}
    return requirement.marker.evaluate(values)


def versions_on(lock, name, system, python):
    """Return the locked versions of a package for a system: one, or none."""
    return [
        version_of(requirement)
        for requirement in locked(lock)
        if canonicalize_name(requirement.name) == canonicalize_name(name)
        and is_for(requirement, system, python)
    ]


# What is pinned


@by_case
def test_a_lock_holds_what_is_asked_for(line, system, python):
    for requirement in asked_for(line.lock.replace(".txt", ".in")):
        versions = versions_on(line.lock, requirement.name, system, python)
        assert len(versions) == is_for(requirement, system, python), requirement
        assert all(v in requirement.specifier for v in versions), requirement


@by_case
def test_a_lock_names_each_package_once(line, system, python):
    names = [r.name for r in locked(line.lock) if is_for(r, system, python)]
    names = [canonicalize_name(name) for name in names]
    assert len(names) > 100
    assert sorted(set(names)) == sorted(names)


@by_lock
def test_every_locked_package_has_a_version_and_a_hash_and_no_address(lock):
    assert locked_lines(lock)
    for line in locked_lines(lock):
        assert version_of(Requirement(line.partition(" --hash")[0]))
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", line), line
    assert "://" not in text_of(lock)


@by_lock
def test_a_lock_was_compiled_from_the_requirements_beside_it(lock):
    course.check_lock(lock)


@pytest.mark.parametrize("line", course.LINES.values(), ids=course.LINES)
def test_a_gpu_adds_the_cuda_libraries_and_changes_nothing_else(line):
    system, python = "Linux on x86-64", line.pythons[-1]

    def pins(lock):
        found = [r for r in locked(lock) if is_for(r, system, python)]
        return {canonicalize_name(r.name): version_of(r) for r in found}

    known, with_gpu = pins(line.lock), pins(line.gpu_lock)
    added = with_gpu.keys() - known.keys()
    assert {name: with_gpu[name] for name in known.keys() & with_gpu.keys()} == {
        name: known[name] for name in known.keys() & with_gpu.keys()
    }
    assert len(added) > 8
    assert all(name.startswith("nvidia-") for name in added)


# What can be had


@pytest.mark.slow
@by_case
def test_every_system_has_all_the_packages(line, system, python, tmp_path):
    """The wheels of a lock are there for each system that the line promises."""
    options = ["--require-hashes", "--only-binary", ":all:"]
    options += [part for name in ONLY_SOURCES for part in ("--no-binary", name)]
    options += ["--python-platform", SYSTEMS[system], "--python-version", python]
    options += ["--target", str(tmp_path / "none"), "--dry-run", "-r", line.lock]
    resolved = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if re.search("error sending request|[Ff]ailed to fetch|offline", resolved.stderr):
        pytest.skip("The package index cannot be reached.")
    assert resolved.returncode == 0, resolved.stderr


def test_the_readme_promises_the_systems_that_were_tried():
    rows = re.findall(
        r"^\| (\w[^|]* on [^|]+) \| (\w+) \| ([\d. to]+) \|$",
        text_of("README.md"),
        re.M,
    )
    shown = {(system, line): pythons for system, line, pythons in rows}
    promised = {}
    for line in course.LINES.values():
        versions = sorted(line.pythons)
        for system in PROMISED[line.name]:
            pythons = versions[0]
            if len(versions) > 1:
                pythons += f" to {versions[-1]}"
            promised[system, line.name] = pythons
    assert shown == promised


def test_the_tool_installs_on_the_systems_that_were_tried():
    for line in course.LINES.values():
        named = [MARKERS[system] for system in PROMISED[line.name]]
        assert [(m[2], m[1]) for m in named] == list(line.systems)


# Traps: versions that install, and break when they are imported


@pytest.mark.parametrize(
    ("line", "name", "specifier"),
    [
        ("addons", "tensorflow-metadata", "<1.18"),
        ("addons", "pyarrow", "<26"),
        ("addons", "numpy", "<2"),
        ("addons", "protobuf", "<5"),
        ("addons", "setuptools", ">=70,<80.9"),
        ("current", "setuptools", ">=70,<80.9"),
        ("current", "keras", ">=3"),
        ("current", "numpy", ">=2"),
    ],
)
def test_a_lock_avoids_versions_that_break(line, name, specifier):
    line = course.LINES[line]
    for system in PROMISED[line.name]:
        for python in line.pythons:
            (version,) = versions_on(line.lock, name, system, python)
            assert version in Requirement(f"{name}{specifier}").specifier


@by_lock
def test_tensorflow_is_installed_once(lock):
    names = {canonicalize_name(requirement.name) for requirement in locked(lock)}
    assert "tensorflow" in names
    assert not names & {"tensorflow-cpu", "tensorflow-gpu", "tf-nightly"}


@pytest.mark.parametrize("line", course.LINES.values(), ids=course.LINES)
def test_conda_installs_the_same_lock_on_a_python_of_the_line(line):
    suffix = "" if line.name == "addons" else f"-{line.name}"
    environment = yaml.safe_load(text_of(f"environment{suffix}.yml"))
    *packages, from_pip = environment["dependencies"]
    assert packages in [[f"python={python}", "pip"] for python in line.pythons]
    assert from_pip == {"pip": [f"-r {line.lock}"]}
    assert environment["channels"] == ["conda-forge"]


def installed_version(name):
    try:
        return Version(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return None


def test_what_is_installed_is_what_is_locked():
    python = "{}.{}".format(*sys.version_info)
    (line,) = [
        line for line in course.LINES.values() if ROOT / line.folder == Path(sys.prefix)
    ]
    assert python in line.pythons
    pinned = [r for r in locked(line.lock) if r.marker is None or r.marker.evaluate()]
    wanted = {r.name: version_of(r) for r in pinned}
    assert {name: installed_version(name) for name in wanted} == wanted
