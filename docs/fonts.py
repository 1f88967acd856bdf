"""The font in which the site shows Hangul, which not every computer has."""

import io
import re

from fontTools import subset
from nlp_helpers.data import sources
from nlp_helpers.data.fetch import fetch, read_archive

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
WEIGHTS = {"regular": "NanumGothic.ttf", "bold": "NanumGothicBold.ttf"}
COPYRIGHT_AND_LICENCE = [0, 13, 14]  # the other names are reserved for the whole font


def write(site):
    """Write the characters that the pages of a site use, in two weights.

    Args:
        site: its folder, a `Path`.

    Raises:
        DataError: the font is neither in `data/` nor can it be fetched.
    """
    pages = (path.read_text("utf-8") for path in site.rglob("*.html"))
    used = {letter for page in pages for letter in HANGUL.findall(page)}
    archive = fetch(sources.NANUM_GOTHIC)
    for weight, name in WEIGHTS.items():
        [font] = read_archive(archive, f"*/{name}").values()
        path = site / "_static" / f"hangul-{weight}.woff"
        path.write_bytes(with_only(used, font))


def with_only(letters, font):
    """Return a font with some of its letters, packed for the web.

    Args:
        letters: a set of them.
        font: the bytes of a TrueType font.
    """
    options = subset.Options(
        flavor="woff",
        name_IDs=COPYRIGHT_AND_LICENCE,
        hinting=False,
        notdef_outline=True,
    )
    # Tables of the font's makers, which are of no use outside of their workshop.
    options.drop_tables += [f"TSI{n}" for n in range(6)]
    loaded = subset.load_font(io.BytesIO(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, letters))
    subsetter.subset(loaded)
    packed = io.BytesIO()
    subset.save_font(loaded, packed, options)
    return packed.getvalue()
