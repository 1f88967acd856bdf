"""Figures: one look for all, and saving them with an alternative text."""

import base64
import os
import re
from pathlib import Path

import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import display

from nlp_helpers.data import fonts

if (shell := get_ipython()) is not None:
    # A notebook shows its own pictures, whatever MPLBACKEND names for other programs.
    shell.run_line_magic("matplotlib", "inline")
# The default look first: a reader's own matplotlibrc is for other work.
plt.style.use(["default", Path(__file__).with_name("course.mplstyle")])
COLOURS = tuple(plt.rcParams["axes.prop_cycle"].by_key()["color"])
ROOT = Path(__file__).resolve().parents[2]


def save_fig(fig_id, *, alt):
    """Save the current figure, show it with its alternative text, and close it.

    The picture goes to `build/images/<fig_id>.png`, or below the folder that
    `NLP_IMAGES` names: only `make refresh` changes the pictures of the repository.

    Args:
        fig_id: chapter and name, such as "01/temperature".
        alt: what the figure shows, in a sentence or two, for readers who do not see it.

    Raises:
        ValueError: the alternative text is missing, or fig_id is not like "01/name".
    """
    chapter, _, name = fig_id.partition("/")
    if not chapter or not name or "/" in name or ".." in fig_id:
        raise ValueError(f"fig_id={fig_id!r} must be like '01/temperature'.")
    if len(alt.split()) < 5:
        raise ValueError(f"alt={alt!r} must say what the figure shows, in a sentence.")
    figure = plt.gcf()
    folder = Path(os.environ.get("NLP_IMAGES") or ROOT / "build" / "images")
    path = folder / f"{fig_id}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the default metadata, the same picture gives the same file.
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
    if get_ipython() is not None:
        png = base64.b64encode(path.read_bytes()).decode()
        shown = {"image/png": png, "text/plain": alt}
        display(shown, raw=True, metadata={"image/png": {"alt": alt}})


def bars(labels, values, *, ylabel, ax=None, colour=COLOURS[0]):
    """Draw a bar for each label, and return the axes.

    Args:
        labels: what stands under the bars; invisible characters are made visible.
        values: the heights, one a label.
        ylabel: what the height means, with its unit.
        ax: axes to draw on; None draws on the current ones.
        colour: colour of the bars.
    """
    ax = ax or plt.gca()
    visible = [{" ": "␣", "\n": "⏎"}.get(label, label) for label in labels]
    ax.bar(range(len(values)), values, color=colour)
    ax.set_xticks(range(len(values)), visible)
    ax.set_ylabel(ylabel)
    ax.grid(visible=False, axis="x")
    return ax


def heat_map(weights, *, read, written, ax=None, colour_bar=True):
    """Draw attention weights as a map, dark where they are large; return the axes.

    Hangul is drawn as it is: the font that has it is fetched if there is any.

    Args:
        weights: numbers from 0 to 1, `[len(written), len(read)]`.
        read: the words that were attended to, which stand below.
        written: the words that attended to them, which stand on the left.
        ax: axes to draw on; None draws on the current ones.
        colour_bar: draw the scale of the colours beside the map.

    Raises:
        DataError: there is Hangul, and its font cannot be fetched.
    """
    ax = ax or plt.gca()
    image = ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    if colour_bar:
        plt.colorbar(image, ax=ax, label="attention weight", fraction=0.04)
    ax.set_xticks(range(len(read)), read, rotation=60, ha="right")
    ax.set_yticks(range(len(written)), written)
    ax.set(xlabel="read", ylabel="written")
    ax.grid(visible=False)
    if re.search("[가-힣]", " ".join([*read, *written])):
        font = fonts.korean()
        for label in [*ax.get_xticklabels(), *ax.get_yticklabels()]:
            label.set_font(font)
    return ax
