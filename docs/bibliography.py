"""Citations in running text, such as "Vaswani et al. 2017", and the papers they mean.

The chapters cite in plain words. For the site these become links to the bibliography,
which lists the cited papers of references.bib, each with the pages that cite it.
"""

from pathlib import Path

from pybtex.database import parse_file
from pybtex.style.formatting.plain import Style

from docs.links import replace_in_prose
from tools.references import CITATION
from tools.translations.language import _

REFERENCES = Path(__file__).with_name("references.bib")


class UnknownPaperError(LookupError):
    """A citation that means no entry of the bibliography, or more than one."""


class Bibliography:
    """The papers of a BibTeX file, and which pages cite them."""

    def __init__(self, path=REFERENCES):
        """Read the file."""
        self.database = parse_file(path, bib_format="bibtex")
        self.cited_in = {}

    def link(self, text, page):
        """Link the citations in a text to the bibliography.

        A single name counts only in brackets, "(Kudo 2018)", or with the year in
        brackets: "Windows 2000" is no citation.

        Args:
            text: Markdown.
            page: the file of the text, as seen from the bibliography.

        Returns:
            The text with links to targets that are the keys of the papers.

        Raises:
            UnknownPaperError: the file has no such paper, or several.
        """

        def link(match):
            before = text[: match.start()].rstrip()
            if match["alone"] and not (
                match["in_brackets"] or before.endswith(("(", ";"))
            ):
                return match[0]
            year = match["year"] or match["in_brackets"]
            key = self.key_of(" ".join(match["names"].split()), year, page)
            pages = self.cited_in.setdefault(key, [])
            if page not in pages:
                pages.append(page)
            return f"[{match[0]}](#{key})"

        return replace_in_prose(CITATION, link, text)

    def key_of(self, names, year, page):
        """Return the key of the one paper that authors wrote in a year."""
        names = names.replace(", and ", " and ")
        keys = [
            key
            for key, entry in self.database.entries.items()
            if entry.fields["year"] == year and names in names_of(entry)
        ]
        if len(keys) != 1:
            raise UnknownPaperError(
                f"{page} cites {names} {year}, which means {len(keys)} entries of "
                "docs/references.bib instead of one: add the paper, or correct the "
                "names or the year"
            )
        return keys[0]

    def listing(self):
        """Return the cited papers as a list in Markdown, each with a target."""
        papers = Style().format_bibliography(self.database, list(self.cited_in))
        items = []
        for paper in papers:
            text = " ".join(paper.text.render_as("markdown").split())
            # Sphinx puts the title of the page into a link without words.
            pages = ", ".join(f"[]({page})" for page in self.cited_in[paper.key])
            cited = _("Cited in {pages}.").format(pages=pages)
            items.append(f"- ({paper.key})=\n  {text} {cited}\n")
        return "\n".join(items)


def names_of(entry):
    """Return the ways to name the authors of a paper: all, or the first "et al."."""
    persons = entry.persons["author"]
    *others, last = [" ".join(p.prelast_names + p.last_names) for p in persons]
    everybody = f"{', '.join(others)} and {last}" if others else last
    return {everybody, f"{others[0]} et al."} if len(others) > 1 else {everybody}
