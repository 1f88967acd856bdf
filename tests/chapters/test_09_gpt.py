"""Chapter 9: byte-level BPE, the network, top-p, and the cache of keys and values."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

keras = tf.keras


@pytest.fixture(scope="module")
def bpe(definitions):
    return definitions("09", "encode", "decode", "learn_bpe", "printable", "BYTES")


@pytest.fixture(scope="module")
def merges(bpe):
    return bpe.learn_bpe("the cat sat on the mat, the hat 한글 한글 " * 3, 20)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_comes_back_exactly(bpe, merges, text):
    assert bpe.decode(bpe.encode(text, merges), merges) == text


def test_the_library_gives_any_text_back_too(definitions):
    train = definitions("09", "train_tokenizer").train_tokenizer
    tokenizer = train("the cat sat on the mat " * 5, 270)
    for text in ["", "naïve 한글 🎭\n\n  x", "\t\r\x00_a_ ²½"]:
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_merges_are_those_of_the_library(definitions, bpe):
    text = "the theatre, 한글 한국 the other there; it is this that 11 10 11\n" * 2
    reference = definitions("09", "train_tokenizer").train_tokenizer(text, 256 + 25)
    merges = bpe.learn_bpe(text, 25)
    assert reference.encode(text).ids == bpe.encode(text, merges)


def test_every_byte_has_one_id(bpe):
    assert sorted(bpe.BYTES) == list(range(256))


@pytest.fixture(scope="module")
def chapter(definitions):
    names = "GPT", "GPTConfig", "one_step", "gelu", "CausalAttention"
    return definitions("09", *names, config=None)


@pytest.fixture(scope="module")
def gpt(chapter):
    keras.utils.set_random_seed(1)
    sizes = {"vocab_size": 11, "n_steps": 9, "d_model": 8, "n_heads": 2, "n_blocks": 2}
    # Large first weights, so that whatever goes wrong is seen in the logits.
    model = chapter.GPT(chapter.GPTConfig(**sizes, stddev=0.7))
    model(tf.zeros([1, 2], tf.int32))
    return model


def test_gelu_is_the_exact_form(chapter):
    x = tf.linspace(-4.0, 4.0, 41)
    exact, by_tanh = (keras.activations.gelu(x, approximate=a) for a in (False, True))
    assert np.allclose(chapter.gelu(x), exact, atol=1e-6)
    assert not np.allclose(chapter.gelu(x), by_tanh, atol=1e-4)


def test_a_block_uses_that_gelu(chapter, gpt):
    block, x = gpt.blocks[0], tf.random.stateless_normal([1, 3, 8], [1, 2], 3.0)
    normed = block.norms[1](x)
    inner = tf.matmul(normed, block.inner.kernel) + block.inner.bias
    expected = x + block.outer(chapter.gelu(inner))
    assert np.allclose(block.feed_forward(x), expected, atol=1e-5)


def test_no_logit_depends_on_a_later_token(gpt):
    ids = np.arange(9)[np.newaxis] % 11
    before = gpt(ids).numpy()
    for changed in range(9):
        other = ids.copy()
        other[0, changed] = 10
        after = gpt(other).numpy()
        assert np.allclose(after[:, :changed], before[:, :changed], atol=1e-5)
        assert not np.allclose(after[:, changed:], before[:, changed:], atol=1e-3)


def test_one_step_with_a_cache_is_the_whole_at_that_step(chapter, gpt):
    ids = tf.constant([[3, 1, 4, 1, 5, 9, 2, 6, 5], [2, 7, 1, 8, 2, 8, 1, 8, 2]])
    whole, cache = gpt(ids).numpy(), [None, None]
    for step in range(9):
        new = ids[:, step : step + 1]
        logits, cache = chapter.one_step(gpt, new, step, cache)
        assert np.allclose(logits, whole[:, step], atol=1e-4), step
    assert cache[0][0].shape == [2, 2, 9, 4]


def test_writing_with_and_without_a_cache_gives_the_same(definitions, chapter, gpt):
    names = "write", "write_cached", "draw"
    rules = definitions(
        "09", *names, gpt=gpt, n_steps=9, one_step=chapter.one_step, train_ids=None
    )
    prompt = tf.constant([[3, 1], [2, 7]])
    plain = rules.write(prompt, 7)
    cached, _ = rules.write_cached(gpt, prompt, 7, lambda logits: logits)
    assert np.array_equal(plain, cached)
    # Past the window, each token is drawn from the last nine before it.
    longer = rules.write(prompt, 40)
    assert np.array_equal(longer[:, :9], plain)
    for end in range(9, 42):
        logits = gpt(longer[:, end - 9 : end])[:, -1]
        drawn = rules.draw(logits, 42, end - 2)[:, 0]
        assert np.array_equal(longer[:, end], drawn), end


@pytest.fixture(scope="module")
def kept(definitions):
    rules = definitions("09", "top_p", "top_k")

    def kept(rule, probabilities, limit):
        logits = tf.math.log(tf.constant([probabilities]))
        left = getattr(rules, rule)(logits, limit)[0]
        return np.flatnonzero(np.isfinite(left)).tolist()

    return kept


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.3, [2]), (0.55, [0, 2]), (0.85, [0, 2, 3]), (1.0, [0, 1, 2, 3])],
)
def test_top_p_keeps_the_token_that_crosses_p(kept, p, expected):
    assert kept("top_p", [0.3, 0.05, 0.5, 0.15], p) == expected


def test_top_k_keeps_k(kept):
    assert kept("top_k", [0.3, 0.05, 0.5, 0.15], 2) == [0, 2]


def test_repetition_counts_runs_that_came_before(definitions):
    repeated = definitions("09", "repeated").repeated
    assert repeated([[1, 2, 3, 4, 5, 6]]) == 0
    assert repeated([[1] * 8]) == pytest.approx(1 - 1 / 5)


def test_bits_per_character_do_not_depend_on_the_tokens(definitions):
    bits = definitions("09", "bits_per_char").bits_per_char
    text = "abab" * 10  # as letters of one bit, or as pairs of two
    assert bits(np.log(2), range(40), text) == pytest.approx(1)
    assert bits(2 * np.log(2), range(20), text) == pytest.approx(1)
