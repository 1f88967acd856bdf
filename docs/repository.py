"""Where the course is published, and what follows from it: its notebooks on Binder."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
HOSTS = {"github.com": "gh", "gitlab.com": "gl"}


def address():
    """Return the public address of the course, or "" if pyproject.toml names none."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["course"]["repository"].rstrip("/")


def binder_link(repository, notebook):
    """Return Binder's address for a notebook, or None where it could not work."""
    parts = urlsplit(repository)
    host = HOSTS.get(parts.netloc)
    place = parts.path.strip("/").removesuffix(".git")
    if not host or place.count("/") != 1:
        return None
    if host == "gl":
        place = place.replace("/", "%2F")
    return (
        f"https://mybinder.org/v2/{host}/{place}/HEAD"
        f"?urlpath=lab/tree/notebooks/{notebook}"
    )


def about_binder(repository):
    """Return what there is to say about Binder: a link, or what is missing for it."""
    if link := binder_link(repository, "01_char_rnn.ipynb"):
        return (
            f"[Open the first chapter on Binder]({link}); the button above each "
            "chapter opens that one. The first start takes several minutes, because "
            "2.4 GB of packages are installed, and Binder's machines have less memory "
            "than some chapters need: take the table of costs as a guide."
        )
    return (
        "Binder builds the environment of `environment.yml` from a repository that has "
        "a public address, and this copy of the course names none. Whoever publishes "
        "one writes its address into `pyproject.toml`, as `repository` below "
        "`[tool.course]`; every chapter then has a button that opens it on Binder."
    )
