"""The catalogs of a language, one for each text, in the format of gettext.

They lie in locale/LANGUAGE/LC_MESSAGES, so that Poedit and Weblate find them.
"""

import io
from datetime import UTC, datetime

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from tools import chapters
from tools.translations import sources

FOLDER = chapters.ROOT / "locale"
LANGUAGES = {"ko": "한국어"}  # beside English, each by its own name
# A date in the heading would change the files although nothing else has changed.
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)


class CatalogError(ValueError):
    """A catalog is missing or damaged, or was asked for what it does not hold."""


def path_of(language, name):
    """Return the file of a catalog."""
    return FOLDER / language / "LC_MESSAGES" / f"{name}.po"


def load(language, name):
    """Return a stored catalog.

    Raises:
        CatalogError: there is none, or it is damaged.
    """
    path = path_of(language, name)
    try:
        return read_po(
            io.BytesIO(path.read_bytes()), locale=language, abort_invalid=True
        )
    except FileNotFoundError:
        raise CatalogError(f"There is no {path.name}: run make translations.") from None
    except (PoFileError, UnicodeDecodeError) as error:
        raise CatalogError(
            f"{path.name} is damaged ({error}): correct it in an editor for catalogs."
        ) from None


def save(language, name, catalog):
    """Write a catalog in one step."""
    content = io.BytesIO()
    write_po(content, catalog, include_previous=True, include_lineno=False)
    chapters.write(path_of(language, name), content.getvalue().decode())


def template(language, entries):
    """Return a catalog of entries without translations.

    Args:
        language: such as "ko".
        entries: of `sources`; equal texts share an entry.
    """
    catalog = new_catalog(language)
    for entry in entries:
        catalog.add(
            entry.text, locations=[(entry.file, None)], auto_comments=[entry.kind]
        )
    return catalog


def new_catalog(language):
    """Return an empty catalog."""
    return Catalog(
        locale=language,
        project="Sequence models",
        version="2",
        header_comment="# Made from the English text by `make translations`.",
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        last_translator="the Sequence models course",
        language_team=language,
        fuzzy=False,
    )


def updated(catalog, new):
    """Bring a catalog up to date with a new template.

    Texts that are new are empty. Those that have changed keep the old translation, and
    become fuzzy. Those that are gone become obsolete.

    Args:
        catalog: a stored catalog.
        new: a catalog from `template`.

    Returns:
        The new catalog.
    """
    language = str(catalog.locale)
    result = new_catalog(language)
    for message in [*catalog, *catalog.obsolete.values()]:
        if message.id:
            stored = message.clone()
            stored.locations, stored.auto_comments = [], []
            result[message.id] = stored
    result.update(new)
    result.creation_date = NO_DATE
    for message in result:
        if message.fuzzy and {*message.previous_id} & {m.id for m in new}:
            # It only resembles another text, which is still there.
            message.string, message.previous_id = "", []
            message.flags -= {"fuzzy"}
    return result


def update_all(language):
    """Bring all catalogs of a language up to date.

    Returns:
        A dict from the name of each catalog to how many of its texts lack a good
        translation.
    """
    lacking = {}
    for name in sources.names():
        new = template(language, sources.entries_of(name))
        old = load(language, name) if path_of(language, name).exists() else None
        catalog = new if old is None else updated(old, new)
        save(language, name, catalog)
        lacking[name] = sum(not done(message) for message in catalog if message.id)
    return lacking


def done(message):
    """Tell whether a text has a translation that somebody has looked at."""
    return bool(message.string) and not message.fuzzy
