"""The numbers in a text and in its translation, which have to be the same.

1.1 million, 110만 and 1,100,000 are. What English writes as a word may be a word or a
figure in a translation: "two layers" are 두 층 or 2개 층.
"""

import re
from collections import Counter
from decimal import Decimal

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
SCALES = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "천": 10**3,
    "만": 10**4,
    "백만": 10**6,
    "천만": 10**7,
    "억": 10**8,
    "조": 10**12,
}
SCALE = "|".join(sorted(SCALES, key=len, reverse=True))
PLAIN = re.compile(NUMBER)
SCALED = re.compile(rf"{NUMBER}[ -]?(?:{SCALE})(?: ?{NUMBER} ?(?:{SCALE}))*|{NUMBER}")
# Each word stands for one of its numbers, or for two, as a third for 3분의 1.
WORDS = {
    "zero": "0",
    "one once first single January": "1",
    "two twice second both pair February": "2",
    "half halves": "2 1",
    "three March": "3",
    "third thirds": "3 1",
    "four fourth April": "4",
    "quarter quarters": "4 1",
    "five May": "5",
    "fifth fifths": "5 1",
    "six sixth June": "6",
    "seven seventh July": "7",
    "eight eighth August": "8",
    "nine ninth September": "9",
    "ten October": "10",
    "tenth tenths": "10 1",
    "eleven November": "11",
    "twelve dozen December": "12",
    "fifteen": "15",
    "sixteen": "16",
    "twenty": "20",
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "hundred": "100",
    "hundredth": "100 1",
    "thousand": "1000",
    "thousandth": "1000 1",
    "million": "1000000",
    "billion": "1000000000",
}
VALUES = {
    word.lower(): [Decimal(value) for value in values.split()]
    for words, values in WORDS.items()
    for word in words.split()
}
AND_A_HALF = re.compile(r"\b(\w+) and a half\b", re.IGNORECASE)


def problems(english, translation):
    """Return which numbers a translation lacks, and which it has in addition.

    Args:
        english: a text without code, formulas and citations.
        translation: likewise.

    Returns:
        A list of sentences.
    """
    expected, in_words = numbers_in(english), numbers_in_words(english)
    readings = []
    # 4만 is 40,000, but in 1에서 4만 it may be "only 4".
    for pattern in (SCALED, PLAIN):
        there = numbers_in(translation, pattern)
        missing, extra = expected - there, there - expected
        readings.append(
            [f"add the number {n:,f}" for n in sorted(missing.elements())]
            + [
                f"remove the number {n:,f}"
                for n in sorted(extra.elements())
                if n not in in_words
            ]
        )
    return min(readings, key=len)


def numbers_in(text, pattern=SCALED):
    """Return a Counter of the numbers that a text has in figures."""
    return Counter(map(value_of, pattern.findall(text)))


def value_of(number):
    """Return the value of a number, such as that of "1.1 million" or of "3억 2천만"."""
    parts = re.findall(rf"({NUMBER})[ -]?({SCALE})?", number)
    return sum(Decimal(n.replace(",", "")) * SCALES.get(s, 1) for n, s in parts)


def numbers_in_words(text):
    """Return a set of the numbers that an English text has in words."""
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", text)]
    found = {value for word in words for value in VALUES.get(word, ())}
    for whole in AND_A_HALF.findall(text):
        found |= {n + Decimal("0.5") for n in VALUES.get(whole.lower(), ())}
    return found
