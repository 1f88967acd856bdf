"""How English says it."""

from functools import cache

from nlp_helpers.data.grammar.meaning import Both, Pronoun, words


@cache
def present(verb):
    """Return the form for *he*, *she* and *it*: goes, watches, carries."""
    first, *rest = verb.split()
    if first.endswith(("s", "sh", "ch", "x", "o")):
        first += "es"
    elif first.endswith("y") and first[-2] not in "aeiou":
        first = f"{first[:-1]}ies"
    else:
        first += "s"
    return " ".join([first, *rest])


def verb_form(verb, tense, is_base):
    """Return a verb in its tense; `is_base` is for *I*, *you* and *they*."""
    if tense == "present":
        return verb.english if is_base else present(verb.english)
    return " ".join([verb.past, *verb.english.split()[1:]])


def noun_phrase(phrase):
    """Return the tokens of a noun phrase, a pronoun, or two of them with *and*."""
    if isinstance(phrase, Both):
        both = [noun_phrase(part) for part in phrase.parts]
        return [*both[0], *words("and", (phrase, "and")), *both[1]]
    if isinstance(phrase, Pronoun):
        return words(pronoun(phrase), (phrase, "noun"))
    tokens = []
    if phrase.count:
        tokens += words(phrase.count[0], (phrase, "count"))
    for adjective in phrase.adjectives:
        tokens += words(adjective.english, (phrase, adjective))
    noun = phrase.noun.english_plural if phrase.plural else phrase.noun.english
    tokens += words(noun, (phrase, "noun"))
    determiner = phrase.determiner
    if determiner == "a":
        determiner = "an" if tokens[0][0][0] in "aeiou" else "a"
    elif determiner == "this":
        determiner = "these" if phrase.plural else "this"
    elif determiner == "own":
        determiner = possessive(phrase.owner)
    if determiner:
        tokens = words(determiner, (phrase, "determiner")) + tokens
    if phrase.relative:
        who = "who" if "person" in phrase.noun.kinds else "that"
        if phrase.relative.gap == "object":
            who = "that"
        tokens += words(who, (phrase.relative, "that")) + clause(phrase.relative)
    return tokens


def pronoun(phrase):
    """Return *I*, *you*, or the pronoun for what was named before."""
    if phrase.person != 3:
        return "I" if phrase.person == 1 else "you"
    if phrase.antecedent.plural:
        return "they" if phrase.is_subject else "them"
    return gendered(phrase.antecedent, "he", "she") if phrase.is_subject else "it"


def possessive(owner):
    """Return *their*, *his* or *her*."""
    return "their" if owner.plural else gendered(owner, "his", "her")


def gendered(phrase, masculine, feminine):
    """Return the first for a man and the second for a woman."""
    return masculine if phrase.gender == "m" else feminine


def is_base(phrase):
    """Tell whether the verb of a subject has no -s."""
    return phrase.plural or phrase.person != 3


def be(subject, tense):
    """Return *is*, *are*, *was* or *were*."""
    forms = ("are", "were") if subject.plural else ("is", "was")
    return forms[tense == "past"]


def clause(c, question=""):
    """Return the tokens of a clause, without what its gap leaves out.

    Args:
        c: the `Clause`.
        question: "", "yes or no", "who", "what" or "where".
    """
    verb, negation = (c, "verb"), (c, "not")
    subject = [] if c.gap == "subject" or question == "who" else noun_phrase(c.subject)
    if c.verb is None:
        start = words(be(c.subject, c.tense), verb)
        rest = words("not", negation) if c.negative else []
    elif c.negative or question not in ("", "who"):
        do = "do" if is_base(c.subject) else "does"
        start = words("did" if c.tense == "past" else do, verb)
        rest = words("not", negation) if c.negative else []
        rest += words(c.verb.english, verb)
    else:
        base = is_base(c.subject) and question != "who"
        start, rest = words(verb_form(c.verb, c.tense, base), verb), []
    tokens = (start + subject if question else subject + start) + rest
    if c.adjectives:
        tokens += words(c.adjectives[0].english, (c, c.adjectives[0]))
        for adjective in c.adjectives[1:]:
            tokens += words("and", (c, "and")) + words(
                adjective.english, (c, adjective)
            )
    if c.object and c.gap != "object" and question != "what":
        tokens += noun_phrase(c.object)
    for name, phrase in (("to", c.receiver), ("with", c.company)):
        if phrase:
            tokens += words(name, (c, name)) + noun_phrase(phrase)
    if c.place and question != "where":
        tokens += words(c.place.preposition, (c, "place")) + noun_phrase(c.place.where)
    for name, phrase in (("with", c.tool), ("by", c.vehicle)):
        if phrase:
            tokens += words(name, (c, name)) + noun_phrase(phrase)
    if c.time:
        time = words(c.time[0], (c, "time"))
        tokens = time + tokens if c.time_first else tokens + time
    if question in ("who", "what", "where"):
        tokens = words(question, (c, "question")) + tokens
    return tokens


def sentence(s):
    """Return the tokens of a sentence, a question mark included."""
    tokens = clause(s.first, s.question)
    if s.second:
        word = "and" if s.link == "then" else s.link
        tokens += words(word, (s, "link")) + clause(s.second)
    return tokens + words("?" if s.question else "", (s, "end"))
