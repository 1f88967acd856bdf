"""Search in Korean: words without their particles and endings."""

import pytest

from docs.search_ko import KoreanSearch

SEARCH = KoreanSearch({})


@pytest.mark.parametrize(
    ("noun", "forms"),
    [
        (
            "손실",
            "손실이 손실을 손실은 손실로 손실입니다 손실에서는 손실만을",
        ),
        ("학습", "학습합니다 학습하는 학습한 학습된 학습됩니다 학습시킵니다"),
        ("기울기", "기울기가 기울기를 기울기와는"),
        ("정확도", "정확도가 정확도를 정확도로"),  # 도 is a particle too
        ("차이", "차이가 차이를 차이입니다"),
        ("GRU", "GRU"),
    ],
)
def test_a_noun_and_its_forms_have_the_same_entry(noun, forms):
    assert {SEARCH.stem(form) for form in forms.split()} == {SEARCH.stem(noun)}


def test_different_nouns_have_different_entries():
    nouns = ["차이", "사이", "길이", "평가", "배치", "손실", "학습", "문장", "단어"]
    assert len({SEARCH.stem(noun) for noun in nouns}) == len(nouns)


def test_a_text_is_cut_into_words_and_latin_words_lose_their_particles():
    assert SEARCH.split("GRU는 LSTM보다, 은닉 상태를 2개") == [
        *("GRU", "는", "LSTM", "보다", "은닉", "상태를", "2", "개"),
    ]


def test_a_noun_of_one_syllable_is_found_with_its_particles():
    for form in ("값이", "값을", "값에서는"):
        assert "값" in SEARCH.split(form)
    assert "차이" in SEARCH.split("차이")
