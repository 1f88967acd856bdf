import os
from pathlib import Path

from tools import isolation


def test_kernels_get_empty_folders_and_none_of_a_readers_settings(
    monkeypatch, tmp_path
):
    folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")
    for name in (*folders, *isolation.LEFT_OUT):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("HOME", os.devnull)
    isolation.isolate()
    for name in folders:
        assert Path(os.environ[name]) != tmp_path
        assert not Path(os.environ[name]).exists()
        Path(os.environ[name]).mkdir()  # it can be made, whatever the home is
    assert not set(isolation.LEFT_OUT) & set(os.environ)
