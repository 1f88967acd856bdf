"""How Spanish says it: gender and number agree, and weak pronouns precede the verb."""

from functools import cache

from nlp_helpers.data.grammar.lexicon import IRREGULAR_FORMS
from nlp_helpers.data.grammar.meaning import Both, Pronoun, words

ENDINGS = {  # for yo, tú, ella, ellas
    ("present", "ar"): "o as a an",
    ("present", "er"): "o es e en",
    ("present", "ir"): "o es e en",
    ("past", "ar"): "é aste ó aron",
    ("past", "er"): "í iste ió ieron",
    ("past", "ir"): "í iste ió ieron",
}
BE = {  # for what is one, for what are several
    ("ser", "present"): ("es", "son"),
    ("ser", "past"): ("era", "eran"),
    ("estar", "present"): ("está", "están"),
    ("estar", "past"): ("estaba", "estaban"),
}
DETERMINERS = {  # masculine, feminine; masculine and feminine plural
    "the": "el la los las",
    "a": "un una unos unas",
    "this": "este esta estos estas",
    "my": "mi mi mis mis",
    "own": "su su sus sus",
}
BEFORE_STRESSED_A = ("agua",)  # el agua, and yet el agua fría
PLACES = {"near": "cerca de", "behind": "detrás de", "to": "a"}


@cache
def plural(noun):
    """Return the plural of a noun or an adjective: canciones, felices, jóvenes."""
    if noun == "joven":
        return "jóvenes"
    if noun == "paraguas":
        return noun
    if noun[-1] in "aeiouéó":
        return f"{noun}s"
    if noun[-1] == "z":
        return f"{noun[:-1]}ces"
    if noun[-2] in "áéíóú" and noun[-1] in "ns":
        noun = noun[:-2] + "aeiou"["áéíóú".index(noun[-2])] + noun[-1]
    return f"{noun}es"


@cache
def agree(adjective, gender, is_plural):
    """Return an adjective as its noun needs it."""
    if gender == "f" and adjective.endswith("o"):
        adjective = f"{adjective[:-1]}a"
    return plural(adjective) if is_plural else adjective


@cache
def short_before_noun(adjective, gender, is_plural):
    """Return an adjective before its noun: un buen libro, una gran novela."""
    if adjective == "grande" and not is_plural:
        return "gran"
    if adjective == "bueno" and not is_plural and gender == "m":
        return "buen"
    return agree(adjective, gender, is_plural)


def conjugate(verb, tense, person):
    """Return a form of a verb.

    Args:
        verb: the `Verb`.
        tense: "present" or "past" (the preterite).
        person: 0 to 3, for yo, tú, ella and ellas.
    """
    infinitive = verb.spanish.partition(" ")[0]
    if (infinitive, tense) in IRREGULAR_FORMS:
        return IRREGULAR_FORMS[infinitive, tense][person]
    stem, ending = infinitive[:-2], ENDINGS[tense, infinitive[-2:]].split()[person]
    if ending == "é":  # the sound before it stays the same: toqué, llegué
        stem = {"c": f"{stem[:-1]}qu", "g": f"{stem}u", "z": f"{stem[:-1]}c"}.get(
            stem[-1], stem
        )
    return stem + ending


def person_of(phrase):
    """Return 0 to 3, for yo, tú, ella and ellas."""
    return 3 if phrase.plural else {1: 0, 2: 1, 3: 2}[phrase.person]


def noun_phrase(phrase, bare=""):
    """Return the tokens of a noun phrase; of a pronoun none, as the verb tells it.

    Args:
        phrase: a `NounPhrase`, `Both` or `Pronoun`.
        bare: the determiner to say where English says none.
    """
    if isinstance(phrase, Pronoun):
        return []
    if isinstance(phrase, Both):
        both = [noun_phrase(part) for part in phrase.parts]
        return [*both[0], *words("y", (phrase, "and")), *both[1]]
    noun, gender = phrase.noun.spanish, phrase.gender
    tokens = []
    determiner = phrase.determiner or bare
    if phrase.count:
        tokens += words(phrase.count[1], (phrase, "count"))
    before = [a for a in phrase.adjectives if a.is_before]
    after = [a for a in reversed(phrase.adjectives) if not a.is_before]
    for adjective in before:
        form = short_before_noun(adjective.spanish, gender, phrase.plural)
        tokens += words(form, (phrase, adjective))
    tokens += words(plural(noun) if phrase.plural else noun, (phrase, "noun"))
    for adjective in after:
        form = agree(adjective.spanish, gender, phrase.plural)
        tokens += words(form, (phrase, adjective))
    if determiner:
        masculine = gender == "m" or (
            tokens[0][0] in BEFORE_STRESSED_A and determiner in ("the", "a")
        )
        column = (not masculine) + 2 * phrase.plural
        form = DETERMINERS[determiner].split()[column]
        tokens = words(form, (phrase, "determiner")) + tokens
    if phrase.relative:
        tokens += words("que", (phrase.relative, "that")) + clause(phrase.relative)
    return tokens


def after(preposition, source, tokens):
    """Return a preposition and what follows it: a + el is al, de + el is del."""
    *start, last = words(preposition, source)
    if tokens and tokens[0][0] == "el" and last[0] in ("a", "de"):
        form = "al" if last[0] == "a" else "del"
        return [*start, (form, last[1] + tokens[0][1]), *tokens[1:]]
    return [*start, last, *tokens]


def object_tokens(c):
    """Return the object, with the *a* that people and one's own animals have."""
    bare = "the" if c.verb.spanish in ("gustar", "jugar a") else ""
    tokens = noun_phrase(c.object, bare)
    is_person = "person" in c.object.noun.kinds
    is_known = c.object.determiner in ("the", "my", "own", "this")
    if "person" in c.verb.use and (is_person or is_known):
        return after("a", (c, "personal"), tokens)
    return tokens


def weak_pronouns(c):
    """Return the pronouns before the verb: le, lo, se lo."""
    tokens = []
    if c.verb and c.verb.spanish == "gustar":
        source = (c.subject, "noun") if isinstance(c.subject, Pronoun) else (c, "le")
        tokens += words(["me", "te", "le", "les"][person_of(c.subject)], source)
    is_it = isinstance(c.object, Pronoun)
    if c.receiver:
        le = "les" if c.receiver.plural else "le"
        tokens += words("se" if is_it else le, (c, "le"))
    if is_it:
        masculine = c.object.antecedent.gender == "m"
        form = ["la", "lo", "las", "los"][masculine + 2 * c.object.antecedent.plural]
        tokens += words(form, (c.object, "noun"))
    return tokens


def verb_tokens(c):
    """Return the negation, the weak pronouns and the verb."""
    tokens = words("no", (c, "not")) if c.negative else []
    sources = [(c, "verb")]
    if c.verb is None:
        copula = c.adjectives[0].copula if c.adjectives else "estar"
        form = BE[copula, c.tense][c.subject.plural]
    elif c.verb.spanish == "gustar":
        form = conjugate(c.verb, c.tense, 3 if c.object.plural else 2)
    else:
        form = conjugate(c.verb, c.tense, person_of(c.subject))
    if isinstance(c.subject, Pronoun) and c.gap != "subject":
        sources.append((c.subject, "noun"))
    rest = c.verb.spanish.split()[1:] if c.verb else []
    if rest == ["a"]:  # jugar a
        rest = []
    return tokens + weak_pronouns(c) + words(" ".join([form, *rest]), *sources)


def clause(c, question=""):
    """Return the tokens of a clause; the arguments are those of `english.clause`."""
    subject = [] if c.gap == "subject" or question == "who" else noun_phrase(c.subject)
    verb, gusta = verb_tokens(c), c.verb is not None and c.verb.spanish == "gustar"
    if gusta and subject:
        subject = after("a", (c, "to whom"), subject)
    adjectives = []
    for adjective in c.adjectives:
        form = agree(adjective.spanish, c.subject.gender, c.subject.plural)
        if adjectives:
            conjunction = "e" if form.startswith("i") else "y"
            adjectives += words(conjunction, (c, "and"))
        adjectives += words(form, (c, adjective))
    rest = []
    if c.object and not (
        c.gap == "object" or question == "what" or isinstance(c.object, Pronoun)
    ):
        rest = object_tokens(c)
        if c.verb.spanish == "jugar a":
            rest = after("a", (c, "verb"), rest)
    for english, spanish, phrase in (
        ("to", "a", c.receiver),
        ("with", "con", c.company),
    ):
        if phrase:
            rest += after(spanish, (c, english), noun_phrase(phrase))
    if c.place and question != "where":
        preposition = PLACES.get(c.place.preposition, "en")
        if c.verb and "to" in c.verb.use:
            preposition = "a"
        rest += after(preposition, (c, "place"), noun_phrase(c.place.where))
    for english, spanish, phrase in (("with", "con", c.tool), ("by", "en", c.vehicle)):
        if phrase:
            rest += words(spanish, (c, english)) + noun_phrase(phrase)
    if c.gap == "object" or (question and not gusta):
        tokens = verb + adjectives + subject + rest
    else:
        tokens = subject + verb + adjectives + rest
    if c.time:
        time = words(c.time[1], (c, "time"))
        tokens = time + tokens if c.time_first else tokens + time
    if question in ("who", "what", "where"):
        form = {"who": "quién", "what": "qué", "where": "dónde"}[question]
        if c.verb and "to" in c.verb.use:
            form = "adónde" if question == "where" else form
        tokens = words(form, (c, "question")) + tokens
    return tokens


LINKS = {"and": "y", "then": "y", "but": "pero", "because": "porque"}


def sentence(s):
    """Return the tokens of a sentence, question marks included."""
    tokens = clause(s.first, s.question)
    if s.second:
        tokens += words(LINKS[s.link], (s, "link")) + clause(s.second)
    end = (s, "end")
    if s.question:
        return words("¿", end) + tokens + words("?", end)
    return tokens
