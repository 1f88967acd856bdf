"""Translation pairs: the phrase book in four languages, and Tatoeba's sentences."""

import collections
import csv
import datetime
import functools
import hashlib
import inspect
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers.data import fetch, sentence_pairs, sources

TARGETS = ("es", "ko", "de", "fr")

# With the locked versions of Babel and num2words. After an upgrade look at what is
# different before you change them, and run the chapters on translation again.
PINNED = {
    "es": "ce992997213eedb538ebf5be4599f19f2209f2f40fbdc4bd24cc38d2afecbed3",
    "ko": "f0ca6950b644937dbc2c62297137effd7dc48b376f32208c818f3e4806f92529",
    "de": "d8a0ec1bab57a735c8d3a21ed629474024752a47d849983f267c95246d105cb0",
    "fr": "f5636de79c9adb21d86727ece9af0751542fdf1a8ffd0c9ff8c95144596e6954",
}

# Phrases of every kind, translated by hand: one column for each language.
with Path(__file__).with_name("phrases.tsv").open(encoding="utf-8", newline="") as file:
    BY_HAND = list(csv.DictReader(file, delimiter="\t"))


def digest(splits):
    lines = (
        f"{name}\t{source}\t{target}\n"
        for name, pairs in splits.items()
        for source, target in pairs
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def all_pairs(splits):
    return [pair for pairs in splits.values() for pair in pairs]


@pytest.fixture(scope="module")
def phrase_book(edition):
    """Return a function that gives the splits of a language, Spanish by default."""
    write = sentence_pairs._phrases

    @functools.cache
    def phrases(locale):  # the English ones are the same for every target
        return list(write(locale))

    @functools.cache
    def load(target):
        with edition("packaged"), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sentence_pairs, "_phrases", phrases)
            arguments = () if target == "es" else (target,)
            return sentence_pairs.load(*arguments)

    return load


@pytest.fixture(scope="module")
def tatoeba(edition):
    if not (fetch.DATA_DIR / sources.TATOEBA.path).exists():
        pytest.skip(f"data/{sources.TATOEBA.path} is not at hand")
    with edition("original"):
        return sentence_pairs.load()


@pytest.fixture(params=[*TARGETS, "original"])
def splits(request):
    """Return the splits of one language of the phrase book, or of Tatoeba."""
    if request.param == "original":
        return request.getfixturevalue("tatoeba")
    return request.getfixturevalue("phrase_book")(request.param)


# Both editions


def test_pairs_are_lists_of_two_strings_in_three_splits(splits):
    assert type(splits) is dict
    assert list(splits) == ["train", "validation", "test"]
    for pairs in splits.values():
        assert type(pairs) is list
        assert {(type(pair), len(pair)) for pair in pairs} == {(tuple, 2)}
        assert {type(text) for pair in pairs for text in pair} == {str}


def test_there_are_30_000_distinct_pairs_and_no_other(splits):
    pairs = all_pairs(splits)
    assert len(pairs) == len(set(pairs)) >= 30_000


def test_texts_are_composed_and_single_spaced_and_never_empty(splits):
    for text in {text for pair in all_pairs(splits) for text in pair}:
        assert unicodedata.is_normalized("NFC", text), ascii(text)
        assert text, "empty"
        # Also false for spaces that are not U+0020, such as narrow no-break spaces.
        assert all(part and not re.search(r"\s", part) for part in text.split(" "))
        assert text.isprintable(), ascii(text)


def test_no_source_is_in_two_splits(splits):
    train, validation, test = (
        {source.lower() for source, _ in pairs} for pairs in splits.values()
    )
    assert not train & validation
    assert not (train | validation) & test


@pytest.mark.parametrize(
    ("name", "target", "allowed"),
    [
        ("packaged", "pt", r"es, ko, de, fr\."),
        ("packaged", ["es"], r"es, ko, de, fr\."),
        ("original", "ko", r"es or unset NLP_DATA\."),
    ],
)
def test_an_unknown_target_language(edition, name, target, allowed):
    message = f"target={re.escape(repr(target))} is not in .*use one of {allowed}"
    with edition(name), pytest.raises(ValueError, match=message):
        sentence_pairs.load(target)


@given(st.text("aeé\u0301 \t\n\xa0\u200b\u202f\u3000한글ᄒ\u1161\u11abA\u030a"))
def test_tidying_is_done_once_and_keeps_the_letters(text):
    tidy = sentence_pairs._tidy(text)
    assert sentence_pairs._tidy(tidy) == tidy
    assert unicodedata.is_normalized("NFC", tidy)
    assert all(part.isprintable() for part in tidy.split(" "))
    letters, kept = (re.sub(r"[\s\u200b]", "", t) for t in (text, tidy))
    assert unicodedata.normalize("NFD", kept) == unicodedata.normalize("NFD", letters)


# The phrase book


@pytest.fixture(scope="module", params=TARGETS)
def target(request):
    return request.param


def test_the_phrase_book_is_the_pinned_one(target, phrase_book):
    assert digest(phrase_book(target)) == PINNED[target]


IN_A_PROCESS = f"""
import hashlib
from nlp_helpers.data import sentence_pairs

{inspect.getsource(digest)}

print(digest(sentence_pairs.load("ko")))
"""


def test_the_phrase_book_is_the_same_in_another_process_and_place():
    elsewhere = {"LC_ALL": "ko_KR.UTF-8", "LANG": "ko_KR.UTF-8", "LANGUAGE": "de:fr"}
    elsewhere |= {"TZ": "Asia/Seoul", "PYTHONHASHSEED": "4321", "NLP_DATA": "packaged"}
    result = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        cwd=Path(sentence_pairs.__file__).parents[2],
        env=os.environ | elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == PINNED["ko"], result.stderr


def test_phrases_are_those_translated_by_hand(target, phrase_book):
    by_source = dict(all_pairs(phrase_book(target)))
    by_hand = {row["en"]: row[target] for row in BY_HAND}
    assert len(by_hand) == len(BY_HAND) >= 70
    assert {source: by_source.get(source) for source in by_hand} == by_hand


def test_all_languages_have_the_same_sources(target, phrase_book):
    def sources_of(language):
        splits = phrase_book(language)
        return {name: [source for source, _ in splits[name]] for name in splits}

    assert sources_of(target) == sources_of("es")


def test_no_phrase_has_two_translations(target, phrase_book):
    pairs = all_pairs(phrase_book(target))
    assert len({source for source, _ in pairs}) == len(pairs)
    assert len({translation for _, translation in pairs}) == len(pairs)


# Each of the 40,000 phrases, by rules that do not come from Babel or num2words

KINDS = {
    "date": r"(?:\w+day, )?[A-Z]\w+ \d+, \d{4}",
    "time": r"\d+:\d\d [AP]M",
    "duration": r"(?:in )?\d+ (?:second|minute|hour|day)s?(?: ago)?",
    "number": r"[^\d]+",
    "measure": r"[\d,.]+ [A-Za-z -]+",  # money and units
}
SIZES = {"date": 16_000, "time": 1_440, "duration": 3_600, "number": 8_000}


@pytest.fixture(scope="module")
def by_kind(target, phrase_book):
    by_kind = collections.defaultdict(list)
    for source, translation in all_pairs(phrase_book(target)):
        fitting = (kind for kind, form in KINDS.items() if re.fullmatch(form, source))
        by_kind[next(fitting, "none")].append((source, translation))
    return by_kind


def wrong(pairs, expected):
    """Return the pairs whose translation is not `expected(source)`."""
    return [pair for pair in pairs if expected(pair[0]) != pair[1]]


def test_there_are_phrases_of_each_kind(by_kind):
    sizes = {kind: len(pairs) for kind, pairs in by_kind.items()}
    measures = sizes.pop("measure")
    assert sizes == SIZES
    assert 11_100 < measures <= 6_000 + 400 * len(sentence_pairs.UNITS)


DATES = {
    "en": r"(?:(?P<weekday>\w+), )?(?P<month>\w+) (?P<day>\d+), (?P<year>\d{4})",
    "es": r"(?:(?P<weekday>\w+), )?(?P<day>\d+) de (?P<month>\w+) de (?P<year>\d{4})",
    "ko": r"(?P<year>\d{4})년 (?P<month>\d+월) (?P<day>\d+)일(?: (?P<weekday>\w+))?",
    "de": r"(?:(?P<weekday>\w+), )?(?P<day>\d+)\. (?P<month>\w+) (?P<year>\d{4})",
    "fr": r"(?:(?P<weekday>\w+) )?(?P<day>1er|\d+) (?P<month>\w+) (?P<year>\d{4})",
}
MONTHS = {
    "en": "January February March April May June July August September October "
    "November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre",
    "ko": "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober "
    "November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre "
    "novembre décembre",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "ko": "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
}


def date_of(text, language):
    """Return the date that a text writes, and whether it names the weekday."""
    found = re.fullmatch(DATES[language], text)
    if language == "fr":
        assert (found["day"] == "1er") == (found["day"].strip("er") == "1"), text
    date = datetime.date(
        int(found["year"]),
        MONTHS[language].split().index(found["month"]) + 1,
        int(found["day"].removesuffix("er")),
    )
    weekday = WEEKDAYS[language].split()[date.weekday()]
    assert found["weekday"] in (None, weekday), text
    return date, found["weekday"] is not None


def test_every_date_is_the_same_day(target, by_kind):
    pairs = by_kind["date"]
    days = [date_of(source, "en") for source, _ in pairs]
    assert [date_of(translation, target) for _, translation in pairs] == days
    assert len({date for date, _ in days}) == 16_000
    assert sum(with_weekday for _, with_weekday in days) == 10_000
    assert {date.year for date, _ in days} == set(range(1900, 2050))


def test_every_time_is_the_same_minute(target, by_kind):
    def expected(source):
        hour, minute, half = re.split(r"[: ]", source)
        h = int(hour) % 12 + 12 * (half == "PM")
        if target == "ko":
            return f"{'오전' if h < 12 else '오후'} {hour}:{minute}"
        return f"{h}:{minute}" if target == "es" else f"{h:02}:{minute}"

    assert wrong(by_kind["time"], expected) == []


# One, several, and several after a German preposition
DURATIONS = {
    "es": {
        "second": ("segundo", "segundos"),
        "minute": ("minuto", "minutos"),
        "hour": ("hora", "horas"),
        "day": ("día", "días"),
    },
    "de": {
        "second": ("Sekunde", "Sekunden"),
        "minute": ("Minute", "Minuten"),
        "hour": ("Stunde", "Stunden"),
        "day": ("Tag", "Tage", "Tagen"),
    },
    "fr": {
        "second": ("seconde", "secondes"),
        "minute": ("minute", "minutes"),
        "hour": ("heure", "heures"),
        "day": ("jour", "jours"),
    },
    "ko": {"second": ["초"], "minute": ["분"], "hour": ["시간"], "day": ["일"]},
}
IN_AND_AGO = {
    "es": ("dentro de {}", "hace {}"),
    "ko": ("{} 후", "{} 전"),
    "de": ("in {}", "vor {}"),
    "fr": ("dans {}", "il y a {}"),
}


def test_every_duration_is_as_long_and_goes_the_same_way(target, by_kind):
    def expected(source):
        n, unit = re.search(r"(\d+) (\w+?)s?\b", source).groups()
        before, after = source.startswith("in "), source.endswith(" ago")
        form = (n != "1") * (1 + (before or after))
        forms = DURATIONS[target][unit]
        length = f"{n}{' ' * (target != 'ko')}{forms[min(form, len(forms) - 1)]}"
        return IN_AND_AGO[target][after].format(length) if before or after else length

    assert wrong(by_kind["duration"], expected) == []


SEPARATORS = {"es": ".,", "ko": ",.", "de": ".,", "fr": " ,"}  # thousands, decimals


def test_every_measure_has_its_number_and_a_name_translated_by_hand(target, by_kind):
    def number_and_name(source):
        [number] = re.findall(r"[\d.,]+", source)
        return number, source.replace(number, "#")

    def in_target(number):
        return number.translate(str.maketrans(",.", SEPARATORS[target]))

    names = collections.defaultdict(set)
    for row in BY_HAND:
        if re.fullmatch(KINDS["measure"], row["en"]):
            number, name = number_and_name(row["en"])
            names[name].add(row[target].replace(in_target(number), "#"))
    pairs = by_kind["measure"]
    found = collections.defaultdict(set)
    for source, translation in pairs:
        number, name = number_and_name(source)
        assert translation.count(in_target(number)) == 1, (source, translation)
        found[name].add(translation.replace(in_target(number), "#"))
    assert found == {name: names[name] for name in found}
    names_of_units = 2 * len(sentence_pairs.UNITS)
    assert len(found) == names_of_units + len(sentence_pairs.CURRENCIES)


ONES = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece "
    "catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno "
    "veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho "
    "veintinueve",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn "
    "vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize "
    "quatorze quinze seize dix-sept dix-huit dix-neuf",
}
TENS = {
    "en": "- - twenty thirty forty fifty sixty seventy eighty ninety",
    "es": "- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "de": "- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "- - vingt trente quarante cinquante soixante soixante quatre-vingt "
    "quatre-vingt",
}
HUNDREDS = (
    "- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos "
    "ochocientos novecientos"
)
VALUES = {word: n for n, word in enumerate(ONES["en"].split())} | {
    word: 10 * n for n, word in enumerate(TENS["en"].split())
}


def number_of(english):
    thousands = n = 0
    for word in re.findall(r"[a-z]+", english):
        if word == "thousand":
            thousands, n = n, 0
        elif word == "hundred":
            n *= 100
        elif word != "and":
            n += VALUES[word]
    return 1000 * thousands + n


def spanish(n):
    ones, tens = ONES["es"].split(), TENS["es"].split()
    if n < 30:
        return ones[n]
    if n < 100:
        return tens[n // 10] + (f" y {ones[n % 10]}" if n % 10 else "")
    if n == 100:
        return "cien"
    if n < 1000:
        return HUNDREDS.split()[n // 100] + (f" {spanish(n % 100)}" if n % 100 else "")
    many = spanish(n // 1000) + " " if n >= 2000 else ""
    many = many.replace("veintiuno ", "veintiún ").replace("uno ", "un ")
    return f"{many}mil" + (f" {spanish(n % 1000)}" if n % 1000 else "")


def german(n, one="eins"):
    ones, tens = ONES["de"].split(), TENS["de"].split()
    if n < 20:
        return one if n == 1 else ones[n]
    if n < 100:
        return (ones[n % 10] + "und" if n % 10 else "") + tens[n // 10]
    if n < 1000:
        rest = german(n % 100, one) if n % 100 else ""
        return ones[n // 100] + "hundert" + rest
    return german(n // 1000, "ein") + "tausend" + (german(n % 1000) if n % 1000 else "")


def french(n, s="s"):
    ones, tens = ONES["fr"].split(), TENS["fr"].split()
    if n < 20:
        return ones[n]
    if n == 80:
        return tens[8] + s
    if n < 100:
        rest = n % 10 + 10 * (n // 10 in (7, 9))
        joint = " et " if rest in (1, 11) and n < 80 else "-"
        return tens[n // 10] + (joint + ones[rest] if rest else "")
    if n < 1000:
        many = ones[n // 100] + " " if n >= 200 else ""
        return f"{many}cent" + (
            f" {french(n % 100, s)}" if n % 100 else s if many else ""
        )
    many = french(n // 1000, s="") + " " if n >= 2000 else ""
    return f"{many}mille" + (f" {french(n % 1000)}" if n % 1000 else "")


def korean(n):
    if n >= 10_000:
        many = korean(n // 10_000) if n >= 20_000 else ""
        return f"{many}만" + (f" {korean(n % 10_000)}" if n % 10_000 else "")
    text = ""
    for power, unit in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        figure = n // power % 10
        if figure:
            text += (
                "" if figure == 1 and unit else "영일이삼사오육칠팔구"[figure]
            ) + unit
    return text or "영"


RULES = {"es": spanish, "ko": korean, "de": german, "fr": french}


def test_every_number_is_written_by_the_rules_of_its_language(target, by_kind):
    pairs = by_kind["number"]
    numbers = [number_of(source) for source, _ in pairs]
    assert len(set(numbers)) == 8_000
    assert set(numbers) >= set(range(2_000))
    assert max(numbers) > 990_000
    assert wrong(pairs, lambda source: RULES[target](number_of(source))) == []


# Tatoeba


def test_every_line_of_the_original_is_in_a_split(tatoeba):
    text = (fetch.DATA_DIR / sources.TATOEBA.path).read_bytes().decode()
    lines = text.removesuffix("\n").split("\n")
    assert len(lines) == 118_964
    expected = set()
    for line in lines:
        line = unicodedata.normalize("NFC", line.replace("\u200b", ""))
        source, target = line.split("\t")
        expected.add(tuple(re.sub(r"\s+", " ", t).strip() for t in (source, target)))
    assert set(all_pairs(tatoeba)) == expected


def test_sentences_are_tidied_and_what_else_a_line_has_is_left_out(put, edition):
    lines = [
        "Go.\tVe.",
        "Go.\tVe.",
        "Go.\tVete.\tCC-BY 2.0 (France) Attribution: tatoeba.org",
        " Go.\xa0\tVe.",
        "GO.\tVaya.",
        "A  coffee?\t\xbfUn\u202fcafe\u0301\u200b ?",
    ]
    put("TATOEBA", "\n".join(lines).encode() + b"\n")
    with edition("original"):
        assert sorted(all_pairs(sentence_pairs.load("es"))) == [
            ("A coffee?", "¿Un café ?"),
            ("GO.", "Vaya."),
            ("Go.", "Ve."),
            ("Go.", "Vete."),
        ]


def test_a_sentence_keeps_its_place_in_the_order_of_the_file(put, edition):
    lines = [f"Sentence {n // 3}.\tFrase {n}." for n in range(300)]
    put("TATOEBA", "\n".join(lines).encode())
    with edition("original"):
        splits = sentence_pairs.load()
    for pairs in splits.values():
        numbers = [int(re.search(r"\d+", target)[0]) for _, target in pairs]
        assert numbers == sorted(numbers)
        assert len(numbers) % 3 == 0
        assert numbers
