"""The course in other languages: blocks of text, catalogs of them, and checks.

`python -m tools.translations` brings the catalogs below locale/ up to date.
"""
