"""What the site is built from."""

import runpy
import shutil

import nbformat
import pytest

from docs import build, repository, studies
from tools import chapters
from tools.translations import catalogs, documents, language, sources


@pytest.fixture
def course(tmp_path, monkeypatch, chapter, rows):
    """Return a folder with a course of one chapter, which the build gathers from."""
    root = build.ROOT
    for name in ("ROOT", "BUILD", "SOURCE", "TARGET"):
        path = tmp_path / getattr(build, name).relative_to(root)
        monkeypatch.setattr(build, name, path)
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    monkeypatch.setattr(catalogs, "FOLDER", tmp_path / "locale")
    monkeypatch.setattr(chapters, "NAMES", ("01_first",))
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path / "notebooks")
    texts = {
        "docs/index.md": "# Home\n\n<!-- generated: cards -->\n",
        "docs/glossary.md": "# Glossary\n\n```{glossary}\nRNN\n  A network.\n```\n",
        "README.md": "# The course\n",
        "docs/bibliography.md": "# Bibliography\n",
        "docs/live/base.js": "a script",
        "docs/live/writing.html": "a part of a page",
        "docs/slides/course/index.html.j2": "a template",
        "deploy/worker.py": "a worker",
        "data/README.md": "# Data\n\nPost (2018)\n",
        "images/a.png": "stored",
        "build/executed/images/a.png": "of run",
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


def gathered_in(language, executed):
    """Gather the site's source in a language, and return its files as a dict."""
    folder = build.gather(language, executed)
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("executed", [False, True])
def test_pages_chapters_and_pictures_are_gathered(course, executed):
    gathered = gathered_in("en", executed)
    assert sorted(gathered) == [
        "_static/live/base.js",
        "bibliography.md",
        "data.md",
        "downloads/01_first.ipynb",
        "glossary.md",
        "images/a.png",
        "index.md",
        "notebooks/01_first.ipynb",
    ]
    assert (build.SOURCE / "en" / studies.PICTURES).is_dir()
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
    assert "1 + 1" in gathered_in("en", executed=True)["notebooks/01_first.ipynb"]


def test_pages_and_chapters_are_gathered_in_another_language(course):
    catalogs.update_all("ko")
    translate("01_first", "1. First", "1. 처음")
    translate("01_first", "Exercises", "연습 문제")
    translate("glossary", "RNN", "순환 신경망")
    translate("glossary", "A network.", "신경망입니다.")
    with language.using("ko"):
        gathered = gathered_in("ko", executed=True)
    assert sorted(gathered) == sorted(gathered_in("en", executed=True))
    notebook = gathered["notebooks/01_first.ipynb"]
    assert "# 1. 처음" in notebook
    assert "## 연습 문제" in notebook
    assert documents.MARK.format(text="A line.").replace('"', '\\"') in notebook
    assert "of run" in notebook
    assert "chapter-bar" not in gathered["downloads/01_first.ipynb"]
    assert "# 1. 처음" in gathered["downloads/01_first.ipynb"]
    assert "[1. 처음](notebooks/01_first.ipynb)" in gathered["index.md"]
    # The English stands below the term, so that both are found.
    assert "\n순환 신경망\nRNN\n  신경망입니다.\n" in gathered["glossary.md"]


def translate(name, text, translation):
    """Store a translation in a catalog."""
    catalog = catalogs.load("ko", name)
    catalog[text].string = translation
    catalogs.save("ko", name, catalog)


def test_languages_share_what_is_the_same(course):
    page = (
        '<a href="{0}b.html"><img src="{0}_images/a.png"><img src="{0}_images/b.png">'
    )
    files = {
        "_images/a.png": "the same",
        "_images/b.png": "one",
        "ko/_images/a.png": "the same",
        "ko/_images/b.png": "another",
        "ko/index.html": page.format(""),
        "ko/notebooks/01.html": page.format("../"),
    }
    for name, text in files.items():
        path = build.TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    build.share("ko")
    left = {p.relative_to(build.TARGET).as_posix() for p in build.TARGET.rglob("*.png")}
    assert left == {*files} - {"ko/_images/a.png"} - {n for n in files if "html" in n}
    for name, up in (("ko/index.html", ""), ("ko/notebooks/01.html", "../")):
        expected = page.format(up).replace(f'"{up}_images/a', f'"{up}../_images/a')
        assert (build.TARGET / name).read_text() == expected


def test_the_settings_of_sphinx_can_be_read():
    settings = runpy.run_path(str(build.ROOT / "docs" / "conf.py"))
    assert settings["nb_execution_mode"] == "off"
    button = settings["html_theme_options"]["use_repository_button"]
    assert button == bool(repository.address())
