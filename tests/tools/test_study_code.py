"""The hash of a study's code: what changes it, and what does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools import chapters, study_code

CELLS = [
    '''"""Set up."""
from nlp_helpers import course, figures, windows as w
from nlp_helpers.metrics import bleu as score
import nlp_helpers.data.corpus
import numpy as np

course.begin("07")''',
    '''def train(*, seed, n_updates, folder, size):
    """Train."""  # and return
    text = nlp_helpers.data.corpus.load()
    figures.draw(text)
    return score(w.shuffled(np.array(text)), size)''',
    """study(
    "07/x", train, arms={"a": {"size": 1}}, seeds=range(5), tiny=2, n_updates=9
)""",
]
FILES = {
    "__init__.py": "",
    "course.py": "def begin(chapter): return 1",
    "figures.py": "def draw(text): return 1",
    "windows.py": '''"""Windows."""
from . import pieces
from .pieces import LENGTH as N

def shuffled(text):
    """Shuffle."""
    return pieces.cut(text, N)

def unused(text): return 1
''',
    "pieces.py": '''LENGTH = 3

class Piece:
    """A piece."""
    size = 1

def cut(text, length): return Piece, SEEN
def unused(text): return 1

SEEN = []
SEEN[:] = [1]
''',
    "metrics.py": "from nlp_helpers.scores import bleu\n",
    "scores.py": """import re
import nlp_helpers.tables as tables

def bleu(text, size):
    from nlp_helpers.late import weight
    return tables, weight, re.escape(text)
""",
    "late.py": "weight = 1\nother = 1\n",
    "tables.py": "ANY = 1\n",
    "data/__init__.py": "",
    "data/corpus.py": """from nlp_helpers.data.fetch import fetch

def load(): return fetch(1)
""",
    "data/fetch.py": "def fetch(x): return 1",
}


@pytest.fixture
def hash_with(tmp_path):
    """Return a function that gives the hash after replacements, each in one file.

    A cell is named by its number.
    """

    def changed(*replacements):
        cells, files = list(CELLS), dict(FILES)
        for name, old, new in replacements:
            texts = cells if isinstance(name, int) else files
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new)
        for name, text in files.items():
            path = tmp_path / "nlp_helpers" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return study_code.code_hash(cells, tmp_path)

    return changed


@pytest.mark.parametrize(
    "change",
    [
        (0, '"07"', '"08"'),
        (1, "return score", "return -score"),
        (1, "n_updates, folder", "folder, n_updates"),
        (2, '"size": 1', '"size": 2'),
        (2, '"a"', '"b"'),
        (2, "n_updates=9", "n_updates=8"),
        (0, "import numpy as np", "import jax.numpy as np"),
        (0, "metrics import bleu", "late import other"),
        ("windows.py", "pieces.cut(text, N)", "pieces.cut(text, 4)"),
        ("windows.py", "import LENGTH as N", "import SEEN as N"),
        ("pieces.py", "LENGTH = 3", "LENGTH = 4"),
        ("pieces.py", "size = 1", "size = True"),
        ("pieces.py", "SEEN = []", "SEEN = [2]"),
        ("pieces.py", "SEEN[:] = [1]", "SEEN[:] = [2]"),
        ("metrics.py", "nlp_helpers.scores", "nlp_helpers.late"),
        ("scores.py", "re.escape(text)", "text"),
        ("scores.py", "import re", "import regex as re"),
        ("late.py", "weight = 1", "weight = 1.0"),
        ("tables.py", "ANY = 1", "ANY = 2"),
        ("data/corpus.py", "fetch(1)", "fetch(2)"),
        ("data/__init__.py", "", "print(1)"),
    ],
    ids=str,
)
def test_stale_code_is_found(hash_with, change):
    assert hash_with(change) != hash_with()


@pytest.mark.parametrize(
    "change",
    [
        (0, '"""Set up."""\n', ""),
        (0, "import numpy as np", "import numpy as np\nimport json, matplotlib"),
        (1, '"""Train."""  # and return', '"""Train a model."""'),
        (
            1,
            "score(w.shuffled(np.array(text)), size)",
            "(score(w.shuffled(\n        np.array(text)), size))",
        ),
        (2, "range(5)", "[0, 1, 2, 3, 4, 5]"),
        (2, "tiny=2", 'tiny=3, unit="x"'),
        (2, '"a"', "'a'"),
        ("windows.py", '"""Windows."""', '"""Other windows."""  # of text'),
        ("windows.py", "def unused(text): return 1", "def unused(text): return 2"),
        ("windows.py", '"""Shuffle."""', '"""Shuffle well."""'),
        ("pieces.py", '"""A piece."""', '"""One piece."""'),
        ("pieces.py", "def unused(text): return 1", ""),
        ("late.py", "other = 1", "other = 2"),
        ("data/fetch.py", "return 1", "return 2"),
        ("figures.py", "return 1", "return 2"),
        ("course.py", "return 1", "return 2"),
    ],
    ids=str,
)
def test_what_is_no_code_or_is_not_reached_does_not_count(hash_with, change):
    assert hash_with(change) == hash_with()


def test_cells_may_be_cut_in_other_places(hash_with, tmp_path):
    whole = hash_with()
    assert study_code.code_hash(["\n".join(CELLS)], tmp_path) == whole
    assert study_code.code_hash(CELLS[::-1], tmp_path) != whole


def test_a_module_as_an_object_counts_whole(hash_with):
    bare = (1, "w.shuffled(", "print(w, ")
    unused = ("windows.py", "unused(text): return 1", "unused(text): return 2")
    assert hash_with(bare, unused) != hash_with(bare)
    star = ("scores.py", "import re", "from nlp_helpers.late import *\nimport re")
    other = ("late.py", "other = 1", "other = 2")
    assert hash_with(star, other) != hash_with(star)


def test_what_is_left_out_exists():
    for name in study_code.LEFT_OUT - {"nlp_helpers.claims"}:
        assert (chapters.NOTEBOOKS / f"{name.replace('.', '/')}.py").exists(), name


def test_calls_are_found_with_their_names():
    source = 'a = study("07/x", f)\nclaims.study(name="07/y")\nf(study)\nstudy(NAME)'
    calls = study_code.study_calls(source)
    assert {study_code.name_of(call) for call in calls} == {"07/x", "07/y", None}


# Other versions of Python

HASHES = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tools import study_code
sources = json.loads(sys.stdin.read())
print([study_code.code_hash([s], Path(sys.argv[1], "notebooks")) for s in sources])
"""
TRICKY = 'f"{a:{b}}{c!r:>{w}.3f}{d=}" f"" u"e"; x = rb"\\0", 1e400, 1j, ..., "\\u0378"'


def hashes_by(python, sources):
    done = subprocess.run(
        [python, "-W", "ignore", "-c", HASHES, str(chapters.ROOT)],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_other_versions_of_python_have_the_same_hash(version):
    pythons = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    found = next(pythons, None)
    if found is None:
        pytest.skip(f"Python {version} is not installed below ~/.pyenv")
    modules = (chapters.NOTEBOOKS / "nlp_helpers").rglob("*.py")
    cells = chapters.read_all(["08"])[0].code_cells
    sources = ["\n".join(cell.source for cell in cells), TRICKY]
    sources += [path.read_text("utf-8") for path in sorted(modules)]
    assert hashes_by(found, sources) == hashes_by(sys.executable, sources)
