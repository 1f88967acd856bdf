"""Vocabularies: characters and words <-> ids."""

import collections
import difflib
import operator
import re
import unicodedata

import numpy as np

PAD = 0  # the id of padding, in every vocabulary of the course


class Characters:
    """The characters of a corpus, numbered from 1, the most frequent first.

    Id 0 stays free: it is padding, and nothing else.

    Attributes:
        alphabet: the characters in the order of their ids, as a string.
        size: number of ids, padding included: what `Embedding` and `Dense` need.
    """

    def __init__(self, corpus):
        """Collect the characters of a corpus; ties go to the one that comes first.

        Raises:
            ValueError: the corpus is empty.
        """
        corpus = _composed(corpus)
        if not corpus:
            raise ValueError("The corpus is empty: there are no characters to number.")
        points, first, counts = np.unique(
            _code_points(corpus), return_index=True, return_counts=True
        )
        points = points[np.lexsort((first, -counts))]
        self.alphabet = "".join(map(chr, points))
        self.size = len(points) + 1
        # One place more than needed: any larger code point is read there, as no id.
        self._id_of = np.full(points.max() + 2, PAD, np.int32)
        self._id_of[points] = np.arange(1, self.size)
        self._point_of = np.concatenate([[ord("_")], points]).astype(np.uint32)

    def encode(self, text):
        """Return the ids of a text, as an int32 array of shape `[len(text)]`.

        A letter and its accent count as one character, however the text spells them.

        Raises:
            ValueError: a character is not in the alphabet.
        """
        text = _composed(text)
        ids = self._id_of.take(_code_points(text), mode="clip")
        if not ids.all():
            where = int(np.argmax(ids == PAD))
            raise ValueError(
                f"The character {text[where]!r} at position {where} is not in the "
                f"corpus, so it has no id. Use only these: {self.alphabet!r}."
            )
        return ids

    def decode(self, ids):
        """Return the text of an array of ids of shape `[steps]`; padding shows as "_".

        Raises:
            ValueError: an id is negative, or not below `size`, or the ids are no array
                of whole numbers `[steps]`.
        """
        ids = whole_numbers(ids, "steps")
        wrong = ids[(ids < 0) | (ids >= self.size)]
        if wrong.size:
            raise ValueError(
                f"The id {wrong[0]} has no character: ids go from 0 to {self.size - 1}."
            )
        return self._point_of[ids].tobytes().decode("utf-32-le")


class Words:
    """The words of a language, numbered, the most frequent first.

    A word is a run of letters and digits, or a single other sign. Ids 0 to 3 are
    `<pad>`, `<unk>` (any word that is not in the vocabulary), `<sos>` and `<eos>`
    (start and end of a sequence).

    Attributes:
        vocabulary: the words in the order of their ids, the four special ones included.
        size: number of ids: what `Embedding` and `Dense` need.
    """

    PAD, UNK, SOS, EOS = PAD, 1, 2, 3
    SPECIAL = ("<pad>", "<unk>", "<sos>", "<eos>")

    def __init__(self, sentences, max_size=None):
        """Collect the words of some sentences; ties go to the one that comes first.

        Args:
            sentences: an iterable of strings.
            max_size: largest number of ids, special ones included; None keeps all.

        Raises:
            ValueError: there are no words, or max_size leaves room for none, or a
                string is given instead of a list of strings.
        """
        self._refuse_a_string(sentences)
        counts = collections.Counter(w for s in sentences for w in self.split(s))
        if not counts:
            raise ValueError("There are no words in the sentences: nothing to number.")
        if max_size is not None and operator.index(max_size) <= len(self.SPECIAL):
            raise ValueError(
                f"max_size={max_size} leaves no room for words: four ids are special, "
                "so it must be 5 or more."
            )
        room = None if max_size is None else max_size - len(self.SPECIAL)
        self.vocabulary = [*self.SPECIAL, *(w for w, _ in counts.most_common(room))]
        self.size = len(self.vocabulary)
        self._id_of = {word: id for id, word in enumerate(self.vocabulary)}

    @staticmethod
    def split(sentence):
        """Return the words of a sentence (in NFC), punctuation set apart."""
        return re.findall(r"\w+|[^\w\s]", _composed(sentence))

    @classmethod
    def spaced(cls, sentences):
        """Return sentences as `decode` writes them, a space between all words."""
        return [" ".join(cls.split(sentence)) for sentence in sentences]

    def typed(self, sentence):
        """Return a sentence that somebody has typed as the vocabulary writes it.

        Where a word is not in the vocabulary and its lower case is, that is taken: the
        corpus may have no capitals. Full stops and commas are left out if it has none.

        Args:
            sentence: such as "The girl bought a book."

        Raises:
            ValueError: there are no words, or some that are not in the vocabulary; the
                message lists words of the vocabulary that are like them.
        """
        words = [w for w in self.split(sentence) if w not in ".," or w in self._id_of]
        if not words:
            raise ValueError("A sentence is empty: there is nothing to translate.")
        words = [w if w in self._id_of else self._in_other_case(w) for w in words]
        unknown = [w for w in dict.fromkeys(words) if w not in self._id_of]
        if unknown:
            listed = "; ".join(map(self._with_neighbours, unknown))
            raise ValueError(
                f"Not in the vocabulary: {listed}. Use words of the training data."
            )
        return " ".join(words)

    def _in_other_case(self, word):
        cases = word.lower(), word.capitalize()
        return next((w for w in cases if w in self._id_of), word)

    def _with_neighbours(self, word):
        known = self.vocabulary[len(self.SPECIAL) :]
        near = difflib.get_close_matches(word.lower(), known, cutoff=0.6)
        return f"{word!r}" + (f" (near: {', '.join(near)})" if near else "")

    def encode(self, sentences):
        """Return the ids of sentences between `<sos>` and `<eos>`, padded at the end.

        Returns:
            An int32 array `[batch, steps]`.

        Raises:
            ValueError: a string is given instead of a list of strings.
        """
        self._refuse_a_string(sentences)
        rows = [
            [self.SOS, *(self._id_of.get(w, self.UNK) for w in self.split(s)), self.EOS]
            for s in sentences
        ]
        ids = np.full([len(rows), max(map(len, rows), default=0)], PAD, np.int32)
        for row, sentence in zip(ids, rows, strict=True):
            row[: len(sentence)] = sentence
        return ids

    def decode(self, ids):
        """Return the sentences of ids `[batch, steps]`, each up to its first `<eos>`.

        Words are separated by single spaces; `<pad>` and `<sos>` are left out.

        Raises:
            ValueError: an id is negative, or not below `size`, or the ids are no array
                of whole numbers `[batch, steps]`.
        """
        ids = whole_numbers(ids, "batch, steps")
        wrong = ids[(ids < 0) | (ids >= self.size)]
        if wrong.size:
            raise ValueError(
                f"The id {wrong[0]} has no word: ids go from 0 to {self.size - 1}."
            )
        sentences = []
        for row in ids.tolist():
            end = row.index(self.EOS) if self.EOS in row else len(row)
            kept = (id for id in row[:end] if id not in (self.PAD, self.SOS))
            sentences.append(" ".join(self.vocabulary[id] for id in kept))
        return sentences

    @staticmethod
    def _refuse_a_string(sentences):
        if isinstance(sentences, str):
            raise ValueError(
                f"{sentences[:40]!r} is one string: sentences must be a list of "
                "strings, so put it in brackets."
            )


def whole_numbers(ids, axes):
    """Return ids as an array, once they are known to be whole numbers of some axes.

    Args:
        ids: an array, a tensor or a list.
        axes: the names of the axes, such as "batch, steps".

    Raises:
        ValueError: they are not whole numbers, or have other axes.
    """
    ids = np.asarray(ids)
    n_axes = len(axes.split(","))
    if not ids.size and ids.ndim <= n_axes:  # an empty list has no type
        return ids.astype(np.int32)
    if ids.ndim != n_axes or ids.dtype.kind not in "iu":
        raise ValueError(
            f"ids must be whole numbers in an array [{axes}], not {ids.dtype} in the "
            f"shape {list(ids.shape)}."
        )
    return ids


def _composed(text):
    """Return a text in Unicode's form NFC: a letter and its accent as one character."""
    return unicodedata.normalize("NFC", text)


def _code_points(text):
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
