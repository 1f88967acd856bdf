import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers.data.splits import split_of

words = st.text(st.sampled_from("abcxyzABCXYZ0189éÉñÑ.,'!-한글"), min_size=1)
spaces = st.text(" \t\n\xa0", min_size=1)


@given(st.lists(words, min_size=1), st.data())
def test_case_and_spacing_do_not_change_the_split(sentence, data):
    other = data.draw(spaces)
    for word in sentence:
        change = data.draw(st.sampled_from([str.lower, str.upper, str.swapcase]))
        other += change(word) + data.draw(spaces)
    assert split_of(other) == split_of(" ".join(sentence))


def test_splits_have_seven_one_and_two_tenths():
    splits = [split_of(f"review number {n}") for n in range(20_000)]
    for split, share in {"train": 0.7, "validation": 0.1, "test": 0.2}.items():
        assert splits.count(split) / len(splits) == pytest.approx(share, abs=0.01)
