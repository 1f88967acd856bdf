"""Files fetched from a server on this machine, which can misbehave."""

import contextlib
import dataclasses
import hashlib
import io
import os
import random
import runpy
import subprocess
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nlp_helpers.data import fetch, sources
from nlp_helpers.data.fetch import DataError
from nlp_helpers.data.sources import RemoteFile

NOTEBOOKS = Path(fetch.__file__).parents[2]
FILE_NAME = "tiny_corpus-1.0-py3-none-any.whl"


def zip_of(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def tar_of(members):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()


# A wheel that no buffer swallows whole.
WHOLE = zip_of(
    {
        "tiny_corpus/play.md": random.Random(1).randbytes(200_000),
        "tiny_corpus-1.0.dist-info/METADATA": "Metadata-Version: 2.1\n"
        "Name: tiny-corpus\nVersion: 1.0",
        "tiny_corpus-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "tiny_corpus-1.0.dist-info/RECORD": "",
    }
)
WRONG = WHOLE[:-1] + b"?"


class Server:
    """A server with one file, as a URL and in a package index."""

    def __init__(self):
        self.content = WHOLE
        self.behaviours = []  # what happens at each request; "whole" after these
        self.n_requests = 0
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
        self.n_requests += 1
        behaviour = self.behaviours.pop(0) if self.behaviours else "whole"
        if behaviour == "404":
            return handler.send_error(404)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.content)))
        handler.end_headers()
        half = len(self.content) // 2
        first, second = self.content[:half], self.content[half:]
        handler.wfile.write(first)
        if behaviour == "half the file":
            return None
        if behaviour == "stalls":  # and goes on when nobody can be waiting any more
            self.stop_stalling.wait(20)
        if behaviour == "slow":
            # Nobody gets the second half before two have the first.
            with contextlib.suppress(threading.BrokenBarrierError):
                self.two_at_once.wait(20)
        if behaviour == "wrong bytes":
            second = second[:-1] + b"?"
        return handler.wfile.write(second)

    def _handler(self):
        server = self

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
                    elif self.path.startswith("/files/"):
                        server.send_file(self)
                    else:
                        self.send_error(404)

            def log_message(self, *args):
                pass

        return Handler


@pytest.fixture
def server(monkeypatch):
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    server = Server()
    yield server
    server.close()


@pytest.fixture
def clean_pip(monkeypatch):
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def at_url(server, data_dir):
    """Return a file that the server has at a URL."""
    return RemoteFile(
        path=f"packages/{FILE_NAME}",
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        address=f"{server.address}/files/{FILE_NAME}",
    )


@pytest.fixture
def in_index(at_url, server, clean_pip, monkeypatch):
    """Return the same file, to be had from the server's package index."""
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
    return dataclasses.replace(at_url, address="tiny-corpus==1.0")


@pytest.fixture(params=["at_url", "in_index"])
def remote_file(request):
    return request.getfixturevalue(request.param)


def put_there(remote_file, content):
    path = fetch.DATA_DIR / remote_file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def files_in_data():
    return sorted(p.name for p in fetch.DATA_DIR.rglob("*") if p.name != "packages")


def refusal(remote_file):
    """Return the message with which `fetch` refuses, after checking what it says."""
    with pytest.raises(DataError) as caught:
        fetch.fetch(remote_file)
    message = str(caught.value)
    assert message.startswith(f"data/{remote_file.path} could not be fetched: ")
    assert remote_file.sha256 in message
    assert remote_file.address in message
    assert f"put a copy at {fetch.DATA_DIR / remote_file.path}" in message
    advised = "unset NLP_DATA, or set it to 'packaged'" in message
    assert advised == (remote_file.edition == "original")
    return message


# What is fetched, and what is there already


def test_fetches_a_file_and_then_asks_no_more(remote_file, server, data_dir):
    path = fetch.fetch(remote_file)
    assert path == data_dir / remote_file.path
    assert path.read_bytes() == WHOLE
    assert files_in_data() == [FILE_NAME]
    server.close()
    assert fetch.fetch(remote_file) == path


def test_at_hand_is_a_verified_copy_and_touches_nothing(at_url, server):
    assert fetch.at_hand(at_url) is None
    path = put_there(at_url, WRONG)
    assert fetch.at_hand(at_url) is None
    assert path.read_bytes() == WRONG
    path.write_bytes(WHOLE)
    assert fetch.at_hand(at_url) == path
    assert files_in_data() == [FILE_NAME]
    assert not server.n_requests


@pytest.mark.parametrize("behaviour", ["404", "half the file", "stalls", "wrong bytes"])
def test_a_misbehaving_server_leaves_no_file(
    remote_file, server, monkeypatch, behaviour
):
    if behaviour == "stalls":
        monkeypatch.setattr(fetch, "TIMEOUT", 0.3)
    server.behaviours = [behaviour] * 10  # pip asks for the rest of half a file
    refusal(remote_file)
    assert server.n_requests
    assert files_in_data() == []


def test_no_network(remote_file, server):
    server.close()
    refusal(remote_file)
    assert files_in_data() == []


def test_a_failed_download_is_tried_again(at_url, server, monkeypatch):
    monkeypatch.setattr(fetch, "ATTEMPTS", 3)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server.behaviours = ["404", "half the file", "whole"]
    assert fetch.fetch(at_url).read_bytes() == WHOLE
    assert server.n_requests == 3


def test_fetch_does_not_rely_on_the_check_of_the_downloader(at_url, monkeypatch):
    monkeypatch.setattr(
        fetch, "_download_url", lambda url, sha256, path: path.write_bytes(WRONG)
    )
    assert "another SHA-256" in refusal(at_url)
    assert files_in_data() == []


def test_the_downloader_does_not_rely_on_the_check_of_fetch(at_url, server, data_dir):
    # An archive for TensorFlow Datasets is not checked again before it is opened.
    server.behaviours = ["wrong bytes"]
    with pytest.raises(ValueError, match="does not match the known hash"):
        fetch._download_url(at_url.address, at_url.sha256, data_dir / FILE_NAME)
    assert files_in_data() == []


SETUP = """
import pathlib, setuptools
pathlib.Path({ran!r}).touch()
setuptools.setup(name="tiny-sdist", version="1.0")
"""


def test_a_source_distribution_runs_only_if_its_hash_is_right(
    data_dir, clean_pip, monkeypatch, tmp_path
):
    ran = tmp_path / "ran"
    sdist = tar_of(
        {
            "tiny_sdist-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: tiny-sdist\n",
            "tiny_sdist-1.0/setup.py": SETUP.format(ran=str(ran)),
        }
    )
    # Pip would prefer a wheel. Neither is setuptools, for a new environment, in here.
    index = tmp_path / "index"
    index.mkdir()
    (index / "tiny_sdist-1.0.tar.gz").write_bytes(sdist)
    (index / "tiny_sdist-1.0-py3-none-any.whl").write_bytes(WHOLE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    remote_file = RemoteFile(
        path="packages/tiny_sdist-1.0.tar.gz",
        sha256=hashlib.sha256(sdist).hexdigest(),
        address="tiny-sdist==1.0",
    )
    refusal(dataclasses.replace(remote_file, sha256="0" * 64))
    assert not ran.exists()
    assert fetch.fetch(remote_file).read_bytes() == sdist
    assert ran.exists()
    assert files_in_data() == ["tiny_sdist-1.0.tar.gz"]


# Damaged files


def test_a_damaged_file_is_set_aside_and_fetched_again(at_url):
    asides = {".corrupt": WHOLE[:100], ".corrupt-2": WRONG, ".corrupt-3": b""}
    for suffix, damaged in asides.items():
        path = put_there(at_url, damaged)
        with pytest.warns(UserWarning, match=f"{FILE_NAME} was damaged.*{suffix}, and"):
            fetch.fetch(at_url)
        assert path.read_bytes() == WHOLE
    for suffix, damaged in asides.items():  # none has taken the place of another
        assert path.with_name(FILE_NAME + suffix).read_bytes() == damaged


def test_a_damaged_file_that_cannot_be_fetched_again_stays(at_url, server, recwarn):
    path = put_there(at_url, WRONG)
    server.close()
    refusal(at_url)
    assert files_in_data() == [FILE_NAME]
    assert path.read_bytes() == WRONG
    assert not [w for w in recwarn if "damaged" in str(w.message)]


@pytest.mark.parametrize("error", [AttributeError, NameError, TypeError])
def test_an_error_in_our_own_code_is_not_dressed_as_one_of_the_network(
    at_url, monkeypatch, error
):
    def broken(remote_file, folder):
        raise error("no such thing")

    monkeypatch.setattr(fetch, "_download", broken)
    with pytest.raises(error, match="no such thing"):
        fetch.fetch(at_url)
    assert files_in_data() == []


@pytest.mark.filterwarnings("ignore:.*was damaged")
def test_another_process_replaces_the_damaged_file_first(at_url, monkeypatch):
    path = put_there(at_url, WRONG)
    download = fetch._download

    def download_while_another_process_is_done(remote_file, folder):
        path.write_bytes(WHOLE)
        return download(remote_file, folder)

    monkeypatch.setattr(fetch, "_download", download_while_another_process_is_done)
    assert fetch.fetch(at_url).read_bytes() == WHOLE
    assert files_in_data() == [FILE_NAME]


# The disk, and other processes


def test_a_full_disk(remote_file):
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # children inherit it
    try:
        message = refusal(remote_file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in message
    assert files_in_data() == []


def test_a_data_folder_that_may_not_be_written(at_url, server, read_only_data):
    with read_only_data() as folder:
        message = refusal(at_url)
    assert "Permission denied" in message
    assert str(folder) in message
    assert not server.n_requests


def test_a_file_is_moved_into_place_in_one_step(at_url, monkeypatch):
    download = fetch._download
    inodes = []

    def download_and_look(remote_file, folder):
        partial = download(remote_file, folder)
        assert files_in_data() == [folder.name, FILE_NAME]
        assert not (fetch.DATA_DIR / remote_file.path).exists()
        inodes.append(partial.stat().st_ino)
        return partial

    monkeypatch.setattr(fetch, "_download", download_and_look)
    assert [fetch.fetch(at_url).stat().st_ino] == inodes  # moved, and not copied


FETCH_IN_A_PROCESS = """
import sys
from pathlib import Path
from nlp_helpers.data import fetch, sources
fetch.DATA_DIR = Path(sys.argv[1])
print(fetch._sha256(fetch.fetch(sources.RemoteFile(*sys.argv[2:]))))
"""


def test_two_processes_at_once_never_see_half_a_file(at_url, server, data_dir):
    server.behaviours = ["slow", "slow"]
    command = [sys.executable, "-c", FETCH_IN_A_PROCESS, data_dir]
    both = [
        subprocess.Popen(
            [*command, *dataclasses.astuple(at_url)],
            cwd=NOTEBOOKS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    path = data_dir / at_url.path
    while any(process.poll() is None for process in both):
        assert not path.exists() or path.read_bytes() == WHOLE
    for process in both:
        output, errors = process.communicate()
        assert output.strip() == at_url.sha256, errors
    assert files_in_data() == [FILE_NAME]


# A file of an archive

MEMBERS = {"plays/_about.txt": "Plays.", "plays/play.md": "Speak.", "code.py": "No."}


@pytest.fixture
def member(server, data_dir):
    """Return a file that is a member of the archive that the server has."""
    server.content = zip_of(MEMBERS)
    return RemoteFile(
        path="plays/play.md",
        sha256=hashlib.sha256(b"Speak.").hexdigest(),
        address=f"{server.address}/files/plays.zip",
    )


def test_of_an_archive_only_the_file_itself_is_kept(member):
    assert fetch.fetch(member).read_text("utf-8") == "Speak."
    assert files_in_data() == ["play.md", "plays"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (zip_of(MEMBERS)[:50], "not a zip file"),
        (b"<html>Not found</html>", "not a zip file"),
        (zip_of(MEMBERS).replace(b"Speak", b"Speck"), "Bad CRC-32"),
        (zip_of({"plays/a-play.md": "Speak."}), "no item named 'plays/play.md'"),
        (zip_of({"plays/play.md": "Hear me."}), "another SHA-256"),
    ],
    ids=["cut", "web page", "altered", "without it", "another file"],
)
def test_an_archive_without_the_right_file(member, server, content, problem):
    server.content = content
    assert problem in refusal(member)
    assert files_in_data() == ["plays"]


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_read_archive_reads_the_members_that_fit(tmp_path, pack):
    path = tmp_path / "archive"
    path.write_bytes(pack(MEMBERS))
    fitting = {"plays/_about.txt": b"Plays.", "plays/play.md": b"Speak."}
    assert fetch.read_archive(path, "plays/*") == fitting
    assert fetch.read_archive(io.BytesIO(path.read_bytes()), "plays/*") == fitting
    with pytest.raises(DataError, match=r"no file like 'acts/\*\.md'"):
        fetch.read_archive(path, "acts/*.md")


# The command


def run_command(monkeypatch, *arguments):
    """Run `python -m nlp_helpers.data` in this process."""
    monkeypatch.setattr(sys, "argv", ["__main__.py", *arguments])
    runpy.run_module("nlp_helpers.data", run_name="__main__", alter_sys=False)


def test_the_command_fetches_every_file_of_an_edition(
    at_url, in_index, monkeypatch, capsys
):
    other = dataclasses.replace(at_url, path="other.whl")
    monkeypatch.setattr(sources, "ALL", (in_index, other))
    run_command(monkeypatch, "original")
    assert capsys.readouterr().out == "data/other.whl: verified\n"
    assert files_in_data() == ["other.whl"]


def test_the_packaged_edition_is_verified(monkeypatch, capsys):
    run_command(monkeypatch, "packaged")
    assert capsys.readouterr().out.splitlines() == [
        f"data/{remote_file.path}: verified"
        for remote_file in sources.ALL
        if remote_file.edition == "packaged"
    ]


def test_the_command_says_which_editions_there_are(monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        run_command(monkeypatch, "orginal")
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert "python -m nlp_helpers.data [-h] {packaged,original}" in errors
    assert "'orginal'" in errors


def test_the_command_says_what_could_not_be_fetched(
    at_url, server, monkeypatch, capsys
):
    monkeypatch.setattr(sources, "ALL", (at_url,))
    server.close()
    with pytest.raises(SystemExit) as ended:
        run_command(monkeypatch, "original")
    assert f"data/{at_url.path} could not be fetched: " in ended.value.code
    assert "verified" not in capsys.readouterr().out
