"""The count model of chapter 1 is a distribution, and loses without its smoothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

VOCAB_SIZE = 6  # padding and five characters
ORDER = 4


@pytest.fixture(scope="module")
def counting(definitions):
    names = ["probabilities", "counting_losses"]
    return definitions("01", *names, vocab_size=VOCAB_SIZE)


@pytest.fixture(scope="module")
def train_ids():
    """Ids of which some strings are frequent, and many are never seen."""
    rng = np.random.default_rng(42)
    likely = rng.dirichlet(np.full(VOCAB_SIZE - 1, 0.3), size=VOCAB_SIZE**2)
    ids = [1, 2]
    for _ in range(400):
        p = likely[ids[-2] * VOCAB_SIZE + ids[-1]]
        ids.append(1 + rng.choice(VOCAB_SIZE - 1, p=p))
    return np.array(ids)


@settings(max_examples=30)
@given(context=st.lists(st.integers(1, VOCAB_SIZE - 1), min_size=3, max_size=3))
def test_the_next_characters_share_all_the_probability(counting, train_ids, context):
    each = [[*context, char_id] for char_id in range(VOCAB_SIZE)]
    p = counting.probabilities(train_ids, np.ravel(each), ORDER)
    assert p.shape == (ORDER, 4 * VOCAB_SIZE)
    assert p.min() > 0
    np.testing.assert_allclose(p[:, 3::4].sum(axis=1), 1)


def test_without_a_context_there_is_only_the_shorter_table(counting, train_ids):
    p = counting.probabilities(train_ids, train_ids[:10], ORDER)
    for n_known in range(ORDER - 1):
        assert len(set(p[n_known:, n_known])) == 1
    assert len(set(p[:, ORDER - 1])) > 1


def test_a_longer_context_helps_where_the_text_repeats(counting, train_ids):
    two, three = (
        counting.counting_losses(train_ids, train_ids, order) for order in (2, 3)
    )
    for reading in ("windows of 64", "context carried"):
        assert three[reading] < two[reading] - 0.2
