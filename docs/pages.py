"""What the pages show of the chapters, the results and the data, made anew each time.

A page of docs/ says `<!-- generated: NAME -->` where NAME is one of PARTS, and `[[7]]`
where it means chapter 7, whether or not there is one yet. Nothing of this is stored, so
nothing can go stale.
"""

import html
import json
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from math import log
from pathlib import Path
from urllib.parse import urlsplit

from docs import citations

ROOT = Path(__file__).resolve().parents[1]
PLACE = re.compile(r"<!-- generated: ([a-z-]+) -->")
BINDER = "https://mybinder.org/v2"
# Ratios that say something other than how fast the chapter's code is.
NO_SPEED = {"attention on a shape's own cells at its word, against chance"}


@dataclass(frozen=True)
class Chapter:
    """A notebook: its number, its file and its cells."""

    number: str
    path: Path
    notebook: dict

    @cached_property
    def prose(self):
        """The Markdown of the notebook, cell by cell."""
        cells = self.notebook["cells"]
        return ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]

    @property
    def title(self):
        """The title with its number, such as "7. Attention"."""
        return re.match(r"# (.+)", self.prose[0])[1]

    @property
    def link(self):
        """The address of the page, seen from docs/."""
        return f"notebooks/{self.path.name}"

    @property
    def picture(self):
        """The alternative text and file of the first picture, or two empty texts."""
        found = re.search(r"!\[(.+?)\]\(\.\./(.+?)\)", "\n".join(self.prose))
        return found.groups() if found else ("", "")

    @property
    def seconds(self):
        """Seconds that the stored run took."""
        return sum(self.notebook["metadata"].get("cell_seconds", []))

    @property
    def exercises(self):
        """The texts of the exercises, in order."""
        text = "\n\n".join(self.prose)
        _, _, text = text.partition("## Exercises\n")
        text, listed, _ = text.partition("\n### Solutions")
        start = r"(\d+)\. " if listed else r"\*\*(\d+)\.\*\* "
        found = re.findall(rf"^{start}(.+)$", text, re.M)
        return [task for _, task in found]


class Course:
    """The chapters, results, data and settings that the pages are made from."""

    def __init__(self, root=ROOT):
        """Read the course in a folder."""
        self.root = root
        paths = sorted((root / "notebooks").glob("[0-9]*.ipynb"))
        self.chapters = [
            Chapter(path.name[:2], path, json.loads(path.read_text("utf-8")))
            for path in paths
        ]

    def read(self, *names):
        """Return the text of a file of the course."""
        return self.root.joinpath(*names).read_text(encoding="utf-8")

    @cached_property
    def results(self):
        """All the claims of both editions."""
        return json.loads(self.read("docs", "results.json"))

    def results_of(self, chapter, edition):
        """Return the claims of a chapter in an edition."""
        place = (chapter.number, edition)
        return [r for r in self.results if (r["chapter"], r["edition"]) == place]

    @cached_property
    def lines(self):
        """What the README says about each chapter in a line, by the notebook's name."""
        row = re.compile(r"^\| \[.+?\]\(notebooks/(.+?)\) \| (.+?) \|$", re.M)
        return dict(row.findall(self.read("README.md")))

    @cached_property
    def repository(self):
        """The public address of the course, without a slash at its end, or nothing."""
        settings = tomllib.loads(self.read("pyproject.toml"))
        return settings["tool"]["course"]["repository"].rstrip("/")


def binder_link(repository, name=""):
    """Return Binder's address for a notebook, or None where it could not work."""
    parts = urlsplit(repository)
    hosts = {"github.com": "gh", "gitlab.com": "gl"}
    if parts.netloc not in hosts or parts.path.count("/") != 2:
        return None
    place = parts.path.strip("/").removesuffix(".git")
    place = place if hosts[parts.netloc] == "gh" else place.replace("/", "%2F")
    return (
        f"{BINDER}/{hosts[parts.netloc]}/{place}/HEAD?urlpath=lab/tree/notebooks/{name}"
    )


def fill(page, course):
    """Return a page with its generated parts in their places.

    Raises:
        KeyError: the page asks for a part that there is none of.
    """
    page = PLACE.sub(lambda place: PARTS[place[1]](course), page)
    chapters = {chapter.number: chapter for chapter in course.chapters}

    def link(match):
        chapter = chapters.get(match[1].zfill(2))
        return f"[{match[1]}]({chapter.link})" if chapter else match[1]

    return re.sub(r"\[\[(\d+)\]\]", link, page)


# The parts


def cards(course):
    """Return a picture, a title and a line for each chapter, as a grid of links."""
    parts = []
    for chapter in course.chapters:
        alt, picture = chapter.picture
        line = course.lines.get(chapter.path.name) or first_sentence(chapter)
        image = [
            f":::{{image}} {picture}",
            f":alt: {alt}",
            ":loading: lazy",
            ":::",
            "",
        ]
        parts += [
            "::::{container} card-of-chapter",
            *(image if picture else []),
            f"[{chapter.title}]({chapter.link})",
            "",
            f"{line[0].upper()}{line[1:].rstrip('.')}.",
            "::::",
            "",
        ]
    return "\n".join([":::::{container} cards", *parts, ":::::"])


def first_sentence(chapter):
    """Return the first sentence of a chapter, without its title."""
    _, _, text = chapter.prose[0].partition("\n\n")
    return re.match(r"(.+?[.?!])(?:\s|$)", text)[1]


def costs(course):
    """Return a table of what each chapter costs, at quick scale."""
    lines = [
        "| chapter | minutes | CPU-seconds | memory, GB |",
        "|---|--:|--:|--:|",
    ]
    total = 0.0
    for chapter in course.chapters:
        seconds, memory = cost_of(course, chapter)
        total += chapter.seconds
        lines.append(
            f"| [{chapter.title}]({chapter.link}) | {chapter.seconds / 60:.1f} | "
            f"{seconds:.0f} | {memory / 1000:.1f} |"
        )
    machines = sorted({row["machine"] for row in course.results})
    return "\n".join(
        [
            *lines,
            "",
            f"On {'; '.join(machines)}: {total / 60:.0f} minutes in all.",
        ]
    )


def cost_of(course, chapter):
    """Return a chapter's CPU-seconds, and its peak memory in MB."""
    rows = course.results_of(chapter, "packaged")
    seconds = max((row["cpu_seconds"] for row in rows), default=0)
    memory = max((row["peak_memory_mb"] for row in rows), default=0)
    return seconds, memory


def summary(course):
    """Return the table of results that the README shows."""
    start, end = "<!-- results: written by make results -->", "<!-- end of results -->"
    return course.read("README.md").partition(start)[2].partition(end)[0].strip()


def is_speed(row):
    """Say whether a claim is how many times faster than the usual code ours is."""
    shown = row["unit"] == "x" and row["at_least"] is not None
    return shown and row["claim"] not in NO_SPEED


def speed(course):
    """Return the figure of the ratios: bars of a logarithmic length, in a table."""
    parts = []
    top = max((row["value"] for row in course.results if is_speed(row)), default=1)
    for chapter in course.chapters:
        rows = [row for row in course.results_of(chapter, "packaged") if is_speed(row)]
        original = {
            row["claim"]: row
            for row in course.results_of(chapter, "original")
            if is_speed(row)
        }
        if rows:
            parts.append(
                f'<tr><th colspan="2" scope="colgroup">{chapter.title}</th></tr>'
            )
        for row in rows:
            both = [("packaged", row), ("original", original.get(row["claim"]))]
            bars = "".join(_bar(kind, r, top) for kind, r in both if r)
            claim = html.escape(row["claim"])
            parts.append(f'<tr><th scope="row">{claim}</th><td>{bars}</td></tr>')
    return "\n".join(
        [
            '<table class="speed">',
            "<caption>How many times faster than the usual code, on a logarithmic "
            "scale; the mark is what the chapter claims at least.</caption>",
            "<thead><tr><th>what</th><th>times faster</th></tr></thead>",
            "<tbody>",
            *parts,
            "</tbody>",
            "</table>",
        ]
    )


def _bar(kind, row, top):
    def share(value):
        return f"{max(0.0, min(1.0, log(max(value, 1)) / log(1.25 * top))) * 100:.1f}%"

    return (
        f'<div class="bar {kind}" title="{kind} edition">'
        f'<span class="track">'
        f'<span class="fill" style="width:{share(row["value"])}"></span>'
        f'<span class="least" style="left:{share(row["at_least"])}"></span></span>'
        f'<span class="number">{row["value"]:,.4g}×</span> '
        f'<span class="detail">{kind}, at least {row["at_least"]:,.4g}×</span></div>'
    )


def data(course):
    """Return a section for each row of the table in data/README.md."""
    page = course.read("data", "README.md")
    notes = dict(re.findall(r"^(\d)\. (.+?(?:\n   .+?)*)$", page, re.M))
    parts = []
    for corpus, edition, place, source, terms, sha256 in data_rows(page):
        name = re.sub(r"\s*\[\d\]", "", corpus)
        cited = re.findall(r"\[(\d)\]", corpus + terms)
        papers = [citations.reference(notes[n]) for n in dict.fromkeys(cited)]
        terms = re.sub(
            r"(?<=citing|..from|....of) \[(\d)\]",
            lambda m: f" {citations.reference(notes[m[1]]).text}",
            terms,
        )
        terms = re.sub(r" \[\d\]", "", terms)
        parts += [
            f"## {name}",
            "",
            f"- **Edition:** {edition}",
            f"- **Below** `data/`: {place}",
            f"- **Source:** {source}",
            f"- **Licence:** {terms}",
            *([f"- **Cite:** {'; '.join(p.text for p in papers)}"] if papers else []),
            f"- **SHA-256:** {sha256}",
            "",
        ]
    return "\n".join(parts)


def data_rows(page):
    """Return the cells of each row of the table in data/README.md."""
    rows = [line.strip("| \n").split(" | ") for line in page.splitlines()]
    return [row for row in rows if len(row) == 6 and row[1] in ("packaged", "original")]


def around_the_data(course):
    """Return what data/README.md says below its table and its papers."""
    page = course.read("data", "README.md")
    return page[re.search(r"^The packaged translation", page, re.M).start() :]


def exercises(course):
    """Return the exercises of all chapters."""
    parts = []
    for chapter in course.chapters:
        tasks = [f"{n}. {task}" for n, task in enumerate(chapter.exercises, 1)]
        link = f"[Exercises of the chapter]({chapter.link}#exercises)"
        parts += [f"### {chapter.title}", "", *tasks, "", link, ""]
    return "\n".join(parts)


def binder(course):
    """Return what there is to say about Binder: a link, or what is missing for it."""
    if link := binder_link(course.repository, "01_char_rnn.ipynb"):
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


PARTS = {
    "cards": cards,
    "costs": costs,
    "summary": summary,
    "speed": speed,
    "data": data,
    "around-the-data": around_the_data,
    "exercises": exercises,
    "binder": binder,
}
