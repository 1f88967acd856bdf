"""A font for Hangul, which not every computer has."""

import tempfile
from pathlib import Path

import matplotlib.font_manager

from nlp_helpers.data import sources
from nlp_helpers.data.fetch import DATA_DIR, fetch, read_archive


def korean():
    """Return the properties of a font with Hangul, Nanum Gothic, for matplotlib.

    Raises:
        DataError: the package is neither in `data/` nor can it be fetched.
    """
    path = (DATA_DIR / sources.NANUM_GOTHIC.path).with_name("NanumGothic.ttf")
    if not path.exists():
        files = read_archive(fetch(sources.NANUM_GOTHIC), "*/NanumGothic.ttf")
        [font] = files.values()
        # Two chapters may do this at the same time.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
            partial = Path(folder) / path.name
            partial.write_bytes(font)
            partial.replace(path)
    return matplotlib.font_manager.FontProperties(fname=path)
