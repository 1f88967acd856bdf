"""Citations in running text, and the papers they mean."""

import re

import pytest
from pybtex.database import parse_file

from docs import bibliography, links
from tools import chapters

PAPERS = """
@article{post2018, author = {Post, Matt}, title = {{BLEU} -- a {Call}}, year = 2018,
  journal = {WMT}}
@article{kudo2018, author = {Kudo, Taku}, title = {Subwords}, year = 2018,
  journal = {ACL}}
@article{kudo2018b, author = {Kudo, Taku and Richardson, John}, title = {Pieces},
  year = 2018, journal = {EMNLP}}
@article{sutskever2014, author = {Sutskever, Ilya and Vinyals, Oriol and Le, Quoc},
  title = {Sequences}, year = 2014, journal = {NeurIPS}}
@article{berg2014, author = {van den Berg, A.}, title = {A}, year = 2014,
  journal = {EMNLP}}
@article{twin2014, author = {Twin, A}, title = {A}, year = 2014, journal = {B}}
@article{twin2014b, author = {Twin, B}, title = {B}, year = 2014, journal = {B}}
"""


@pytest.fixture
def papers(tmp_path):
    path = tmp_path / "papers.bib"
    path.write_text(PAPERS)
    return bibliography.Bibliography(path)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("(Sutskever, Vinyals and Le 2014)", ["sutskever2014"]),
        ("Sutskever, Vinyals, and Le (2014)", ["sutskever2014"]),
        ("Sutskever et al. 2014, Sutskever et\n  al. (2014)", ["sutskever2014"] * 2),
        ("(Kudo 2018; Post 2018)", ["kudo2018", "post2018"]),
        ("(Kudo and Richardson 2018)", ["kudo2018b"]),
        ("(van den Berg 2014)", ["berg2014"]),
        ("Post (2018) counts, Windows 2000 and May 2024 do not", ["post2018"]),
        ("(In 2018) `Post (2018)` and [Post (2018)](a.md)", []),
    ],
)
def test_citations_become_links(papers, text, keys):
    linked = papers.link(text, "a.md")
    assert re.findall(r"\(#(\w+)\)", linked) == keys
    assert re.sub(r"\[([^\]]+)\]\(#\w+\)", r"\1", linked) == text


@pytest.mark.parametrize(
    ("citation", "number"),
    [
        ("(Nobody 1999)", 0),
        ("Kudo et al. 2018", 0),
        ("Sutskever et al. 2015", 0),
        ("Twin (2014)", 2),
    ],
)
def test_a_citation_that_means_no_single_paper_names_its_page(papers, citation, number):
    message = rf"^a\.md cites .+ means {number} entries"
    with pytest.raises(bibliography.UnknownPaperError, match=message):
        papers.link(citation, "a.md")


def test_the_bibliography_lists_what_is_cited_and_where(papers):
    papers.link("Post (2018) and again Post (2018)", "notebooks/01_a.ipynb")
    papers.link("(Kudo 2018; Post 2018)", "data.md")
    assert re.sub(r"\\(.)", r"\1", papers.listing()) == (
        "- (kudo2018)=\n"
        "  Taku Kudo. Subwords. *ACL*, 2018. Cited in [](data.md).\n"
        "\n"
        "- (post2018)=\n"
        "  Matt Post. BLEU – a Call. *WMT*, 2018. "
        "Cited in [](notebooks/01_a.ipynb), [](data.md).\n"
    )


@pytest.mark.parametrize("chapter", chapters.read_all(), ids=lambda c: c.path.stem)
def test_every_paper_that_a_chapter_cites_is_in_the_bibliography(chapter):
    papers = bibliography.Bibliography()
    text = papers.link("\n\n".join(chapter.prose), chapter.path.name)
    # What looks like a citation but is not recognised would stay without a link.
    unlinked = []
    pattern = r"[A-Z]\w+,? \(?(?:19|20)\d\d\b[,;)]"
    links.replace_in_prose(pattern, lambda match: unlinked.append(match[0]) or "", text)
    assert unlinked == []


def test_every_entry_of_the_bibliography_is_whole():
    for key, entry in parse_file(bibliography.REFERENCES).entries.items():
        assert re.fullmatch(r"[a-z]+\d{4}[a-z]*", key)
        assert entry.persons["author"]
        assert {"title", "year"} <= set(entry.fields)
        assert {"booktitle", "journal", "publisher", "howpublished"} & set(entry.fields)
        assert entry.fields["year"] in key
