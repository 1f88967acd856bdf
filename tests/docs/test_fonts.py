"""The font with the letters of Hangul that the pages use."""

import io

from fontTools.ttLib import TTFont

from docs import fonts


def test_the_font_has_the_letters_of_all_pages_and_no_others(tmp_path):
    for name, text in (("index.html", "<p>가 and 나</p>"), ("ko/a.html", "다, 漢")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "_static").mkdir()
    fonts.write(tmp_path)
    for weight in fonts.WEIGHTS:
        content = (tmp_path / "_static" / f"hangul-{weight}.woff").read_bytes()
        font = TTFont(io.BytesIO(content))
        assert {chr(code) for code in font.getBestCmap()} == {*"가나다"}
        assert font.flavor == "woff"
        names = font["name"].getDebugName
        assert names(0).startswith("Copyright")
        assert names(1) is None  # the name is that of the whole font only
