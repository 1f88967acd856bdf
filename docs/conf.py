"""Sphinx settings of the course's site; docs/build.py calls Sphinx with them."""

from docs import build, repository, theme
from docs.anchors import AnchorsFirst, begin_page
from docs.search_ko import KoreanSearch
from tools.translations.documents import NAMES
from tools.translations.language import _, current

project = _("Sequence models")
author = _("the Sequence models course")
html_title = _("Sequence models: from a character RNN to the Transformer")
language = current()

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
    "search_bar_text": _("Search..."),
    "article_header_end": ["languages.html", "article-header-buttons.html"],
    "secondary_sidebar_items": {"**": ["page-toc.html"], "index": []},
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
exclude_patterns = ["downloads"]  # the notebooks as a reader gets them
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["course.css", "live/live.css"]
html_js_files = ["course.js"]
html_context = {
    "default_mode": "auto",
    # The switch between the languages: of each its code, its name and its folder.
    "languages": [(code, name, build.folder_of(code)) for code, name in NAMES.items()],
    "languages_label": _("Languages"),
    "to_the_root": build.way_up_from(language),
}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
templates_path = ["_templates"]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = "docs.anchors.slug"

nb_execution_mode = "off"  # the pages show the stored outputs
nb_merge_streams = True
nb_render_text_lexer = "none"


def setup(app):
    """Add what the course adds to Sphinx."""
    app.connect("env-purge-doc", begin_page)
    app.add_transform(AnchorsFirst)
    app.add_search_language(KoreanSearch)
    theme.add_words(app)
