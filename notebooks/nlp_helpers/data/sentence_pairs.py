"""English sentences with their translations, and a reader's own pairs."""

import unicodedata

from nlp_helpers import course, settings
from nlp_helpers.data import grammar, sources
from nlp_helpers.data.fetch import DataError, fetch, read_own_file
from nlp_helpers.data.splits import split_of

SPLITS = ("train", "validation", "test")
FEWEST_PAIRS = 1_000  # of a reader's own: a network learns nothing from fewer


def title():
    """Return what results call these sentences, English to Spanish."""
    if course.run.own_data:
        return "own pairs"
    return {
        "packaged": "sentences of a small grammar, English to Spanish",
        "original": "Tatoeba, English to Spanish",
    }[settings.edition()]


def load():
    """Return English sentences with their Spanish translations, in splits.

    Packaged: what `grammar.load` writes, with three more splits. Original: Tatoeba's
    sentences. A hash of the source decides between training, validation and test,
    70/10/20, so that all translations of a sentence are in one.

    Returns:
        A dict from "train", "validation" and "test" to lists of pairs
        `(source, target)` of strings; the packaged edition also has "longer", "deeper"
        and "new combinations".

    Raises:
        DataError: the sentences are neither in `data/` nor can they be fetched.
    """
    if settings.edition() == "packaged":
        return grammar.load("es")
    lines = fetch(sources.TATOEBA).read_text(encoding="utf-8").splitlines()
    return _splits(line.split("\t")[:2] for line in lines)


def own_pairs(path):
    """Return a reader's own pairs of sentences, in the form of `load`.

    From then on claims are stated and cannot fail, since their bounds were made for
    the course's data.

    Args:
        path: a text file in UTF-8, a pair in each line: a sentence, a tab, and its
            translation. What follows after another tab is left out, so a file of
            Tatoeba's pairs can be taken as it is.

    Raises:
        DataError: the file cannot be read, a line is no pair, or there are too few.
    """
    pairs = []
    for number, line in enumerate(read_own_file(path).splitlines(), start=1):
        if line.strip():
            pair = [part.strip() for part in line.split("\t")[:2]]
            if len(pair) < 2 or not all(pair):
                raise DataError(
                    f"Line {number} of {path} is no pair: {line[:40]!r}. Write a "
                    "sentence, a tab, and its translation."
                )
            pairs.append(pair)
    splits = _splits(pairs)
    n_pairs = sum(map(len, splits.values()))
    if n_pairs < FEWEST_PAIRS:
        raise DataError(
            f"{path} has {n_pairs} different pairs, which are too few to learn from. "
            f"Use at least {FEWEST_PAIRS:,}; ten thousand are better."
        )
    course.run.own_data = True
    return splits


def _splits(pairs):
    """Return different pairs in three splits, by a hash of the source."""
    splits = {name: [] for name in SPLITS}
    tidy = ((_tidy(source), _tidy(target)) for source, target in pairs)
    for source, target in dict.fromkeys(tidy):
        splits[split_of(source)].append((source, target))
    return splits


def _tidy(text):
    """Return a text in Unicode's composed form, with single plain spaces."""
    text = text.replace("\u200b", " ")  # a space without width
    return " ".join(unicodedata.normalize("NFC", text).split())
