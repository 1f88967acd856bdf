"""Labelled reviews: the two editions, and a small data set that is made in a moment."""

import dataclasses
import hashlib
import inspect
import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from nlp_helpers import course
from nlp_helpers.data import fetch, movie_reviews, sources
from nlp_helpers.data.fetch import DataError
from nlp_helpers.data.splits import split_of

SIZES = {
    "packaged": {"train": 7_002, "validation": 1_002, "test": 2_068},
    "original": {"train": 22_512, "validation": 2_488, "test": 25_000},
}


def pairs_of(dataset):
    """Return the examples as pairs of bytes and int."""
    return [
        (text, int(label))
        for texts, labels in dataset.batch(1024).as_numpy_iterator()
        for text, label in zip(texts, labels, strict=True)
    ]


# What is loaded


@dataclasses.dataclass
class Loaded:
    edition: str
    datasets: dict
    info: tfds.core.DatasetInfo
    examples: dict


@pytest.fixture(
    scope="module",
    params=["packaged", pytest.param("original", marks=pytest.mark.slow)],
)
def loaded(request, edition):
    if request.param == "original" and not at_hand(sources.IMDB_REVIEWS):
        pytest.skip(f"data/{sources.IMDB_REVIEWS.path} is not at hand")
    with edition(request.param):
        datasets, info = movie_reviews.load()
    examples = {split: pairs_of(dataset) for split, dataset in datasets.items()}
    return Loaded(request.param, datasets, info, examples)


def at_hand(remote_file):
    return (fetch.DATA_DIR / remote_file.path).exists()


only_packaged = pytest.mark.parametrize("loaded", ["packaged"], indirect=True)


def test_reviews_come_as_tfds_gives_them(loaded):
    name = loaded.info.name
    peers, peer_info = tfds.load(
        name, data_dir=fetch.DATA_DIR / "tfds", as_supervised=True, with_info=True
    )
    assert type(loaded.datasets) is type(peers) is dict
    assert loaded.info.full_name == peer_info.full_name
    for dataset in loaded.datasets.values():
        assert dataset.element_spec == peers["train"].element_spec
    assert pairs_of(peers["test"]) == loaded.examples["test"]


def test_info_names_the_labels_and_whom_to_cite(loaded):
    assert loaded.info.features["label"].names == ["neg", "pos"]
    citation = loaded.info.citation
    assert citation.lower().startswith("@inproceedings{")
    assert ("Hutto" if loaded.edition == "packaged" else "Maas") in citation


def test_sizes_by_len_and_by_counting(loaded):
    sizes = SIZES[loaded.edition]
    assert {split: len(d) for split, d in loaded.datasets.items()} == sizes
    assert {split: len(found) for split, found in loaded.examples.items()} == sizes


def test_classes_are_balanced_in_every_split(loaded):
    for found in loaded.examples.values():
        labels = [label for _, label in found]
        assert set(labels) == {0, 1}
        assert np.mean(labels) == pytest.approx(0.5, abs=0.04)


def test_no_text_is_in_two_splits(loaded):
    train, validation, test = (
        {" ".join(text.decode().lower().split()) for text, _ in loaded.examples[split]}
        for split in ("train", "validation", "test")
    )
    assert not train & validation
    published_twice = {"packaged": 0, "original": 123}
    assert len(test & (train | validation)) == published_twice[loaded.edition]


@only_packaged
def test_every_clear_sentence_has_the_sign_of_its_rating(loaded):
    with tarfile.open(fetch.fetch(sources.VADER)) as outer:
        inner = outer.extractfile(
            "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
        )
        with tarfile.open(fileobj=inner) as files:
            name = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
            table = io.TextIOWrapper(files.extractfile(name), encoding="utf-8")
            rows = [line.rstrip("\n").split("\t") for line in table]
    assert len(rows) == 10_605
    rated = sorted(
        (text.encode(), int(float(rating) > 0))
        for _, rating, text in rows
        if not -0.5 < float(rating) < 0.5
    )
    assert sorted(pair for found in loaded.examples.values() for pair in found) == rated


# A reader's own reviews


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """Return a function that writes a file of reviews and returns its path."""
    monkeypatch.setattr(course, "run", course.Run())

    def write(content):
        path = tmp_path / "my_reviews.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


KOREAN = [
    f"{n % 2}\t영화 {n}번은 {'재미있어요!' if n % 2 else '지루해요.'}"
    for n in range(99)
]


def test_own_reviews_come_like_the_course_s(own_file):
    path = own_file("\ufeff" + "\r\n".join(["", *KOREAN, ""]))
    datasets, info = movie_reviews.own_reviews(path)
    assert info.features["label"].names == ["neg", "pos"]
    assert info.name == "own_reviews"
    found = []
    for split, dataset in datasets.items():
        assert dataset.element_spec == (
            tf.TensorSpec([], tf.string),
            tf.TensorSpec([], tf.int64),
        )
        pairs = pairs_of(dataset)
        assert {split_of(text.decode()) for text, _ in pairs} == {split}
        found += [f"{label}\t{text.decode()}" for text, label in pairs]
    assert sorted(found) == sorted(KOREAN)


def test_with_own_reviews_claims_know_it(own_file):
    assert movie_reviews.title() != "own reviews"
    movie_reviews.own_reviews(own_file("\n".join(KOREAN)))
    assert course.run.own_data
    assert movie_reviews.title() == "own reviews"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("great film", "has no tab"),
        ("label\ttext", "has the label 'label', and 0 and 1 are allowed"),
        ("2\tgreat film", "has the label '2', and 0 and 1 are allowed"),
        ("1\t ", "has no text after its label"),
    ],
)
def test_a_line_that_is_no_review_is_named(own_file, line, problem):
    path = own_file("\n".join([*KOREAN, line]))
    with pytest.raises(DataError) as caught:
        movie_reviews.own_reviews(path)
    message = str(caught.value)
    assert message.startswith(f"Line 100 of {path} {problem}. Write a line for each")
    assert not course.run.own_data


def test_a_file_that_is_no_text_or_not_there(own_file, tmp_path):
    with pytest.raises(
        DataError, match="not in UTF-8: no character has the byte at position 5"
    ):
        movie_reviews.own_reviews(own_file(b"1\tcaf\xe9"))
    with pytest.raises(DataError, match=r"nowhere\.tsv cannot be read: No such file"):
        movie_reviews.own_reviews(tmp_path / "nowhere.tsv")


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        ([], "'train', 0 are negative and 0"),
        (KOREAN[1::2], r"'train', 0 are negative and \d+"),
        (KOREAN[:2], "are negative and"),
    ],
)
def test_too_few_reviews(own_file, lines, counts):
    with pytest.raises(DataError, match=f"has too few reviews: .*{counts}"):
        movie_reviews.own_reviews(own_file("\n".join(lines)))


# A small data set

NAME = "rated_movie_sentences"
ROWS = [
    ("1", "0.5", "Just good enough ."),
    ("2", "-0.5", "Just bad enough ."),
    ("3", "0.49", "Left out , though nearly good ."),
    ("4", "-0.49", "Left out , though nearly bad ."),
    ("5", "3.9", "Café — superb ."),
    ("6", "-3.9", "CAFÉ —  superb ."),
    *((str(n), str(n % 5 - 2), f"Sentence number {n} .") for n in range(7, 60)),
]
EXAMPLES = [
    (split_of(text), int(float(rating) > 0), text)
    for _, rating, text in ROWS
    if abs(float(rating)) >= 0.5
]


def packed(folder, members):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def hash_of_examples(examples):
    digests = sorted(
        hashlib.sha256(f"{split} {label} {text}".encode()).digest()
        for split, label, text in examples
    )
    return hashlib.sha256(b"".join(digests)).hexdigest()


@pytest.fixture
def small(put, monkeypatch):
    """Put a small table in the place of the real one; return the file of its set."""
    table = "\n".join("\t".join(row) for row in ROWS).encode()
    inner = packed("inner", {"movieReviewSnippets_GroundTruth.txt": table})
    put("VADER", packed("outer", {"hutto_ICWSM_2014.tar.gz": inner}))
    remote_file = dataclasses.replace(
        sources.RATED_MOVIE_SENTENCES, sha256=hash_of_examples(EXAMPLES)
    )
    monkeypatch.setattr(sources, "RATED_MOVIE_SENTENCES", remote_file)
    return remote_file


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return where to keep a prepared small set, for the tests that share it."""
    return tmp_path_factory.mktemp("small") / NAME


@pytest.fixture
def prepared(small, data_dir, kept):
    """Return the folder of the small set, prepared."""
    if not kept.exists():
        shutil.copytree(fetch.fetch(small), kept)
    return Path(shutil.copytree(kept, data_dir / small.path, dirs_exist_ok=True))


def below_tfds():
    return sorted(path.name for path in (fetch.DATA_DIR / "tfds").iterdir())


def records(folder, split="train"):
    return folder / "1.0.0" / f"{NAME}-{split}.tfrecord-00000-of-00001"


def rewrite(path, change):
    examples = [
        tf.train.Example.FromString(record)
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]
    change(examples)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            writer.write(example.SerializeToString())


def relabel(examples):
    label = examples[0].features.feature["label"].int64_list
    label.value[0] = 1 - label.value[0]


def cut(folder):
    path = records(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def break_info(folder):
    (folder / "1.0.0" / "dataset_info.json").write_text("{")


DAMAGES = {
    "cut": cut,
    "one label changed": lambda folder: rewrite(records(folder), relabel),
    "a split is missing": lambda folder: records(folder, "test").unlink(),
    "broken info": break_info,
    "no version": lambda folder: shutil.rmtree(folder / "1.0.0"),
}


def test_a_set_is_prepared_once_and_then_kept(small, data_dir, recwarn):
    folder = fetch.fetch(small)
    assert folder == data_dir / small.path
    assert below_tfds() == [NAME]
    inode = records(folder).stat().st_ino
    assert fetch.fetch(small) == fetch.at_hand(small) == folder
    assert records(folder).stat().st_ino == inode
    assert not [w for w in recwarn if "damaged" in str(w.message)]


def test_the_order_of_the_examples_does_not_matter(small, prepared):
    before = records(prepared).read_bytes()
    rewrite(records(prepared), list.reverse)
    assert records(prepared).read_bytes() != before
    assert fetch.at_hand(small) == prepared


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_set_is_not_at_hand_and_stays(small, prepared, damage):
    damage(prepared)
    assert fetch.at_hand(small) is None
    assert below_tfds() == [NAME]


def test_a_damaged_set_is_set_aside_and_prepared_again(small, prepared, edition):
    for damage, aside in ((cut, ".corrupt"), (break_info, ".corrupt-2")):
        damage(prepared)
        with pytest.warns(UserWarning, match=f"{NAME} was damaged.*{NAME}{aside}, and"):
            assert fetch.fetch(small) == prepared
    assert below_tfds() == [NAME, f"{NAME}.corrupt", f"{NAME}.corrupt-2"]
    with edition("packaged"):
        datasets, _ = movie_reviews.load()
    found = [
        (split, label, text.decode())
        for split, dataset in datasets.items()
        for text, label in pairs_of(dataset)
    ]
    assert sorted(found) == sorted(EXAMPLES)


PASSING = [
    OSError(24, "Too many open files"),
    tf.errors.ResourceExhaustedError(None, None, "Too many open files"),
    tf.errors.UnavailableError(None, None, "the disk is not there"),
    tf.errors.PermissionDeniedError(None, None, "not yours"),
    tf.errors.InternalError(None, None, "no such luck"),
    MemoryError("no memory is left"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_a_passing_read_error_leaves_the_set_alone(small, prepared, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(tfds.core.DatasetBuilder, "as_dataset", fails)
        with pytest.raises(DataError, match=f"{NAME} cannot be read: "):
            fetch.fetch(small)
    assert below_tfds() == [NAME]
    assert fetch.at_hand(small) == prepared


def test_a_set_with_another_split_is_refused(small, monkeypatch):
    monkeypatch.setattr(movie_reviews, "split_of", lambda text: split_of(text + "?"))
    with pytest.raises(DataError, match="another SHA-256"):
        fetch.fetch(small)
    assert below_tfds() == []


def test_a_set_that_cannot_be_prepared(small, data_dir, monkeypatch):
    monkeypatch.setattr(movie_reviews, "split_of", lambda text: "training")
    with pytest.raises(DataError) as caught:
        fetch.fetch(small)
    message = str(caught.value)
    assert message.startswith(f"data/{small.path} could not be fetched: ")
    assert "'training'" in message
    assert f"put a copy at {data_dir / small.path}" in message
    assert below_tfds() == []


def test_a_read_only_folder_serves_what_it_has(
    small, prepared, read_only_data, edition
):
    with edition("packaged"):
        movie_reviews.load()  # imports what it needs, which may be closed to others
        with read_only_data():
            datasets, _ = movie_reviews.load()
            assert len(list(datasets["train"])) == len(datasets["train"])


def download_and_meet(folder, name):
    """Return a `_download` that waits until a second process has got as far."""
    download = fetch._download

    def wait_for_the_other(remote_file, part):
        prepared = download(remote_file, part)
        assert not (fetch.DATA_DIR / remote_file.path).exists()
        Path(folder, name).touch()
        deadline = time.monotonic() + 240
        while len(list(Path(folder).iterdir())) < 2:
            assert time.monotonic() < deadline, "the other process does not come"
            time.sleep(0.01)
        return prepared

    return wait_for_the_other


# The command alone has to know who prepares the set.
COMMAND_IN_A_PROCESS = f"""
import runpy, sys, time
from dataclasses import replace
from pathlib import Path
from nlp_helpers.data import fetch, sources

{inspect.getsource(download_and_meet)}

data_dir, meeting, name, sha256_of_table, sha256_of_set = sys.argv[1:]
fetch.DATA_DIR = Path(data_dir)
sources.VADER = replace(sources.VADER, sha256=sha256_of_table)
sources.ALL = [replace(sources.RATED_MOVIE_SENTENCES, sha256=sha256_of_set)]
fetch._download = download_and_meet(meeting, name)
sys.argv = ["", "packaged"]
runpy.run_module("nlp_helpers.data", run_name="__main__")
"""


@pytest.mark.slow
def test_two_processes_at_once_prepare_one_whole_set(
    small, data_dir, tmp_path, monkeypatch
):
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    hashes = [sources.VADER.sha256, small.sha256]
    other = subprocess.Popen(
        [sys.executable, "-c", COMMAND_IN_A_PROCESS, data_dir, meeting, "one", *hashes],
        cwd=Path(fetch.__file__).parents[2],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # This process, which has TensorFlow already, is the second one.
    monkeypatch.setattr(fetch, "_download", download_and_meet(meeting, "two"))
    try:
        folder = fetch.fetch(small)
    finally:
        output, errors = other.communicate(timeout=300)
    assert output == f"data/{small.path}: verified\n", errors
    assert fetch.at_hand(small) == folder
    assert sorted(path.name for path in meeting.iterdir()) == ["one", "two"]
    assert below_tfds() == [NAME]


# The original


def test_tfds_would_take_the_original_from_the_same_address():
    [address] = tfds.builder_cls("imdb_reviews").url_infos
    assert sources.IMDB_REVIEWS.address == address.replace("http:", "https:")


def test_a_damaged_original_that_cannot_be_prepared_again(
    data_dir, edition, monkeypatch
):
    def no_network(url, sha256, path):
        raise ConnectionError("no network")

    monkeypatch.setattr(fetch, "_download_url", no_network)
    folder = data_dir / sources.IMDB_REVIEWS.path / "plain_text" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{")
    with edition("original"), pytest.raises(DataError) as caught:
        movie_reviews.load()
    message = str(caught.value)
    assert message.startswith("data/tfds/imdb_reviews could not be fetched: no network")
    assert "unset NLP_DATA, or set it to 'packaged'" in message
    assert below_tfds() == ["imdb_reviews"]


def test_an_original_is_prepared_from_the_archive_that_was_fetched(
    data_dir, monkeypatch
):
    labels = {"train": ("neg", "pos", "unsup"), "test": ("neg", "pos")}
    members = {
        f"{split}/{label}/{n}_7.txt": f"{split} {label} {n}".encode()
        for split in labels
        for label in labels[split]
        for n in range(3)
    }
    archive = packed("aclImdb", members)
    sha256 = hashlib.sha256(archive).hexdigest()
    builder = tfds.builder_cls("imdb_reviews")
    [[url, real]] = builder.url_infos.items()
    fake = dataclasses.replace(
        real, size=type(real.size)(len(archive)), checksum=sha256
    )
    monkeypatch.setattr(builder, "url_infos", {url: fake})
    remote_file = dataclasses.replace(
        sources.IMDB_REVIEWS,
        sha256=hash_of_examples(
            (split, ["neg", "pos"].index(label), f"{split} {label} {n}")
            for split in labels
            for label in ("neg", "pos")
            for n in range(3)
        ),
    )
    asked = []

    def download(url, sha256, path):
        asked.append((url, sha256))
        path.write_bytes(archive)

    monkeypatch.setattr(fetch, "_download_url", download)
    assert fetch.fetch(remote_file) == fetch.at_hand(remote_file)
    assert asked == [(sources.IMDB_REVIEWS.address, sha256)]
    assert below_tfds() == ["imdb_reviews"]
