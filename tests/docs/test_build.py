"""What the site is built from."""

import runpy
import shutil

import nbformat
import pytest

from docs import build, repository, studies
from tools import chapters


@pytest.fixture
def course(tmp_path, monkeypatch, chapter, rows):
    """Return a folder with a course of one chapter, which the build gathers from."""
    root = build.ROOT
    for name in ("ROOT", "BUILD", "SOURCE", "TARGET"):
        path = tmp_path / getattr(build, name).relative_to(root)
        monkeypatch.setattr(build, name, path)
    texts = {
        "docs/index.md": "# Home\n\n<!-- generated: cards -->\n",
        "docs/glossary.md": "# Glossary\n\n```{glossary}\nRNN\n  A network.\n```\n",
        "docs/bibliography.md": "# Bibliography\n",
        "docs/slides/course/index.html.j2": "a template",
        "deploy/worker.py": "a worker",
        "build/deploy/gone.py": "left from before",
        "data/README.md": "# Data\n\nPost (2018)\n",
        "images/a.png": "stored",
        "build/executed/images/a.png": "of run",
        "build/html-source/notebooks/09_gone.ipynb": "left from before",
        "build/html/gone.html": "left from before",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    stored = tmp_path / chapter.path
    stored.parent.mkdir()
    nbformat.write(chapter.notebook, stored)
    executed = tmp_path / "build" / "executed" / stored.name
    executed.write_text(stored.read_text("utf-8").replace("1 + 1", "of run"))
    read = chapters.Chapter("01", stored, chapter.notebook)
    monkeypatch.setattr(build.chapters, "read_all", lambda: [read])
    monkeypatch.setattr(build.results_tables, "load", lambda: rows)
    return tmp_path


@pytest.mark.parametrize("executed", [False, True])
def test_pages_chapters_and_pictures_are_gathered(course, executed):
    build.gather(executed)
    gathered = {
        path.relative_to(build.SOURCE).as_posix(): path.read_text("utf-8")
        for path in build.SOURCE.rglob("*")
        if path.is_file()
    }
    assert sorted(gathered) == [
        "bibliography.md",
        "data.md",
        "downloads/01_first.ipynb",
        "glossary.md",
        "images/a.png",
        "index.md",
        "notebooks/01_first.ipynb",
    ]
    assert not build.TARGET.exists()
    assert (build.SOURCE / studies.PICTURES).is_dir()
    assert [path.name for path in (course / "build/deploy").iterdir()] == ["worker.py"]
    origin = course / "build/executed" if executed else course / "notebooks"
    download = (origin / "01_first.ipynb").read_text("utf-8")
    assert gathered["downloads/01_first.ipynb"] == download
    assert gathered["images/a.png"] == ("of run" if executed else "stored")
    assert ("of run" in gathered["notebooks/01_first.ipynb"]) == executed
    assert ":::{container} chapter-bar" in gathered["notebooks/01_first.ipynb"]
    assert "[1. First](notebooks/01_first.ipynb)" in gathered["index.md"]
    assert "[Post (2018)](#post2018)" in gathered["data.md"]
    assert "Cited in [](data.md)." in gathered["bibliography.md"]


def test_a_run_of_other_chapters_leaves_this_one_as_stored(course):
    shutil.rmtree(course / "build" / "executed")
    build.gather(executed=True)
    assert "1 + 1" in (build.SOURCE / "notebooks/01_first.ipynb").read_text("utf-8")


def test_the_settings_of_sphinx_can_be_read():
    settings = runpy.run_path(str(build.ROOT / "docs" / "conf.py"))
    assert settings["nb_execution_mode"] == "off"
    button = settings["html_theme_options"]["use_repository_button"]
    assert button == bool(repository.address())
