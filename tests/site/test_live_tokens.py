"""The live figure "tokens": it cuts as Python does, and is easy to use."""

import functools
import re

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
from looking import ROOT, cpu_seconds

CHAPTERS = ["notebooks/03_sentiment_analysis.html", "notebooks/09_gpt.html"]
PAGES = [*CHAPTERS, "try.html"]
KINDS = {"words": "Words", "bpe": "BPE", "wordpiece": "WordPiece", "bytes": "Bytes"}
NAMES = ["words", "BPE", "WordPiece", "byte-level BPE"]
STORED = {kind: "03_tokenizers" for kind in KINDS} | {"bytes": "09_tokenizer"}


def texts_and_ids(kind):
    """Return fifty texts, and the ids that Python gave their tokens."""
    content = stored(STORED[kind])
    return content["texts"], content[kind]


class Figure:
    """The figure on a page, and what a reader does with it."""

    def __init__(self, page):
        self.page = page
        self.figure = page.locator("figure[data-live='tokens']")
        self.message = self.figure.get_by_role("status")
        self.text = self.figure.get_by_label("Text", exact=True)
        self.text.wait_for()

    def tokens(self, name):
        return self.figure.get_by_label(f"Tokens: {name}", exact=True)

    def shown(self, name):
        """Return the tokens of one kind as a reader sees them."""
        return self.tokens(name).get_by_role("button").all_inner_texts()

    def counts(self):
        return self.figure.locator(".live-count").all_inner_texts()

    def until_shown(self):
        """Wait until there are as many tokens as the counts say."""
        self.page.wait_for_function(
            """f => [...f.querySelectorAll(".live-tokens")].every(row =>
                parseInt(row.querySelector(".live-count").innerText.replace(",", ""))
                === row.querySelectorAll("button").length)""",
            arg=self.figure.element_handle(),
        )

    def type(self, text):
        self.text.fill(text)
        self.until_shown()


@pytest.fixture
def figure(open_page):
    return Figure(open_page(CHAPTERS[0]).page)


# It cuts as Python does


CUT = """([type, name, texts]) => {
    const tokenizer = new live[type](live.weights[name]);
    return texts.map(text => tokenizer.encode(text));
}"""


def cut(page, kind, texts):
    return page.evaluate(CUT, [KINDS[kind], STORED[kind], texts])


@pytest.mark.parametrize("kind", KINDS)
def test_the_ids_are_those_of_python(kind, open_page):
    texts, expected = texts_and_ids(kind)
    assert len(texts) == 50
    tokens = cut(open_page(CHAPTERS[0]).page, kind, texts)
    ids = [[token["id"] for token in one] for one in tokens]
    for text, ours, theirs in zip(texts, ids, expected, strict=True):
        assert ours == theirs, text


def test_the_random_texts_hold_what_is_easy_to_get_wrong():
    everything = "".join(texts_and_ids("bpe")[0])
    for part in [
        "재미",
        "\u1112\u1161",
        "👨\u200d👩",
        "i\u0308",
        "\u2028",
        "İ",
        "[MASK]",
    ]:
        assert part in everything
    assert any(ids.count(0) > 1 for ids in texts_and_ids("bpe")[1])  # unknown
    assert max(map(max, filter(None, texts_and_ids("words")[1]))) > 10_000  # buckets


def test_the_tokens_of_bpe_together_are_the_text(open_page):
    texts, _ = texts_and_ids("bpe")
    tokens = cut(open_page(CHAPTERS[0]).page, "bpe", texts)
    together = ["".join(token["text"] for token in one) for one in tokens]
    assert together == ["▁" + text.replace(" ", "▁") for text in texts]


def test_the_bytes_of_the_tokens_together_are_the_text(open_page):
    texts, _ = texts_and_ids("bytes")
    tokens = cut(open_page(CHAPTERS[0]).page, "bytes", texts)
    codes = ["".join(token["bytes"] for token in one) for one in tokens]
    together = [bytes.fromhex(re.sub("[<>]", "", code)).decode() for code in codes]
    assert together == texts


# What tf.strings.to_hash_bucket_fast makes of words of 0 to 240 bytes, with as many
# buckets as `BUCKETS`.
BUCKETS = 2**62 + 1
HASHES = {
    "": 1936946117179621453,
    "é": 693143013273849025,
    "abcd": 1897425971756105985,
    "영화보기": 4483226224043014362,
    "movies" * 5: 3342692251747435919,
    "영화" * 9: 3412266058005136298,
    "a" * 64: 1281596039326491512,
    "한글" * 40: 2130734253727540929,
}


def test_the_hash_is_that_of_tensorflow(open_page):
    page = open_page(CHAPTERS[0]).page
    code = "w => String(live.fingerprint64(new TextEncoder().encode(w)))"
    ours = {word: int(page.evaluate(code, word)) % BUCKETS for word in HASHES}
    assert ours == HASHES


def test_a_thousand_characters_are_cut_in_a_moment(open_page):
    page = open_page(CHAPTERS[0]).page
    page.evaluate(
        """() => {
            window.tokenizers = [
                new live.Words(live.weights["03_tokenizers"]),
                new live.BPE(live.weights["03_tokenizers"]),
                new live.WordPiece(live.weights["03_tokenizers"]),
                new live.Bytes(live.weights["09_tokenizer"]),
            ];
        }"""
    )
    cut_by_all = "text => { for (const one of tokenizers) one.encode(text); }"
    texts = ["a" * 1_000, "한" * 1_000, "The film is great. " * 52, "😀" * 1_000]

    def slowest():
        runs = [functools.partial(page.evaluate, cut_by_all, text) for text in texts]
        return max(cpu_seconds(page, run) for run in runs)

    assert min(slowest() for _ in range(3)) < 0.1


# What a reader sees


def test_a_text_is_cut_in_four_ways(figure):
    figure.type("San Francisco, isn't it?")
    assert figure.shown("words")[-2:] == ["isn't", "it"]
    assert figure.shown("BPE")[:2] == ["▁S", "an"]
    assert figure.shown("WordPiece")[:2] == ["S", "##an"]
    assert "".join(figure.shown("byte-level BPE")) == "San␣Francisco,␣isn't␣it?"
    for count, name in zip(figure.counts(), NAMES, strict=True):
        assert count.startswith(f"{len(figure.shown(name))} tokens")


def test_the_tokens_follow_each_key(figure):
    figure.type("")
    figure.text.focus()
    for typed in ["g", "go", "goo", "good"]:
        figure.page.keyboard.type(typed[-1])
        figure.until_shown()
        assert "".join(figure.shown("byte-level BPE")) == typed


def test_unknown_tokens_are_shown_as_a_network_sees_them(figure):
    figure.type("faaaaaantastic # 재미있다")
    words = figure.shown("words")
    assert all(re.fullmatch(r"bucket \d+", word) for word in words), words
    assert figure.shown("BPE")[-2:] == ["▁", "<unk>"]
    assert figure.shown("WordPiece")[-2:] == ["[UNK]", "[UNK]"]
    counts = figure.counts()
    assert counts[0] == "2 tokens, 2 unknown"
    assert all("unknown" in count for count in counts[:3])
    assert "unknown" not in counts[3]
    assert figure.figure.locator(".live-unknown").count() == 6


def test_korean_and_emoji_become_bytes_but_no_token_is_unknown(figure):
    figure.type("한 😀")
    shown = figure.shown("byte-level BPE")
    code = "".join(shown).replace("␣", "<20>")
    assert bytes.fromhex(re.sub("[<>]", "", code)).decode() == "한 😀"
    figure.page.wait_for_timeout(900)
    assert figure.message.inner_text().startswith(
        "3 characters, 8 bytes. Tokens: words 1"
    )


def test_what_cannot_be_seen_gets_a_name(figure):
    figure.type("a\n\u200db")
    shown = figure.shown("byte-level BPE")
    assert shown[1] == "⏎"
    figure.type("👍\u200d")
    unknown = figure.tokens("BPE").get_by_role("button").last
    assert "“👍<U+200D>”" in unknown.get_attribute("aria-label")


def test_a_token_shows_its_id_on_hover(figure):
    figure.type("the movie")
    token = figure.tokens("words").get_by_role("button").nth(1)
    token.hover()
    line = figure.figure.locator(".live-detail").first
    assert re.fullmatch(r"movie: id \d+, number \d+ of the words .*", line.inner_text())
    assert line.inner_text() == token.get_attribute("aria-label")


def test_the_keyboard_is_enough(figure):
    figure.type("the movie was really good")
    figure.text.focus()
    keyboard = figure.page.keyboard
    focused = "() => document.activeElement.ariaLabel ?? ''"
    line = figure.figure.locator(".live-detail").first
    keyboard.press("Tab")
    for key, word in [
        (None, "the"),
        ("ArrowRight", "movie"),
        ("End", "good"),
        ("ArrowRight", "good"),
        ("ArrowLeft", "really"),
        ("Home", "the"),
    ]:
        if key:
            keyboard.press(key)
        label = figure.page.evaluate(focused)
        assert label.startswith(f"{word}: id ")
        assert line.inner_text() == label
    keyboard.press("Tab")  # one step leaves the list
    assert figure.page.evaluate(focused).startswith("▁the: id ")


def test_a_screen_reader_hears_each_token_with_its_id(figure):
    figure.type("Charm # 한")
    for name, kind in zip(NAMES, KINDS, strict=True):
        (expected,) = cut(figure.page, kind, ["Charm # 한"])
        items = figure.tokens(name).get_by_role("listitem")
        assert items.count() == len(expected)
        for token, item in zip(expected, items.all(), strict=True):
            label = item.get_by_role("button").get_attribute("aria-label")
            assert f": id {token['id']:,}, " in label


def test_the_numbers_are_said_when_nobody_types(figure):
    figure.type("good")
    figure.page.wait_for_timeout(900)
    said = figure.message.inner_text()
    assert re.fullmatch(
        r"4 characters, 4 bytes\. Tokens: words 1, BPE \d, WordPiece \d, "
        r"byte-level BPE \d\.",
        said,
    )


def test_an_example_fills_the_box(figure):
    choice = figure.figure.get_by_label("Example")
    for label in choice.locator("option").all_inner_texts()[1:]:
        choice.select_option(label=label)
        figure.until_shown()
        assert figure.text.input_value()
        assert all(int(count.split()[0]) > 0 for count in figure.counts())
    figure.type("x")
    assert choice.input_value() == ""  # your own


# Bad input


def test_an_empty_box_is_explained(figure):
    figure.type("")
    assert figure.message.inner_text() == (
        "The box is empty. Type a text, or choose an example."
    )
    assert figure.counts() == ["0 tokens"] * 4


def test_a_long_paste_is_shortened_and_freezes_nothing(figure):
    watch_pauses(figure.page)
    figure.type("한" * 10_000)
    assert figure.message.inner_text() == (
        "The text has 10,000 characters. Only the first 1,000 are cut into tokens."
    )
    assert figure.counts()[3] == "3,000 tokens"
    assert longest_pause(figure.page) < 1_000  # milliseconds
    figure.type("good")
    assert "".join(figure.shown("byte-level BPE")) == "good"


def test_a_text_of_which_words_keep_nothing(figure):
    figure.type("123 😀")
    assert figure.counts()[0] == "0 tokens"
    assert "nothing of this text is left" in figure.figure.inner_text()


def test_half_a_character_is_no_error(open_page):
    shown = open_page(CHAPTERS[0])
    figure = Figure(shown.page)
    half = "f => { f.value = 'a\\ud83d'; f.dispatchEvent(new Event('input')); }"
    figure.text.evaluate(half)
    figure.until_shown()
    assert "".join(figure.shown("byte-level BPE")).startswith("a<EF>")
    assert shown.errors == []


# The page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_figure_is_accessible_and_fits(figure, scheme, width):
    set_window(figure.page, scheme, width)
    figure.type("It's charmless! #ILoveDeepLearning 재미있다 😀 " + "ö" * 70)
    figure.tokens("BPE").get_by_role("button").nth(3).focus()
    picture = f"live_tokens_{scheme}_{width}.png"
    context = "figure[data-live='tokens']"
    check_that_it_is_accessible_and_fits(figure.figure, picture, context)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_needs_nothing_from_elsewhere_and_is_small(name, open_page):
    shown = open_page(name)
    Figure(shown.page).type("The king")
    check_that_it_needs_little(shown)


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_an_example_stands_there(browser, name):
    text = text_without_javascript(browser, name, "tokens")
    assert "With JavaScript you can type a text here" in text
    assert "▁charm | less" in text
    assert "[UNK]" in text


def test_the_vocabularies_are_small():
    folder = ROOT / "docs" / "live" / "weights"
    sizes = [(folder / f"{name}.js").stat().st_size for name in {*STORED.values()}]
    assert sum(sizes) < 300_000
