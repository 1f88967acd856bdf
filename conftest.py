"""Loads the comparison of chapters for every pytest run, of tests or of a chapter."""

pytest_plugins = ["tests.chapters.comparison"]
