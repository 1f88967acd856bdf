import matplotlib as mpl
import pytest

mpl.use("agg")

import base64
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from nlp_helpers import figures
from PIL import Image

ALT = "A line that goes up from zero to two."


@pytest.fixture(autouse=True)
def images(monkeypatch, tmp_path):
    monkeypatch.setenv("NLP_IMAGES", str(tmp_path / "images"))
    yield tmp_path / "images"
    plt.close("all")


def draw_a_line():
    figure, ax = plt.subplots()
    ax.plot([0, 1, 2], label="loss")
    return figure


def test_save_fig_writes_below_the_named_folder_and_closes_the_figure(images):
    figure = draw_a_line()
    figures.save_fig("01/line", alt=ALT)
    assert [*images.rglob("*.png")] == [images / "01" / "line.png"]
    assert not plt.fignum_exists(figure.number)


def test_without_a_named_folder_no_picture_of_the_repository_changes(
    monkeypatch, tmp_path
):
    monkeypatch.delenv("NLP_IMAGES")
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    draw_a_line()
    figures.save_fig("01/line", alt=ALT)
    assert not (tmp_path / "images").exists()
    assert (tmp_path / "build" / "images" / "01" / "line.png").is_file()


def test_the_same_figure_gives_the_same_bytes_without_software_and_date(images):
    for name in ("once", "twice"):
        draw_a_line()
        figures.save_fig(f"01/{name}", alt=ALT)
    once, twice = images / "01" / "once.png", images / "01" / "twice.png"
    assert once.read_bytes() == twice.read_bytes()
    with Image.open(once) as picture:
        assert set(picture.info) <= {"dpi"}


IN_A_NOTEBOOK = f"""
from nlp_helpers import figures
import matplotlib.pyplot as plt
plt.plot([0, 1, 2])
figures.save_fig("01/line", alt={ALT!r})
"""


@pytest.mark.parametrize("backend", ["", "tkagg"])
def test_a_notebook_shows_the_picture_whatever_a_reader_has_set(
    images, monkeypatch, tmp_path, backend
):
    profile = tmp_path / "profile_default"
    profile.mkdir()
    svg = "c.InlineBackend.figure_formats = {'svg'}"
    (profile / "ipython_kernel_config.py").write_text(f"c = get_config()\n{svg}\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(figures.__file__).parents[1]))
    if backend:
        monkeypatch.setenv("MPLBACKEND", backend)
    else:
        monkeypatch.delenv("MPLBACKEND", raising=False)
    their_own = "plt.plot([2, 1, 0]);"
    notebook = new_notebook(cells=[*map(new_code_cell, [IN_A_NOTEBOOK, their_own])])
    NotebookClient(notebook, kernel_name="python3").execute()
    [shown], [own] = (cell.outputs for cell in notebook.cells)
    assert "image/svg+xml" in own.data  # as their profile wants it
    assert set(shown.data) == {"image/png", "text/plain"}
    assert shown.data["text/plain"] == ALT
    assert shown.metadata["image/png"]["alt"] == ALT
    saved = (images / "01" / "line.png").read_bytes()
    assert base64.b64decode(shown.data["image/png"]) == saved


@pytest.mark.parametrize("alt", ["", "   ", "a line up"])
def test_a_missing_or_short_alternative_text_is_refused(images, alt):
    draw_a_line()
    with pytest.raises(ValueError, match="must say what the figure shows") as caught:
        figures.save_fig("01/line", alt=alt)
    assert f"alt={alt!r}" in str(caught.value)
    assert not images.exists()


@pytest.mark.parametrize(
    "fig_id", ["line", "", "/line", "01/", "01/a/b", "../line", "01/..", "..", "/01/x"]
)
def test_a_bad_figure_id_is_refused(images, fig_id):
    draw_a_line()
    with pytest.raises(ValueError, match="must be like '01/temperature'") as caught:
        figures.save_fig(fig_id, alt=ALT)
    assert f"fig_id={fig_id!r}" in str(caught.value)
    assert not images.exists()


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_bars_make_space_and_newline_visible():
    ax = figures.bars(["a", " ", "\n", "b"], [3, 2, 1, 0.5], ylabel="share")
    assert labels(ax.xaxis) == ["a", "␣", "⏎", "b"]
    assert [bar.get_height() for bar in ax.patches] == [3, 2, 1, 0.5]
    assert ax.get_ylabel() == "share"


def test_a_heat_map_has_a_row_for_each_word_written_and_is_dark_where_weights_are():
    weights = np.array([[0.1, 0.9, 0.0], [0.3, 0.2, 0.5]])
    ax = figures.heat_map(weights, read=[*"abc"], written=[*"xy"])
    assert (labels(ax.xaxis), labels(ax.yaxis)) == ([*"abc"], [*"xy"])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("read", "written")
    [image] = ax.images
    brightness = image.to_rgba(image.get_array())[:, :, :3].sum(axis=-1)
    assert brightness.shape == weights.shape
    np.testing.assert_array_equal(
        np.argsort(brightness, axis=None), np.argsort(-weights, axis=None)
    )


def test_a_heat_map_has_a_scale_of_colours_if_asked():
    figure, (with_bar, without) = plt.subplots(1, 2)
    figures.heat_map([[1]], read=["a"], written=["x"], ax=with_bar)
    figures.heat_map([[1]], read=["a"], written=["x"], ax=without, colour_bar=False)
    assert len(figure.axes) == 3
    assert figure.axes[2].get_ylabel() == "attention weight"


def test_hangul_is_drawn_as_hangul(recwarn):
    figures.heat_map([[0, 1]], read=["the", "girl"], written=["소녀가"])
    plt.gcf().canvas.draw()
    assert not [w for w in recwarn if "missing from" in str(w.message)]


def test_the_colours_of_two_heat_maps_can_be_compared():
    _, axes = plt.subplots(1, 2)
    for ax, weights in zip(axes, ([[0.5, 0.5]], [[0.5, 0.1]]), strict=True):
        figures.heat_map(weights, read=[*"ab"], written=["x"], ax=ax)
    left, right = (ax.images[0].to_rgba(0.5) for ax in axes)
    assert left == right


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: figures.bars(["a"], [1], ylabel="share", ax=ax),
        lambda ax: figures.heat_map([[1]], read=["a"], written=["x"], ax=ax),
    ],
    ids=["bars", "heat_map"],
)
def test_charts_are_drawn_on_the_axes_they_are_given(draw):
    _, (left, right) = plt.subplots(1, 2)
    assert draw(left) is left
    assert left.has_data()
    assert not right.has_data()


def test_colours_and_dashes_tell_lines_apart():
    styles = [(d["color"], d["linestyle"]) for d in plt.rcParams["axes.prop_cycle"]]
    assert len(set(styles)) == len(styles) == len(figures.COLOURS)
