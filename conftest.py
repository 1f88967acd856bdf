"""Loads the comparison of chapters for every pytest run, of tests or of a chapter."""

import os

# As `course.begin` does for every chapter, before TensorFlow is imported.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

pytest_plugins = ["tests.chapters.comparison"]
