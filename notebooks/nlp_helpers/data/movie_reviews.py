"""Movie reviews, each labelled as positive or negative."""

import io

import tensorflow as tf
import tensorflow_datasets as tfds

from nlp_helpers import course, settings
from nlp_helpers.data import sources
from nlp_helpers.data.fetch import DataError, fetch, read_archive, read_own_file
from nlp_helpers.data.splits import split_of

IMDB_VALIDATION = 2_488  # training reviews whose hash makes them the validation split


TO_DO = (
    "Write a line for each review: 0 for a negative or 1 for a positive one, a tab, "
    "and the text. There is no line of headings."
)


def title():
    """Return what results call these reviews."""
    if course.run.own_data:
        return "own reviews"
    return {"packaged": "rated review sentences", "original": "IMDb reviews"}[
        settings.edition()
    ]


def prepare():
    """Return `(name, data_dir)` of a verified data set, for `tfds.load`.

    Raises:
        DataError: the reviews are neither in `data/` nor can they be fetched.
    """
    original = settings.edition() == "original"
    folder = fetch(sources.IMDB_REVIEWS if original else sources.RATED_MOVIE_SENTENCES)
    return folder.name, folder.parent


def load():
    """Return labelled movie reviews as `(datasets, info)`, like `tfds.load` does.

    Packaged: 10,072 sentences of movie reviews, see `RatedMovieSentences`. Original:
    IMDb's 25,000 reviews to learn from, of which a tenth, chosen by a hash of the
    text, is the validation split, and 25,000 for the test. Of these 123 texts occur
    among the former too, as published. The order is that of the files: IMDb's may
    hold one class after the other, so shuffle with a buffer of a whole split.

    Returns:
        A dict from "train", "validation" and "test" to data sets of pairs
        `(text, label)`, a string and an int64 that is 1 for a positive review; and
        the `tfds.core.DatasetInfo`.

    Raises:
        DataError: the reviews are neither in `data/` nor can they be fetched.
    """
    name, data_dir = prepare()
    datasets, info = tfds.load(
        name, data_dir=data_dir, as_supervised=True, with_info=True
    )
    if settings.edition() == "original":
        datasets = {
            "train": _training_reviews(datasets["train"], validate=False),
            "validation": _training_reviews(datasets["train"], validate=True),
            "test": datasets["test"],
        }
    return datasets, info


def own_reviews(path):
    """Return a reader's own labelled reviews, in the form of `load`.

    A hash of the text decides the split, 70/10/20. From here on claims are stated and
    do not fail, since their bounds belong to the course's reviews.

    Args:
        path: a text file in UTF-8, in any language, a review in each line: the label, 0
            for a negative or 1 for a positive one, a tab, and the text. A few thousand
            are needed to learn something from them.

    Raises:
        DataError: the file cannot be read, a line is not like that, or a split lacks
            one of the labels. The message says which, and what to do.
    """
    lines = read_own_file(path).splitlines()
    splits = {split: ([], []) for split in ("train", "validation", "test")}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            label, text = _own_review(path, number, line)
            texts, labels = splits[split_of(text)]
            texts.append(text)
            labels.append(label)
    for split, (_, labels) in splits.items():
        if set(labels) != {0, 1}:
            raise DataError(
                f"{path} has too few reviews: of those that a hash puts into the split "
                f"{split!r}, {labels.count(0)} are negative and {labels.count(1)} "
                "positive. Add more of both; a few thousand are needed to learn from."
            )
    course.run.own_data = True
    info = tfds.core.DatasetInfo(
        builder=tfds.core.DatasetIdentity(
            name="own_reviews",
            version=tfds.core.Version("1.0.0"),
            data_dir="",
            module_name=__name__,
        ),
        features=_features(),
        supervised_keys=("text", "label"),
    )
    datasets = {split: _dataset(*columns) for split, columns in splits.items()}
    return datasets, info


def _own_review(path, number, line):
    """Return the label and the text of a line.

    Raises:
        DataError: the line has no tab, another label, or no text.
    """
    label, tab, text = line.partition("\t")
    if not tab:
        problem = "has no tab"
    elif label.strip() not in ("0", "1"):
        problem = f"has the label {label!r}, and 0 and 1 are allowed"
    elif not text.strip():
        problem = "has no text after its label"
    else:
        return int(label), text.strip()
    raise DataError(f"Line {number} of {path} {problem}. {TO_DO}")


def _dataset(texts, labels):
    return tf.data.Dataset.from_tensor_slices(
        (tf.constant(texts), tf.constant(labels, tf.int64))
    )


def _features():
    return tfds.features.FeaturesDict(
        {
            "text": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=["neg", "pos"]),
        }
    )


def _training_reviews(dataset, validate):
    """Return the tenth of IMDb's training reviews that validates, or the others."""

    def belongs(text, label):
        return (tf.strings.to_hash_bucket_fast(text, 10) == 0) == validate

    size = IMDB_VALIDATION if validate else 25_000 - IMDB_VALIDATION
    counted = tf.data.experimental.assert_cardinality(size)
    return dataset.filter(belongs).apply(counted)


class RatedMovieSentences(tfds.core.GeneratorBasedBuilder):
    """Sentences of movie reviews with the sign of their mean rating, for TFDS.

    At least 20 people rated each sentence from -4 to 4 (Hutto and Gilbert 2014). The
    label is the sign of the mean; sentences between -0.5 and 0.5 are left out. A hash
    of the text decides the split, 70/10/20, so that equal sentences stay together.
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            description=" ".join(self.__doc__.split()),
            features=_features(),
            supervised_keys=("text", "label"),
            homepage="https://github.com/cjhutto/vaderSentiment",
            citation="""@inproceedings{hutto2014vader,
  title = {{VADER}: A Parsimonious Rule-Based Model for Sentiment Analysis of Social
           Media Text},
  author = {Hutto, C. J. and Gilbert, Eric},
  booktitle = {Proceedings of the International AAAI Conference on Web and Social
               Media},
  volume = {8},
  pages = {216--225},
  year = {2014}
}""",
        )

    def _split_generators(self, dl_manager):
        files = read_archive(fetch(sources.VADER), "*/hutto_ICWSM_2014.tar.gz")
        [inner_archive] = files.values()
        files = read_archive(
            io.BytesIO(inner_archive), "*/movieReviewSnippets_GroundTruth.txt"
        )
        [table] = files.values()
        examples = {"train": [], "validation": [], "test": []}
        for row in table.decode("utf-8").splitlines():
            number, rating, text = row.split("\t")
            if abs(float(rating)) >= 0.5:
                example = {"text": text, "label": int(float(rating) > 0)}
                examples[split_of(text)].append((number, example))
        return examples

    def _generate_examples(self, examples):
        yield from examples
