"""Two chapters as Colab runs them: an empty folder, and a host's own packages.

They need minutes and the package index, so `make test` leaves them out:
.venv-current/bin/python -m pytest tests/hosted
"""

import os
import subprocess
import sys

import pytest
from nlp_helpers import settings

from tools import hosted
from tools.chapters import ROOT

# What a host brings: TensorFlow, Jupyter's kernel and little else.
OF_THE_HOST = ("tensorflow", "ipykernel", "nbclient", "matplotlib")
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=1200, kernel_name="python3").execute()
print(notebook.cells[0].outputs[-1].text)
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """Return the Python of an environment in which only a host's packages are."""
    folder = tmp_path_factory.mktemp("host")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    packages = [hosted.pinned(package) for package in OF_THE_HOST]
    install = [python, "-m", "pip", "install", "--quiet", *packages]
    subprocess.run(install, check=True)
    return python


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """Write the notebooks for Colab, from this very repository."""
    folder = tmp_path_factory.mktemp("notebooks")
    write = [sys.executable, "docs/colab.py", "--repository", f"file://{ROOT}"]
    subprocess.run([*write, "--folder", folder], cwd=ROOT, check=True)
    return folder


@pytest.mark.skipif(settings.line() != "current", reason="hosts have Keras 3")
@pytest.mark.parametrize("name", ["01_char_rnn", "03_sentiment_analysis"])
def test_a_chapter_runs_where_nothing_of_the_course_is(host, notebooks, tmp_path, name):
    of_this_run = ("PYTHON", "NLP_", "JUPYTER", "PYTEST", "TF_", "VIRTUAL_ENV")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(of_this_run)}
    done = subprocess.run(
        [host, "-c", EXECUTE, notebooks / f"{name}.ipynb"],
        cwd=tmp_path,
        env=inherited | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    assert "Ready, with TensorFlow" in done.stdout
    assert (tmp_path / "sequence-models" / "notebooks").is_dir()
