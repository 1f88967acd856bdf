"""The live figures as the site gets them: below their chapters, and on one page."""

import re
from dataclasses import replace

import pytest

from docs import live

FIGURE = re.compile(r'<figure class="live" data-live="(\w+)"')
SCRIPT = re.compile(r'<script defer src="(.+?)"></script>')


def test_a_chapter_gets_its_figure_before_its_questions(chapter):
    before = [cell.source for cell in chapter.notebook.cells]
    live.add_to_chapter(chapter.notebook, chapter)
    added, *after = chapter.notebook.cells[2:]
    assert before == [c.source for c in [*chapter.notebook.cells[:2], *after]]
    assert after[0].source == "## Exercises"
    assert added.source.startswith("## Try it yourself\n")
    assert FIGURE.findall(added.source) == ["writing"]


def test_a_chapter_without_a_figure_stays_as_it_is(chapter):
    before = chapter.notebook.copy()
    live.add_to_chapter(chapter.notebook, replace(chapter, number="02"))
    assert chapter.notebook == before


def test_each_script_is_there_once_and_after_what_it_needs():
    figures = {name: live.weights_of(name) for name in live.FIGURES}
    paths = SCRIPT.findall(live.scripts(figures, "../"))
    assert len(paths) == len(set(paths))
    files = [path.removeprefix("../_static/live/") for path in paths]
    assert files[:2] == ["base.js", "layers.js"]
    assert all((live.LIVE / file).exists() for file in files)
    last_weights = max(k for k, f in enumerate(files) if f.startswith("weights/"))
    assert files.index("writing.js") > last_weights


def test_a_figure_shows_an_example_without_scripts(monkeypatch):
    example = {"prompt": "A <b>\n\n", "written": "goes on & on"}
    monkeypatch.setattr(live, "read", lambda stored: {"example": example})
    figure = live.figure("writing", ("01_char_rnn",))
    assert (
        "A &lt;b>\n\n</span>goes on &amp; on</div>".replace(">\n", "&gt;\n") in figure
    )


def test_the_page_has_every_figure_and_the_scripts():
    page = (live.LIVE.parent / "try.md").read_text("utf-8")
    asked = re.findall(r"<!-- generated: ([a-z-]+) -->", page)
    assert sorted(asked) == sorted(live.parts())
    assert asked[-1] == "live-scripts"


@pytest.mark.parametrize("path", sorted((live.LIVE / "weights").glob("*.js")))
def test_stored_weights_are_used_somewhere(path):
    used = [
        names for figures in live.IN_CHAPTERS.values() for names in figures.values()
    ]
    assert path.stem in {name for names in used for name in names}


def test_all_weights_together_are_small():
    sizes = [path.stat().st_size for path in (live.LIVE / "weights").glob("*.js")]
    assert sizes
    assert sum(sizes) <= 4_000_000
