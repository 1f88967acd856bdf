"""Draws meanings: which words go together, so that a sentence makes sense."""

import random

from nlp_helpers.data.grammar import lexicon
from nlp_helpers.data.grammar.lexicon import (
    ADJECTIVE_LIST,
    NOUN_LIST,
    THEN_PAIRS,
    TIME_LIST,
    VERB_LIST,
    nouns,
)
from nlp_helpers.data.grammar.meaning import (
    Both,
    Clause,
    Meaning,
    NounPhrase,
    Place,
    Pronoun,
)

PEOPLE = nouns("person")
CLOSE = {"family", "friend"}  # somebody's, always
OUTSIDE, PLACES = nouns("outside"), nouns("place riverside")
WHERE = {  # the places of verbs that need one
    "at": nouns("public office building market kitchen garden"),
    "live": nouns("town house"),
    "to": nouns("place"),
}
OWNED = set(
    nouns(
        "known friend family pet food drink portable text furniture vehicle instrument "
        "home secret"
    )
)
ONE = ("wear", "play", "run", "know", "miss", "visit", "make", "open", "close")
NEVER_OWN = ("write", "make", "learn", "buy", "find", "know")
COLOURED = {a: a.english in lexicon.COLOURS for a in ADJECTIVE_LIST}
DESCRIBING = {
    noun: tuple(a for a in ADJECTIVE_LIST if noun in a.nouns) for noun in NOUN_LIST
}
FEELINGS = tuple(
    a for a in ADJECTIVE_LIST if a.copula == "estar" and set(PEOPLE) & set(a.nouns)
)
OBJECT_OF = {
    noun: tuple(
        v for v in VERB_LIST if noun in v.objects and not v.use & {"person", "receiver"}
    )
    for noun in NOUN_LIST
}
SUBJECT_OF = {
    noun: tuple(v for v in VERB_LIST if noun in v.subjects and v.english != "like")
    for noun in NOUN_LIST
}
PEOPLES_VERBS = tuple(v for v in VERB_LIST if PEOPLE[0] in v.subjects)
PEOPLES_ACTIONS = tuple(v for v in PEOPLES_VERBS if not v.use & {"state", "event"})
CAUSES = tuple(
    (a, v)
    for a in FEELINGS
    for v in PEOPLES_VERBS
    if v.english in lexicon.CAUSE_LISTS.get(a.english, ()) and "state" not in v.use
)
HINDRANCES = tuple(a for a in FEELINGS if a.english in ("tired", "sick", "busy"))
AVOIDED = tuple(v for v in PEOPLES_ACTIONS if v.english not in ("see", "hear"))
MANY_MEANINGS = {
    v.english for v in VERB_LIST if [w.english for w in VERB_LIST].count(v.english) > 1
}
THEN = {
    (first, second, objects): len(objects)
    for first in PEOPLES_VERBS
    for second in PEOPLES_VERBS
    if (first.english, second.english) in THEN_PAIRS
    and (objects := tuple(noun for noun in first.objects if noun in second.objects))
}
TIMES = {t: tuple(w for w in TIME_LIST if w[3] == t) for t in ("past", "present")}


def people(verb):
    """Return the nouns for people that can be a verb's subject."""
    return tuple(noun for noun in verb.subjects if "person" in noun.kinds)


class Writer:
    """Draws sentences one after the other; the same seed gives the same ones.

    It only uses `random()`, of which Python promises the same numbers in every version.
    """

    def __init__(self, seed):
        """Start from a seed, a whole number."""
        self._random = random.Random(seed).random
        self._used = set()  # words of the sentence
        self._richness = 0.5  # how likely its nouns have adjectives
        self._depth = 0.05  # and those of relative clauses another relative clause

    def chance(self, share):
        """Return True with a probability."""
        return self._random() < share

    def pick(self, options):
        """Return one of some options, all equally likely."""
        return options[int(self._random() * len(options))]

    def pick_by_weight(self, weights):
        """Return a key of a dict from options to their weights."""
        left = self._random() * sum(weights.values())
        for option, weight in weights.items():
            left -= weight
            if left < 0:
                return option
        return option

    def pick_new(self, options):
        """Return one of some words that is not in the sentence yet, if there is one."""
        option = self.pick(options)
        for _ in range(5):
            if option.english not in self._used:
                break
            option = self.pick(options)
        self._used.add(option.english)
        return option

    def verb(self, options):
        """Return a verb that is not in the sentence yet, if there is one.

        What goes with many nouns is more likely: it makes more different sentences.
        """
        unused = [v for v in options if v.english not in self._used] or options
        verb = self.pick_by_weight({v: 1 + len(v.objects) for v in unused})
        self._used.add(verb.english)
        return verb

    # Sentences

    def sentence(self):
        """Return the `Meaning` of a sentence."""
        self._used, self._depth = set(), 0.05
        self._richness = self.pick((0.3, 0.6, 0.8))
        kind = self.pick_by_weight(
            {
                self.statement: 55,
                self.question: 8,
                self.then: 5,
                self.because: 3,
                self.two_clauses: 30,
                self.nested: 9,
            }
        )
        return kind()

    def statement(self):
        """Return a main clause, whose nouns may have relative clauses."""
        clause = self.clause(time=0.15)
        for phrase, share in ((clause.subject, 0.35), (clause.object, 0.4)):
            self.add_relative(phrase, clause, share)
        if clause.place and not (clause.object and clause.object.relative):
            self.add_relative(clause.place.where, clause, 0.12)
        return Meaning(clause)

    def nested(self):
        """Return a short statement with two relative clauses."""
        self._richness, self._depth = 0.1, 0.7
        clause = self.clause(time=0.0)
        while not isinstance(clause.object, NounPhrase) or clause.place:
            clause = self.clause(time=0.0)
        self.add_relative(clause.object, clause, 1.0)
        self.add_relative(clause.subject, clause, 0.5)
        return Meaning(clause)

    def question(self):
        """Return a question: yes or no, who, what or where."""
        question = self.pick(("yes or no", "who", "what", "where"))
        if question == "who":
            who = Pronoun(3, NounPhrase(PEOPLE[0]))
            clause = self.clause(subject=who, be=0.0, positive=True)
            for phrase in clause.phrases():
                if phrase.determiner == "own":
                    phrase.determiner = "my"
        elif self.chance(0.3):
            clause = self.clause(subject=Pronoun(2), be=0.0, positive=True)
        else:
            clause = self.clause(be=0.2, positive=True)
            while clause.subject.person == 1:  # one does not ask about oneself
                clause = self.clause(be=0.2, positive=True)
        clause.negative = clause.time_first = False
        is_clear = (
            clause.object
            and clause.verb.english not in MANY_MEANINGS
            and not clause.object.noun.kinds & {"person", "animal"}
        )
        if question == "what" and not is_clear:
            question = "where" if clause.place else "yes or no"
        if question == "where" and not clause.place:
            question = "yes or no"
        return Meaning(clause, question=question)

    def then(self):
        """Return two things that somebody does, or not, with the same object."""
        first, second, objects = self.pick_by_weight(THEN)
        subject = self.subject(PEOPLE, "past")
        while subject.plural and second.english == "wear":
            subject = self.subject(PEOPLE, "past")
        clause = self.clause(
            subject=subject, verb=first, objects=objects, tense="past", positive=True
        )
        it = Pronoun(3, clause.object, is_subject=False)
        is_but = self.chance(0.4)
        rest = Clause(subject, second, "past", negative=is_but, object=it)
        if is_but:
            person = 1 if subject.person == 1 else 3
            rest.subject = Pronoun(person, None if person == 1 else subject)
        else:
            rest.gap = "subject"
        if second.english in ("give", "send"):
            rest.receiver = self.person(rest)
        self.add_around(rest, place=0.3)
        self.add_relative(subject, clause, 0.15)
        return Meaning(clause, "but" if is_but else "then", rest)

    def because(self):
        """Return how somebody feels and why, or why somebody does not do something."""
        if self.chance(0.5):
            feeling, verb = self.pick(CAUSES)
            subject = self.subject(people(verb), "present", pronoun=False, plain=True)
            again = Pronoun(3, subject)
            main = Clause(subject, None, "present", adjectives=(feeling,))
            reason = self.clause(
                subject=again, verb=verb, tense="past", positive=True, time=0.0
            )
        else:
            verb = self.verb(AVOIDED)
            subject = self.subject(people(verb), "present", pronoun=False, plain=True)
            again = Pronoun(3, subject)
            main = self.clause(subject=subject, verb=verb, negative=True, time=0.0)
            if main.tense == "past" and self.chance(0.3):
                main.time = self.pick(TIMES["past"])
                main.time_first = self.chance(0.5)
            feeling = self.pick(HINDRANCES)
            reason = Clause(again, None, main.tense, adjectives=(feeling,))
        self.add_relative(subject, main, 0.2)
        return Meaning(main, "because", reason)

    def two_clauses(self):
        """Return what two different people do, or what the second one does not do."""
        self._richness /= 2
        tense = self.pick(("past", "past", "present"))
        clauses = []
        for verb in (self.verb(PEOPLES_ACTIONS), self.verb(PEOPLES_ACTIONS)):
            subject = self.subject(people(verb), "present", pronoun=False, both=0)
            clauses.append(
                self.clause(
                    subject=subject, verb=verb, tense=tense, positive=True, time=0.0
                )
            )
        first, second = clauses
        if self.chance(0.5):
            second.negative = True
            return Meaning(first, "but", second)
        self.add_relative(first.subject, first, 0.15)
        return Meaning(first, "and", second)

    # Clauses

    def clause(
        self,
        *,
        subject=None,
        verb=None,
        objects=None,
        tense=None,
        positive=False,
        negative=False,
        be=0.05,
        time=0.2,
    ):
        """Return a clause; what is not given is drawn.

        Args:
            subject: a phrase.
            verb: a `Verb`.
            objects: nouns to choose the object from.
            tense: "present" or "past".
            positive: whether it may not be negative.
            negative: whether it has to be.
            be: how likely it is one with *to be*.
            time: how likely it says when.
        """
        if verb is None and self.chance(be):
            return self.be_clause(subject)
        if verb is None:
            verb = self.verb(PEOPLES_VERBS if subject else VERB_LIST)
        self._used.add(verb.english)
        tense = tense or self.pick(("past", "past", "present"))
        if isinstance(subject, Pronoun) and subject.person == 2:
            tense = "present"
        if "state" in verb.use:
            tense = "present"
        if "event" in verb.use:
            tense = "past"
        subject = subject or self.subject(verb.subjects, tense)
        clause = Clause(subject, verb, tense)
        may_be_negative = not (positive or subject.is_new)
        clause.negative = negative or (may_be_negative and self.chance(0.15))
        if verb.objects:
            clause.object = self.object(clause, objects or verb.objects)
        if "receiver" in verb.use:
            clause.receiver = self.person(clause)
        self.add_around(clause)
        if "state" not in verb.use and self.chance(time):
            clause.time = self.pick(TIMES[tense])
            clause.time_first = self.chance(0.5)
        return clause

    def be_clause(self, subject=None):
        """Return a clause that says what something is like, or where it is."""
        tense = self.pick(("present", "present", "past"))
        if isinstance(subject, Pronoun):
            subject = None
        is_place = self.chance(0.35)
        if is_place:
            options = nouns("person animal small-thing printed vehicle container")
        else:
            options = tuple(
                noun for noun in NOUN_LIST if any(a.copula for a in DESCRIBING[noun])
            )
        subject = subject or self.subject(options, tense, pronoun=False, both=0)
        clause = Clause(subject, None, tense)
        may_be_negative = not subject.is_new
        clause.negative = may_be_negative and self.chance(0.2)
        if is_place:
            clause.place = self.place(clause, nouns("place"))
            return clause
        if subject.determiner == "a":
            subject.determiner = "the"
        if subject.count:
            subject.count, subject.determiner = None, "the"
            subject.plural = "place" not in subject.noun.kinds
        possible = [a for a in DESCRIBING[subject.noun] if a.copula]
        first = self.pick(possible)
        clause.adjectives = (first,)
        others = [
            a
            for a in possible
            if a.copula == first.copula
            and a.english != first.english
            and {a.english, first.english} not in lexicon.OPPOSITE_PAIRS
            and not COLOURED[a]
            and not COLOURED[first]
        ]
        if others and not clause.negative and self.chance(0.4):
            clause.adjectives = (first, self.pick(others))
        subject.adjectives = tuple(
            a
            for a in subject.adjectives
            if COLOURED[a] and not any(map(COLOURED.get, clause.adjectives))
        )
        return clause

    def add_around(self, clause, place=0.3):
        """Add where, with whom, with what and how, as the verb allows."""
        use = clause.verb.use
        for need in ("at", "live", "to"):
            if need in use:
                clause.place = self.place(clause, WHERE[need])
        if "where" in use and self.chance(place):
            clause.place = self.place(clause, OUTSIDE if "person" in use else PLACES)
        if "to" in use and self.chance(0.25):
            by = self.pick(nouns("train bicycle car"))
            clause.vehicle = NounPhrase(by, "")
        alone = not isinstance(clause.subject, Both)
        if "with" in use and alone and self.chance(0.2):
            clause.company = self.person(clause)
        if clause.verb.tool and self.chance(0.35):
            clause.tool = NounPhrase(clause.verb.tool, self.pick(("a", "the", "my")))

    # Phrases

    def subject(self, options, tense, *, pronoun=True, both=0.08, plain=False):
        """Return a subject: a noun phrase, two of them, or *I*."""
        can_speak = PEOPLE[0] in options
        if can_speak and pronoun and self.chance(0.1):
            return Pronoun(1)
        if can_speak and self.chance(both):
            return Both(tuple(self.simple_person(options) for _ in range(2)))
        noun = self.pick_new(options)
        weights = {"the": 40, "this": 10}
        if noun.kinds & {"known", "pet"}:
            weights["my"] = 20
        if noun.kinds & CLOSE:
            weights = {"my": 1}
        elif tense == "past" and noun.counter:
            weights |= {"a": 14, "count": 8}
        plural = 0 if "place" in noun.kinds else 0.25
        phrase = self.noun_phrase(noun, weights, plural=plural)
        if plain:
            phrase.adjectives = ()
        return phrase

    def simple_person(self, options):
        """Return one person, for two with *and*."""
        noun = self.pick_new([n for n in options if "person" in n.kinds])
        return NounPhrase(noun, "my" if noun.kinds & CLOSE else "the")

    def person(self, clause):
        """Return somebody who takes part in a clause."""
        noun = self.pick_new(PEOPLE)
        weights = {"the": 6}
        if noun.kinds & {"known", *CLOSE}:
            weights = {"my": 3, "own": 3}
        return self.noun_phrase(noun, weights, plural=0.1, of=clause)

    def place(self, clause, options):
        """Return a place, with a preposition."""
        noun = self.pick_new(options)
        preposition = next((p for p in ("on", "at") if p in noun.kinds), "in")
        is_free = not (clause.verb and clause.verb.use & {"to", "at"})
        if is_free and noun.counter and self.chance(0.2):
            preposition = "near"
        elif is_free and "building" in noun.kinds and self.chance(0.12):
            preposition = "behind"
        if clause.verb and clause.verb.english == "go":
            preposition = "to"
        elif clause.verb and clause.verb.english == "arrive":
            preposition = "in" if "town" in noun.kinds else "at"
        weights = {"the": 8, "this": 1}
        if "home" in noun.kinds:
            weights = {"the": 4, "my": 2, "own": 3}
        return Place(
            preposition,
            self.noun_phrase(noun, weights, of=clause),
        )

    def object(self, clause, options):
        """Return the object of a clause."""
        verb = clause.verb
        noun = self.pick_new(options)
        is_one = verb.english in ONE
        can_be_owned = noun in OWNED and verb.english not in NEVER_OWN
        weights = {"the": 26, "this": 10}
        if can_be_owned:
            weights |= {"own": 16, "my": 10}
        if not noun.counter:
            weights = {"": 30} | weights
        if noun.kinds & {"game"}:
            weights = {"": 1}
        elif noun.kinds & CLOSE:
            weights = {"own": 1, "my": 1}
        elif noun.counter and verb.english == "like":
            if "place" not in noun.kinds:
                weights["many"] = 40
        elif noun.counter and not verb.use & {"state"} and not noun.kinds & {"fact"}:
            weights["a"] = 22
            if not (is_one or clause.negative):
                weights["count"] = 12
        elif verb.english == "need" and noun.counter:
            weights["a"] = 22
        if verb.english == "wear" and clause.subject.plural:
            return self.noun_phrase(noun, {"own": 1}, plural=1, of=clause)
        plural = 0 if is_one or noun.kinds & {"home", "place"} else 0.25
        return self.noun_phrase(noun, weights, plural=plural, of=clause)

    def noun_phrase(self, noun, weights, *, plural=0.0, of=None):
        """Return a phrase with a noun.

        Args:
            noun: the `Noun`.
            weights: how likely each determiner is; "count" is a number, and "many" no
                determiner with a plural.
            plural: how likely it is more than one.
            of: the clause with the owner of what is *own*.
        """
        determiner = self.pick_by_weight(weights)
        phrase = NounPhrase(noun, determiner)
        if determiner == "own":
            owner = of.subject
            if isinstance(owner, Pronoun) and owner.person == 3:
                owner = owner.antecedent
            phrase.owner = owner
            if owner.person != 3:
                phrase.determiner = "my"
            elif isinstance(owner, NounPhrase) and "person" not in owner.noun.kinds:
                phrase.determiner = "the"
        if determiner == "count":
            phrase.count = lexicon.NUMBERS[self.pick((2, 2, 3, 4))]
            phrase.determiner, phrase.plural = "", True
        elif determiner == "many":
            phrase.determiner, phrase.plural = "", True
        elif noun.counter and determiner in ("the", "this", "my", "own"):
            phrase.plural = self.chance(plural)
        possible = DESCRIBING[noun]
        if possible and "family" not in noun.kinds and self.chance(self._richness):
            first = self.pick_new(possible)
            phrase.adjectives = (first,)
            colours = [a for a in possible if COLOURED[a]]
            if colours and not COLOURED[first] and self.chance(0.3):
                phrase.adjectives = (first, self.pick_new(colours))
        return phrase

    # Relative clauses

    def add_relative(self, phrase, clause, share):
        """Give a phrase a relative clause, as likely as `share`, if it can have one."""
        if not isinstance(phrase, NounPhrase) or not self.chance(share):
            return
        if phrase.determiner not in ("the", "a"):
            return
        follows = (clause.place, clause.company, clause.receiver, clause.tool)
        if phrase is clause.object and any(follows):
            return  # these would seem to belong to the relative clause
        if clause.time and phrase is not clause.subject:
            clause.time_first = True
        kinds = phrase.noun.kinds
        if "person" in kinds or ("animal" in kinds and self.chance(0.6)):
            phrase.relative = self.subject_relative(phrase, clause.tense)
        elif kinds & {"portable", "furniture"} and self.chance(0.15):
            phrase.relative = self.place_relative(phrase, clause.tense)
        else:
            verbs = [v for v in OBJECT_OF[phrase.noun] if v.english not in self._used]
            if verbs:
                phrase.relative = self.object_relative(
                    phrase, self.verb(verbs), clause.tense
                )
        if phrase.relative:
            self.add_deeper(phrase.relative)

    def add_deeper(self, relative):
        """Give a phrase in a relative clause a relative clause of its own, rarely."""
        if relative.verb:
            other = relative.subject if relative.gap == "object" else relative.object
            self.add_relative(other, relative, self._depth)

    def subject_relative(self, phrase, tense):
        """Return a clause that says what the one meant does: *who bought a book*."""
        if self.chance(0.15):
            return self.place_relative(phrase, tense)
        verbs = [v for v in SUBJECT_OF[phrase.noun] if v.english not in self._used]
        relative = self.clause(
            subject=phrase,
            verb=self.verb(verbs),
            tense="past" if tense == "past" else None,
            time=0.0,
        )
        relative.gap = "subject"
        return relative

    def place_relative(self, phrase, tense):
        """Return a clause that says where the one meant is: *that is in the garden*."""
        relative = Clause(phrase, None, tense, gap="subject")
        relative.place = self.place(relative, nouns("place"))
        return relative

    def object_relative(self, phrase, verb, tense):
        """Return a clause whose object is meant: *that the girl bought*."""
        relative = self.clause(
            subject=self.subject(verb.subjects, "present"),
            verb=verb,
            objects=(phrase.noun,),
            tense="past" if tense == "past" else None,
            time=0.0,
        )
        relative.object, relative.gap = phrase, "object"
        return relative
