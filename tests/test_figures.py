import matplotlib as mpl
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt
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
    ax.legend()
    return figure


def test_save_fig_writes_below_the_named_folder_and_closes_the_figure(images):
    figure = draw_a_line()
    figures.save_fig("01/line", alt=ALT)
    assert [p.relative_to(images).as_posix() for p in images.rglob("*.png")] == [
        "01/line.png"
    ]
    assert not plt.fignum_exists(figure.number)


def test_without_a_named_folder_pictures_go_to_the_repository(monkeypatch, tmp_path):
    monkeypatch.delenv("NLP_IMAGES")
    monkeypatch.setattr(figures, "_ROOT", tmp_path)
    draw_a_line()
    figures.save_fig("01/line", alt=ALT)
    assert (tmp_path / "images" / "01" / "line.png").is_file()


def test_the_same_figure_gives_the_same_bytes(images):
    for name in ("once", "twice"):
        draw_a_line()
        figures.save_fig(f"01/{name}", alt=ALT)
    once, twice = ((images / f"01/{n}.png").read_bytes() for n in ("once", "twice"))
    assert once == twice


def test_pictures_tell_neither_the_software_nor_the_date(images):
    draw_a_line()
    figures.save_fig("01/line", alt=ALT)
    with Image.open(images / "01" / "line.png") as picture:
        assert set(picture.info) <= {"dpi"}
        assert picture.width > 500


def test_the_alternative_text_goes_into_the_output(monkeypatch):
    displayed = []
    monkeypatch.setattr(figures, "get_ipython", object)
    monkeypatch.setattr(
        figures, "display", lambda *data, **options: displayed.append((data, options))
    )
    figure = draw_a_line()
    figures.save_fig("01/line", alt=ALT)
    assert displayed == [((figure,), {"metadata": {"image/png": {"alt": ALT}}})]


@pytest.mark.parametrize("alt", ["", "   ", "a line", "a line up"])
def test_a_missing_or_short_alternative_text_is_refused(images, alt):
    draw_a_line()
    with pytest.raises(ValueError, match="must say what the figure shows") as caught:
        figures.save_fig("01/line", alt=alt)
    assert f"alt={alt!r}" in str(caught.value)
    assert not images.exists()


def test_the_alternative_text_cannot_be_forgotten():
    with pytest.raises(TypeError, match="alt"):
        figures.save_fig("01/line")


@pytest.mark.parametrize(
    "fig_id", ["line", "", "/line", "01/", "01/a/b", "../line", "01/..", "..", "/01/x"]
)
def test_a_bad_figure_id_is_refused(images, fig_id):
    draw_a_line()
    with pytest.raises(ValueError, match="must be like '01/temperature'") as caught:
        figures.save_fig(fig_id, alt=ALT)
    assert f"fig_id={fig_id!r}" in str(caught.value)
    assert not images.exists()


def test_bars_make_space_and_newline_visible():
    ax = figures.bars(["a", " ", "\n", "b"], [3, 2, 1, 0.5], ylabel="share")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "␣", "⏎", "b"]
    assert [bar.get_height() for bar in ax.patches] == [3, 2, 1, 0.5]
    assert ax.get_ylabel() == "share"


def test_bars_draw_on_the_axes_they_are_given():
    _, (left, right) = plt.subplots(1, 2)
    assert figures.bars(["a"], [1], ylabel="share", ax=left) is left
    assert (len(left.patches), len(right.patches)) == (1, 0)


def test_colours_and_dashes_tell_lines_apart():
    styles = [(d["color"], d["linestyle"]) for d in plt.rcParams["axes.prop_cycle"]]
    assert len(set(styles)) == len(styles) == len(figures.COLOURS)
