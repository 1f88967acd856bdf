"""Everything there is to do with the course, on every system.

python tools/course.py                          explains what there is to do
python tools/course.py run CHAPTERS="01 02"     runs two chapters
python tools/course.py test LINE=current        tests the course on today's Keras

It needs a Python and no package: it makes the environment in which all else runs.
`make` hands over what it is told, so `make test LINE=current` is the same as the last.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Set for other work, these would send packages elsewhere, or bring in others.
OTHER_WORK = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PYTHONHOME", "PYTHONPATH")
# Where packages come from, in words that pip obeys and uv does not know.
FOR_PIP = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"),
    *("PIP_PROXY", "PIP_CERT"),
)
LINUX = ("Linux", "x86_64")


class Line:
    """One of the two sets of packages on which the course runs.

    Attributes:
        name: "addons" or "current".
        about: what it is, in a few words.
        folder: the folder of its environment, relative to the course.
        pythons: the versions of Python that it takes, the preferred one first.
        systems: where it has wheels of all packages, as `platform` names them.
        lock: the file that pins all its packages.
        gpu_lock: the file that pins the CUDA libraries.
    """

    def __init__(self, name, about, folder, pythons, systems, lock, gpu_lock):
        """Keep the attributes."""
        self.name, self.about, self.folder = name, about, folder
        self.pythons, self.systems = pythons, systems
        self.lock, self.gpu_lock = lock, gpu_lock

    @property
    def python(self):
        """The interpreter of the environment."""
        inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        return ROOT / self.folder / inside

    @property
    def ready(self):
        """The file that says with what the environment was made, once it is whole."""
        return ROOT / self.folder / "ready.json"


ADDONS = Line(
    "addons",
    "TensorFlow 2.15 with TensorFlow Addons",
    ".venv",
    ("3.11",),
    (LINUX,),
    "requirements.txt",
    "requirements-gpu.txt",
)
CURRENT = Line(
    "current",
    "TensorFlow 2.21 with Keras 3",
    ".venv-current",
    ("3.13", "3.12", "3.11"),
    (LINUX, ("Linux", "aarch64"), ("Darwin", "arm64"), ("Windows", "AMD64")),
    "requirements-current.txt",
    "requirements-current-gpu.txt",
)
LINES = {line.name: line for line in (ADDONS, CURRENT)}

TARGETS = {
    "help": "show this list",
    "setup": "install everything, and fetch the packaged data",
    "run": "run the chapters into build/, print their results, build the site",
    "lab": "open JupyterLab on a list of the chapters",
    "test": "run the unit tests and every chapter, comparing every output",
    "test-fast": "run the unit tests only, without the slow ones",
    "lint": "check style and errors in modules and notebooks",
    "refresh": "run the chapters in place: outputs, pictures, results table",
    "results": "refresh, then run the original edition too, and write the tables",
    "study": "collect the study NAME, such as 07/length; it may be interrupted",
    "html": "build the site from the stored outputs into build/html",
    "translations": "bring the texts to translate in locale/ up to date",
    "student": "write a course without solutions into build/student, to hand out",
    "slides": "make slides of the chapters into build/slides",
    "pdf": "print the chapters of the site into build/pdf (needs Chromium)",
    "colab": "write the chapters for Colab and Kaggle into build/colab",
    "test-site": "build site and slides, and test them in a browser",
    "data": "fetch the original corpora into data/",
    "lock": "compile requirements*.in into requirements*.txt (needs uv)",
    "clean": "remove what was built; data and the environments stay",
}

SETTINGS = {
    "CHAPTERS": 'such as "01 02"; all if none',
    "LINE": f"{' or '.join(LINES)}; the one that fits this machine if none",
    "PYTHON": "the Python to make the environment with",
    "JOBS": "how many chapters run at once, 2 if none",
    "SEED": "other random draws, such as 43",
    "LANGUAGE": "of lab and student, such as ko for Korean; en if none",
    "NLP_DATA": "packaged or original",
    "NLP_SCALE": "quick or full",
    "CHROMIUM": "the browser of pdf and test-site, if it is not found",
    "GPU": "1 adds the CUDA libraries, nothing (GPU=) removes them",
    "NAME": "of a study, such as 07/length",
    "ELSEWHERE": "1 goes on with a study that was begun on another machine",
}


def commands_of(asked):
    """Return what a target runs: lists of arguments for the environment's Python."""
    target, jobs = asked.target, asked.jobs
    pytest = ["-m", "pytest", "-q", *(["-n", jobs] if jobs != "1" else [])]
    by_file = [*pytest, "--dist", "loadscope"]
    run = ["tools/run_chapters.py", target, *asked.chapters, "--jobs", jobs]
    # Jupyter shows pictures below the folder in which it starts: not in notebooks/.
    lab, own = ["-m", "jupyter", "lab"], [asked.language] * bool(asked.language)
    folder = "/".join(["build", *own] * bool(own) + ["notebooks"])
    first_page = f"/lab/tree/{folder}/start_here.ipynb"
    html, slides, ruff = ["docs/build.py"], ["docs/slides.py"], ["-m", "ruff"]
    translations = ["-m", "tools.translations"]
    student = [f"--language={language}" for language in own]
    return {
        "setup": [],
        "run": [run, [*html, "--executed"]],
        "lab": [
            ["tools/start_here.py", *own],
            [*lab, f"--LabApp.default_url={first_page}"],
        ],
        "test": [[*by_file, *map(notebook_of, asked.chapters)]],
        "test-fast": [[*by_file, "-m", "not slow", "tests"]],
        "lint": [[*ruff, "check", "."], [*ruff, "format", "--check", "."]],
        "refresh": [run, translations],
        "results": [run, translations],
        "study": [["tools/study.py", asked.name, *["--elsewhere"] * asked.elsewhere]],
        "html": [html],
        "translations": [translations],
        "student": [["tools/student.py", *asked.chapters, *student]],
        "slides": [slides],
        "pdf": [["docs/pdf.py", *asked.chapters]],
        "colab": [["docs/colab.py"]],
        "test-site": [html, slides, [*pytest, "tests/site"]],
        "data": [["tools/fetch_data.py", "original"]],
    }[target]


def notebook_of(number):
    """Return the path of a chapter's notebook, relative to the course.

    Raises:
        SystemExit: there is no such chapter.
    """
    folder = ROOT / "notebooks"
    found = sorted(folder.glob(f"{number.zfill(2)}_*.ipynb"))
    if not found:
        numbers = sorted(path.name[:2] for path in folder.glob("[0-9][0-9]_*.ipynb"))
        sys.exit(f"There is no chapter {number}. Choose from {', '.join(numbers)}.")
    return str(found[0].relative_to(ROOT))


# Which line, and which Python


def choose(asked_line, asked_python):
    """Return the `Line` to take, the Python to make it with, and why, in a few words.

    The Python is None where uv has to find one.

    Raises:
        SystemExit: there is no such line, or no Python that fits.
    """
    if asked_line and asked_line not in LINES:
        sys.exit(f"LINE={asked_line} is not known: choose {' or '.join(LINES)}.")
    system = platform.system(), platform.machine()
    here = " on ".join(system)
    lines = [LINES[asked_line]] if asked_line else [ADDONS, CURRENT]
    if not any(system in line.systems for line in lines):
        others = [line.name for line in LINES.values() if system in line.systems]
        sys.exit(
            f"There are no packages of the {lines[-1].name} line for {here}."
            + "".join(f" Say LINE={other}." for other in others)
        )
    if asked_line:
        line, why = LINES[asked_line], "as asked"
        return line, python_for(line, asked_python), why
    if system not in ADDONS.systems:
        return CURRENT, python_for(CURRENT, asked_python), f"this is {here}"
    python = python_for(ADDONS, asked_python, needed=False)
    if python:
        return ADDONS, python, f"this is {here} with Python 3.11"
    why = "there is no Python 3.11 here, which TensorFlow Addons needs"
    return CURRENT, python_for(CURRENT, asked_python), why


def python_for(line, asked="", needed=True):
    """Return a Python that a line takes: its environment's, or the newest one here.

    Args:
        line: the `Line`.
        asked: the only one to be taken, a name or a path, if not "".
        needed: whether there has to be one.

    Raises:
        SystemExit: one is needed, and neither Python nor uv is there to give it.
    """
    versions = line.pythons
    if not asked and version_of(str(line.python)) in versions:
        return str(line.python)
    names = (
        [asked] if asked else [*(f"python{v}" for v in versions), "python3", "python"]
    )
    found = {version_of(name): name for name in reversed(names)}
    for version in versions:
        if version in found:
            return found[version]
    if not needed or (not asked and uses_uv()):
        return None
    wanted = versions[0] if len(versions) == 1 else f"{versions[-1]} to {versions[0]}"
    sys.exit(
        f"This needs Python {wanted}"
        + (f", and {asked} is none" if asked else "")
        + f": get it with 'uv python install {versions[0]}' or 'conda create -n course "
        f"python={versions[0]}', then say 'make setup PYTHON=/path/to/python'."
    )


def uses_uv():
    """Tell whether uv installs the packages: it is here, and nothing asks for pip."""
    return bool(shutil.which("uv")) and not any(map(os.environ.get, FOR_PIP))


def version_of(python):
    """Return the version of a Python, such as "3.11"; None if there is no such one."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [python, "-c", ask], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


# The environment


def digest(name):
    """Return the SHA-256 of a file of the course, and of those that it includes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    included = [line[3:] for line in text.splitlines() if line.startswith("-r ")]
    parts = [text, *map(digest, included)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check_lock(lock):
    """Check that a lock was compiled from the requirements beside it.

    Raises:
        SystemExit: it was not.
    """
    source = lock.replace(".txt", ".in")
    first = (ROOT / lock).read_text(encoding="utf-8").partition("\n")[0]
    if first != stamp(source):
        sys.exit(f"{lock} was not compiled from this {source}. Run: make lock")


def stamp(source):
    """Return the first line of a lock: which requirements it was compiled from."""
    return f"# compiled from {source}, sha256 {digest(source)}"


def make_environment(line, python, gpu):
    """Make the environment of a line, or finish it; do nothing if it is ready.

    Args:
        line: the `Line`.
        python: the Python to make it with; None leaves that to uv.
        gpu: whether it holds the CUDA libraries; None keeps what there is.

    Raises:
        SystemExit: a lock is out of date, or something cannot be installed.
    """
    if gpu and platform.system() != "Linux":
        sys.exit(
            "GPU=1 installs CUDA libraries, which are there for Linux only. On Windows "
            "use the course inside WSL2; without GPU=1 it runs on the processor."
        )
    made = state_of(line)
    gpu = made.get("gpu", False) if gpu is None else gpu
    locks = [line.lock, *([line.gpu_lock] if gpu else [])]
    for lock in locks:
        check_lock(lock)
    wanted = {"gpu": gpu, "locks": {lock: digest(lock) for lock in locks}}
    if made == wanted and line.python.exists():
        return
    line.ready.unlink() if line.ready.exists() else None
    install(line, python, locks)
    call([line.python, "tools/fetch_data.py", "packaged"])
    line.ready.write_text(json.dumps(wanted), encoding="utf-8")


def state_of(line):
    """Return with what an environment was made, or {} if that was not finished."""
    try:
        return json.loads(line.ready.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def install(line, python, locks):
    """Install what locks pin into the environment of a line, with uv or with pip."""
    fits = version_of(str(line.python)) in line.pythons
    if uses_uv():
        keep_no_cache_if(["uv", "cache", "dir"], "UV_NO_CACHE")
        if not fits:
            chosen = python or line.pythons[0]
            call(["uv", "venv", "--quiet", "--clear", "--python", chosen, line.folder])
        sync = ["uv", "pip", "sync", "--python", line.python, "--require-hashes"]
        call([*sync, *locks])
        return
    if not fits:
        call([python, "-m", "venv", "--clear", line.folder])
    keep_no_cache_if([line.python, "-m", "pip", "cache", "dir"], "PIP_NO_CACHE_DIR")
    say("Installing 2.4 GB of packages with pip: a few minutes, once.")
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    files = [part for lock in locks for part in ("-r", lock)]
    call([line.python, "-m", "pip", "install", *options, *files])


def keep_no_cache_if(command, variable):
    """Set a variable where the folder that a command names cannot be written to."""
    answer = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    try:
        Path(answer.stdout.strip() or os.devnull).mkdir(parents=True, exist_ok=True)
    except OSError:  # a home may be read-only: nothing is kept for another time
        os.environ[variable] = "1"


# Running


def call(command):
    """Run a command in the course's folder.

    Raises:
        SystemExit: it has failed.
    """
    with subprocess.Popen(list(map(str, command)), cwd=ROOT) as process:
        try:
            while process.poll() is None:
                # The command hears Ctrl-C too, and cleans up behind itself.
                with contextlib.suppress(KeyboardInterrupt):
                    process.wait()
        finally:
            process.terminate()  # if this process is told to end
    if process.returncode:
        sys.exit(process.returncode if process.returncode > 0 else 1)


def say(sentence):
    """Tell the reader what happens, before it does."""
    print(sentence, file=sys.stderr, flush=True)


# The targets that need no environment


def explain():
    """Print what there is to do."""
    print("make TARGET [SETTING=value ...]")
    print("python tools/course.py TARGET [SETTING=value ...]")
    print("\nTargets:\n")
    for target, meaning in TARGETS.items():
        print(f"{target:11} {meaning}")
    print("\nSettings:\n")
    for name, meaning in SETTINGS.items():
        print(f"{name:11} {meaning}")


def lock():
    """Compile the requirements of both lines, each file with a stamp of its source.

    Raises:
        SystemExit: uv is missing, or finds no versions that fit together.
    """
    if not shutil.which("uv"):
        sys.exit("Locking needs uv: https://docs.astral.sh/uv/")
    compile_lock = "uv pip compile --quiet --universal --generate-hashes --no-annotate"
    compile_lock = [*compile_lock.split(), "--python-version", "3.11"]
    compile_lock += ["--custom-compile-command", "make lock"]
    for line in LINES.values():
        for target in (line.lock, line.gpu_lock):
            source = target.replace(".txt", ".in")
            limits = ["-c", line.lock] if target == line.gpu_lock else []
            call([*compile_lock, *limits, source, "-o", target])
            path = ROOT / target
            kept = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [text for text in kept if not text.startswith("# compiled from ")]
            path.write_text(f"{stamp(source)}\n{''.join(kept)}", encoding="utf-8")


def clean():
    """Remove what was built."""
    for name in ("build", ".pytest_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(ROOT / name, ignore_errors=True)


ALONE = {"help": explain, "lock": lock, "clean": clean}


def translated_into():
    """Return the languages into which the course is translated, such as ["ko"]."""
    return sorted(path.name for path in (ROOT / "locale").glob("*"))


class Asked:
    """What a command line asks for: a target, and settings such as LINE=current."""

    def __init__(self, arguments):
        """Read the arguments.

        Raises:
            SystemExit: there is no such target or setting.
        """
        words = list(arguments) or ["help"]
        self.target = words.pop(0)
        if self.target not in TARGETS:
            sys.exit(f"{self.target} is not known. Choose from {', '.join(TARGETS)}.")
        values = dict.fromkeys(SETTINGS, "")
        for word in words:
            name, is_setting, value = word.partition("=")
            if not is_setting or name not in SETTINGS:
                sys.exit(f"{word} is not known. Settings: {', '.join(SETTINGS)}.")
            values[name] = value
        self.chapters = values["CHAPTERS"].split()
        self.line, self.python = values["LINE"], values["PYTHON"]
        self.name, self.elsewhere = values["NAME"], bool(values["ELSEWHERE"])
        self.language = "" if values["LANGUAGE"] == "en" else values["LANGUAGE"]
        if self.language and self.language not in translated_into():
            there = ", ".join(["en", *translated_into()])
            sys.exit(f"LANGUAGE={self.language} is not known: choose from {there}.")
        self.jobs = values["JOBS"] or "2"
        if not (self.jobs.isdigit() and int(self.jobs)):
            sys.exit(f"JOBS={self.jobs} is no number of chapters to run at once.")
        # None: as it was. Named without a value: no longer.
        named = any(word.startswith("GPU=") for word in words)
        self.gpu = bool(values["GPU"]) if named else None
        self.variables = {
            "NLP_SEED": values["SEED"],
            "NLP_DATA": values["NLP_DATA"],
            "NLP_SCALE": values["NLP_SCALE"],
            "CHROMIUM": values["CHROMIUM"],
        }


def main(arguments):
    """Do what the command line asks for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = Asked(arguments)
    if asked.target in ALONE:
        ALONE[asked.target]()
        return
    if asked.target == "study" and not asked.name:
        sys.exit("Which study? Say NAME, such as: make study NAME=07/length")
    os.environ.update({name: v for name, v in asked.variables.items() if v})
    for variable in OTHER_WORK:
        os.environ.pop(variable, None)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if asked.language:  # the chapters are elsewhere, but not what they import
        os.environ["PYTHONPATH"] = str(ROOT / "notebooks")
    line, python, why = choose(asked.line, asked.python)
    say(f"The {line.name} line, {line.about}: {why}.")
    commands = commands_of(asked)
    make_environment(line, python, asked.gpu)
    for command in commands:
        call([line.python, *command])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
