"""The figure of how many times as fast the course's code is, as an HTML table."""

import html
from math import log

from tools import results_tables

HEAD = """\
<table class="speed">
<caption>How many times faster than the usual code, on a logarithmic scale; the mark is
what the chapter claims at least.</caption>
<thead><tr><th>what</th><th>times faster</th></tr></thead>
<tbody>"""
BAR = """\
<div class="bar {edition}" title="{edition} edition"><span class="track">\
<span class="fill" style="width:{width:.1%}"></span>\
<span class="least" style="left:{least:.1%}"></span></span>\
<span class="number">{value:,.4g}×</span> \
<span class="detail">{edition}, at least {at_least:,.4g}×</span></div>"""


def figure(chapters, rows):
    """Return the ratios of chapters: a bar for each edition, of logarithmic length.

    Args:
        chapters: what `tools.chapters.read_all` returns.
        rows: what `tools.results_tables.load` returns.
    """
    ratios = [row for row in rows if results_tables.is_speed(row)]
    longest = 1.25 * max((row["value"] for row in ratios), default=1)
    lines = [HEAD]
    for chapter in chapters:
        bars = {}
        for row in ratios:
            if row["chapter"] == chapter.number:
                bars.setdefault(row["claim"], []).append(bar(row, longest))
        if bars:
            title = html.escape(chapter.title)
            lines.append(f'<tr><th colspan="2" scope="colgroup">{title}</th></tr>')
        for claim, of_editions in bars.items():
            name, cell = html.escape(claim, quote=False), "".join(of_editions)
            lines.append(f'<tr><th scope="row">{name}</th><td>{cell}</td></tr>')
    return "\n".join([*lines, "</tbody>", "</table>"])


def bar(row, longest):
    """Return the bar of a claim, with a mark for the ratio that it claims at least."""

    def share(value):
        return min(1, log(max(value, 1)) / log(longest))

    return BAR.format(**row, width=share(row["value"]), least=share(row["at_least"]))
