"""Movie reviews, each labelled as positive or negative."""

import io

import tensorflow as tf
import tensorflow_datasets as tfds

from nlp_helpers import settings
from nlp_helpers.data import sources
from nlp_helpers.data.fetch import fetch, read_archive
from nlp_helpers.data.splits import split_of

IMDB_VALIDATION = 2_488  # training reviews whose hash makes them the validation split


def title():
    """Return what results call these reviews."""
    return {"packaged": "rated review sentences", "original": "IMDb reviews"}[
        settings.edition()
    ]


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
    original = settings.edition() == "original"
    folder = fetch(sources.IMDB_REVIEWS if original else sources.RATED_MOVIE_SENTENCES)
    builder = tfds.builder(folder.name, data_dir=folder.parent)
    datasets = builder.as_dataset(as_supervised=True)
    if original:
        datasets = {
            "train": _training_reviews(datasets["train"], validate=False),
            "validation": _training_reviews(datasets["train"], validate=True),
            "test": datasets["test"],
        }
    return datasets, builder.info


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
            features=tfds.features.FeaturesDict(
                {
                    "text": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=["neg", "pos"]),
                }
            ),
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
