"""Where the course is published, and Binder's address for it."""

import pytest

from docs import repository


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", None),
        ("https://example.org/a/b", None),
        ("https://github.com/a", None),
        ("https://github.com/a/b", "/gh/a/b/HEAD?urlpath=lab/tree/notebooks/x.ipynb"),
        ("https://github.com/a/b.git", "/gh/a/b/HEAD?urlpath="),
        ("https://gitlab.com/a/b", "/gl/a%2Fb/HEAD?urlpath="),
    ],
)
def test_binder_is_offered_where_it_can_work(address, expected):
    link = repository.binder_link(address, "x.ipynb")
    said = repository.about_binder(address)
    if expected is None:
        assert link is None
        assert "https:" not in said
    else:
        assert link.startswith(f"https://mybinder.org/v2{expected}")
        assert link.partition("?")[0] in said
