"""The live figure "translating": it computes what Python does, and is easy to use."""

import re

import numpy as np
import pytest
from live_figures import (
    check_that_it_is_accessible_and_fits,
    check_that_it_needs_little,
    longest_pause,
    set_window,
    stored,
    text_without_javascript,
    watch_pauses,
)
from nlp_helpers.vocabulary import Words

from docs import live

PAGES = ["05_encoder_decoder", "06_beam_search", "07_attention", "08_transformer"]
PAGES = [*(f"notebooks/{name}.html" for name in PAGES), "try.html"]
PAGE = PAGES[1]
NETWORKS = {"05_encoder_decoder": "without attention", "07_attention": "with attention"}
MINUS = "\N{MINUS SIGN}"


class Figure:
    """The figure on a page, and what a reader does with it."""

    def __init__(self, page):
        self.page = page
        self.figure = page.locator("figure[data-live='translating']")
        self.box = self.figure.get_by_label("An English sentence")
        self.message = self.figure.get_by_role("status").and_(page.locator("p"))
        self.offers = self.figure.get_by_role("toolbar").get_by_role("button")
        self.map = self.figure.locator("table.live-map")
        self.tree = self.figure.locator("ol.live-tree")
        self.until_drawn()

    def until_drawn(self):
        """Wait until the text in the box has been translated, or refused."""
        self.figure.locator("[aria-busy=false]").wait_for(state="attached")

    def type(self, text):
        self.box.fill(text)
        self.until_drawn()

    def message_after(self, text):
        self.type(text)
        return self.message.inner_text()

    def translations(self):
        """Return the translations that are shown, by the name of the network."""
        lines = self.figure.locator(".live-translations tr:not([hidden])")
        pairs = (re.split(r" \(chapter \d\)\s+|\t", t) for t in lines.all_inner_texts())
        return dict(pairs)

    def beams(self):
        return self.figure.locator("table.live-beams tbody tr")

    def found(self):
        """Return the beams in the table: sentences and log-probabilities."""
        cells = [row.split("\t") for row in self.beams().all_inner_texts()]
        return [(row[0], float(row[1].replace(MINUS, "-"))) for row in cells]

    def set_width(self, width):
        slider = self.figure.get_by_label("Beam width")
        slider.focus()
        self.page.keyboard.press("Home")
        for _ in range(width - 1):
            self.page.keyboard.press("ArrowRight")
        self.until_drawn()

    def choose(self, network):
        self.figure.get_by_label("Network", exact=True).select_option(network)
        self.until_drawn()

    def focused(self):
        """Return what a reader hears of the element that has the focus."""
        return self.page.evaluate(
            """() => {
                const { labels, ariaLabel, textContent } = document.activeElement;
                return labels?.[0]?.firstChild.textContent || ariaLabel || textContent;
            }"""
        )


@pytest.fixture(params=NETWORKS)
def network(request):
    return request.param


@pytest.fixture
def figure(open_page):
    return Figure(open_page(PAGE).page)


# It computes what Python does

LOGITS = """([name, sources, targets]) => {
    const network = new live.seq2seq.Translator(name);
    return sources.map((source, k) => {
        const { state, memory } = network.encode(source);
        let last = { state };
        for (const id of targets[k]) last = network.step(id, last.state, memory);
        return Array.from(last.logits);
    });
}"""


def test_logits_are_those_of_python(network, open_page):
    page, expected = open_page(PAGE).page, stored(network)
    logits = np.array(page.evaluate(LOGITS, [network, *expected["inputs"]]))
    assert logits.shape == np.shape(expected["logits"])
    assert len(logits) == 50
    assert np.abs(logits - expected["logits"]).max() < 1e-4


TRANSLATED = """([name, sentences, width]) => {
    const { Translator, beamSearch, pathTo } = live.seq2seq;
    const network = new Translator(name);
    return sentences.map((sentence) => {
        const began = performance.now();
        const words = network.sourceWords.typed(sentence, network.maxWords);
        const source = network.sourceWords.encode(words);
        let beams = [];
        for (beams of beamSearch(network, source, width));
        const found = beams.map((beam) => [
            network.targetWords.decode(pathTo(beam).map(({ id }) => id)), beam.logProb,
        ]);
        return { found, milliseconds: performance.now() - began };
    });
}"""


@pytest.mark.parametrize(("how", "width"), [("greedy", 1), ("width 5", 5)])
def test_translations_are_those_of_python(network, how, width, open_page):
    page, expected = open_page(PAGE).page, stored(network)
    results = page.evaluate(TRANSLATED, [network, expected["sentences"], width])
    assert len(results) == 50
    assert [result["found"][0][0] for result in results] == expected[how]


def test_all_beams_and_their_log_probabilities_are_those_of_python(network, open_page):
    page, expected = open_page(PAGE).page, stored(network)
    sentences = expected["sentences"][: len(expected["beams"])]
    results = page.evaluate(TRANSLATED, [network, sentences, 5])
    for result, (written, log_probs) in zip(results, expected["beams"], strict=True):
        sentences, scores = zip(*result["found"], strict=True)
        assert list(sentences) == written
        assert scores == pytest.approx(log_probs, abs=1e-4)


def test_a_translation_takes_less_than_a_tenth_of_a_second(network, open_page):
    page, sentences = open_page(PAGE).page, stored(network)["sentences"]
    # Other work on the machine only slows it down, so the fastest run counts.
    fastest = np.full(len(sentences), np.inf)
    for _ in range(5):
        results = page.evaluate(TRANSLATED, [network, sentences, 1])
        times = [result["milliseconds"] for result in results]
        fastest = np.minimum(fastest, times)
    assert fastest.max() < 100


END = ". Use words of the training data."
TYPED = [
    "The girl bought a book.",
    "who found this flower?",
    "on sundays the writer,  the BAKER\tand\na girl.",
    "The girl bought a boook.",
    "hte gril zzzz drank_milk",
    "Élan éclair Ünder ünder 한글 어제 ½ ² ١٢ _a a_b 3rd",
    "e\u0301lan \ufeff \u2028 \x1c \x85 \u180e \u200b the",
    "« ¿qué? » — “a” … 🎭 the's don't",
]


@pytest.mark.parametrize("text", TYPED)
def test_words_are_split_and_found_as_in_the_chapters(text, open_page):
    page = open_page(PAGE).page
    vocabulary = live.read("05_encoder_decoder")["words"][0]
    words = Words([" ".join(vocabulary[4:])])
    assert words.vocabulary == vocabulary
    in_page = """([text, vocabulary]) => {
        const { Words } = live.seq2seq;
        try {
            return [Words.split(text), new Words(vocabulary).typed(text, 25).join(" ")];
        } catch (error) {
            return [Words.split(text), error.message];
        }
    }"""
    split, found = page.evaluate(in_page, [text, vocabulary])
    assert split == Words.split(text)
    try:
        assert found == words.typed(text)
    except ValueError as error:
        # Python writes characters that cannot be seen in another way.
        expected = re.sub(r"\\u(....)", lambda code: chr(int(code[1], 16)), str(error))
        first, n_more = found.removesuffix(END), re.compile(r"; and \d+ more$")
        assert expected.endswith(END)
        assert expected.startswith(n_more.sub("", first))


# What a reader does


def test_a_sentence_is_translated_while_it_is_typed(figure):
    figure.box.fill("")
    figure.box.press_sequentially("The girl who found the watch bought a hat.")
    figure.until_drawn()
    assert figure.translations()["with attention"].startswith("la chica que encontró")
    heads = figure.map.locator("thead th").all_inner_texts()
    assert " ".join(heads) == "<sos> the girl who found the watch bought a hat <eos>"
    written = figure.map.locator("tbody th").all_inner_texts()
    assert " ".join(written[:-1]) == figure.translations()["with attention"]
    assert written[-1] == "<eos>"


def test_what_is_shown_is_what_python_translates(figure):
    both = [stored(network) for network in NETWORKS]
    assert both[0]["sentences"] == both[1]["sentences"]
    for k in [0, 1]:
        figure.type(both[0]["sentences"][k])
        shown = figure.translations()
        assert list(shown.values()) == [expected["greedy"][k] for expected in both]


def test_an_example_has_a_reference_until_the_box_changes(figure):
    figure.figure.get_by_role("button", name="Another sentence").click()
    figure.until_drawn()
    shown = figure.translations()
    reference = shown["the grammar's translation"]
    assert shown["with attention"] == f"{reference} (exactly right)"
    assert "not trained on" in figure.message.inner_text()
    figure.box.press("End")
    figure.box.press_sequentially(" and")
    figure.until_drawn()
    assert len(figure.translations()) == 2
    assert figure.message.inner_text() == ""


def test_a_sentence_can_be_composed_of_the_words_on_offer(figure):
    figure.figure.get_by_role("button", name="Empty the box").click()
    assert figure.message.inner_text() == ""
    first = figure.offers.all_inner_texts()
    assert len(first) == 12
    assert {"the", "my", "who"} <= set(first)
    for word in ["the", "girl"]:
        figure.offers.get_by_text(word, exact=True).click()
    assert figure.box.input_value() == "the girl "
    figure.box.press_sequentially("bough")
    assert figure.offers.all_inner_texts() == ["bought"]
    figure.offers.first.click()
    assert figure.box.input_value() == "the girl bought "
    assert set(figure.offers.all_inner_texts()) & {"a", "the", "this"}


def test_a_word_on_its_way_is_no_mistake(figure):
    figure.type("the girl bough")
    heads = figure.map.locator("thead th").all_inner_texts()
    assert heads == ["<sos>", "the", "girl", "<eos>"]
    assert figure.message.inner_text() == ""


def weights_of(figure, numbers):
    return [float(text) for text in numbers.all_text_contents()]


def test_pointing_at_a_word_lights_its_row_or_column(figure):
    rows, columns = figure.map.locator("tbody tr"), figure.map.locator("thead th")
    rows.nth(2).hover()
    lit = figure.map.locator("td.live-lit")
    assert lit.count() == columns.count()
    assert rows.nth(2).locator("td.live-lit").count() == columns.count()
    weights = weights_of(figure, lit)
    assert sum(weights) == pytest.approx(1, abs=0.06)
    # The word with most of the weight has the colour of its cell.
    most = int(np.argmax(weights))
    colour = "e => getComputedStyle(e).backgroundColor"
    of_the_word = columns.nth(most).get_by_role("button").evaluate(colour)
    assert of_the_word == lit.nth(most).evaluate(colour)
    columns.nth(3).hover()
    assert lit.count() == rows.count()
    assert rows.nth(0).locator("td").nth(3).get_attribute("class") == "live-lit"


def test_the_map_is_white_for_0_and_dark_blue_for_1(figure):
    cells = figure.map.locator("tbody td")
    colours = cells.evaluate_all("all => all.map(c => c.style.backgroundColor)")
    weights = weights_of(figure, cells)
    lightness = [sum(map(int, re.findall(r"\d+", colour))) for colour in colours]
    order = np.argsort(weights, kind="stable")
    assert lightness[order[0]] > 740
    assert lightness[order[-1]] < 260
    assert np.all(np.diff(np.array(lightness)[order]) <= 2 * 9)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_the_tree_shows_what_the_search_kept(figure, width, network):
    expected = stored(network)
    figure.type(expected["sentences"][0])
    figure.choose(network)
    figure.set_width(width)
    found = figure.found()
    assert len(found) == width
    log_probs = [log_prob for _, log_prob in found]
    assert log_probs == sorted(log_probs, reverse=True)
    if width == 1:
        assert found[0][0] == expected["greedy"][0]
    if width == 5:
        assert [sentence for sentence, _ in found] == expected["beams"][0][0]
        assert log_probs == pytest.approx(expected["beams"][0][1], abs=1e-3)
    steps = figure.tree.locator("ul")
    assert steps.first.locator("li").count() == width
    assert steps.last.locator("li.live-dropped").count() == 0
    # One line leads to each word, and the thick ones to the best beam.
    n_nodes = steps.locator("li").count()
    assert figure.figure.locator(".live-trees path").count() == n_nodes
    thick = figure.figure.locator(".live-trees path.live-chosen").count()
    assert thick == steps.count()
    words = figure.tree.locator("li.live-chosen span:not(.live-hidden)")
    path = [word for word in words.all_text_contents() if word != "⋮"]
    assert " ".join(path) == f"{found[0][0]} <eos>"


def test_another_beam_can_be_chosen(figure):
    figure.set_width(3)
    best = figure.figure.locator("li.live-chosen").all_text_contents()
    figure.beams().nth(2).get_by_role("button").focus()
    third = figure.figure.locator("li.live-chosen").all_text_contents()
    assert third != best
    sentence, log_prob = figure.found()[2]
    assert third[-1].startswith(sentence)
    assert float(re.search(r".\d+\.\d+", third[-1])[0].replace(MINUS, "-")) == (
        pytest.approx(log_prob, abs=0.006)
    )


def test_greedy_search_is_dashed(figure):
    figure.choose("05_encoder_decoder")
    figure.set_width(1)
    dashed = figure.figure.locator(".live-trees path.live-greedy")
    assert dashed.count() == figure.tree.locator("ul").count()


def test_the_keyboard_is_enough(figure):
    keyboard = figure.page.keyboard
    figure.box.focus()
    keyboard.press("Control+a")
    keyboard.type("the")
    keyboard.press("Tab")
    assert figure.focused() == figure.offers.first.inner_text()
    keyboard.press("ArrowRight")
    second = figure.offers.nth(1).inner_text()
    assert figure.focused() == second
    keyboard.press("Enter")
    assert figure.box.input_value().strip().endswith(second)
    assert figure.focused() == figure.offers.first.inner_text()
    figure.type("the girl bought a book")
    figure.box.focus()
    seen = []
    while "Network" not in seen and len(seen) < 20:
        keyboard.press("Tab")
        seen.append(figure.focused().strip())
        if seen[-1] == "<sos>":
            keyboard.press("ArrowRight")
            assert figure.focused() == "the"
            assert (
                figure.map.locator("thead .live-word")
                .nth(1)
                .evaluate("e => e === document.activeElement")
            )
            n_rows = figure.map.locator("tbody tr").count()
            assert figure.map.locator("td.live-lit").count() == n_rows
    assert seen[1:4] == [
        "Another sentence",
        "Empty the box",
        "Where the network with attention looked",
    ]
    assert seen[4:] == ["<sos>", "la", "Beam width", "Network"]


# Bad input

BAD = {
    "": "The box is empty. Type a sentence, or choose its first word.",
    " \n ": "The box is empty. Type a sentence, or choose its first word.",
    "...": "A sentence is empty: there is nothing to translate.",
    "the girl bought a boook": (
        "Not in the vocabulary: 'boook' (near: book, books, broke). Use words of the "
        "training data."
    ),
    "한글 🎭 ": "Not in the vocabulary: '한글'; '🎭'. Use words of the training data.",
    "q1 q2 q3 q4 q5 q6 q7 ": (
        "Not in the vocabulary: 'q1'; 'q2'; 'q3'; 'q4'; 'q5'; and 2 more. Use words of "
        "the training data."
    ),
    "the girl " * 1111: "The sentence has 2222 words: the networks take 25 at most.",
    "x"
    * 10_000: f"Not in the vocabulary: '{'x' * 40}…'. Use words of the training data.",
    "🎭" * 5000: "The sentence has 5000 words: the networks take 25 at most.",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_bad_input_is_explained_and_nothing_freezes(figure, text):
    watch_pauses(figure.page)
    message = figure.message_after(text)
    assert message == BAD[text]
    assert longest_pause(figure.page) < 250  # milliseconds
    assert figure.tree.is_hidden()
    figure.type("the girl bought a book")
    assert figure.translations()["with attention"] == "la chica compró un libro"
    assert figure.message.inner_text() == ""


def test_a_long_sentence_does_not_block_typing(figure):
    figure.set_width(5)
    watch_pauses(figure.page)
    words = " ".join(["the girl bought a book and"] * 5).split()[:25]
    figure.type(" ".join(words))
    assert figure.map.locator("thead th").count() == 27
    assert longest_pause(figure.page) < 250  # milliseconds


# The page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_figure_is_accessible_and_fits(figure, scheme, width):
    set_window(figure.page, scheme, width)
    figure.figure.get_by_role("button", name="Another sentence").click()
    figure.until_drawn()
    figure.set_width(5)
    figure.map.locator("tbody .live-word").first.focus()
    picture = f"live_translating_{scheme}_{width}.png"
    context = "figure[data-live='translating']"
    check_that_it_is_accessible_and_fits(figure.figure, picture, context)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_needs_nothing_from_elsewhere_and_is_small(name, open_page):
    shown = open_page(name)
    figure = Figure(shown.page)
    figure.type("the girl bought a book")
    assert figure.translations()["with attention"] == "la chica compró un libro"
    check_that_it_needs_little(shown)


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_an_example_stands_there(browser, name):
    text = text_without_javascript(browser, name, "translating")
    assert "With JavaScript you can type sentences here" in text
    assert "the girl who found the watch bought a beautiful hat" in text
    assert "la chica que encontró el reloj compró un sombrero hermoso" in text
