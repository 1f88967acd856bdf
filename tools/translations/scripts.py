"""The texts of the live figures, which their scripts hold in one object each.

    const texts = {
      stop: "Stop",
      write: (n) => `Write ${n} letters`,
    };

An entry is the whole value of a property, in JavaScript, so that a translation may put
its words in another order, or do without a plural. The parts of HTML that readers
without JavaScript see have an entry for each text.
"""

import re

from tools.translations.blocks import Block

KIND = "text of a live figure, in JavaScript"
IN_HTML = "text of a live figure"
TEXTS = re.compile(r"^( *)const texts = \{$")
PROPERTY = re.compile(r'^( +)(?:\[?[\w.]+\]?|"[^"]+"):(?: (.*))?$')
HTML_TEXT = re.compile(r">([^<>]+)<")
PARAMETERS = re.compile(r"^(?:\([^)]*\) =>)?")


def blocks_of_script(script):
    """Return the values of the object `texts` in a script that hold letters."""
    lines, found = script.split("\n"), []
    for number in _object_in(lines):
        if match := PROPERTY.match(lines[number]):
            after = number + 1
            while len(lines[after]) - len(lines[after].lstrip()) > len(match[1]):
                after += 1
            if lines[after] == f"{match[1]}],":
                after += 1
            if match[2] != "{":  # an object, whose properties have lines of their own
                parts = [
                    match[2],
                    *(line.strip() for line in lines[number + 1 : after]),
                ]
                text = " ".join(filter(None, parts)).removesuffix(",")
                start = lines[number].index(":") + 1
                last = len(lines[after - 1].removesuffix(","))
                found.append(Block(KIND, text, (number, after), start, last))
    return [block for block in found if has_words(block.text)]


def has_words(text):
    """Tell whether there are letters in a text besides what is filled in."""
    text = re.sub(r"\$\{[^}]*\}", "", PARAMETERS.sub("", text))
    return bool(re.search(r"[^\W\d_]", text))


def blocks_of_html(text):
    """Return the texts between the tags of HTML that hold letters."""
    found = []
    for match in HTML_TEXT.finditer(text):
        if has_words(match[1]):
            words = " ".join(match[1].split())
            found.append(Block(IN_HTML, words, (0, 0), match.start(1), match.end(1)))
    return found


def translated_script(script, translate):
    """Return a script with its texts translated.

    Args:
        script: JavaScript.
        translate: a function from a `Block` to its new text.
    """
    lines = script.split("\n")
    for block in reversed(blocks_of_script(script)):
        first, after = block.lines
        before, rest = lines[first][: block.start], lines[after - 1][block.end :]
        lines[first:after] = [f"{before} {translate(block)}{rest}"]
    return "\n".join(lines)


def translated_html(text, translate):
    """Return HTML with its texts translated."""
    for block in reversed(blocks_of_html(text)):
        text = text[: block.start] + translate(block) + text[block.end :]
    return text


def problems(english, translation):
    """Return what is wrong with a translation of a value, as a list of sentences."""
    ours, theirs = (PARAMETERS.match(text)[0] for text in (english, translation))
    if ours != theirs:
        return [f"begin it with {ours}" if ours else f"remove {theirs}"]
    if english[:1] in '"`{[' and translation[:1] not in '"`{[':
        return [f"it is JavaScript: begin and end it with {english[0]}"]
    return []


def _object_in(lines):
    """Return the numbers of the lines inside the object `texts`, none without one."""
    for number, line in enumerate(lines):
        if match := TEXTS.match(line):
            return range(number + 1, lines.index(f"{match[1]}}};", number))
    return range(0)
