"""Every page of the site, in a real browser without a network."""

import contextlib
import functools
import itertools
import re
import threading
from collections import Counter
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import lxml.html
import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from looking import (
    CHAPTER_PAGES,
    CHAPTERS,
    SCREENSHOTS,
    SITE,
    SLIDES,
    Loaded,
    html_files,
)

from tools.translations import catalogs, language

PAGES = html_files()
LANGUAGES = catalogs.LANGUAGES
LIMIT = 60  # MB


# Every page


@pytest.fixture(scope="module", params=PAGES)
def shown(request, browser):
    """Yield a page, opened from the disk with its solutions unfolded."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Loaded(context, (SITE / request.param).as_uri())
    context.close()


def test_page_loads_without_error_and_from_nowhere_else(shown):
    assert shown.errors == []
    assert shown.failed == []
    assert shown.foreign() == []
    assert len(shown.requests) > 5


def test_page_has_one_title_and_no_heading_level_is_skipped(shown):
    levels = shown.page.evaluate(
        """() => [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5)")].filter(
            h => h.checkVisibility()).map(h => h.tagName)"""
    )
    levels = [int(level[1]) for level in levels]
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = zip(levels[1:], levels, strict=False)
    assert [pair for pair in steps if pair[0] > pair[1] + 1] == []


def test_every_picture_is_there_and_is_described(shown):
    pictures = shown.page.evaluate(
        """async () => {
            const all = [...document.querySelectorAll("main img")];
            all.forEach(img => img.loading = "eager");
            await Promise.allSettled(all.map(img => img.decode()));
            return all.map(img => [img.src.slice(0, 100), img.alt, img.naturalWidth]);
        }"""
    )
    described = [len(alt.split()) >= 5 for _, alt, _ in pictures]
    assert [p for p, good in zip(pictures, described, strict=True) if not good] == []
    assert [src for src, _, width in pictures if not width] == []


def test_all_maths_is_rendered(shown):
    formulas = shown.page.eval_on_selector_all(
        "main .math",
        "all => all.map(m => [m.innerText, !!m.querySelector('mjx-math')])",
    )
    assert [text for text, rendered in formulas if not rendered] == []
    assert shown.page.query_selector_all("mjx-merror, [data-mjx-error]") == []
    assert "\\frac" not in shown.page.inner_text("main")


def violations(page, **options):
    """Return the serious and critical findings of axe-core, with where they are."""
    # Only of what it finds are all places asked for: those that pass are thousands.
    options["resultTypes"] = ["violations"]
    found = Axe().run(page, options=options).response
    assert found["passes"]
    return [
        (v["id"], node["target"], node["html"][:200])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


def test_page_is_accessible_in_both_themes(shown):
    # Cells that unfold, and colours that change with the theme, have the contrast of
    # neither state on their way.
    still = "* { animation: none !important; transition: none !important; }"
    shown.page.add_style_tag(content=still)
    shown.page.evaluate(
        "document.querySelectorAll('details').forEach(d => { d.open = true; })"
    )
    assert violations(shown.page) == []
    shown.page.emulate_media(color_scheme="dark")
    shown.page.wait_for_selector("html[data-theme='dark']")
    contrast = {"type": "rule", "values": ["color-contrast"]}
    assert violations(shown.page, runOnly=contrast) == []
    shown.page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_not_wider_than_the_window(shown, width, request):
    shown.page.set_viewport_size({"width": width, "height": 900})
    # What is open now shows its widest content, too.
    shown.page.evaluate(
        "document.querySelectorAll('details').forEach(d => { d.open = true; })"
    )
    name = shown.page.url.rpartition("/html/")[2].replace("/", "_")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    shown.page.screenshot(path=SCREENSHOTS / f"{name}_{width}.png")
    overflow = shown.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow == 0


# Links


@functools.cache
def parsed(name):
    """Return a page as a tree, and the anchors in it."""
    tree = lxml.html.parse(SITE / name).getroot()
    return tree, {*tree.xpath("//@id"), *tree.xpath("//a/@name")}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_and_anchor_within_the_site_resolves(name):
    tree, _ = parsed(name)
    broken, count = [], 0
    for element, _, link, _ in tree.iterlinks():
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            # A reader may follow a link to elsewhere; no page may load from there.
            outside = element.tag == "a" and parts.scheme in ("https", "http")
            assert outside or parts.scheme in ("data", "javascript"), link
            continue
        count += 1
        path = (SITE / name).parent / unquote(parts.path) if parts.path else SITE / name
        if not path.resolve().is_relative_to(SITE) or not path.exists():
            broken.append(link)
        elif parts.fragment and path.suffix == ".html":
            target = path.resolve().relative_to(SITE).as_posix()
            if unquote(parts.fragment) not in parsed(target)[1]:
                broken.append(link)
    assert broken == []
    assert count > 10


def test_the_chapters_follow_each_other():
    for before, after in itertools.pairwise(CHAPTER_PAGES):
        (ahead,) = parsed(before)[0].xpath("//a[contains(@class, 'right-next')]/@href")
        (back,) = parsed(after)[0].xpath("//a[contains(@class, 'left-prev')]/@href")
        assert f"notebooks/{ahead}" == after
        assert f"notebooks/{back}" == before


def test_the_landing_page_leads_to_every_chapter_with_a_picture():
    cards = parsed("index.html")[0].find_class("card-of-chapter")
    assert [card.xpath(".//a/@href")[0] for card in cards] == CHAPTER_PAGES
    assert all(card.xpath(".//img/@alt") for card in cards)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_downloaded_notebook_is_the_chapter_itself(path, open_page):
    page = open_page(f"notebooks/{path.stem}.html").page
    address = page.get_by_text("Download this notebook").evaluate(
        "e => e.closest('a').href"
    )
    downloaded = SITE / unquote(address.rpartition("/html/")[2])
    assert downloaded.name == path.name
    assert downloaded.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", CHAPTER_PAGES)
def test_chapters_link_terms_once(name):
    tree, _ = parsed(name)
    terms = tree.xpath("//a[.//*[contains(@class, 'std-term')]]/@href")
    assert len(terms) >= 5
    assert [term for term, n in Counter(terms).items() if n > 1] == []
    assert all(term.startswith("../glossary.html#term-") for term in terms)


def test_each_paper_leads_back_to_the_pages_that_cite_it():
    papers = parsed("bibliography.html")[0].xpath("//article//li/p[@id]")
    assert papers
    for paper in papers:
        target = f"bibliography.html#{paper.get('id')}"
        pages = paper.xpath(".//a/@href")
        assert pages, target
        for page in pages:
            links = parsed(page)[0].xpath("//article//a/@href")
            assert any(link.endswith(target) for link in links), (target, page)


@pytest.mark.parametrize("name", PAGES)
def test_no_markup_is_left_over(name):
    maths = "ancestor::*[contains(concat(' ', @class, ' '), ' math ')]"
    code = f"ancestor::pre or ancestor::code or {maths}"
    prose = " ".join(parsed(name)[0].xpath(f"//main//text()[not({code})]"))
    assert prose
    assert re.findall(r"\{\w+\}`|\]\(|\*\*|:::|<!--|\)=", prose) == []


# What a reader does


def unique_word(path):
    """Return a word that one chapter uses most often, and no other at all."""
    words = {}
    for chapter in CHAPTERS:
        cells = nbformat.read(chapter, as_version=4).cells
        prose = " ".join(c.source for c in cells if c.cell_type == "markdown")
        words[chapter] = Counter(re.findall(r"\b[a-z]{6,}\b", prose))
    others = {w for chapter in CHAPTERS if chapter != path for w in words[chapter]}
    own = [(n, word) for word, n in words[path].items() if word not in others]
    return max(own)[1]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_search_finds_the_chapter_of_a_word(path, open_page):
    shown = open_page(f"search.html?q={unique_word(path)}")
    shown.page.wait_for_selector("#search-results li a")
    found = shown.page.eval_on_selector_all(
        "#search-results li a", "all => all.map(a => a.getAttribute('href'))"
    )
    assert f"notebooks/{path.stem}.html" in [link.partition("?")[0] for link in found]
    assert shown.errors == []
    assert shown.failed == []


@contextlib.contextmanager
def served():
    """Serve the site on this machine, and yield its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=SITE)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_reader_searches_from_any_page_and_sees_the_text_around(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    with served() as address:
        shown = Loaded(context, f"{address}/speed.html")
        shown.page.keyboard.press("Control+k")
        shown.page.keyboard.type("perplexity")
        shown.page.keyboard.press("Enter")
        shown.page.wait_for_selector("#search-results li .context")
        titles = shown.page.inner_text("#search-results")
        context.close()
    assert "1. A character RNN" in titles
    assert "Glossary" in titles
    assert shown.errors == []


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_button_switches_to_the_dark_theme_and_back(open_page):
    page = open_page(CHAPTER_PAGES[0]).page
    seen = {"at first": background(page)}
    for mode in ("dark", "light", "auto"):
        page.click("button.theme-switch-button:visible")
        page.click(f"button.theme-change-button[data-mode='{mode}']:visible")
        assert page.get_attribute("html", "data-mode") == mode
        seen[mode] = background(page)
    assert seen["at first"] == seen["light"] == seen["auto"] != seen["dark"]


def test_the_chosen_theme_stays_on_the_next_page(open_page):
    page = open_page("index.html").page
    page.click("button.theme-switch-button:visible")
    page.click("button.theme-change-button[data-mode='dark']:visible")
    page.goto((SITE / "speed.html").as_uri())
    assert page.get_attribute("html", "data-theme") == "dark"


@pytest.mark.parametrize(
    "name", [*CHAPTER_PAGES, *(f"{code}/{CHAPTER_PAGES[2]}" for code in LANGUAGES)]
)
def test_solutions_are_folded_until_they_are_clicked(name, open_page):
    code = name.partition("/")[0]
    with language.using(code if code in LANGUAGES else language.ENGLISH):
        solution = language._("Solution of exercise {number}")
        names = language._("Answer"), solution.format(number=r"\d")
    page = open_page(name).page
    folded = page.locator("#exercises details")
    hidden = page.locator("#exercises :is(.cell_input, .cell_output, details > p)")
    assert hidden.count() >= 2
    assert not any(element.is_visible() for element in hidden.all())
    for details in folded.all():
        summary = details.locator("summary")
        # What a screen reader says is what is to be seen.
        assert summary.get_attribute("aria-label") is None
        text = summary.inner_text()
        assert re.fullmatch("|".join(names), text.strip())
        summary.click()
    assert all(element.is_visible() for element in hidden.all())
    folded.first.locator("summary").press("Enter")
    assert not hidden.first.is_visible()


@pytest.mark.parametrize("name", ["index.html", CHAPTER_PAGES[1], "ko/index.html"])
def test_the_keyboard_reaches_everything(name, open_page):
    page = open_page(name).page
    # Everything that a mouse could use gets a number.
    count = page.evaluate(
        """() => {
            const usable = "a[href], button, summary, input, [tabindex='0']";
            const all = [...document.querySelectorAll(usable)].filter(
                e => e.checkVisibility({visibilityProperty: true}) && !e.disabled
                    && !e.closest("dialog:not([open])"));
            all.forEach((e, k) => e.dataset.reach = k);
            return all.length;
        }"""
    )
    assert count > 20
    reached = set()
    for _ in range(2 * count + 20):
        page.keyboard.press("Tab")
        number = page.evaluate("document.activeElement.dataset.reach")
        reached.add(number)
        if len(reached - {None}) == count:
            break
    missed = {str(k) for k in range(count)} - reached
    html = "e => e.outerHTML.slice(0, 150)"
    assert [page.eval_on_selector(f"[data-reach='{k}']", html) for k in missed] == []


# The whole


def test_the_site_is_small():
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    assert size / 1e6 < LIMIT


# Slides

DECKS = [f"{path.stem}.html" for path in CHAPTERS]


@pytest.mark.parametrize("name", DECKS)
def test_slides_load_from_their_own_files_and_can_be_read(name, open_page):
    shown = open_page(name, root=SLIDES)
    page = shown.page
    page.wait_for_function("Reveal.isReady()")
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total >= 10
    assert not page.query_selector("mjx-merror")
    if "\\(" in page.content() or page.query_selector("mjx-container"):
        assert page.query_selector("mjx-math")
    described = page.eval_on_selector_all(
        "section img", "all => all.map(img => img.alt.split(' ').length >= 5)"
    )
    assert len(described) >= 2
    assert all(described)
    place = "JSON.stringify([Reveal.getIndices().h, Reveal.getIndices().v])"
    seen = {page.evaluate(place)}
    for _ in range(total):
        assert violations(page, runOnly=["color-contrast", "image-alt"]) == []
        page.keyboard.press("Space")
        seen.add(page.evaluate(place))
    assert len(seen) == total
    assert shown.errors == []
    assert shown.failed == []
    assert shown.foreign() == []
