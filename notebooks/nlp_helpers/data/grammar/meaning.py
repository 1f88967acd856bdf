"""What a sentence means, before any language says it.

A sentence is a small tree: clauses have a verb and phrases around it, phrases have a
noun and what describes it. Each language turns the same tree into *tokens*: pairs of a
word and its sources, which are the parts of the tree that it stands for. Words of two
languages are aligned if they share a source.
"""

import dataclasses

from nlp_helpers.data.grammar.lexicon import Adjective, Noun, Verb


def words(text, *sources):
    """Return the tokens of a text: each of its words, with what it stands for.

    Args:
        text: one or several words, separated by spaces; "" gives no tokens.
        sources: pairs of a node and the name of one of its parts.
    """
    return [(word, sources) for word in text.split()]


@dataclasses.dataclass(eq=False)
class NounPhrase:
    """A noun with what belongs to it: *the two old books that the girl bought*.

    Attributes:
        noun: the `Noun`.
        determiner: "the", "a", "this", "my", "own" (*his*, *her* or *their*), or "".
        plural: whether it is more than one.
        count: the number in three languages, or None.
        adjectives: the `Adjective`s, in the order of English.
        relative: a `Clause` with a gap for this phrase, or None.
        owner: the phrase that "own" refers to.
        person: 3, as of all nouns.
    """

    noun: Noun
    determiner: str = "the"
    plural: bool = False
    count: tuple | None = None
    adjectives: tuple[Adjective, ...] = ()
    relative: "Clause | None" = None
    owner: "NounPhrase | Both | None" = None
    person = 3

    @property
    def gender(self):
        """Return "m" or "f"."""
        return self.noun.gender

    @property
    def is_new(self):
        """Whether the listener does not know yet which one is meant."""
        return self.determiner == "a" or (self.count and not self.determiner)


@dataclasses.dataclass(eq=False)
class Both:
    """Two noun phrases with *and*.

    Attributes:
        parts: the two phrases.
    """

    parts: tuple[NounPhrase, NounPhrase]
    plural = True
    person = 3
    is_new = False

    @property
    def gender(self):
        """Return "f" if both are feminine, otherwise "m"."""
        return "f" if all(part.gender == "f" for part in self.parts) else "m"


@dataclasses.dataclass(eq=False)
class Pronoun:
    """*I*, *you* (one friend), or a pronoun for what was named before.

    Attributes:
        person: 1, 2 or 3.
        antecedent: what was named before, for a pronoun of the third person.
        is_subject: whether it is *he*, *she* or *they*, not *it* or *them*.
    """

    person: int
    antecedent: NounPhrase | Both | None = None
    is_subject: bool = True
    is_new = False

    @property
    def plural(self):
        """Whether it stands for more than one."""
        return self.antecedent is not None and self.antecedent.plural

    @property
    def gender(self):
        """That of the antecedent; *I* and *you* are masculine."""
        return self.antecedent.gender if self.antecedent else "m"


@dataclasses.dataclass(eq=False)
class Place:
    """Where something happens, or where somebody goes.

    Attributes:
        preposition: in English; "near" and "behind" have their own translation, and all
            others are "en", or what the verb asks for.
        where: the `NounPhrase`.
    """

    preposition: str
    where: NounPhrase


@dataclasses.dataclass(eq=False)
class Clause:
    """A verb with its subject and what else belongs to it.

    Attributes:
        subject: a `NounPhrase`, `Both` or `Pronoun`.
        verb: the `Verb`; None is *to be*, with adjectives or a place.
        tense: "present" or "past".
        negative: whether it is negated.
        object: a `NounPhrase`, a `Pronoun` or None.
        receiver: whom something is given to.
        company: with whom.
        place: a `Place`.
        tool: with what.
        vehicle: by what one goes.
        adjectives: what the subject is.
        time: in three languages, and whether it stands first.
        gap: "subject" or "object" in a relative clause: which one its noun is.
    """

    subject: NounPhrase | Both | Pronoun
    verb: Verb | None
    tense: str
    negative: bool = False
    object: NounPhrase | Pronoun | None = None
    receiver: NounPhrase | None = None
    company: NounPhrase | None = None
    place: Place | None = None
    tool: NounPhrase | None = None
    vehicle: NounPhrase | None = None
    adjectives: tuple[Adjective, ...] = ()
    time: tuple | None = None
    time_first: bool = False
    gap: str = ""

    def phrases(self):
        """Yield the noun phrases of this clause, not those of relative clauses."""
        where = self.place and self.place.where
        for phrase in (
            *(self.subject.parts if isinstance(self.subject, Both) else [self.subject]),
            *(self.object, self.receiver, self.company, where, self.tool, self.vehicle),
        ):
            if isinstance(phrase, NounPhrase):
                yield phrase

    def relatives(self):
        """Yield the relative clauses right below this one."""
        gap = getattr(self, self.gap) if self.gap else None
        for phrase in self.phrases():
            if phrase.relative and phrase is not gap:
                yield phrase.relative

    def all_clauses(self):
        """Yield this clause and all relative clauses in it."""
        yield self
        for relative in self.relatives():
            yield from relative.all_clauses()


@dataclasses.dataclass(eq=False)
class Meaning:
    """What a whole sentence says or asks.

    Attributes:
        first: the main `Clause`.
        link: "and", "but", "because", "then" (*and* with the same subject), or "".
        second: the clause after the link, or None.
        question: "", "yes or no", "who", "what" or "where".
    """

    first: Clause
    link: str = ""
    second: Clause | None = None
    question: str = ""

    def clauses(self):
        """Return all clauses of the sentence."""
        found = list(self.first.all_clauses())
        return found + list(self.second.all_clauses()) if self.second else found
