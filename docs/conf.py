"""Sphinx settings of the course's site; docs/build.py calls Sphinx with them."""

from docs import repository

project = "Sequence models"
author = "the Sequence models course"
html_title = "Sequence models: from a character RNN to the Transformer"
language = "en"

extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_theme_options = {
    # Each chapter has a line with what can be done with it, below its title.
    "use_download_button": False,
    "use_fullscreen_button": False,
    "repository_url": repository.address(),
    "use_repository_button": bool(repository.address()),
    "navbar_persistent": [],  # the search field is in the side bar already
    "logo": {"text": project},
    "secondary_sidebar_items": {"**": ["page-toc.html"], "index": []},
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
exclude_patterns = ["downloads"]  # the notebooks as a reader gets them
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
templates_path = []
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

nb_execution_mode = "off"  # the pages show the stored outputs
nb_merge_streams = True
nb_render_text_lexer = "none"
