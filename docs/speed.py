"""The figure of how many times as fast the course's code is, as an HTML table."""

import html
from math import log

from tools import results_tables

HEAD = """\
<table class="speed">
<caption>How many times as fast the recommended way is, on a logarithmic scale; the mark
is what the chapter claims at least.</caption>
<thead><tr><th>what was measured</th><th>times as fast</th></tr></thead>
<tbody>"""
ROW = """\
<tr><th scope="row">{sentence}</th><td><div class="bar {edition}" \
title="{edition} edition"><span class="track">\
<span class="fill" style="width:{width:.1%}"></span>\
<span class="least" style="left:{least:.1%}"></span></span>\
<span class="number">{shown}</span> \
<span class="detail">{edition}, at least {bound}</span></div></td></tr>"""


def figure(chapters, rows):
    """Return the ratios of chapters: a bar of logarithmic length for each.

    Args:
        chapters: what `tools.chapters.read_all` returns.
        rows: what `tools.results_tables.load` returns.
    """
    ratios = [row for row in rows if "than" in row]
    longest = 1.25 * max((row["value"] for row in ratios), default=1)
    lines = [HEAD]
    for chapter in chapters:
        own = [row for row in ratios if row["chapter"] == chapter.number]
        if own:
            title = html.escape(chapter.title)
            lines.append(f'<tr><th colspan="2" scope="colgroup">{title}</th></tr>')
        names = list(dict.fromkeys(row["claim"] for row in own))
        own.sort(key=lambda row: names.index(row["claim"]))  # both editions together
        lines += [line(row, longest) for row in own]
    return "\n".join([*lines, "</tbody>", "</table>"])


def line(row, longest):
    """Return the line of a claim: its sentence, and a bar with a mark for its bound."""

    def share(value):
        return min(1, log(max(value, 1)) / log(longest))

    shown = {
        "sentence": html.escape(row["sentence"], quote=False),
        "shown": results_tables.value_of(row),
        "bound": f"{row['at_least']:g}",
        "width": share(row["value"]),
        "least": share(row["at_least"]),
    }
    return ROW.format(**row | shown)
