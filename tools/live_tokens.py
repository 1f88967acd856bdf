"""What the live figure "tokens" needs of chapters 3 and 9: vocabularies, and ids."""

import json

import numpy as np

EXAMPLE = "It's charmless, #ILoveDeepLearning! 재미있다 😀"
N_TEXTS = 50
MOST_PARTS = 12  # of a random text
MOST_CHARACTERS = 1_000  # of a text that the page cuts
# What random texts are made of: what is easy to get wrong.
PARTS = [
    "the",
    "movie",
    "Charmless",
    "isn't",
    "'quoted'",
    "''twice''",
    "San Francisco",
    "#ILoveDeepLearning",
    "faaaaaantastic",
    "well-known",
    "<br />",
    "<BR\t>",
    "<br\v/>",
    "snake_case",
    "$12.50",
    "½",
    "²",
    "Ⅷ",
    "٣",
    "...",
    "“so”",
    "’",
    "'",
    "''",
    "재미있다",
    "한글!",
    "가나다라마바사",
    "\u1112\u1161\u11ab",  # a syllable in three letters, not one
    "ㅋㅋㅋ",
    "이 영화는",
    "映画",
    "𠮷野家",
    "とても",
    "مرحبا",
    "हिन्दी",
    "ไทย",
    "naïve",
    "nai\u0308ve",  # with a combining character
    "e\u0301\u0323",
    "\u0301",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "Straße",
    "DŽ",
    "ﬁne",
    "𝒜lpha",
    "Ａｂｃ",
    "😀",
    "👍🏽",
    "👨\u200d👩\u200d👧",
    "🇰🇷",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\v",
    "\x85",
    "\u00a0",
    "\u2003",
    "\u2028",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\x07",
    "\ufffd",
    "\ue000",
    "▁",
    "##ing",
    "[MASK]",
    "[mask]",
    "<unk>",
    "</s>",
    "a" * 101,
    "ö" * 40,
]


def random_texts():
    """Return fifty texts, always the same, that mix scripts, signs and white space."""
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(N_TEXTS):
        parts = rng.choice(PARTS, rng.integers(1, MOST_PARTS))
        between = rng.choice(["", " "], len(parts))
        texts.append("".join(map("".join, zip(between, parts, strict=True))))
    return texts


def chapter_3(split_words, encode, vocabulary, n_oov_buckets, bpe, wordpiece):
    """Return chapter 3's vocabularies, and the ids of random texts.

    Args:
        split_words: the chapter's function from texts to words.
        encode: its function from words to ids.
        vocabulary: its words, as bytes, the most frequent first.
        n_oov_buckets: how many ids the other words share.
        bpe: a BPE of SentencePiece.
        wordpiece: a WordPiece of the library `tokenizers`.
    """
    names = {
        "words": [word.decode() for word in vocabulary],
        "bpe": _pieces(bpe),
        "wordpiece": [
            wordpiece.id_to_token(i) for i in range(wordpiece.get_vocab_size())
        ],
    }
    ids_of = {
        "words": lambda text: encode(split_words([text], MOST_CHARACTERS)).to_list()[0],
        "bpe": bpe.encode,
        "wordpiece": lambda text: wordpiece.encode(text, add_special_tokens=False).ids,
    }
    shown = {
        # Id 0 is padding; beyond the vocabulary the buckets begin.
        "words": [
            "<pad>",
            *names["words"],
            *[f"bucket {bucket}" for bucket in range(n_oov_buckets)],
        ],
        "bpe": names["bpe"],
        "wordpiece": names["wordpiece"],
    }
    example = {"text": EXAMPLE}
    for kind, encode_text in ids_of.items():
        example |= _example(kind, [shown[kind][i] for i in encode_text(EXAMPLE)])
    page = {
        **{kind: _joined(entries) for kind, entries in names.items()},
        "n_oov_buckets": n_oov_buckets,
        "example": example,
        "tensors": {},
    }
    texts = random_texts()
    tests = {
        kind: list(map(encode_text, texts)) for kind, encode_text in ids_of.items()
    }
    return page, {"texts": texts, **tests}


def chapter_9(tokenizer):
    """Return chapter 9's merges, as pairs of ids, and the ids of random texts.

    Args:
        tokenizer: a byte-level BPE of the library `tokenizers`.
    """
    ids = tokenizer.encode(EXAMPLE).ids
    page = {
        "merges": merges_of(tokenizer),
        "example": _example("bytes", [_shown_bytes(tokenizer, i) for i in ids]),
        "tensors": {},
    }
    texts = random_texts()
    return page, {"texts": texts, "bytes": [tokenizer.encode(t).ids for t in texts]}


def merges_of(tokenizer):
    """Return the merges of a byte-level BPE as pairs of ids, in order."""
    bpe = json.loads(tokenizer.to_str())["model"]
    return [[bpe["vocab"][part] for part in pair] for pair in bpe["merges"]]


def _pieces(bpe):
    """Return the pieces of a SentencePiece BPE by id.

    Raises:
        ValueError: their order is not that of their scores, which a page goes by.
    """
    scores = [bpe.get_score(i) for i in range(3, len(bpe))]
    if scores != sorted(scores, reverse=True):
        raise ValueError("The pieces of the BPE are not in the order of their scores.")
    return [bpe.id_to_piece(i) for i in range(len(bpe))]


def _joined(entries):
    """Return the entries of a vocabulary as one string, which needs the least space.

    Raises:
        ValueError: an entry is empty or has a space in it.
    """
    joined = " ".join(entries)
    if joined.split(" ") != list(entries) or "" in entries:
        raise ValueError("An entry of the vocabulary is empty or has a space in it.")
    return joined


def _example(kind, tokens):
    return {kind: " | ".join(tokens), f"n_{kind}": str(len(tokens))}


def _shown_bytes(tokenizer, token_id):
    """Return a token as text, or, if it is a part of a character, as its bytes."""
    text = tokenizer.decode([token_id])
    if "\ufffd" not in text:
        return text.replace(" ", "␣")
    code = {sign: byte for byte, sign in _signs().items()}
    return "".join(f"<{code[sign]:02X}>" for sign in tokenizer.id_to_token(token_id))


def _signs():
    """Return the sign by which the library writes each byte: "Ġ" for a space."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    signs = {byte: chr(byte) for byte in printable}
    return signs | {byte: chr(256 + k) for k, byte in enumerate(others)}
