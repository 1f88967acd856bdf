"""Where the course is published, and which services open its chapters from there."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from tools.translations.language import _, heading

ROOT = Path(__file__).resolve().parents[1]
BINDER_HOSTS = {"github.com": "gh", "gitlab.com": "gl"}


def address():
    """Return the public address of the course, or "" if pyproject.toml names none."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["course"]["repository"].rstrip("/")


def service_links(repository, notebook):
    """Return the services that open a chapter, a dict from name to address.

    Colab and Kaggle read the notebooks of `make colab`, which a branch `colab` holds.

    Args:
        repository: the public address of the course, or "".
        notebook: the file name of the chapter.
    """
    parts = urlsplit(repository)
    place = parts.path.strip("/").removesuffix(".git")
    if parts.netloc not in BINDER_HOSTS or place.count("/") != 1:
        return {}
    links = {}
    if parts.netloc == "github.com":
        links["Colab"] = (
            f"https://colab.research.google.com/github/{place}/blob/colab/{notebook}"
        )
        links["Kaggle"] = (
            "https://kaggle.com/kernels/welcome?src="
            f"https://raw.githubusercontent.com/{place}/colab/{notebook}"
        )
    host = BINDER_HOSTS[parts.netloc]
    project = place if host == "gh" else place.replace("/", "%2F")
    links["Binder"] = (
        f"https://mybinder.org/v2/{host}/{project}/HEAD"
        f"?urlpath=lab/tree/notebooks/{notebook}"
    )
    return links


def in_a_browser(repository):
    """Return the section on these services, in Markdown, or "" if there are none."""
    links = service_links(repository, "01_char_rnn.ipynb")
    if not links:
        return ""
    buttons = f" {_('or')} ".join(f"[{name}]({link})" for name, link in links.items())
    opens = _(
        "Open the first chapter in {buttons}; the bar below the title of each chapter "
        "opens that one. On Colab and Kaggle the first cell fetches the course and "
        "installs what is lacking, in about a minute. On Kaggle, switch the internet "
        "on first. Binder installs 2.4 GB of packages at its first start, and has less "
        "memory than some chapters need: see the table of costs."
    )
    title = heading("In the browser", _("In the browser"))
    return f"## {title}\n\n{opens.format(buttons=buttons)}"
