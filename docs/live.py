"""The live figures: networks of the chapters that run in the reader's browser.

A figure NAME is docs/live/NAME.js, and docs/live/NAME.html for readers without
JavaScript, whose `${...}` are filled from the "example" of the stored weights.
"""

import html
import json
import shutil
from pathlib import Path
from string import Template

from nbformat.v4 import new_markdown_cell

from tools.translations import scripts as texts
from tools.translations.language import _, heading

LIVE = Path(__file__).parent / "live"
FOLDER = "_static/live"  # of the site
SHARED = ("base.js", "layers.js")
FIGURE = """\
<figure class="live" data-live="{name}">
<figcaption>{caption}</figcaption>
<div class="live-fallback">
{fallback}
</div>
</figure>"""
END_OF_THE_CHAPTER = ("## Check yourself", "## Exercises")
# Here the captions are in English; each is translated where it is used.
CAPTIONS = {
    "tokens": _(
        "Type a text, and see how it is cut into tokens: into words, by BPE and by "
        "WordPiece, which chapter 3 learned from reviews of films, and by chapter 9's "
        "byte-level BPE, which learned from Shakespeare. An unknown token is shown as "
        "a network sees it."
    ),
    "writing": _(
        "Type a beginning, and the network goes on writing in your browser. It draws "
        "each character or token at random, by the probabilities in the table. A low "
        "temperature and a small k leave only what is likely. The same seed draws the "
        "same text again."
    ),
    "translating": _(
        "Type an English sentence, or compose one from the words below the box. Two "
        "networks translate it into Spanish in your browser: that of chapter 5, which "
        "passes on one state, and that of chapter 7, which looks back at each word."
    ),
}
# The scripts of each figure, in order.
FIGURES = {
    "tokens": ("gpt.js", "fingerprint.js", "tokenizers.js", "tokens.js"),
    "writing": ("char_rnn.js", "gpt.js", "writing.js"),
    "translating": ("seq2seq.js", "seq2seq_drawings.js", "translating.js"),
}
_TRANSLATING = {"translating": ("05_encoder_decoder", "07_attention")}
_TOKENS = {"tokens": ("03_tokenizers", "09_tokenizer")}
# The figures below each chapter, each with the stored weights that it uses there.
IN_CHAPTERS = {
    "01": {"writing": ("01_char_rnn",)},
    "03": _TOKENS,
    **dict.fromkeys(("05", "06", "07", "08"), _TRANSLATING),
    "09": {"writing": ("09_gpt",), **_TOKENS},
}


def weights_of(name):
    """Return the stored weights that a figure uses on the page *Try it*: all."""
    used = [figures.get(name, ()) for figures in IN_CHAPTERS.values()]
    return tuple(dict.fromkeys(weights for names in used for weights in names))


def figure(name, weights):
    """Return a figure in HTML, with what it shows without JavaScript.

    Args:
        name: a key of `FIGURES`.
        weights: names of stored weights, such as ("01_char_rnn",).
    """
    fallback = (LIVE / f"{name}.html").read_text("utf-8").strip()
    fallback = Template(texts.translated_html(fallback, lambda block: _(block.text)))
    example = {}
    for stored in reversed(weights):
        example |= read(stored).get("example", {})
    shown = {key: html.escape(text, quote=False) for key, text in example.items()}
    filled = fallback.substitute(shown)
    caption = _(CAPTIONS[name])
    return _raw(FIGURE.format(name=name, caption=caption, fallback=filled))


def write_scripts(origin, target):
    """Write the scripts, with their texts in the language in use, and the weights.

    Args:
        origin: the folder with them, a `Path`.
        target: a folder that is not there yet.
    """
    ignored = shutil.ignore_patterns("*.html")  # parts of pages
    shutil.copytree(origin, target, ignore=ignored)
    for path in target.glob("*.js"):
        script = path.read_text("utf-8")
        script = texts.translated_script(script, lambda block: _(block.text))
        path.write_text(script, encoding="utf-8")


def scripts(figures, up=""):
    """Return the scripts of a page in HTML, each once, in an order that works.

    Args:
        figures: a dict from names of figures to names of stored weights.
        up: where the site's folder is, as seen from the page, such as "../".
    """
    files = list(SHARED)
    files += [f"weights/{stored}.js" for names in figures.values() for stored in names]
    files += [script for name in figures for script in FIGURES[name]]
    tag = '<script defer src="{}"></script>'
    lines = [tag.format(f"{up}{FOLDER}/{file}") for file in dict.fromkeys(files)]
    return _raw("\n".join(lines))


def add_to_chapter(notebook, chapter):
    """Put the figures of a chapter, if it has any, before its questions.

    Args:
        notebook: that of the chapter in any language.
        chapter: of `tools.chapters`, in English.
    """
    figures = IN_CHAPTERS.get(chapter.number, {})
    if not figures:
        return
    shown = [figure(name, weights) for name, weights in figures.items()]
    title = heading("Try it yourself", _("Try it yourself"))
    text = "\n\n".join([f"## {title}", *shown, scripts(figures, "../")])
    sources = [cell.source for cell in chapter.notebook.cells]
    end = next(i for i, s in enumerate(sources) if s.startswith(END_OF_THE_CHAPTER))
    notebook.cells.insert(end, new_markdown_cell(text))


def parts():
    """Return the generated parts of the page *Try it*: each figure, and the scripts."""
    used = {name: weights_of(name) for name in FIGURES}
    figures = {f"live-{name}": figure(name, names) for name, names in used.items()}
    return figures | {"live-scripts": scripts(used)}


def read(stored):
    """Return what is stored under a name, such as "01_char_rnn", as a dict."""
    text = (LIVE / "weights" / f"{stored}.js").read_text("utf-8")
    return json.loads(text[text.index(" = ") + 3 :].rstrip().rstrip(";"))


def _raw(text):
    return f"```{{raw}} html\n{text}\n```"
