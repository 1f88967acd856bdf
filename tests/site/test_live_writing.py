"""The live figure "writing": it computes what Python does, and is easy to use."""

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
from looking import cpu_seconds

PAGES = {"01_char_rnn": "CharRNN", "09_gpt": "GPT"}  # with the class of the network
TRY = "try.html"


def page_of(network):
    return f"notebooks/{network}.html"


class Figure:
    """The figure on a page, and what a reader does with it."""

    def __init__(self, page):
        self.page = page
        self.figure = page.locator("figure[data-live='writing']")
        self.message = self.figure.get_by_role("status")
        self.passage = self.figure.get_by_role("region")
        self.beginning = self.figure.get_by_label("Beginning", exact=True)
        self.one = self.figure.get_by_role("button", name=re.compile("Write one"))
        self.many = self.figure.get_by_role("button", name=re.compile("Write 200|Stop"))
        self.one.wait_for()
        self.until_ready()

    def until_ready(self):
        self.page.wait_for_function(
            "f => ![...f.querySelectorAll('button')].some(b => b.disabled)",
            arg=self.figure.element_handle(),
        )

    def slide(self, name, to):
        slider = self.figure.get_by_label(name)
        slider.focus()
        self.page.keyboard.press("End")
        for _ in range(40):
            if slider.get_attribute("aria-valuetext") == to:
                return
            self.page.keyboard.press("ArrowLeft")
        raise AssertionError(f"{name} cannot be {to}")

    def set_seed(self, seed):
        self.figure.get_by_label("Seed").fill(str(seed))

    def write(self, text, n):
        """Type a beginning, let the network write n steps, and return the passage."""
        self.beginning.fill(text)
        self.until_ready()
        for _ in range(n):
            self.one.click()
        return self.passage.text_content()

    def rows(self):
        """Return what the table shows: pairs of a choice and its percentage."""
        lines = self.figure.locator("tbody tr").all_inner_texts()
        return [re.fullmatch(r"(.+?)\s+([\d.]+) %", line).groups() for line in lines]


@pytest.fixture(params=PAGES)
def network(request):
    return request.param


@pytest.fixture
def figure(network, open_page):
    return Figure(open_page(page_of(network)).page)


# It computes what Python does


def test_float16_is_read_as_numpy_reads_it(open_page):
    page = open_page(page_of("01_char_rnn")).page
    bits = np.arange(2**16, dtype=np.uint16)
    halves = bits.view(np.float16).astype(np.float64)
    finite = np.isfinite(halves)
    read = page.evaluate("bits => bits.map(live.fromHalf)", bits[finite].tolist())
    assert np.array_equal(read, halves[finite])


LOGITS = """([type, name, inputs]) => {
    const network = new live[type](name);
    return inputs.map((ids) => {
        let states = network.start(), logits = null;
        for (const id of ids) ({ logits, states } = network.oneStep(id, states));
        return Array.from(logits);
    });
}"""


def test_logits_are_those_of_python(network, open_page):
    page, expected = open_page(page_of(network)).page, stored(network)
    assert len(expected["inputs"]) == 50
    asked = [PAGES[network], network, expected["inputs"]]
    logits = np.array(page.evaluate(LOGITS, asked))
    assert logits.shape == np.shape(expected["logits"])
    assert np.abs(logits - expected["logits"]).max() < 1e-4


WRITTEN = """([type, name, prompt, length, settings]) => {
    const writer = new live.Writer(new live[type](name));
    const given = writer.network.encode(prompt);
    writer.clear(given);
    while (writer.unread.length) writer.readOne();
    let text = prompt;
    while (text.length < length) {
        writer.writeOne(settings);
        text = writer.network.decode([...given, ...writer.written.map(({ id }) => id)]);
    }
    return text;
}"""


def test_greedy_texts_are_those_of_python(network, open_page):
    page, expected = open_page(page_of(network)).page, stored(network)
    greedy = {"temperature": 1, "topK": 1, "seed": 1}
    for prompt, text in zip(expected["prompts"], expected["greedy"], strict=True):
        asked = [PAGES[network], network, prompt, len(text), greedy]
        assert page.evaluate(WRITTEN, asked) == text


def test_the_tokens_are_those_of_the_library(open_page):
    page = open_page(page_of("09_gpt")).page
    for text, ids in stored("09_gpt")["encoded"]:
        assert page.evaluate("t => new live.GPT('09_gpt').encode(t)", text) == ids
        assert page.evaluate("i => new live.GPT('09_gpt').decode(i)", ids) == text


def test_a_character_takes_less_than_five_milliseconds(network, open_page):
    page = open_page(page_of(network)).page
    settings = {"temperature": 0.7, "topK": None, "seed": 3}
    asked = [PAGES[network], network, "The ", 304, settings]
    seconds = cpu_seconds(page, lambda: page.evaluate(WRITTEN, asked))
    assert seconds / 300 < 0.005


# What a reader does


def test_greedy_writing_gives_the_text_of_python(figure, network):
    expected = stored(network)
    figure.slide("Top-k", "1")
    prompt, text = expected["prompts"][1], expected["greedy"][1]
    passage = figure.write(prompt, n=12)
    assert len(passage) >= len(prompt) + 12
    assert text.startswith(passage)


def test_a_seed_makes_the_text_repeatable(figure):
    figure.slide("Temperature", "1")
    texts = []
    for seed in [7, 8, 7]:
        figure.set_seed(seed)
        texts.append(figure.write("The king", n=15))
    assert texts[0] == texts[2] != texts[1]


def test_the_table_follows_temperature_and_top_k(figure):
    figure.beginning.fill("The king")
    figure.until_ready()
    figure.slide("Temperature", "0.5")
    rows = figure.rows()
    assert len(rows) == 12
    shares = [float(share) for _, share in rows]
    assert shares == sorted(shares, reverse=True)
    assert 50 < sum(shares) < 100.5
    figure.slide("Temperature", "0.2")
    colder = figure.rows()
    assert float(colder[0][1]) > shares[0]
    assert colder[0][0] == rows[0][0]
    figure.slide("Top-k", "3")
    assert len(figure.rows()) == 3
    assert sum(float(share) for _, share in figure.rows()) == pytest.approx(
        100, abs=0.2
    )


def test_one_looks_back_at_what_was_drawn(figure):
    figure.write("The king", n=5)
    assert not any("(drawn)" in choice for choice, _ in figure.rows())
    figure.figure.get_by_label("Look back").focus()
    figure.page.keyboard.press("ArrowLeft")
    (drawn,) = [choice for choice, _ in figure.rows() if "(drawn)" in choice]
    said = figure.message.text_content()
    assert said == "Drawn: " + drawn.removesuffix(" (drawn)")
    figure.slide("Top-k", "1")
    figure.write("The king", n=2)
    figure.figure.get_by_label("Look back").focus()
    figure.page.keyboard.press("Home")
    (row,) = figure.rows()
    assert row[0].endswith("(drawn)")
    assert "“The king”" in figure.figure.locator("caption").inner_text()


def test_many_steps_can_be_stopped_and_are_read_aloud_at_the_end(figure):
    figure.beginning.fill("The king")
    figure.until_ready()
    figure.many.click()
    assert figure.message.inner_text() == "Writing."
    figure.page.wait_for_function(
        "p => p.textContent.length > 30", arg=figure.passage.element_handle()
    )
    figure.many.click()
    said = figure.message.text_content()
    written = figure.passage.text_content().removeprefix("The king")
    assert re.fullmatch(r"\d+ (characters|tokens) written\. [\s\S]+", said)
    assert said.endswith(written)
    figure.page.wait_for_timeout(200)
    assert figure.passage.text_content() == "The king" + written


def test_one_step_ends_the_writing_of_many(figure):
    figure.beginning.fill("The king")
    figure.until_ready()
    figure.many.click()
    figure.one.click()
    written = figure.passage.text_content()
    figure.page.wait_for_timeout(200)
    assert figure.passage.text_content() == written
    assert figure.message.text_content().startswith("Drawn: ")


def test_the_keyboard_is_enough(figure):
    figure.beginning.focus()
    keyboard = figure.page.keyboard
    keyboard.press("Control+a")
    keyboard.type("I am ")
    figure.until_ready()
    seen = []
    for _ in range(9):
        keyboard.press("Tab")
        seen.append(
            figure.page.evaluate(
                """() => document.activeElement.labels?.[0]?.firstChild.textContent ||
                    document.activeElement.ariaLabel ||
                    document.activeElement.textContent"""
            )
        )
        if seen[-1].startswith("Write one"):
            keyboard.press("Enter")
            keyboard.press("Space")
    expected = ["Temperature", "Top-k", "Seed", "Write one", "Write 200", "Start again"]
    expected += ["Written text", "Look back"]
    for name, start in zip(seen, expected, strict=False):
        assert name.startswith(start), seen
    assert len(figure.passage.text_content()) >= len("I am ") + 2


# Bad input


BAD = {
    "": "The box is empty. Type a beginning of one character at least.",
    "x" * 10_000: "The beginning has 10,000 characters, and at most 1000 are read.",
}
UNKNOWN = "The network has never seen the character 🎭 (number 4 of the beginning)."


@pytest.mark.parametrize("text", BAD, ids=["empty", "long"])
def test_bad_input_is_explained_and_nothing_freezes(figure, text):
    figure.beginning.fill(text)
    assert figure.message.inner_text().startswith(BAD[text])
    assert figure.many.is_disabled()
    assert figure.figure.locator("table").is_hidden()
    assert len(figure.write("The king", n=3)) >= len("The king") + 3


def test_unknown_characters_are_named(open_page):
    figure = Figure(open_page(page_of("01_char_rnn")).page)
    figure.beginning.fill("To 🎭")
    message = figure.message.inner_text()
    assert message.startswith(UNKNOWN)
    assert "etoahsrni" in message
    assert figure.one.is_disabled()


def test_the_gpt_reads_every_script(open_page):
    figure = Figure(open_page(page_of("09_gpt")).page)
    assert figure.write("한글 🎭 ", n=2).startswith("한글 🎭 ")


@pytest.mark.parametrize("seed", ["", "-1", "1.5", "1000000"])
def test_a_bad_seed_is_explained(figure, seed):
    figure.figure.get_by_label("Seed").fill(seed)
    before = figure.passage.text_content()
    figure.one.click()
    expected = "The seed must be a whole number from 0 to 999999."
    assert figure.message.inner_text() == expected
    assert figure.passage.text_content() == before


def test_a_long_beginning_does_not_block_typing(figure):
    watch_pauses(figure.page)
    figure.beginning.fill("The king " * 110)
    figure.until_ready()
    assert longest_pause(figure.page) < 250  # milliseconds


def test_no_more_is_written_than_the_page_can_hold(open_page):
    figure = Figure(open_page(page_of("01_char_rnn")).page)
    figure.page.evaluate("window.setTimeout = (f) => Promise.resolve().then(f)")
    figure.slide("Top-k", "1")
    for _ in range(5):
        figure.many.click()
        figure.page.wait_for_function(
            "f => !f.querySelector('.live-buttons').innerText.includes('Stop')",
            arg=figure.figure.element_handle(),
        )
    before = figure.passage.text_content()
    figure.one.click()
    said = figure.message.inner_text()
    assert re.match("The network has written 1,000 characters, and that", said)
    assert figure.passage.text_content() == before


# The page


def test_the_reader_chooses_the_network_on_the_page_of_all(open_page):
    figure = Figure(open_page(TRY).page)
    figure.slide("Top-k", "1")
    texts = []
    for label in ["GRU on characters (chapter 1)", "GPT on tokens (chapter 9)"]:
        figure.figure.get_by_label("Network").select_option(label=label)
        texts.append(figure.write("The ", n=6))
    for text, network in zip(texts, PAGES, strict=True):
        assert stored(network)["greedy"][1].startswith(text)
    assert texts[0] != texts[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_figure_is_accessible_and_fits(figure, network, scheme, width):
    set_window(figure.page, scheme, width)
    figure.write("The king", n=6)
    figure.slide("Look back", "6 of 6 written")
    picture = f"live_writing_{network}_{scheme}_{width}.png"
    context = "figure.live"
    check_that_it_is_accessible_and_fits(figure.figure, picture, context)


@pytest.mark.parametrize("name", [*map(page_of, PAGES), TRY])
def test_the_page_needs_nothing_from_elsewhere_and_is_small(name, open_page):
    shown = open_page(name)
    figure = Figure(shown.page)
    figure.write("The king", n=3)
    check_that_it_needs_little(shown)


@pytest.mark.parametrize("name", [*map(page_of, PAGES), TRY])
def test_without_javascript_an_example_stands_there(browser, name):
    text = text_without_javascript(browser, name, "writing")
    assert "With JavaScript you can type a beginning here" in text
    assert "First Citizen:\n" in text


def test_pages_without_a_figure_have_no_script_of_it(open_page):
    shown = open_page("notebooks/02_stateful_rnn.html")
    scripts = [url for url in shown.requests if "/_static/live/" in url]
    assert [url for url in scripts if ".js" in url] == []
