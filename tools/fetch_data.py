"""Fetch the corpora of an edition into data/: python tools/fetch_data.py packaged."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
runpy.run_module("nlp_helpers.data", run_name="__main__", alter_sys=True)
