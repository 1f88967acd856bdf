"""Words of the theme, which has no translation of them, or none that reads well.

In catalogs of gettext the words of Sphinx itself come before these.
"""

from babel.messages.mofile import write_mo

from tools.translations import catalogs, sources
from tools.translations.language import ENGLISH, _, current

DOMAINS = "sphinx", "booktheme"
MARKED = (
    _("Skip to main content"),
    _("Back to top"),
    _("Contents"),
    _("By"),
    _("next page"),
    _("previous page"),
    _("Color mode"),
    _("Light"),
    _("Dark"),
    _("System Settings"),
    _("Version warning"),
    _("Link to this heading"),
    _("Toggle primary sidebar"),
    _("Toggle secondary sidebar"),
)


def add_words(app):
    """Give the theme the words in the language in use.

    Args:
        app: a Sphinx application whose theme is not loaded yet.
    """
    if current() == ENGLISH:
        return
    folder = app.doctreedir / "locale"
    catalog = catalogs.load(current(), sources.INTERFACE)
    for domain in DOMAINS:
        path = folder / current() / "LC_MESSAGES" / f"{domain}.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, catalog)
        app.add_message_catalog(domain, folder)
