import numpy as np
import pytest
from nlp_helpers.data import glove


def test_there_are_400_000_words_and_a_vector_for_each():
    words, vectors = glove.load()
    assert type(words) is list
    assert len(words) == len(set(words)) == 400_000
    assert words[:6] == ["the", ",", ".", "of", "to", "and"]
    assert vectors.shape == (400_000, 50)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    # The first numbers of the first line of Stanford's glove.6B.50d.txt.
    assert vectors[0, :3].tolist() == pytest.approx([0.418, 0.24968, -0.41242])
