"""English phrases and sentences with their translations."""

import datetime
import math
import random
import re
import unicodedata

from babel import dates, numbers, units
from num2words import num2words

from nlp_helpers import settings
from nlp_helpers.data import sources
from nlp_helpers.data.fetch import fetch
from nlp_helpers.data.splits import split_of

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "KRW", "MXN", "CHF", "BRL")
UNITS = (
    "length-kilometer",
    "length-meter",
    "length-mile",
    "length-light-year",
    "mass-kilogram",
    "mass-gram",
    "mass-pound",
    "volume-liter",
    "temperature-celsius",
    "speed-kilometer-per-hour",
    "area-square-meter",
    "energy-kilowatt-hour",
    "digital-megabyte",
)

# Where Babel's and num2words' grammar is wrong, or not what people write.
CORRECTIONS = {
    "es": ((r"veintiuno mil\b", "veintiún mil"), (r"uno mil\b", "un mil")),
    "ko": ((r"^AM ", "오전 "), (r"^PM ", "오후 ")),
    "de": ((r"einstausend", "eintausend"),),
    "fr": ((r"\b1 (?=[^\W\d]+ \d{4}$)", "1er "),),
}


def title():
    """Return what results call these phrases or sentences, English to Spanish."""
    return {
        "packaged": "generated dates, sums and measures, English to Spanish",
        "original": "Tatoeba, English to Spanish",
    }[settings.edition()]


def load(target="es"):
    """Return English phrases and sentences with their translations, in three splits.

    Packaged: 40,000 phrases that Babel and num2words write: dates, times, durations,
    money, measures and numbers. Original: Tatoeba's sentences, English to Spanish only.
    Spaces are single and Unicode is NFC. A hash of the source decides the split,
    70/10/20, so that all translations of a sentence are in one.

    Args:
        target: the language to translate to: "es", "ko", "de" or "fr".

    Returns:
        A dict from "train", "validation" and "test" to lists of pairs
        `(source, target)` of strings.

    Raises:
        ValueError: the edition has no such target language.
        DataError: the sentences are neither in `data/` nor can they be fetched.
    """
    original = settings.edition() == "original"
    targets = ("es",) if original else tuple(CORRECTIONS)
    if target not in targets:
        raise ValueError(
            f"target={target!r} is not in this edition: use one of "
            f"{', '.join(targets)}" + (" or unset NLP_DATA." if original else ".")
        )
    splits = {"train": [], "validation": [], "test": []}
    pairs = _tatoeba() if original else _phrase_book(target)
    tidy = ((_tidy(source), _tidy(translation)) for source, translation in pairs)
    for source, translation in dict.fromkeys(tidy):
        splits[split_of(source)].append((source, translation))
    return splits


def _tatoeba():
    """Yield Tatoeba's pairs, without what else a line may hold."""
    for line in fetch(sources.TATOEBA).read_text(encoding="utf-8").splitlines():
        source, translation, *_ = line.split("\t")
        yield source, translation


def _phrase_book(target):
    """Yield the pairs of the phrase book, with the grammar of the target corrected."""
    for source, translation in zip(_phrases("en"), _phrases(target), strict=True):
        for wrong, right in CORRECTIONS[target]:
            translation = re.sub(wrong, right, translation)
        yield source, translation


def _phrases(locale):
    """Yield the phrases of the phrase book in a language, always in the same order."""
    rng = random.Random(42)
    for k, n_days in enumerate(rng.sample(range(150 * 365), 16_000)):
        day = datetime.date(1900, 1, 1) + datetime.timedelta(n_days)
        yield dates.format_date(day, "full" if k < 10_000 else "long", locale)
    for minute in range(24 * 60):
        time = datetime.time(*divmod(minute, 60))
        yield dates.format_time(time, "short", locale=locale)
    for unit in ("second", "minute", "hour", "day"):
        # Without a threshold Babel would turn 60 seconds into a minute.
        options = {"granularity": unit, "threshold": math.inf, "locale": locale}
        for n in range(1, 301):
            duration = datetime.timedelta(**{f"{unit}s": n})
            yield dates.format_timedelta(duration, **options)
            yield dates.format_timedelta(duration, add_direction=True, **options)
            yield dates.format_timedelta(-duration, add_direction=True, **options)
    for _ in range(6_000):
        amount, currency = rng.randrange(1, 1_000_000) / 100, rng.choice(CURRENCIES)
        yield numbers.format_currency(
            amount, currency, locale=locale, format_type="name"
        )
    for unit in UNITS:
        for n in range(1, 401):
            yield units.format_unit(n, unit, locale=locale)
    for n in [*range(2_000), *rng.sample(range(2_000, 1_000_000), 6_000)]:
        yield num2words(n, lang=locale)


def _tidy(text):
    """Return a text in Unicode's composed form, with single plain spaces."""
    text = text.replace("\u200b", " ")  # a space without width
    return " ".join(unicodedata.normalize("NFC", text).split())
