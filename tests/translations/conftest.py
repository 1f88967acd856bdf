"""A small course with catalogs of its own."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import chapters, results_tables
from tools.translations import catalogs, documents, sources

GLOSSARY = """# Glossary

```{glossary}
:sorted:

attention
  A mean with *weights*.

attention map
  Attention as a picture.

byte-pair encoding
BPE
  Pieces of words.
```
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return the folder of a course with a chapter, a README and a glossary."""
    for module in (sources, documents):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(catalogs, "FOLDER", tmp_path / "locale")
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(chapters, "NAMES", ("01_first",))
    monkeypatch.setattr(results_tables, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(results_tables, "PAGES", {})
    texts = {
        "README.md": "# The course\n\nEnglish · [한국어](README.ko.md)\n\n"
        "[x](#the-end)\n\n## The end\n",
        "data/README.md": "# Data\n",
        "docs/glossary.md": GLOSSARY,
        "docs/page.py": 'print(_("A {thing}"), f"{_(\'Two\')}", _(name), "no")\n',
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    picture = new_output(
        "display_data",
        data={"image/png": "AAAA", "text/plain": "figure"},
        metadata={"image/png": {"alt": "A curve"}},
    )
    cells = [
        new_markdown_cell("# 1. First\n\nAttention to\n`x` and BPE."),
        new_code_cell("x = 1  # Attention", outputs=[picture]),
        new_markdown_cell("## The end"),
    ]
    notebook = new_notebook(cells=cells, metadata={"description": "how to begin"})
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "01_first.ipynb")
    catalogs.update_all("ko")
    return tmp_path


@pytest.fixture
def translate(course):
    """Return a function that stores translations in a catalog of the course."""

    def translate(name, texts, **comments):
        catalog = catalogs.load("ko", name)
        for text, translation in texts.items():
            catalog[text].string = translation
        for text, comment in comments.get("comments", {}).items():
            catalog[text].user_comments.append(comment)
        catalogs.save("ko", name, catalog)

    return translate
