"""The chapters as files: which there are, their cells, and what their outputs claim."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
NAMES = (  # whatever else is in the folder is a reader's own
    "01_char_rnn",
    "02_stateful_rnn",
    "03_sentiment_analysis",
    "04_pretrained_embeddings",
    "05_encoder_decoder",
    "06_beam_search",
    "07_attention",
    "08_transformer",
    "09_gpt",
    "10_pretraining",
    "11_scaling_out",
)
START_HERE = "start_here"  # the notebook that lists them, which `make lab` writes


@dataclass(frozen=True)
class Chapter:
    """A chapter: its number, such as "01", its file, and the notebook in it."""

    number: str
    path: Path
    notebook: nbformat.NotebookNode

    @property
    def prose(self):
        """The sources of the Markdown cells, in order."""
        cells = self.notebook.cells
        return [cell.source for cell in cells if cell.cell_type == "markdown"]

    @property
    def code_cells(self):
        """The code cells, in order."""
        return code_cells(self.notebook)

    @property
    def title(self):
        """The title with its number, such as "7. Attention"."""
        return re.match(r"# (.+)", self.prose[0])[1]

    @property
    def description(self):
        """What the chapter is about, in a line; empty if it does not say."""
        return self.notebook.metadata.get("description", "")

    @property
    def seconds(self):
        """Seconds that the stored run took; 0 if none is stored."""
        return sum(self.notebook.metadata.get("cell_seconds", []))


def read_all(numbers=()):
    """Return the chapters with the given numbers, or all, in order.

    Args:
        numbers: such as "01" or "1".

    Raises:
        SystemExit: there is no such chapter.
    """
    paths = {name[:2]: NOTEBOOKS / f"{name}.ipynb" for name in NAMES}
    wanted = [number.zfill(2) for number in numbers] or list(paths)
    if unknown := [number for number in wanted if number not in paths]:
        raise SystemExit(
            f"There is no chapter {', '.join(unknown)}. Choose from {', '.join(paths)}."
        )
    return [Chapter(n, paths[n], nbformat.read(paths[n], as_version=4)) for n in wanted]


def readers_own():
    """Return the names of the notebooks in the folder that are not of the course."""
    found = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    return [name for name in found if name not in (*NAMES, START_HERE)]


def code_cells(notebook):
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def claims(notebook):
    """Return the claims, as dicts, that a run stored in the outputs of a notebook."""
    return [
        dict(output.metadata["claim"])
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "claim" in output.get("metadata", {})
    ]


def code_hash(notebook):
    """Return a hash of the code of a notebook, which `make refresh` stores in it."""
    code = "\0".join(cell.source for cell in code_cells(notebook))
    return hashlib.sha256(code.encode()).hexdigest()


def without_blank_streams(outputs):
    """Drop streams that show nothing: a progress bar that wiped itself.

    Args:
        outputs: of a cell, the streams of each name merged into one.
    """
    return [
        output
        for output in outputs
        if output["output_type"] != "stream" or output["text"].strip()
    ]


def write(path, content):
    """Write a text file in one step: whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(content, encoding="utf-8", newline="\n")
    partial.replace(path)
