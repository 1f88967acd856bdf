"""Bring the catalogs of translations up to date, or check them.

python -m tools.translations              brings all catalogs up to date
python -m tools.translations check        says what is wrong with the translations
python -m tools.translations check 03     ... of chapter 3; or `check README glossary`
"""

import argparse
import sys

from tools.translations import catalogs, documents, pairs, sources


def names_of(asked):
    """Return the names of catalogs, all if none is asked for.

    Args:
        asked: names, or numbers of chapters.

    Raises:
        SystemExit: there is no such catalog.
    """
    known = sources.names()
    by_number = {name[:2]: name for name in known if name[:2].isdigit()}
    chosen = [by_number.get(name.zfill(2), name) for name in asked]
    if unknown := [name for name in chosen if name not in known]:
        sys.exit(f"No catalog {', '.join(unknown)}. Choose from {', '.join(known)}.")
    return chosen or known


def update():
    """Bring catalogs and READMEs up to date, and say what is to be translated."""
    for language in catalogs.LANGUAGES:
        for name, count in catalogs.update_all(language).items():
            if count:
                print(f"{catalogs.path_of(language, name)}: {count} to translate")
    documents.write_readmes()


def check(names):
    """Print what is wrong with catalogs.

    Raises:
        SystemExit: something is.
    """
    lines = [
        line
        for language in catalogs.LANGUAGES
        for name in names_of(names)
        for line in pairs.check(language, name)
    ]
    print("\n".join([*lines, f"{len(lines)} to correct"]))
    sys.exit(bool(lines))


def main(arguments=None):
    """Update, or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["update", "check"])
    parser.add_argument("names", nargs="*", help="such as 03 or README; all if none")
    asked = parser.parse_args(arguments)
    check(asked.names) if asked.what == "check" else update()


if __name__ == "__main__":
    main()
