"""Loads the comparison policy for every pytest run, of the tests or of a chapter."""

pytest_plugins = ["tests.nbval_policy"]
