"""What there is to do: targets, the line and the Python, and the environment."""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from nlp_helpers import settings

from tools import course

ROOT = Path(__file__).resolve().parents[2]


def environment_without_make(changes):
    """Return the environment with changes, and without what an outer make set."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return {**inherited, **changes}


def run(*command, cwd=ROOT, **environment):
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment_without_make(environment),
        capture_output=True,
        text=True,
        timeout=60,
    )


# Targets


def test_make_and_the_tool_explain_every_target():
    shown = run("make")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == run(sys.executable, "tools/course.py").stdout
    for target, meaning in course.TARGETS.items():
        assert re.search(rf"^{target} +{re.escape(meaning)}$", shown.stdout, re.M)


def test_make_has_the_targets_of_the_tool():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    targets = re.search(r"^TARGETS := (.*)$", makefile, re.M)[1].split()
    assert sorted(targets) == sorted(course.TARGETS)


@pytest.mark.parametrize("target", sorted(course.TARGETS.keys() - course.ALONE.keys()))
def test_what_a_target_runs_is_there(target):
    asked = course.Asked([target, "NAME=07/length", "CHAPTERS=1 2"])
    for command in course.commands_of(asked):
        first, *others = command
        assert first == "-m" or (ROOT / first).exists()
        assert "" not in others


def test_chapters_are_named_by_their_numbers():
    (command,) = course.commands_of(course.Asked(["test", "CHAPTERS=2"]))
    assert command[-1] == str(Path("notebooks", "02_stateful_rnn.ipynb"))
    asked = course.Asked(["test", "CHAPTERS=99"])
    with pytest.raises(
        SystemExit, match=r"There is no chapter 99\. Choose from 01, 02"
    ):
        course.commands_of(asked)


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["JOBS=1", "CHAPTERS=01 02"],
        ["LINE=current", "GPU="],
        ["NAME=07/length", "ELSEWHERE=1"],
        ["PYTHON=/my tools/python", "SEED=43"],
    ],
)
def test_make_hands_on_what_is_asked(settings):
    # What the environment of a reader calls so is something else.
    variables = {"GPU": "7", "PYTHON": "python2", "JOBS": "many", "LINE": "x"}
    planned = run("make", "-n", "test", *settings, **variables)
    assert planned.returncode == 0, planned.stderr
    handed = re.search(r"tools/course\.py test (.*?);", planned.stdout)[1]
    assert sorted(shlex.split(handed)) == sorted(settings)


def test_what_settings_mean():
    asked = course.Asked(["run"])
    assert (asked.chapters, asked.jobs, asked.line, asked.python) == ([], "2", "", "")
    assert (asked.gpu, asked.elsewhere) == (None, False)
    assert not any(asked.variables.values())
    words = ["CHAPTERS=01 2", "JOBS=1", "GPU=1", "ELSEWHERE=1", "SEED=43", "PYTHON=a=b"]
    asked = course.Asked(["run", *words])
    assert (asked.chapters, asked.jobs, asked.python) == (["01", "2"], "1", "a=b")
    assert (asked.gpu, asked.elsewhere) == (True, True)
    assert asked.variables["NLP_SEED"] == "43"
    assert course.Asked(["run", "GPU="]).gpu is False
    assert course.Asked([]).target == "help"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tset"], "tset is not known. Choose from help, setup, run"),
        (["test", "CHAPTER=1"], "CHAPTER=1 is not known. Settings: CHAPTERS, LINE"),
        (["test", "01"], "01 is not known. Settings: CHAPTERS"),
        (["test", "JOBS=0"], "JOBS=0 is no number of chapters"),
        (["test", "JOBS=two"], "JOBS=two is no number of chapters"),
        (["lab", "LANGUAGE=xx"], "LANGUAGE=xx is not known: choose from en, ko."),
    ],
)
def test_what_is_not_understood_is_refused(words, said):
    with pytest.raises(SystemExit, match=re.escape(said)):
        course.Asked(words)


def test_a_language_decides_what_lab_and_student_show():
    def commands(*words):
        return course.commands_of(course.Asked(words))

    start, lab = commands("lab", "LANGUAGE=ko")
    assert start == ["tools/start_here.py", "ko"]
    assert lab[-1].endswith("=/lab/tree/build/ko/notebooks/start_here.ipynb")
    assert commands("lab", "LANGUAGE=en") == commands("lab")
    (student,) = commands("student", "LANGUAGE=ko", "CHAPTERS=2")
    assert student == ["tools/student.py", "2", "--language=ko"]


def test_settings_reach_what_runs(monkeypatch):
    for name in ("NLP_SEED", "NLP_DATA", "PIP_USER"):
        monkeypatch.setenv(name, "5")
    monkeypatch.setattr(course, "choose", lambda *_: (course.ADDONS, None, "so"))
    monkeypatch.setattr(course, "make_environment", lambda *_: None)
    seen = []
    monkeypatch.setattr(course, "call", lambda _: seen.append(dict(os.environ)))
    course.main(["html", "SEED=43"])
    (environment,) = seen
    assert (environment["NLP_SEED"], environment["NLP_DATA"]) == ("43", "5")
    assert "PIP_USER" not in environment


def test_a_study_needs_a_name():
    with pytest.raises(SystemExit, match="make study NAME=07/length"):
        course.main(["study"])


# Which line, and which Python


@pytest.fixture
def machine(monkeypatch):
    """Return a function that makes this a machine with a system and some Pythons."""

    def make(system, processor, *pythons, uv=False):
        named = {name: name.removeprefix("python") for name in pythons}
        monkeypatch.setattr(course.platform, "system", lambda: system)
        monkeypatch.setattr(course.platform, "machine", lambda: processor)
        monkeypatch.setattr(course, "version_of", named.get)
        monkeypatch.setattr(course.shutil, "which", lambda name: uv or None)

    return make


@pytest.mark.parametrize(
    ("system", "pythons", "line", "python", "why"),
    [
        (("Linux", "x86_64"), ["3.11"], "addons", "3.11", "this is Linux on x86_64"),
        (("Linux", "x86_64"), ["3.11", "3.13"], "addons", "3.11", "with Python 3.11"),
        (("Linux", "x86_64"), ["3.13"], "current", "3.13", "there is no Python 3.11"),
        (("Linux", "aarch64"), ["3.11"], "current", "3.11", "this is Linux on aarch64"),
        (("Darwin", "arm64"), ["3.11", "3.12"], "current", "3.12", "this is Darwin"),
        (("Windows", "AMD64"), ["3.13", "3.12"], "current", "3.13", "this is Windows"),
    ],
)
def test_the_line_is_the_one_that_installs(machine, system, pythons, line, python, why):
    machine(*system, *(f"python{version}" for version in pythons))
    chosen, found, reason = course.choose("", "")
    assert (chosen.name, found) == (line, f"python{python}")
    assert why in reason


@pytest.mark.parametrize("line", course.LINES)
def test_the_line_asked_for_is_taken(machine, line):
    machine("Linux", "x86_64", "python3.11")
    chosen, found, reason = course.choose(line, "")
    assert (chosen.name, found, reason) == (line, "python3.11", "as asked")


def test_a_python_of_another_name_is_found(machine, monkeypatch):
    machine("Linux", "x86_64")
    monkeypatch.setattr(course, "version_of", {"python3": "3.12"}.get)
    assert course.choose("", "")[:2] == (course.CURRENT, "python3")


def test_a_named_python_is_the_only_one(machine, monkeypatch):
    machine("Linux", "x86_64", "python3.11", "python3.13")
    assert course.choose("", "python3.13")[:2] == (course.CURRENT, "python3.13")
    with pytest.raises(
        SystemExit, match=r"This needs Python 3\.11, and python3\.13 is"
    ):
        course.choose("addons", "python3.13")


@pytest.mark.parametrize(
    ("system", "line", "said"),
    [
        (("Darwin", "x86_64"), "", "no packages of the current line for Darwin on x86"),
        (("Windows", "ARM64"), "current", "of the current line for Windows on ARM64."),
        (("Darwin", "arm64"), "addons", "for Darwin on arm64. Say LINE=current."),
    ],
)
def test_a_system_without_packages_is_named(machine, system, line, said):
    machine(*system, "python3.11", "python3.13")
    with pytest.raises(SystemExit, match=re.escape(said)):
        course.choose(line, "")


def test_an_environment_keeps_its_python(machine, monkeypatch):
    machine("Linux", "x86_64", "python3.13")
    made = str(course.CURRENT.python)
    monkeypatch.setattr(course, "version_of", {made: "3.12", "python3.13": "3.13"}.get)
    assert course.choose("", "")[:2] == (course.CURRENT, made)
    assert course.choose("", "python3.13")[1] == "python3.13"


def test_an_unknown_line_is_refused(machine):
    machine("Linux", "x86_64", "python3.11")
    with pytest.raises(
        SystemExit, match="LINE=x is not known: choose addons or current"
    ):
        course.choose("x", "")


def test_without_a_python_that_fits_one_sentence_says_what_to_do(machine):
    machine("Linux", "x86_64", "python3.9")
    with pytest.raises(SystemExit) as refused:
        course.choose("", "")
    sentence = str(refused.value)
    assert sentence.startswith("This needs Python 3.11 to 3.13: get it with")
    assert "make setup PYTHON=" in sentence
    assert "\n" not in sentence


def test_uv_finds_a_python_where_there_is_none(machine, monkeypatch):
    for variable in course.FOR_PIP:
        monkeypatch.delenv(variable, raising=False)
    machine("Linux", "x86_64", uv=True)
    assert course.choose("addons", "")[:2] == (course.ADDONS, None)
    assert course.choose("", "")[:2] == (course.CURRENT, None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # then pip installs, which needs a Python
    with pytest.raises(SystemExit, match=r"This needs Python 3\.11"):
        course.choose("addons", "")


def test_the_version_of_a_python():
    version = "{}.{}".format(*sys.version_info)
    assert course.version_of(sys.executable) == version
    assert course.version_of("no-such-python") is None
    assert course.version_of(shutil.which("false") or "false") is None


# The environment


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make this the course's folder, with the requirements of the addons line."""
    monkeypatch.setattr(course, "ROOT", tmp_path)
    (tmp_path / "requirements-both.in").write_text("b\n")
    (tmp_path / "requirements.in").write_text("a\n-r requirements-both.in\n")
    (tmp_path / "requirements-gpu.in").write_text("c\n")
    for lock in (course.ADDONS.lock, course.ADDONS.gpu_lock):
        stamp = course.stamp(lock.replace(".txt", ".in"))
        (tmp_path / lock).write_text(f"{stamp}\na==1\n")
    return tmp_path


@pytest.fixture
def installed(folder, monkeypatch):
    """Return the lists of locks that were installed, one a time."""
    calls = []

    def install(line, python, locks):
        line.python.parent.mkdir(parents=True, exist_ok=True)
        line.python.touch()
        calls.append(locks)

    monkeypatch.setattr(course, "install", install)
    monkeypatch.setattr(course, "call", lambda command: None)
    return calls


def make(gpu=None):
    course.make_environment(course.ADDONS, "python3.11", gpu)


def test_an_environment_is_made_once(installed):
    make()
    make()
    assert installed == [["requirements.txt"]]


def test_cuda_libraries_stay_until_they_are_not_wanted(installed):
    without, with_gpu = (
        ["requirements.txt"],
        ["requirements.txt", "requirements-gpu.txt"],
    )
    for gpu in (True, None, True, False, None):
        make(gpu)
    assert installed == [with_gpu, without]


def test_cuda_libraries_are_for_linux_only(installed, monkeypatch):
    monkeypatch.setattr(course.platform, "system", lambda: "Windows")
    with pytest.raises(SystemExit, match="for Linux only"):
        make(gpu=True)
    assert installed == []


def test_a_changed_lock_is_installed(installed, folder):
    make()
    (folder / "requirements.in").write_text("a2\n")
    (folder / "requirements.txt").write_text(
        f"{course.stamp('requirements.in')}\na==2\n"
    )
    make()
    assert len(installed) == 2


@pytest.mark.parametrize("name", ["requirements.in", "requirements-both.in"])
def test_a_lock_that_is_not_of_its_requirements_is_named(installed, folder, name):
    with (folder / name).open("a") as requirements:
        requirements.write("more\n")
    with pytest.raises(
        SystemExit, match=r"^requirements\.txt was not compiled from thi"
    ):
        make()
    assert installed == []


def test_a_half_made_environment_is_finished(installed, folder, monkeypatch):
    def fail(command):
        raise SystemExit(1)

    with monkeypatch.context() as broken:
        broken.setattr(course, "call", fail)  # the data cannot be fetched
        with pytest.raises(SystemExit):
            make()
    make()
    assert len(installed) == 2
    course.ADDONS.ready.write_text("{half")
    make()
    assert len(installed) == 3
    course.ADDONS.python.unlink()
    make()
    assert len(installed) == 4


@pytest.fixture
def bare_folder(folder):
    """Return the course's folder with the tool in it, and an empty `bin` for a PATH."""
    for name in ("tools", "bin"):
        (folder / name).mkdir()
    shutil.copy(ROOT / "tools" / "course.py", folder / "tools")
    return folder


def set_up(folder, *settings, **environment):
    path = str(folder / "bin")
    environment = dict.fromkeys(course.FOR_PIP, "") | environment
    tool = (sys.executable, "tools/course.py", "setup", "LINE=addons")
    return run(*tool, *settings, cwd=folder, PATH=path, **environment)


def fake_program(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([f"#!{shutil.which('sh')}", *lines, ""]))
    path.chmod(0o755)


FAKE_VENV = (
    f"PATH={os.environ['PATH']}",
    'if [ "$1" = -c ]; then echo 3.11; exit; fi',
    'if [ "$2" = venv ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; fi',
)


@pytest.mark.parametrize(("is_writable", "kept"), [(True, "no"), (False, "1")])
def test_uv_does_without_a_cache_where_it_cannot_have_one(
    bare_folder, is_writable, kept
):
    calls = bare_folder / "calls"
    cache = bare_folder / "cache" if is_writable else Path(os.devnull) / "cache"
    fake_program(bare_folder / ".venv" / "bin" / "python")
    fake_program(
        bare_folder / "bin" / "uv",
        f'if [ "$1" = cache ]; then echo "{cache}"; exit; fi',
        f'echo "$1 ${{UV_NO_CACHE:-no}}" >>"{calls}"',
    )
    result = set_up(bare_folder)
    assert result.returncode == 0, result.stderr
    assert calls.read_text("utf-8") == f"venv {kept}\npip {kept}\n"


@pytest.mark.parametrize("variable", course.FOR_PIP)
def test_pip_installs_where_packages_come_from_elsewhere(bare_folder, variable):
    calls = bare_folder / "calls"
    for name in ("python3.11", "uv"):
        say = f'echo "{name} $3" >>"{calls}"'
        fake_program(bare_folder / "bin" / name, *FAKE_VENV, say)
    result = set_up(bare_folder, **{variable: "1"})
    assert result.returncode == 0, result.stderr
    assert "python3.11 install" in calls.read_text("utf-8")
    assert "uv" not in calls.read_text("utf-8")


@pytest.mark.parametrize(("is_writable", "kept"), [(True, "no"), (False, "1")])
def test_pip_does_without_a_cache_where_it_cannot_have_one(
    bare_folder, is_writable, kept
):
    calls = bare_folder / "calls"
    cache = bare_folder / "cache" if is_writable else Path(os.devnull) / "cache"
    fake_program(
        bare_folder / "bin" / "python3.11",
        *FAKE_VENV,
        f'if [ "$3" = cache ]; then echo "{cache}"; fi',
        f'if [ "$3" = install ]; then echo "${{PIP_NO_CACHE_DIR:-no}}" >"{calls}"; fi',
    )
    result = set_up(bare_folder)
    assert result.returncode == 0, result.stderr
    assert calls.read_text("utf-8") == f"{kept}\n"


def test_setup_takes_a_python_whose_path_has_a_space(bare_folder):
    python, calls = bare_folder / "my tools" / "python3.11", bare_folder / "calls"
    fake_program(python, f'echo "$@" >>"{calls}"', *FAKE_VENV)
    for options in ([], ["GPU=1"]):
        result = set_up(bare_folder, *options, f"PYTHON={python}")
        assert result.returncode == 0, result.stderr
    installs = re.findall(r"^-m pip install .*$", calls.read_text("utf-8"), re.M)
    assert installs[0].endswith("--require-hashes -r requirements.txt")
    assert installs[1].endswith("-r requirements.txt -r requirements-gpu.txt")


def test_a_failed_command_ends_with_its_code(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    with pytest.raises(SystemExit) as ended:
        course.call([sys.executable, "-c", "import sys; sys.exit(7)"])
    assert ended.value.code == 7
    course.call([sys.executable, "-c", "pass"])


# As it is used


@pytest.fixture
def lab(tmp_path):
    """Run `make lab` with settings of its own; yield what the server says of itself."""
    asked = {
        "ServerApp": {"allow_root": True, "port": 0, "port_retries": 0},
        "ExtensionApp": {"open_browser": False},
    }
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(asked))
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["make", "lab", f"LINE={settings.line()}"],
            cwd=ROOT,
            env=environment_without_make(dict.fromkeys(folders, str(tmp_path))),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        server = wait_for_server(process, tmp_path)
        yield server
    finally:
        process.terminate()
        process.wait(30)
    psutil.wait_procs(processes_of(server["pid"]), timeout=30)
    assert not processes_of(server["pid"])


def processes_of(pid):
    return [psutil.Process(pid)] if psutil.pid_exists(pid) else []


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
    """Return a Jupyter server's answer, and the address that it comes from."""
    headers = {"Authorization": f"token {server['token']}"}
    asked = urllib.request.Request(server["url"] + path, headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read().decode(errors="replace"), answer.url


def test_make_lab_opens_on_the_list_of_the_chapters(lab):
    contents, _ = ask(lab, "api/contents/notebooks")
    shown = {entry["name"] for entry in json.loads(contents)["content"]}
    assert shown >= {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    page, address = ask(lab, "")
    assert "JupyterLab" in page
    assert address.endswith("/lab/tree/notebooks/start_here.ipynb")
    assert "start_here.ipynb" in shown
    ask(lab, "files/images/01/summary.png")  # which a chapter shows


def test_scripts_keep_the_line_ends_of_unix_whatever_git_is_told(tmp_path):
    for name in (".gitattributes", "tools/course.py", "Makefile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "all"]):
        assert run("git", *command, cwd=tmp_path).returncode == 0
    windows = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    cloned = run("git", *windows, "clone", "-q", tmp_path, tmp_path / "clone")
    assert cloned.returncode == 0, cloned.stderr
    for name in ("tools/course.py", "Makefile"):
        assert b"\r" not in (tmp_path / "clone" / name).read_bytes()
