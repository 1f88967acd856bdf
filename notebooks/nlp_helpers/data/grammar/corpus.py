"""Sentences of the grammar in three languages, and how they are split."""

import functools
import hashlib
import operator
import re

from nlp_helpers.data.grammar import english, korean, lexicon, spanish
from nlp_helpers.data.grammar.writer import Writer
from nlp_helpers.data.splits import split_of

LANGUAGES = {"en": english, "es": spanish, "ko": korean}
MIN_WORDS, MAX_WORDS = 3, 14  # of a training sentence
MAX_CLAUSES = 2
N_SENTENCES = 40_000  # for training, validation and test
N_HELD_OUT = 500  # of each kind that is held out on purpose
# Short sentences are much like one another, so fewer of them are kept.
SHORT, KEPT_SHORT = 8, 0.4
HELD_OUT = ("longer", "deeper", "new combinations")
SHARE_OF_PAIRS = 0.05  # that are kept for "new combinations"


class Sentence:
    """A sentence in English, Spanish and Korean, and which words belong together.

    Attributes:
        meaning: the `Meaning` that it says.
    """

    def __init__(self, meaning):
        """Keep what the sentence means."""
        self.meaning = meaning
        self._words = {}

    def tokens(self, language):
        """Return a list of pairs: a word, and the nodes of the meaning it stands for.

        Args:
            language: "en", "es" or "ko".

        Raises:
            ValueError: there is no such language.
        """
        if language not in LANGUAGES:
            raise ValueError(
                f"language={language!r} is not written: use one of "
                f"{', '.join(LANGUAGES)}."
            )
        return LANGUAGES[language].sentence(self.meaning)

    def words(self, language="en"):
        """Return the words of the sentence in lower case; a question mark is one.

        Full stops and commas are left out: what is always right would only flatter a
        translation's score.
        """
        if language not in self._words:
            self._words[language] = tuple(word for word, _ in self.tokens(language))
        return list(self._words[language])

    def text(self, language="en"):
        """Return the sentence as one writes it, such as "The girl bought a book"."""
        text = " ".join(self.words(language)).replace("¿ ", "¿").replace(" ?", "?")
        text = re.sub(r" (but|pero)\b", r", \1", text)
        text += "" if text.endswith("?") else "."
        first = re.search(r"\w", text).start()
        return text[:first] + text[first].upper() + text[first + 1 :]

    def alignment(self, language):
        """Return which words of English and of another language belong together.

        Returns:
            A list of pairs `(i, j)`: the English word `i` and the other one's word `j`
            stand for a part of the same thing. A word can be in several pairs, and in
            none, as *the* in Korean.
        """
        target = self.tokens(language)
        return [
            (i, j)
            for i, (_, sources) in enumerate(self.tokens("en"))
            for j, (_, others) in enumerate(target)
            if any(source in others for source in sources)
        ]

    @property
    def n_words(self):
        """Number of English words, the question mark included."""
        return len(self.words("en"))

    @property
    def n_clauses(self):
        """Number of clauses: 1, and one more for each that is linked or relative."""
        return len(self.meaning.clauses())

    @property
    def pairs(self):
        """The pairs of English words that belong together.

        They are adjectives with the nouns that they describe, and verbs with their
        objects.
        """
        found = set()
        for clause in self.meaning.clauses():
            for phrase in clause.phrases():
                noun = phrase.noun.english
                found |= {(a.english, noun) for a in phrase.adjectives}
                if phrase is clause.subject:
                    found |= {(a.english, noun) for a in clause.adjectives}
            thing = clause.object
            if thing is not None:
                noun = getattr(thing, "antecedent", thing).noun
                found.add((clause.verb.english, noun.english))
        return found

    def __repr__(self):
        """Return the English sentence."""
        return f"<Sentence {self.text('en')!r}>"


def write(n, seed=42):
    """Return different sentences of all kinds; no two have the same English.

    Args:
        n: how many.
        seed: the same seed gives the same sentences, everywhere.

    Raises:
        TypeError: `n` or the seed is not whole.
        ValueError: n is negative.
    """
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"n={n} sentences cannot be written: n must be 0 or more.")
    stream = _different_sentences(operator.index(seed))
    return [next(stream) for _ in range(n)]


def _different_sentences(seed):
    """Yield sentences without end, none twice."""
    writer, known = Writer(seed), set()
    while True:
        sentence = Sentence(writer.sentence())
        source = " ".join(sentence.words("en"))
        if sentence.n_words < MIN_WORDS or source in known:
            continue
        if sentence.n_words >= SHORT or writer.chance(KEPT_SHORT):
            known.add(source)
            yield sentence


@functools.cache
def is_held_out(pair):
    """Tell whether a pair of words is kept for "new combinations", by a hash of it.

    No pair with an ambiguous word is: its translation could not be known.
    """
    ambiguous = _ambiguous_words()
    if any(word in ambiguous for word in pair):
        return False
    digest = hashlib.sha256(" ".join(pair).encode()).digest()
    return int.from_bytes(digest[:4]) < SHARE_OF_PAIRS * 2**32


@functools.cache
def _ambiguous_words():
    lists = lexicon.NOUN_LIST, lexicon.VERB_LIST, lexicon.ADJECTIVE_LIST
    words = [word.english for words in lists for word in words]
    return {word for word in words if words.count(word) > 1}


def split_of_sentence(sentence):
    """Return the split of a sentence, or "" if it belongs to none.

    What is longer than any training sentence has no more clauses than they, and no new
    pair of words; so for all three: one difference at a time.
    """
    is_longer = sentence.n_words > MAX_WORDS
    n_more_clauses = sentence.n_clauses - MAX_CLAUSES
    if n_more_clauses > 1 or (is_longer and n_more_clauses == 1):
        return ""
    if any(map(is_held_out, sentence.pairs)):
        return "" if is_longer or n_more_clauses == 1 else "new combinations"
    if is_longer or n_more_clauses == 1:
        return "longer" if is_longer else "deeper"
    return split_of(" ".join(sentence.words("en")))


@functools.cache
def _sentences(n, seed):
    splits = {name: [] for name in ("train", "validation", "test", *HELD_OUT)}
    left = operator.index(n)
    for sentence in _different_sentences(seed):
        name = split_of_sentence(sentence)
        if name in HELD_OUT:
            if len(splits[name]) < N_HELD_OUT:
                splits[name].append(sentence)
        elif name and left:
            splits[name].append(sentence)
            left -= 1
        if not left and all(len(splits[name]) == N_HELD_OUT for name in HELD_OUT):
            return splits


def sentences(n=N_SENTENCES, seed=42):
    """Return the corpus in six splits.

    A hash of the source decides between training, validation and test, 70/10/20. Three
    more splits differ from the training data in one way each:

    - "longer": more words than any training sentence,
    - "deeper": one more clause (a relative clause, or one after a conjunction),
    - "new combinations": an adjective with a noun, or a verb with an object, that never
      stand together in training, while each word does.

    Args:
        n: how many sentences training, validation and test have together.
        seed: the same seed gives the same sentences, everywhere.

    Returns:
        A dict from "train", "validation", "test", "longer", "deeper" and "new
        combinations" to lists of `Sentence`s.

    Raises:
        ValueError: n is negative.
    """
    if operator.index(n) < 0:
        raise ValueError(f"n={n} sentences cannot be written: n must be 0 or more.")
    return {name: list(found) for name, found in _sentences(n, seed).items()}


def load(target="es", n=N_SENTENCES, seed=42):
    """Return pairs of an English sentence and its translation, in six splits.

    All words are in lower case, but for *I*, and set apart by single spaces, as are
    question marks; there are no full stops and commas: "did the girl buy a book ?"

    Args:
        target: "es" for Spanish or "ko" for Korean.
        n: see `sentences`.
        seed: see `sentences`.

    Returns:
        A dict from the names of the splits, as in `sentences`, to lists of pairs
        `(source, target)` of strings.

    Raises:
        ValueError: there is no such target language, or n is negative.
    """
    if target not in ("es", "ko"):
        raise ValueError(f"target={target!r} is not written: use 'es' or 'ko'.")
    return {
        name: [
            (" ".join(sentence.words("en")), " ".join(sentence.words(target)))
            for sentence in found
        ]
        for name, found in sentences(n, seed).items()
    }
