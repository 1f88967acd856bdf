"""A small grammar that writes English sentences with their translations.

It is a controlled language, as in SCAN (Lake and Baroni 2018) and COGS (Kim and Linzen
2020): a few hundred words, and every construction that makes translation more than
looking up words. `lexicon` holds the words, `writer` draws what a sentence means, and
`english`, `spanish` and `korean` say it.
"""

from nlp_helpers.data.grammar.corpus import Sentence, load, sentences, write

__all__ = ["Sentence", "load", "sentences", "write"]
