"""The environment: what is asked for, locked and installed is one and the same."""

import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "tools" / "make_venv.sh"
LOCK_TEXT = (ROOT / "requirements.txt").read_text(encoding="utf-8")
GPU_LOCK_TEXT = (ROOT / "requirements-gpu.txt").read_text(encoding="utf-8")
PLATFORMS = {
    "Linux on x86-64": ("linux", "x86_64", "Linux", "posix"),
    "Linux on Arm": ("linux", "aarch64", "Linux", "posix"),
    "macOS on Arm": ("darwin", "arm64", "Darwin", "posix"),
    "macOS on x86-64": ("darwin", "x86_64", "Darwin", "posix"),
    "Windows": ("win32", "AMD64", "Windows", "nt"),
}
MARKER_NAMES = ("sys_platform", "platform_machine", "platform_system", "os_name")


def direct_requirements():
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    code = [line.partition("#")[0].strip() for line in lines]
    return [Requirement(line) for line in code if line]


def locked_lines(text=LOCK_TEXT):
    joined = text.replace("\\\n", " ").splitlines()
    return [line.strip() for line in joined if line.strip() and line[0] != "#"]


DIRECT = direct_requirements()
LOCK = [Requirement(line.partition(" --hash")[0]) for line in locked_lines()]


def version_of(locked):
    (pin,) = locked.specifier
    assert pin.operator == "=="
    return Version(pin.version)


def wanted_on(requirement, platform=None):
    if requirement.marker is None:
        return True
    values = zip(MARKER_NAMES, PLATFORMS[platform], strict=True) if platform else ()
    return requirement.marker.evaluate(dict(values))


def locked_on(name, platform):
    """Return the locked versions of a package for a platform: one, or none."""
    return [
        version_of(locked)
        for locked in LOCK
        if canonicalize_name(locked.name) == canonicalize_name(name)
        and wanted_on(locked, platform)
    ]


# The files


def test_conda_installs_the_same_lock_on_the_same_python():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *packages, from_pip = environment["dependencies"]
    assert packages == ["python=3.11", "pip"]
    assert from_pip == {"pip": ["-r requirements.txt"]}
    assert environment["channels"] == ["conda-forge"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_holds_what_is_asked_for_on_every_platform(platform):
    for requirement in DIRECT:
        versions = locked_on(requirement.name, platform)
        assert len(versions) == wanted_on(requirement, platform), requirement
        assert all(v in requirement.specifier for v in versions), requirement


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_names_each_package_once(platform):
    names = [canonicalize_name(r.name) for r in LOCK if wanted_on(r, platform)]
    assert len(names) > 100
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("text", [LOCK_TEXT, GPU_LOCK_TEXT], ids=["all", "gpu"])
def test_every_locked_package_has_a_version_and_a_hash_and_no_address(text):
    lines = locked_lines(text)
    assert lines
    for line in lines:
        locked = Requirement(line.partition(" --hash")[0])
        assert version_of(locked)
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", line), locked
    assert "://" not in text


def test_a_gpu_adds_the_cuda_libraries_and_changes_nothing_else():
    known = {canonicalize_name(r.name): version_of(r) for r in LOCK if wanted_on(r)}
    added = set()
    for line in locked_lines(GPU_LOCK_TEXT):
        locked = Requirement(line.partition(" --hash")[0])
        name = canonicalize_name(locked.name)
        if name in known:
            assert version_of(locked) == known[name]
        else:
            added.add(name)
    assert len(added) > 8
    assert all(name.startswith("nvidia-") for name in added)


# Traps: versions that install, and break when they are imported


@pytest.mark.parametrize(
    ("name", "specifier"),
    [
        ("tensorflow-metadata", "<1.18"),
        ("pyarrow", "<26"),
        ("setuptools", ">=70,<80.9"),
        ("numpy", "<2"),
        ("protobuf", "<5"),
    ],
)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_avoids_versions_that_break(name, specifier, platform):
    (version,) = locked_on(name, platform)
    assert version in Requirement(f"{name}{specifier}").specifier


def test_tensorflow_is_installed_once():
    names = {canonicalize_name(locked.name) for locked in LOCK}
    assert "tensorflow" in names
    assert not names & {"tensorflow-cpu", "tensorflow-gpu", "tf-nightly"}


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("tensorflow-addons", "Linux on Arm"),
        ("tensorflow-text", "Linux on Arm"),
        ("tensorflow-text", "Windows"),
    ],
)
def test_packages_without_a_wheel_for_a_platform_are_left_out_there(name, platform):
    assert locked_on(name, platform) == []


def installed_version(name):
    try:
        return Version(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return None


def test_what_is_installed_is_what_is_locked():
    assert sys.version_info[:2] == (3, 11)
    wanted = {r.name: version_of(r) for r in LOCK if wanted_on(r)}
    assert {name: installed_version(name) for name in wanted} == wanted


# make


def environment_without_make(changes):
    """Return the environment with changes, and without what an outer make set."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return {**inherited, **changes}


def run(*command, cwd=ROOT, **environment):
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment_without_make(environment),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_make_explains_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split()
    shown = run("make", "help")
    assert shown.returncode == 0, shown.stderr
    first, *lines = shown.stdout.splitlines()
    explained = dict(line.split(maxsplit=1) for line in lines)
    assert sorted(explained) == sorted(targets)
    assert all(len(explanation) > 10 for explanation in explained.values())
    for variable in ("CHAPTERS", "NLP_DATA", "NLP_SCALE", "SEED", "JOBS", "GPU"):
        assert f"{variable}=" in first
    assert run("make").stdout == shown.stdout


@pytest.fixture
def set_up_folder(tmp_path):
    """Return a folder with the files of the set-up, and an empty environment."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / "tools").mkdir()
    files = ["Makefile", "requirements.txt", "requirements-gpu.txt"]
    for name in (*files, "tools/make_venv.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("is_ready", "arguments", "set_up_with"),
    [
        ("ready", [], None),
        ("ready", ["GPU=1"], 'GPU="1"'),
        ("ready-gpu", [], None),  # the CUDA libraries stay
        ("ready-gpu", ["GPU=1"], None),
        ("ready-gpu", ["GPU="], 'GPU=""'),
        (None, [], 'GPU=""'),
        (None, ["GPU=1"], 'GPU="1"'),
    ],
)
def test_the_environment_is_made_once_with_or_without_a_gpu(
    set_up_folder, is_ready, arguments, set_up_with
):
    if is_ready:
        (set_up_folder / ".venv" / is_ready).touch()
    # What the environment of a reader calls GPU or PYTHON is something else.
    others = {"GPU": "7", "PYTHON": "python2", "JOBS": "many"}
    shown = run("make", "-n", "lint", *arguments, cwd=set_up_folder, **others).stdout
    assert ("make_venv.sh" in shown) == bool(set_up_with)
    assert not set_up_with or f'PYTHON="" {set_up_with} sh' in shown


@pytest.mark.parametrize(
    ("arguments", "variables", "seed"),
    [
        ([], {}, ""),
        (["SEED=43"], {"NLP_SEED": "5"}, "43"),
        ([], {"NLP_SEED": "5"}, "5"),
    ],
)
def test_make_hands_the_seed_on(tmp_path, arguments, variables, seed):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "show.mk").write_text("include Makefile\nshow:\n\t@echo [$$NLP_SEED]\n")
    unset = {"NLP_SEED": ""}
    shown = run(
        "make", "-f", "show.mk", "show", *arguments, cwd=tmp_path, **unset | variables
    )
    assert shown.stdout == f"[{seed}]\n"


@pytest.fixture
def lab(tmp_path):
    """Run `make lab` with settings of its own; yield what the server says of itself."""
    settings = {
        "ServerApp": {"allow_root": True, "port": 0, "port_retries": 0},
        "ExtensionApp": {"open_browser": False},
    }
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(settings))
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "-o", ".venv/ready", "lab"],
            cwd=ROOT,
            env=environment_without_make(dict.fromkeys(folders, str(tmp_path))),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield wait_for_server(process, tmp_path)
    finally:
        process.terminate()
        process.wait(30)


def wait_for_server(process, folder):
    """Return what a Jupyter server says of itself, once it does."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        for path in folder.glob("jpserver-*.json"):
            # Its file may not be all written yet, or be there before it listens.
            with contextlib.suppress(json.JSONDecodeError, urllib.error.URLError):
                server = json.loads(path.read_text("utf-8"))
                ask(server, "api")
                return server
        time.sleep(0.1)
    pytest.fail((folder / "log").read_text("utf-8"))


def ask(server, path):
    """Return a Jupyter server's answer."""
    headers = {"Authorization": f"token {server['token']}"}
    asked = urllib.request.Request(server["url"] + path, headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read().decode()


def test_make_lab_opens_the_notebooks(lab):
    shown = {entry["name"] for entry in json.loads(ask(lab, "api/contents"))["content"]}
    assert shown >= {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert "JupyterLab" in ask(lab, "lab")


def shell():
    return shutil.which("sh")


def test_scripts_keep_the_line_ends_of_unix_whatever_git_is_told(tmp_path):
    for name in (".gitattributes", "tools/make_venv.sh", "Makefile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "all"]):
        assert run("git", *command, cwd=tmp_path).returncode == 0
    windows = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    cloned = run("git", *windows, "clone", "-q", tmp_path, tmp_path / "clone")
    assert cloned.returncode == 0, cloned.stderr
    for name in ("tools/make_venv.sh", "Makefile"):
        assert b"\r" not in (tmp_path / "clone" / name).read_bytes()


def test_setup_script_is_valid_shell():
    checked = run(shell(), "-n", str(SETUP))
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.fixture
def bare_folder(tmp_path):
    """Return a folder with the setup script and an empty `bin` as the only PATH."""
    shutil.copy(SETUP, tmp_path)
    (tmp_path / "bin").mkdir()
    return tmp_path


def set_up(folder, **environment):
    path = str(folder / "bin")
    script = (shell(), SETUP.name, ".venv/bin")
    return run(*script, cwd=folder, **{"PATH": path, "PYTHON": "", **environment})


def fake_program(path, *lines):
    path.write_text("\n".join([f"#!{shell()}", *lines, ""]))
    path.chmod(0o755)


def assert_asks_for_python_311(result, folder):
    assert result.returncode == 1
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    assert "needs Python 3.11" in sentence
    assert "make setup PYTHON=" in sentence
    assert not (folder / ".venv").exists()


def test_setup_without_any_python_asks_for_311(bare_folder):
    assert_asks_for_python_311(set_up(bare_folder), bare_folder)


def test_setup_with_another_python_asks_for_311(bare_folder):
    fake_program(bare_folder / "bin" / "python3", "exit 1")
    assert_asks_for_python_311(set_up(bare_folder), bare_folder)


def test_setup_refuses_a_named_python_that_is_not_there(bare_folder):
    # A good one on the PATH must not be taken instead.
    fake_program(bare_folder / "bin" / "python3.11", "exit 0")
    nowhere = str(bare_folder / "nonexistent")
    result = set_up(bare_folder, PYTHON=nowhere)
    assert_asks_for_python_311(result, bare_folder)


@pytest.mark.parametrize(("is_writable", "kept"), [(True, "no"), (False, "1")])
def test_uv_does_without_a_cache_where_it_cannot_have_one(
    bare_folder, is_writable, kept
):
    cache, calls = bare_folder / "cache", bare_folder / "calls"
    if not is_writable:
        cache = Path(os.devnull) / "cache"
    answer = f'if [ "$1" = cache ]; then echo "{cache}"; exit; fi'
    log = f'echo "$1 ${{UV_NO_CACHE:-no}}" >>"{calls}"'
    fake_program(bare_folder / "bin" / "uv", answer, log)
    (bare_folder / "bin" / "mkdir").symlink_to(shutil.which("mkdir"))
    result = set_up(bare_folder)
    assert result.returncode == 0, result.stderr
    assert calls.read_text("utf-8") == f"venv {kept}\npip {kept}\n"


@pytest.mark.parametrize(("is_writable", "kept"), [(True, "no"), (False, "1")])
def test_pip_does_without_a_cache_where_it_cannot_have_one(
    bare_folder, is_writable, kept
):
    calls = bare_folder / "calls"
    cache = bare_folder / "cache" if is_writable else Path(os.devnull) / "cache"
    fake_program(
        bare_folder / "bin" / "python3.11",
        f"PATH={os.environ['PATH']}",
        'if [ "$2" = venv ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; fi',
        f'if [ "$3" = cache ]; then echo "{cache}"; fi',
        f'if [ "$3" = install ]; then echo "${{PIP_NO_CACHE_DIR:-no}}" >"{calls}"; fi',
    )
    (bare_folder / "bin" / "mkdir").symlink_to(shutil.which("mkdir"))
    result = set_up(bare_folder)
    assert result.returncode == 0, result.stderr
    assert calls.read_text("utf-8") == f"{kept}\n"


def test_setup_takes_a_python_whose_path_has_a_space(bare_folder):
    python = bare_folder / "my tools" / "python3.11"
    python.parent.mkdir()
    calls = bare_folder / "calls"
    venv = 'if [ "$2" = venv ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; fi'
    fake_program(python, f'echo "$@" >>"{calls}"', f"PATH={os.environ['PATH']}", venv)
    result = set_up(bare_folder, PYTHON=str(python))
    assert result.returncode == 0, result.stderr
    *_, install = calls.read_text("utf-8").splitlines()
    assert install.endswith("--require-hashes -r requirements.txt")
    result = set_up(bare_folder, PYTHON=str(python), GPU="1")
    assert result.returncode == 0, result.stderr
    *_, install = calls.read_text("utf-8").splitlines()
    assert install.endswith("-r requirements.txt -r requirements-gpu.txt")
