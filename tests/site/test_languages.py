"""Korean and English pages side by side: switch, search, letters, shared pictures."""

import re

import lxml.html
import pytest
from looking import CHAPTER_PAGES, SITE, html_files

from tools.translations import catalogs

ENGLISH = [n for n in html_files() if n.partition("/")[0] not in catalogs.LANGUAGES]
CASES = [(code, name) for code in catalogs.LANGUAGES for name in ENGLISH]
HANGUL = re.compile("[가-힣]+")


def words_of(name):
    """Return the Korean words in the text of a page."""
    tree = lxml.html.parse(SITE / name).getroot()
    return set(HANGUL.findall(" ".join(tree.xpath("//main//text()"))))


def test_every_page_is_there_in_every_language():
    assert len(ENGLISH) > 20
    for code in catalogs.LANGUAGES:
        start = f"{code}/"
        pages = [name for name in html_files() if name.startswith(start)]
        assert [name.removeprefix(start) for name in pages] == ENGLISH


@pytest.mark.parametrize(("code", "name"), CASES)
def test_the_switch_leads_to_the_same_page_and_back(code, name):
    for here, there, spoken in (
        (name, f"{code}/{name}", code),
        (f"{code}/{name}", name, "en"),
    ):
        tree = lxml.html.parse(SITE / here).getroot()
        (link,) = tree.xpath(f"//nav[@class='languages']/a[@lang='{spoken}']/@href")
        assert ((SITE / here).parent / link).resolve() == SITE / there
        expected = "en" if here == name else code
        assert tree.get("lang") == expected


@pytest.mark.parametrize(("code", "name"), CASES)
def test_the_sections_of_a_page_have_the_same_anchors(code, name):
    def anchors(name):
        tree = lxml.html.parse(SITE / name).getroot()
        sections = tree.xpath("//article//section/@id")
        # Those of a glossary's terms are of its language.
        return [anchor for anchor in sections if not anchor.startswith("term-")]

    assert anchors(f"{code}/{name}") == anchors(name)


def click_the_switch(page):
    """Click where the switch is; a click of Playwright would scroll the page."""
    box = page.locator(".languages a").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_switch_keeps_the_section_that_is_read(open_page):
    page = open_page(f"{CHAPTER_PAGES[2]}#subwords").page
    page.wait_for_function("scrollY > 500")
    for path in (f"ko/{CHAPTER_PAGES[2]}", CHAPTER_PAGES[2]):
        click_the_switch(page)
        page.wait_for_url(f"**/html/{path}#subwords")
        top = page.eval_on_selector("#subwords", "e => e.getBoundingClientRect().top")
        assert 0 <= top < 120


def test_at_the_top_of_a_page_the_switch_leads_to_its_top(open_page):
    page = open_page("ko/start.html").page
    click_the_switch(page)
    page.wait_for_url("**/html/start.html")


# Search


def test_the_browser_cuts_words_as_the_index_does(open_page):
    from docs.search_ko import WORD, KoreanSearch

    words = sorted(set().union(*(words_of(f"ko/{page}") for page in CHAPTER_PAGES)))
    assert len(words) > 1_000
    page = open_page("ko/search.html").page
    stems = page.evaluate(
        "words => words.map(word => new Stemmer().stemWord(word))", words
    )
    assert stems == list(map(KoreanSearch({}).stem, words))
    text = "GRU는 LSTM_1보다, 은닉 상태(state)를 2개"
    assert page.evaluate("text => splitQuery(text)", text) == WORD.findall(text)


@pytest.mark.parametrize("query", ["손실", "손실을", "손실이", "손실에서는"])
def test_the_search_finds_a_noun_with_its_particles(query, open_page):
    pages = [f"ko/{page}" for page in CHAPTER_PAGES]
    with_it = {
        page.removeprefix("ko/")
        for page in pages
        if any(word.startswith("손실") for word in words_of(page))
    }
    assert len(with_it) >= 5
    shown = open_page(f"ko/search.html?q={query}")
    # The results come one after the other.
    shown.page.wait_for_function(
        """pages => {
            const links = [...document.querySelectorAll("#search-results li a")];
            const found = links.map(a => a.getAttribute("href").split(/[?#]/)[0]);
            return pages.every(page => found.includes(page));
        }""",
        arg=sorted(with_it),
    )
    assert shown.errors == []


# Letters and pictures


def test_hangul_is_drawn_with_the_font_of_the_site(open_page):
    for name in ("ko/index.html", f"ko/{CHAPTER_PAGES[2]}", CHAPTER_PAGES[6]):
        page = open_page(name).page
        for weight in (400, 700):
            font = f"{weight} 16px 'Course Hangul'"
            loaded = page.evaluate("font => document.fonts.load(font, '한글')", font)
            assert len(loaded) == 1
        family = page.eval_on_selector("h1", "e => getComputedStyle(e).fontFamily")
        assert "Course Hangul" in family


def test_pictures_and_scripts_are_shared():
    for code in catalogs.LANGUAGES:
        own = [p for p in (SITE / code).rglob("*") if p.suffix in (".png", ".woff")]
        assert own == []
        size = sum(p.stat().st_size for p in (SITE / code / "_static").rglob("*"))
        assert size < 1_000_000


def test_the_words_of_the_theme_are_translated():
    words = "//@title | //@aria-label | //@placeholder | //button//text() | //a/text()"
    tree = lxml.html.parse(SITE / "ko" / CHAPTER_PAGES[0]).getroot()
    shown = {" ".join(text.split()) for text in tree.xpath(words)}
    assert {"Color mode", "Dark", "Search...", "Skip to main content"} & shown == set()
    assert len([text for text in shown if HANGUL.search(text)]) > 30
