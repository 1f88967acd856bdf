"""One look for all the figures, and saving them with a text for those who cannot see.

Colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import display

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_ROOT = Path(__file__).resolve().parents[2]

plt.rcParams.update(
    {
        "axes.prop_cycle": plt.cycler(
            color=COLOURS, linestyle=["-", "--", "-.", ":", "-", "--", "-."]
        ),
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.figsize": (7, 3.2),
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "grid.alpha": 0.3,
        "lines.linewidth": 2,
        "savefig.dpi": 110,
        "figure.dpi": 110,
    }
)


def save_fig(fig_id, *, alt):
    """Save the current figure, show it with its alternative text, and close it.

    The picture goes to `images/<fig_id>.png`, or below the folder that `NLP_IMAGES`
    names, so that a test run does not touch the pictures of the repository.

    Args:
        fig_id: chapter and name, such as "01/temperature".
        alt: what the figure shows, in a sentence or two, for readers who do not see it.

    Raises:
        ValueError: the alternative text is missing, or fig_id is not like "01/name".
    """
    folder, _, name = fig_id.partition("/")
    if not folder or not name or "/" in name or ".." in fig_id:
        raise ValueError(f"fig_id={fig_id!r} must be like '01/temperature'.")
    if len(alt.split()) < 5:
        raise ValueError(f"alt={alt!r} must say what the figure shows, in a sentence.")
    figure = plt.gcf()
    path = Path(os.environ.get("NLP_IMAGES") or _ROOT / "images") / f"{fig_id}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the default metadata, the same picture gives the same file.
    figure.savefig(path, metadata={"Software": None})
    if get_ipython() is not None:
        display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


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
