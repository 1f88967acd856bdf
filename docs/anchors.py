"""Anchors of sections: in every language those of the English headings.

So a link leads to the same section in all languages, and so does the switch between
them.
"""

import functools

from docutils import nodes
from myst_parser.slugs import github_slugify
from sphinx.transforms import SphinxTransform

from tools.translations import catalogs, language, sources
from tools.translations.blocks import PARSER

_page = ""  # the name of the page that is read


def begin_page(app, env, docname):
    """Remember which page is read, as the event `env-purge-doc` says it."""
    global _page
    _page = docname.rpartition("/")[2]


def slug(title):
    """Return the anchor of a heading, as MyST asks for it: that of the English one."""
    generated = {plain(new): plain(old) for new, old in language.headings.items()}
    titles = generated | english_titles(language.current(), _page)
    return github_slugify(titles.get(title, title))


@functools.cache
def english_titles(of, page):
    """Return a dict from the headings of a page in a language to the English ones.

    Args:
        of: the language, such as "ko".
        page: the name of the page, which is that of its catalog, if it has one.
    """
    if of == language.ENGLISH or page not in sources.names():
        return {}
    headings = [m for m in catalogs.load(of, page) if "heading" in m.auto_comments]
    return {plain(m.string): plain(m.id) for m in headings if catalogs.done(m)}


@functools.cache
def plain(text):
    """Return the words of a heading, as MyST takes them for its anchor."""
    inline = [token for token in PARSER.parse(f"# {text}") if token.type == "inline"]
    children = [child for token in inline for child in token.children]
    return "".join(c.content for c in children if c.type in ("text", "code_inline"))


class AnchorsFirst(SphinxTransform):
    """Let the anchor of a section be its first id, which lists of contents take."""

    default_priority = 701  # just after MyST has added it to the others

    def apply(self, **_):
        """Put it before the others."""
        for section in self.document.findall(nodes.section):
            anchor = section.get("slug")
            if anchor in section["ids"]:
                others = [id for id in section["ids"] if id != anchor]
                section["ids"] = [anchor, *others]
