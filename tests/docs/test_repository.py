"""Where the course is published, and the services that open its chapters."""

import pytest

from docs import repository


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", {}),
        ("https://example.org/a/b", {}),
        ("https://github.com/a", {}),
        (
            "https://github.com/a/b",
            {
                "Colab": "//colab.research.google.com/github/a/b/blob/colab/x.ipynb",
                "Kaggle": "src=https://raw.githubusercontent.com/a/b/colab/x.ipynb",
                "Binder": "/v2/gh/a/b/HEAD?urlpath=lab/tree/notebooks/x.ipynb",
            },
        ),
        (
            "https://github.com/a/b.git",
            {
                "Colab": "/github/a/b/blob/colab/x.ipynb",
                "Kaggle": ".com/a/b/colab/x.ipynb",
                "Binder": "/v2/gh/a/b/HEAD?urlpath=lab/tree/notebooks/x.ipynb",
            },
        ),
        ("https://gitlab.com/a/b", {"Binder": "/v2/gl/a%2Fb/HEAD?urlpath="}),
    ],
)
def test_services_are_offered_where_they_can_work(address, expected):
    links = repository.service_links(address, "x.ipynb")
    assert list(links) == list(expected)
    for name, part in expected.items():
        assert part in links[name]
    section = repository.in_a_browser(address)
    assert bool(section) == bool(links)
    for link in repository.service_links(address, "01_char_rnn.ipynb").values():
        assert link in section
