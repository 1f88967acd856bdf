"""Which split a text belongs to, decided by a hash of the text alone."""

import hashlib


def split_of(text):
    """Return "train", "validation" or "test", with the shares 70/10/20.

    Texts that differ only in case or spacing are in the same split.
    """
    digest = hashlib.sha256(" ".join(text.lower().split()).encode()).digest()
    bucket = int.from_bytes(digest[:4]) % 10
    return "train" if bucket < 7 else "validation" if bucket == 7 else "test"
