"""Characters <-> ids, and what can be said of a generated text."""

import re

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

        Raises:
            ValueError: a character is not in the alphabet.
        """
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
            ValueError: an id is negative, or not below `size`.
        """
        ids = np.asarray(ids, dtype=np.int64)
        wrong = ids[(ids < 0) | (ids >= self.size)]
        if wrong.size:
            raise ValueError(
                f"The id {wrong[0]} has no character: ids go from 0 to {self.size - 1}."
            )
        return self._point_of[ids].tobytes().decode("utf-32-le")


def words(text):
    """Return the words of a text: runs of letters and inner apostrophes, lower case."""
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower())


def known_word_rate(text, corpus):
    """Return the share of the words of a text that occur in a corpus, from 0 to 1.

    Raises:
        ValueError: the text has no words.
    """
    found = words(text)
    if not found:
        raise ValueError(f"There is no word in {text[:40]!r}, so no share of words.")
    known = set(words(corpus))
    return sum(word in known for word in found) / len(found)


def _code_points(text):
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
