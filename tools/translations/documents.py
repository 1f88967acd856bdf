"""Chapters and pages in another language, made of the English ones and their catalogs.

Code, outputs and figures are those of the English text. What is not translated yet
stays in English, with a mark.
"""

import copy

from myst_parser.slugs import github_slugify

from tools import chapters, results_tables
from tools.chapters import ROOT
from tools.translations import catalogs, sources
from tools.translations.blocks import KINDS, TERM, blocks_of, translated
from tools.translations.language import ENGLISH, using

MARK = '<span lang="en" class="untranslated">{text} <small>(EN)</small></span>'
# Elsewhere, as in a title or an alternative text, no mark is understood.
MARKED = {*KINDS.values(), "definition"} - {"heading"}
NAMES = {ENGLISH: "English", **catalogs.LANGUAGES}


class Translation:
    """The texts of a catalog in a language."""

    def __init__(self, language, name):
        """Read the catalog.

        Raises:
            CatalogError: it is missing or damaged.
        """
        catalog = catalogs.load(language, name)
        self.language, self.name = language, name
        self.texts = {m.id: m.string for m in catalog if m.id and catalogs.done(m)}

    def of_text(self, text):
        """Return a text, in English if it is not translated."""
        return self.texts.get(text, text)

    def of_block(self, block):
        """Return a block, in English with a mark if it is not translated."""
        if block.text in self.texts:
            return self.texts[block.text]
        return MARK.format(text=block.text) if block.kind in MARKED else block.text

    def of_markdown(self, text):
        """Return a text in Markdown."""
        return translated(text, self.of_block)


def notebook_in(language, chapter, notebook=None):
    """Return the notebook of a chapter in a language.

    Args:
        language: such as "ko".
        chapter: of `tools.chapters`.
        notebook: another one with the text of the chapter, such as one that was run.

    Raises:
        CatalogError: the catalog of the chapter is missing or damaged.
    """
    notebook = copy.deepcopy(notebook or chapter.notebook)
    if language == ENGLISH:
        return notebook
    translation = Translation(language, chapter.path.stem)
    description = notebook.metadata.get("description", "")
    notebook.metadata["language"] = language
    notebook.metadata["description"] = translation.of_text(description)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = translation.of_markdown(cell.source)
        elif cell.cell_type == "code":
            for picture in sources.pictures_of(cell):
                picture["alt"] = translation.of_text(picture["alt"])
    return notebook


def chapter_in(language, chapter):
    """Return a `Chapter` in a language; its file is the English one."""
    notebook = notebook_in(language, chapter)
    return chapters.Chapter(chapter.number, chapter.path, notebook)


def page_in(language, name):
    """Return a page of the site in Markdown, or the README, in a language.

    Raises:
        CatalogError: the catalog of the page is missing or damaged.
    """
    path = sources.page_of(name)
    text = path.read_text("utf-8")
    if language == ENGLISH:
        return text
    translation = Translation(language, name)
    of_block = with_english(translation) if name == "glossary" else translation.of_block
    text = translated(text, of_block)
    with using(language):
        rows = results_tables.load()
        for table, make_table in results_tables.PAGES.get(path, {}).items():
            text = results_tables.with_table(text, table, make_table(rows))
    return text


def with_english(translation):
    """Return a function that translates a block, with the English below each term."""
    seen = set()

    def of_block(block):
        if block.kind != TERM:
            return translation.of_block(block)
        names = dict.fromkeys([translation.of_text(block.text), block.text])
        new = [name for name in names if name.lower() not in seen]
        seen.update(name.lower() for name in new)
        return "\n".join(new)

    return of_block


def readme_in(language):
    """Return the README in a language, with a line that leads to the others."""
    text, translation = page_in(language, "README"), Translation(language, "README")
    text = text.replace(languages_line(ENGLISH), languages_line(language))
    for block in blocks_of(page_in(ENGLISH, "README")):
        if block.kind == "heading":
            here = github_slugify(translation.of_text(block.text))
            text = text.replace(f"](#{github_slugify(block.text)})", f"](#{here})")
    return text


def readme_of(language):
    """Return the name of the README's file in a language."""
    return "README.md" if language == ENGLISH else f"README.{language}.md"


def languages_line(language):
    """Return a line with links from the README in a language to all others."""
    return " · ".join(
        name if other == language else f"[{name}]({readme_of(other)})"
        for other, name in NAMES.items()
    )


def write_readmes():
    """Write the README in each language beside the English one."""
    for language in catalogs.LANGUAGES:
        chapters.write(ROOT / readme_of(language), readme_in(language))
