"""A reader's own text is read whole, or refused with a reason."""

import numpy as np
import pytest
from nlp_helpers import course
from nlp_helpers.data import shakespeare
from nlp_helpers.data.fetch import DataError
from nlp_helpers.vocabulary import Characters

KOREAN = "사과는 빨갛고 하늘은 파랗다.\n"


@pytest.fixture(autouse=True)
def run(monkeypatch):
    monkeypatch.setattr(course, "run", course.Run())


@pytest.fixture
def write(tmp_path):
    """Return a function that writes bytes, and returns where."""

    def write(content):
        (tmp_path / "book.txt").write_bytes(content)
        return tmp_path / "book.txt"

    return write


def test_korean_text_comes_back_from_its_ids(write):
    book = KOREAN * 10_000
    text = shakespeare.own_text(write(book.encode("utf-8")))
    assert text == book
    assert course.run.own_data
    characters = Characters(text)
    assert characters.size == len(set(KOREAN)) + 1
    ids = characters.encode(text)
    assert characters.decode(ids) == text
    assert np.bincount(ids)[1:].min() == 10_000


def test_marks_of_an_editor_are_no_part_of_the_text(write):
    book = KOREAN.replace("\n", "\r\n") * 10_000
    assert shakespeare.own_text(write(book.encode("utf-8-sig"))) == KOREAN * 10_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (KOREAN.encode() * 10, f"has {len(KOREAN) * 10} characters, .* at least 100,"),
        (
            KOREAN.encode("euc-kr") * 9_000,
            "is not in UTF-8: no character has the byte at position 0",
        ),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used_is_refused(write, tmp_path, content, says):
    path = tmp_path / "book.txt" if content is None else write(content)
    with pytest.raises(DataError, match=says):
        shakespeare.own_text(path)
    assert not course.run.own_data
