"""How Korean says it: the verb comes last, and endings are joined to stems."""

from functools import cache

from nlp_helpers.data.grammar.meaning import Both, Pronoun, words

VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
FIRST = ord("가")

# Particles: after a final consonant, and after a vowel.
TOPIC, SUBJECT, OBJECT, AND = ("은", "는"), ("이", "가"), ("을", "를"), ("과", "와")


# Syllables


def parts(syllable):
    """Return the number of the first sound, the vowel, and the final sound or " "."""
    rest, final = divmod(ord(syllable) - FIRST, len(FINALS))
    first, vowel = divmod(rest, len(VOWELS))
    return first, VOWELS[vowel], FINALS[final]


def syllable(first, vowel, final=" "):
    """Return the syllable of three sounds, as `parts` takes it apart."""
    number = first * len(VOWELS) + VOWELS.index(vowel)
    return chr(FIRST + number * len(FINALS) + FINALS.index(final))


def final_of(word):
    """Return the final consonant of a word, or " " if it ends in a vowel."""
    return parts(word[-1])[2]


def with_final(word, final):
    """Return a word with another final sound: 가, ㄴ gives 간."""
    first, vowel, _ = parts(word[-1])
    return word[:-1] + syllable(first, vowel, final)


def with_vowel(word, vowel, final=" "):
    """Return a word with another last vowel: 마시, ㅕ gives 마셔."""
    return word[:-1] + syllable(parts(word[-1])[0], vowel, final)


def particle(word, pair):
    """Return a word with its particle: 책은, 사과는."""
    return word + pair[final_of(word) == " "]


def by_means_of(word):
    """Return a word with 으로, or 로 after a vowel and after ㄹ: 펜으로, 칼로."""
    return word + ("로" if final_of(word) in " ㄹ" else "으로")


# Verbs. A verb is given as in the lexicon: 듣다/ㄷ.


@cache
def stem(verb):
    """Return the stem and the irregular class, "" for a regular verb."""
    dictionary_form, _, irregular = verb.partition("/")
    return dictionary_form[:-1], irregular


@cache
def infinitive(verb):
    """Return the form in 아 or 어, to which 요, 서 and the past are joined."""
    root, irregular = stem(verb)
    _, vowel, final = parts(root[-1])
    if root[-1] == "하":
        return f"{root[:-1]}해"
    if irregular == "ㅂ":
        return with_final(root, " ") + ("와" if root == "돕" else "워")
    if irregular == "ㅎ":
        return with_vowel(root, "ㅒ" if vowel == "ㅑ" else "ㅐ")
    if irregular == "ㄷ":
        return with_final(root, "ㄹ") + ("아" if vowel in "ㅏㅗ" else "어")
    if irregular == "르":
        is_bright = parts(root[-2])[1] in "ㅏㅗ"
        return with_final(root[:-1], "ㄹ") + ("라" if is_bright else "러")
    if final != " ":
        return root + ("아" if vowel in "ㅏㅗ" else "어")
    if vowel == "ㅡ":
        is_bright = len(root) > 1 and parts(root[-2])[1] in "ㅏㅗ"
        return with_vowel(root, "ㅏ" if is_bright else "ㅓ")
    joined = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}
    joined |= dict.fromkeys("ㅏㅓㅐㅔㅕ")  # 가 + 아 stays 가
    if vowel not in joined:
        return f"{root}어"
    return with_vowel(root, joined[vowel] or vowel)


@cache
def past_stem(verb):
    """Return the stem of the past: 먹었, 샀."""
    return with_final(infinitive(verb), "ㅆ")


@cache
def before_noun(verb, tense, is_adjective):
    """Return the form that stands before a noun: 먹는, 먹은, 큰, 맛있는."""
    root, irregular = stem(verb)
    if root in ("있", "없") and tense == "past":
        return f"{root}던"
    if tense == "present" and (not is_adjective or root[-1] in "있없"):
        return (with_final(root, " ") if final_of(root) == "ㄹ" else root) + "는"
    if irregular == "ㅂ":
        return with_final(root, " ") + "운"
    if irregular == "ㄷ":
        return with_final(root, "ㄹ") + "은"
    if irregular == "ㅎ" or final_of(root) in " ㄹ":
        return with_final(root, "ㄴ")
    return f"{root}은"


@cache
def verb_form(verb, ending, tense, is_adjective=False):
    """Return a form of a verb.

    Args:
        verb: as in the lexicon.
        ending: "end" (polite, 해요), "noun" (before a noun), "and" (고), "but" (지만)
            or "so" (서, which has no tense).
        tense: "present" or "past".
        is_adjective: whether it is a verb like 크다, to be big.
    """
    if ending == "noun":
        return before_noun(verb, tense, is_adjective)
    if ending == "so":
        return f"{infinitive(verb)}서"
    if ending == "end":
        return (f"{past_stem(verb)}어" if tense == "past" else infinitive(verb)) + "요"
    start = past_stem(verb) if tense == "past" else stem(verb)[0]
    return start + {"and": "고", "but": "지만"}[ending]


NEGATED = {"알다": "모르다/르", "있다": "없다"}  # all others have 지 않다
LIKE_ADJECTIVES = ("필요하다",)


def verb_tokens(verb, ending, c, source, is_adjective=False):
    """Return the tokens of a verb or an adjective at the end of a clause."""
    *start, verb = verb.split()  # 키가 크다, 보여 주다
    tokens = words(" ".join(start), source)
    is_adjective = is_adjective or verb in LIKE_ADJECTIVES
    if not c.negative:
        return tokens + words(verb_form(verb, ending, c.tense, is_adjective), source)
    if verb in NEGATED:
        form = verb_form(NEGATED[verb], ending, c.tense)
        return tokens + words(form, source, (c, "not"))
    tokens += words(f"{stem(verb)[0]}지", source)
    return tokens + words(verb_form("않다", ending, c.tense, is_adjective), (c, "not"))


# Phrases


def noun_phrase(phrase, mark="", *, counts_one=False):
    """Return the tokens of a noun phrase.

    Args:
        phrase: a `NounPhrase`, `Both` or `Pronoun`.
        mark: the particle: a string, or a pair to choose from, as `OBJECT`.
        counts_one: whether *a* is said, as in 개 한 마리가.
    """
    if isinstance(phrase, Both):
        start, end = phrase.parts
        return noun_phrase(start, AND) + noun_phrase(end, mark)
    if isinstance(phrase, Pronoun):
        form = {TOPIC: "저는", SUBJECT: "제가", "에게": "저에게"}.get(mark, "")
        return words(form if phrase.person == 1 else "", (phrase, "noun"))
    tokens = clause(phrase.relative, "noun") if phrase.relative else []
    determiner = {"my": "제", "own": "자기", "this": "이"}.get(phrase.determiner, "")
    described = [
        words(adjective_before_noun(a.korean), (phrase, a)) for a in phrase.adjectives
    ]
    for part in described:  # what is a clause itself comes first: 키가 큰 제 친구
        tokens += part if len(part) > 1 else []
    tokens += words(determiner, (phrase, "determiner"))
    for part in described:
        tokens += part if len(part) == 1 else []
    noun = phrase.noun.korean
    is_alive = phrase.noun.kinds & {"person", "animal"}
    if phrase.plural and is_alive and not phrase.count and phrase.determiner:
        noun += "들"
    tokens += words(noun, (phrase, "noun"))
    if phrase.count:
        tokens += words(phrase.count[2], (phrase, "count"))
        tokens += words(phrase.noun.counter, (phrase, "count"))
    elif phrase.determiner == "a" and counts_one:
        tokens += words(f"한 {phrase.noun.counter}", (phrase, "determiner"))
    last, sources = tokens[-1]
    if mark == "로":
        last = by_means_of(last)
    else:
        last = last + mark if isinstance(mark, str) else particle(last, mark)
    return [*tokens[:-1], (last, sources)]


@cache
def adjective_before_noun(adjective):
    """Return an adjective before its noun: 큰, 키가 큰, 오래된."""
    *start, last = adjective.split()
    if last.endswith("다") or "/" in last:
        tense = "past" if last in ("오래되다", "늙다", "비다") else "present"
        last = verb_form(last, "noun", tense, is_adjective=True)
    return " ".join([*start, last])


def subject_tokens(c, topic):
    """Return the subject: 은/는 for what is talked about, 이/가 for what is new."""
    if c.gap == "object" and "subject" in c.verb.use:
        return noun_phrase(c.subject, "에게")  # 소녀에게 필요한 책
    mark = TOPIC if topic and not c.subject.is_new else SUBJECT
    return noun_phrase(c.subject, mark, counts_one=True)


def place_tokens(c, is_asked=False):
    """Return the place, with 에 for being and going somewhere, 에서 for all else."""
    goes = c.verb is None or c.verb.use & {"to", "live"}
    mark = "에" if goes else "에서"
    if is_asked:
        return words(f"어디{mark}", (c, "question"))
    if not c.place:
        return []
    name = {"near": "근처", "behind": "뒤"}.get(c.place.preposition)
    if name:
        return noun_phrase(c.place.where) + words(name + mark, (c, "place"))
    return noun_phrase(c.place.where, mark)


def predicate(c, ending, question=""):
    """Return what stands between the subject and the end of a clause."""
    tokens = []
    if c.company:
        tokens += noun_phrase(c.company, AND) + words("함께", (c, "with"))
    if c.vehicle:
        tokens += noun_phrase(c.vehicle, "로")
    tokens += place_tokens(c, question == "where")
    if c.tool:
        tokens += noun_phrase(c.tool, "로")
    if c.receiver:
        tokens += noun_phrase(c.receiver, "에게")
    if question == "what":
        is_subject = "subject" in c.verb.use
        tokens += words("무엇이" if is_subject else "무엇을", (c, "question"))
    elif c.object and c.gap != "object" and not isinstance(c.object, Pronoun):
        mark = SUBJECT if "subject" in c.verb.use else OBJECT
        tokens += noun_phrase(c.object, mark)
    if c.verb:
        return tokens + verb_tokens(c.verb.korean, ending, c, (c, "verb"))
    if not c.adjectives:
        return tokens + verb_tokens("있다", ending, c, (c, "verb"))
    *others, last = c.adjectives
    for other in others:
        *start, verb = other.korean.split()
        form = " ".join([*start, verb_form(verb, "and", "present")])
        tokens += words(form, (c, other), (c, "and"))
    return tokens + verb_tokens(last.korean, ending, c, (c, last), is_adjective=True)


def clause(c, ending, question="", cause=()):
    """Return the tokens of a clause.

    Args:
        c: the `Clause`.
        ending: that of its verb, as for `verb_form`.
        question: as for `english.clause`.
        cause: tokens to say right after the subject.
    """
    topic = ending != "noun" and question != "yes or no"
    if question == "who":
        subject = words("누가", (c, "question"))
    else:
        subject = [] if c.gap == "subject" else subject_tokens(c, topic)
    time = words(c.time[2], (c, "time")) if c.time else []
    start = time + subject if c.time_first else subject + time
    return [*start, *cause, *predicate(c, ending, question)]


def sentence(s):
    """Return the tokens of a sentence, a question mark included."""
    link = (s, "link")
    if s.link == "because":  # the cause comes first: 아파서 자지 않았어요
        cause = joined(predicate(s.second, "so"), link)
        tokens = clause(s.first, "end", cause=cause)
    elif s.link == "then":  # 사서 읽었어요
        tokens = joined(clause(s.first, "so"), link) + predicate(s.second, "end")
    elif s.link:
        tokens = joined(clause(s.first, s.link), link)
        if isinstance(s.second.subject, Pronoun):
            tokens += predicate(s.second, "end")
        else:
            tokens += clause(s.second, "end")
    else:
        tokens = clause(s.first, "end", s.question)
    return tokens + words("?" if s.question else "", (s, "end"))


def joined(tokens, source):
    """Return tokens, of which the last one also stands for the conjunction."""
    last, sources = tokens[-1]
    return [*tokens[:-1], (last, (*sources, source))]
