"""Sphinx settings of the course's site."""

import json

project = "Sequence models"
author = "the Sequence models course"
html_title = "Sequence models: from a character RNN to the Transformer"
language = "en"

extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # the search field is in the side bar already
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_context = {"default_mode": "auto"}
html_copy_source = True
html_show_sourcelink = False
templates_path = []
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

nb_execution_mode = "off"  # the pages show the stored outputs
nb_merge_streams = True
nb_render_text_lexer = "none"


def alt_texts(_app, _docname, source):
    """Hand each figure's alternative text to MyST-NB, which reads it from the cell."""
    if not source[0].startswith("{"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            if alt:
                cell["metadata"]["mystnb"] = {"image": {"alt": alt}}
    source[0] = json.dumps(notebook)


def setup(app):
    """Connect the step above."""
    app.connect("source-read", alt_texts)
