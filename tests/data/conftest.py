"""What the tests of all the corpora share."""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from nlp_helpers.data import fetch, sources


@pytest.fixture
def data_dir(monkeypatch, tmp_path):
    """Let `data/` be an empty folder, and a failed download not be repeated."""
    monkeypatch.setattr(fetch, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(fetch, "ATTEMPTS", 1)
    fetch.DATA_DIR.mkdir()
    return fetch.DATA_DIR


@pytest.fixture
def put(data_dir, monkeypatch):
    """Return a function that puts other content in the place of a pinned file."""

    def put(name, content):
        sha256 = hashlib.sha256(content).hexdigest()
        remote_file = dataclasses.replace(getattr(sources, name), sha256=sha256)
        monkeypatch.setattr(sources, name, remote_file)
        path = data_dir / remote_file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return put


@pytest.fixture
def read_only_data(data_dir, monkeypatch):
    """Return a context manager in which `data/` is a copy that may not be written."""
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows has other permissions")

    @contextlib.contextmanager
    def read_only():
        # Pytest's own temporary folder may be closed to the user we become below.
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(data_dir, Path(folder, "data"))
            monkeypatch.setattr(fetch, "DATA_DIR", Path(folder, "data"))
            everything = [Path(folder), *Path(folder).rglob("*")]
            for path in everything:
                path.chmod(0o555 if path.is_dir() else 0o444)
            user = os.geteuid()
            if user == 0:
                os.seteuid(65534)  # root may write everywhere
            try:
                yield fetch.DATA_DIR
            finally:
                os.seteuid(user)
                for path in everything:
                    path.chmod(0o755)
            assert [Path(folder), *Path(folder).rglob("*")] == everything

    return read_only
