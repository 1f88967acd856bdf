"""What the site makes of the chapters, which themselves stay plain notebooks.

- Pictures get their alternative text, which the output of `save_fig` carries.
- Each solution is folded until it is clicked.
- Below the title stands how to get, or run, this very notebook.
- The first use of a term links to the glossary; citations link to the bibliography.
"""

import json
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinxcontrib.bibtex.citation_target import CitationTarget
from sphinxcontrib.bibtex.roles import CitationRef

from docs import citations, pages

LOGGER = logging.getLogger(__name__)
GLOSSARY = Path(__file__).with_name("glossary.md")
NO_PROSE = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.reference,
    nodes.comment,
    nodes.image,
    addnodes.pending_xref,
    addnodes.download_reference,
)


# The notebook, before it is parsed


def rewrite_notebook(_app, docname, source):
    """Change the notebook that Sphinx is about to read, not the file."""
    if docname.startswith("notebooks/"):
        notebook = json.loads(source[0])
        add_alt_texts(notebook)
        notebook["cells"] = with_folded_solutions(notebook["cells"])
        add_bar(notebook, docname)
        for number, cell in enumerate(notebook["cells"]):
            cell["id"] = f"cell-{number}"
        source[0] = json.dumps(notebook)


def add_alt_texts(notebook):
    """Hand each figure's alternative text to MyST-NB, which reads it from the cell."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if alt:
                cell["metadata"]["mystnb"] = {"image": {"alt": alt}}


def markdown(text):
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def with_folded_solutions(cells):
    """Return cells in which all that answers an exercise is in a `details` element.

    There are two ways to write exercises. Either each starts a paragraph with its
    number in bold, and what follows the code below it belongs to the answer; or they
    are a list, and below the heading "Solutions" each answer starts in that way.
    """
    folded, number, is_open, listed = [], None, False, False
    in_exercises = False

    def fold():
        nonlocal is_open
        if not is_open:
            summary = f"Solution of exercise {number}" if number else "Solution"
            folded.append(
                markdown(f'<details class="solution"><summary>{summary}</summary>')
            )
            is_open = True

    def unfold():
        nonlocal is_open
        if is_open:
            folded.append(markdown("</details>"))
            is_open = False

    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "markdown":
            if in_exercises and not is_open:
                fold()
            if in_exercises:
                tags = cell["metadata"].get("tags", [])
                kept = [tag for tag in tags if tag != "hide-input"]
                cell = {**cell, "metadata": {**cell["metadata"], "tags": kept}}
            folded.append(cell)
            continue
        # A piece ends where a heading or an exercise begins.
        pieces = [source]
        if in_exercises or "## Exercises" in source:
            pieces = re.split(r"\n+(?=#+ |\*\*\d+\.\*\* )", source)
        for piece in pieces:
            heading = re.match(r"#+ (.+)", piece)
            start = re.match(r"\*\*(\d+)\.\*\* ", piece)
            if heading:
                unfold()
                in_exercises = heading[1] in ("Exercises", "Solutions")
                listed = heading[1] == "Solutions"
            elif in_exercises and start:
                unfold()
                number = start[1]
                if listed:
                    fold()
            folded.append(markdown(piece))
    unfold()
    return folded


def add_bar(notebook, docname):
    """Put a line below the title: what the chapter costs, and how to run it."""
    course = the_course()
    name = f"{docname.rpartition('/')[2]}.ipynb"
    chapter = next(c for c in course.chapters if c.path.name == name)
    seconds, memory = pages.cost_of(course, chapter)
    binder = pages.binder_link(course.repository, name) or "../start.md#binder"
    title, _, text = "".join(notebook["cells"][0]["source"]).partition("\n")
    bar = [
        title,
        "",
        ":::{container} chapter-bar",
        f"{{download}}`Download this notebook <{name}>`",
        f"[Run it on Binder]({binder})",
        "[Run it at home](../start.md)",
        "",
        f"{chapter.seconds / 60:.0f} minutes, {seconds:.0f} CPU-seconds, "
        f"{memory / 1000:.1f} GB",
        ":::",
        text,
    ]
    notebook["cells"][0]["source"] = "\n".join(bar)


@cache
def the_course():
    """Return the course that the site shows."""
    return pages.Course()


# Links, once it is parsed


@cache
def terms():
    """Return a dict from each term of the glossary, in lower case, to its first name.

    A term may have several names: lines above the same definition.
    """
    _, _, text = GLOSSARY.read_text(encoding="utf-8").partition("```{glossary}\n")
    found, first = {}, None
    for line in text.partition("\n```")[0].splitlines():
        if not line.strip() or line.startswith(":"):
            continue
        if line.startswith(" "):
            first = None
        else:
            first = first or line
            found[line.lower()] = first
    return found


@cache
def term_pattern():
    """Return a pattern for any term, longer ones first, in singular or plural."""
    names = sorted(terms(), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, names))})(?:s|es)?\b", re.I)


class LinkWords(SphinxTransform):
    """Link the first use of each term, and all citations."""

    default_priority = 900

    def apply(self, **_):
        """Walk over the prose of the page."""
        docname = self.env.docname
        self.n_citations = 0
        self.linked = set()
        is_chapter = docname.startswith("notebooks/")
        for text in list(self.document.findall(nodes.Text)):
            if any(isinstance(a, NO_PROSE) for a in ancestors(text)):
                continue
            links = [*self.citation_links(text.astext())]
            if is_chapter and not any(is_label(a) for a in ancestors(text)):
                links += self.term_links(text.astext())
            replace(text, links)

    def citation_links(self, text):
        """Yield start, end and link of each citation in a text."""
        for match in citations.matches(text):
            try:
                key = citations.key_of(match["names"], citations.year_of(match))
            except citations.UnknownPaperError as error:
                LOGGER.warning(str(error), location=self.env.docname)
                continue
            self.n_citations += 1
            link = addnodes.pending_xref(
                "",
                nodes.inline("", match[0], classes=["citation-link"]),
                refdomain="",
                reftype="paper",
                reftarget=key,
                refdoc=self.env.docname,
                refwarn=True,
                ids=[f"citation-{self.n_citations}"],
            )
            self.env.get_domain("cite").citation_refs.append(
                CitationRef(
                    link["ids"][0], self.env.docname, 0, [CitationTarget(key, "", "")]
                )
            )
            yield *match.span(), link

    def term_links(self, text):
        """Yield start, end and link of the terms that the page uses the first time."""
        for match in term_pattern().finditer(text):
            term = terms()[match[1].lower()]
            if term not in self.linked:
                self.linked.add(term)
                link = addnodes.pending_xref(
                    "",
                    nodes.inline("", match[0], classes=["term-link"]),
                    refdomain="std",
                    reftype="term",
                    reftarget=term,
                    refdoc=self.env.docname,
                    refexplicit=True,
                    refwarn=True,
                )
                yield *match.span(), link


def is_label(node):
    """Say whether a node is a title, or the line of buttons below that of a chapter."""
    is_bar = isinstance(node, nodes.container) and "chapter-bar" in node["classes"]
    return is_bar or isinstance(node, nodes.title)


def ancestors(node):
    """Yield the parents of a node, from the inside out."""
    while node := node.parent:
        yield node


def replace(text, links):
    """Put links into the place of parts of a text: (start, end, link) each."""
    if links:
        content, new, position = text.astext(), [], 0
        for start, end, link in sorted(links, key=lambda link: link[:2]):
            if start >= position:
                new += [nodes.Text(content[position:start]), link]
                position = end
        text.parent.replace(text, [*new, nodes.Text(content[position:])])


def resolve_paper(app, env, node, content):
    """Turn a citation into a link to its entry in the bibliography."""
    if node.get("reftype") != "paper":
        return None
    for citation in env.get_domain("cite").citations:
        if citation.key == node["reftarget"]:
            page = citation.bibliography_key.docname
            return make_refnode(
                app.builder, node["refdoc"], page, citation.citation_id, content
            )
    return None


def add_citing_pages(app, doctree, docname):
    """Say behind each entry of the bibliography which pages cite it, with links."""
    domain = app.env.get_domain("cite")
    entries = {citation.citation_id: citation.key for citation in domain.citations}
    for item in doctree.findall(nodes.list_item):
        keys = [entries[i] for i in collect_ids(item) if i in entries]
        if keys and docname == "bibliography":
            links = {}
            for reference in domain.citation_refs:
                if reference.targets[0].key == keys[0]:
                    links.setdefault(reference.docname, reference.citation_ref_id)
            line = nodes.inline("", " Cited in ", classes=["cited-in"])
            for page, anchor in links.items():
                title = nodes.Text(app.env.titles[page].astext())
                link = make_refnode(app.builder, docname, page, anchor, title)
                line += [link, nodes.Text(", ")]
            line[-1] = nodes.Text(".")
            next(item.findall(nodes.paragraph)).append(line)


def collect_ids(item):
    """Return the identifiers of a node and of all that is in it."""
    return [i for node in item.findall(nodes.Element) for i in node["ids"]]


def setup(app):
    """Connect the steps above."""
    app.connect("doctree-resolved", add_citing_pages)
    app.connect("source-read", rewrite_notebook)
    app.connect("missing-reference", resolve_paper)
    app.add_transform(LinkWords)
    return {"parallel_read_safe": False}
