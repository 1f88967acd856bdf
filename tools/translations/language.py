"""The language in which pages are written, for the modules that write them.

Such a module marks its sentences, as in _("Solution of exercise {number}"), and fills
them in after that. In English they stay as they are.
"""

import contextlib

from tools.translations import blocks, catalogs, sources

ENGLISH = "en"
_language = ENGLISH
_texts = {}
headings = {}  # those that modules wrote, each with the English one


@contextlib.contextmanager
def using(language):
    """Write pages in a language, and in the one before it afterwards.

    Raises:
        CatalogError: a catalog is missing or damaged.
    """
    global _language, _texts
    before = _language, _texts
    _texts = {} if language == ENGLISH else all_texts(language)
    _language = language
    try:
        yield
    finally:
        _language, _texts = before


def all_texts(language):
    """Return all translations into a language; the interface comes before chapters."""
    return {
        message.id: message.string
        for name in sources.names()
        for message in catalogs.load(language, name)
        if message.id and catalogs.done(message)
    }


def current():
    """Return the language in use, such as "en"."""
    return _language


def _(text):
    """Return a text in the language in use, or in English if it is not translated."""
    return _texts.get(text, text)


def heading(english, translation):
    """Return the translation of a heading, and remember the English one.

    The site gives both the same anchor.
    """
    headings[translation] = english
    return translation


def markdown(text):
    """Return a text in Markdown in the language in use."""
    return blocks.translated(text, lambda block: _(block.text))
