"""The blocks of a text in Markdown: what a translator sees, and where it goes back.

A block is what stands between two marks of the structure: a heading, a paragraph, the
text of a list item, a cell of a table, the alternative text of a picture. Code,
formulas and the fences of directives are no blocks and stay as they are.
"""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
PARSER.use(colon_fence_plugin).use(amsmath_plugin).use(myst_role_plugin)
# The tables between two such comments are made anew from the results.
GENERATED = re.compile(r"<!-- (?P<name>\w+): written by make \w+ -->")
IN_HTML = re.compile(r"(<summary>)(.+?)(</summary>)")
IN_TOCTREE = re.compile(r"(^:caption: )(.+)()$", re.MULTILINE)
IN_COMMANDS = re.compile(r"((?:^|\s)# )(.+)()$", re.MULTILINE)
PICTURE = "alternative text of a picture"
TERM = "term of the glossary"
KINDS = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "list_item_open": "list item",
    "blockquote_open": "quotation",
    "th_open": "heading of a table",
    "td_open": "cell of a table",
}


@dataclass(frozen=True)
class Block:
    """A piece of text to translate.

    Attributes:
        kind: what it is, such as "list item".
        text: its Markdown, in one line, without the marks around it.
        lines: the first line of the text that it stands in, and the one after it.
        start, end: from which column of the first line, to which of the last one.
    """

    kind: str
    text: str
    lines: tuple
    start: int
    end: int


class UnsuitableTextError(ValueError):
    """A text in Markdown that cannot be cut into blocks."""


def blocks_of(text):
    """Return the blocks of a text in Markdown, in order.

    Raises:
        UnsuitableTextError: there is a line break inside a paragraph, or a part whose
            end is missing.
    """
    lines = text.split("\n")
    found, above, cursor = [], [], {}
    hidden_until = 0
    for token in PARSER.parse(text):
        above += [token.type] * (token.nesting == 1)
        del above[len(above) + min(token.nesting, 0) :]
        if token.map is None or token.map[0] < hidden_until:
            continue
        if token.type == "html_block" and (part := GENERATED.match(token.content)):
            hidden_until = _end_of(part["name"], lines, token.map[0])
        elif token.type == "inline" and above[-1] in ("th_open", "td_open"):
            found += _cell(token, KINDS[above[-1]], lines, cursor)
        elif token.type == "inline":
            found += _paragraph(token, _kind(above), lines)
        elif token.nesting == 0:
            found += _inside(token, lines)
    return found


def translated(text, translate):
    """Return a text in Markdown with its blocks translated.

    Args:
        text: Markdown.
        translate: a function from a `Block` to its new text, which is put into one
            line; that of a term of the glossary may have several.

    Raises:
        UnsuitableTextError: the text cannot be cut into blocks.
    """
    lines = text.split("\n")
    for block in reversed(blocks_of(text)):
        first, after = block.lines
        new = translate(block)
        if block.kind != TERM:
            new = " ".join(new.split())
        if block.kind.endswith("of a table"):
            new = new.replace("|", r"\|")
        before, rest = lines[first][: block.start], lines[after - 1][block.end :]
        lines[first:after] = [before + new + rest]
    return "\n".join(lines)


def is_prose(tokens):
    """Tell whether there is anything to translate among the tokens of a line."""
    texts = [t for t in tokens if t.type in ("text", "image")]
    return any(letter.isalpha() for t in texts for letter in t.content)


def _kind(above):
    """Return what a text is, by the tokens that it stands in."""
    inner, *outer = [KINDS[name] for name in reversed(above) if name in KINDS]
    return outer[0] if inner == "paragraph" and outer else inner


def _paragraph(token, kind, lines):
    """Return the block of a heading or of a paragraph, or of the picture in it."""
    first, after = token.map
    if any(child.type == "hardbreak" for child in token.children):
        raise UnsuitableTextError(
            f"{lines[first]!r} ends in a line break. Write two paragraphs, or a list."
        )
    if not is_prose(token.children):
        return []
    content = token.content.split("\n")
    start = lines[first].rindex(content[0])
    end = lines[after - 1].rindex(content[-1]) + len(content[-1])
    text = " ".join(token.content.split())
    if [child.type for child in token.children] == ["image"] and len(content) == 1:
        text = token.children[0].content
        kind, start = PICTURE, start + len("![")
        end = start + len(text)
    return [Block(kind, text, (first, after), start, end)]


def _cell(token, kind, lines, cursor):
    """Return the block of a cell of a table, and move the cursor of its line behind."""
    (line, _), text = token.map, token.content.replace("|", r"\|")
    start = lines[line].index(text, cursor.get(line, 0))
    cursor[line] = start + len(text)
    if not is_prose(token.children):
        return []
    return [Block(kind, token.content, (line, line + 1), start, cursor[line])]


def _inside(token, lines):
    """Return the blocks in a fence or in HTML."""
    first = token.map[0]
    if token.type == "html_block":
        return _matches(IN_HTML, "what unfolds", token.map, lines)
    if token.type == "fence" and token.info == "{toctree}":
        return _matches(IN_TOCTREE, "caption of a list of pages", token.map, lines)
    if token.type == "fence" and token.info == "bash":
        return _matches(IN_COMMANDS, "comment beside a command", token.map, lines)
    if token.type == "fence" and token.info == "{glossary}":
        return _glossary(token.map, lines)
    if token.type == "colon_fence" and token.info.startswith("{container}"):
        return [
            Block(b.kind, b.text, tuple(n + first + 1 for n in b.lines), b.start, b.end)
            for b in blocks_of(token.content)
        ]
    return []


def _matches(pattern, kind, span, lines):
    """Return a block for each match of a pattern in a span of lines."""
    return [
        Block(kind, match[2], (number, number + 1), match.start(2), match.end(2))
        for number in range(*span)
        for match in pattern.finditer(lines[number])
    ]


def _glossary(span, lines):
    """Return the terms of a glossary, and their definitions, which are indented."""
    found, start = [], None
    for number in range(span[0] + 1, span[1]):
        line = lines[number]
        if line.startswith(" "):
            start = number if start is None else start
            continue
        if start is not None:
            text = " ".join(" ".join(lines[start:number]).split())
            indent = len(lines[start]) - len(lines[start].lstrip())
            end = len(lines[number - 1].rstrip())
            found.append(Block("definition", text, (start, number), indent, end))
            start = None
        if line and not line.startswith((":", "`")):
            found.append(Block(TERM, line, (number, number + 1), 0, len(line)))
    return found


def _end_of(name, lines, start):
    """Return the number of the line that ends a generated part."""
    end = f"<!-- end of {name} -->"
    if end not in lines[start:]:
        raise UnsuitableTextError(f"A generated part lacks its last line, {end}")
    return lines.index(end, start)
