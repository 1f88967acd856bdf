"""The figure of how many times as fast the course's code is, as an HTML table."""

import html
from math import log

from tools import results_tables
from tools.translations.language import _

HEAD = """\
<table class="speed">
<caption>{caption}</caption>
<thead><tr><th>{measured}</th><th>{times}</th></tr></thead>
<tbody>"""
ROW = """\
<tr><th scope="row">{sentence}</th><td><div class="bar {edition}" \
title="{title}"><span class="track">\
<span class="fill" style="width:{width:.1%}"></span>\
<span class="least" style="left:{least:.1%}"></span></span>\
<span class="number">{shown}</span> \
<span class="detail">{detail}</span></div></td></tr>"""


def figure(chapters, rows):
    """Return the ratios of chapters: a bar of logarithmic length for each.

    Args:
        chapters: what `tools.chapters.read_all` returns.
        rows: what `tools.results_tables.load` returns.
    """
    ratios = [row for row in rows if "than" in row]
    longest = 1.25 * max((row["value"] for row in ratios), default=1)
    lines = [head()]
    for chapter in chapters:
        own = [row for row in ratios if row["chapter"] == chapter.number]
        if own:
            title = html.escape(_(chapter.title))
            lines.append(f'<tr><th colspan="2" scope="colgroup">{title}</th></tr>')
        names = list(dict.fromkeys(row["claim"] for row in own))
        own.sort(key=lambda row: names.index(row["claim"]))  # both editions together
        lines += [line(row, longest) for row in own]
    return "\n".join([*lines, "</tbody>", "</table>"])


def head():
    """Return the beginning of the table."""
    return HEAD.format(
        caption=_(
            "How many times as fast the recommended way is, on a logarithmic scale; "
            "the mark is what the chapter claims at least."
        ),
        measured=_("what was measured"),
        times=_("times as fast"),
    )


def line(row, longest):
    """Return the line of a claim: its sentence, and a bar with a mark for its bound."""

    def share(value):
        return min(1, log(max(value, 1)) / log(longest))

    shown = {
        "sentence": html.escape(results_tables.sentence_of(row), quote=False),
        "shown": results_tables.value_of(row),
        "title": _("{edition} edition").format(edition=_(row["edition"])),
        "detail": _("{edition}, at least {bound}").format(
            edition=_(row["edition"]), bound=f"{row['at_least']:g}"
        ),
        "width": share(row["value"]),
        "least": share(row["at_least"]),
    }
    return ROW.format(**row | shown)
