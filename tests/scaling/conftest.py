"""A small training job, and the shards that it reads."""

import numpy as np
import pytest
from scaling import shards
from scaling.job import TrainingJob

N_EXAMPLES, BATCH_SIZE = 24, 4
# Embeddings and output will do, and TensorFlow needs a second for them, not five.
SIZES = {"d_model": 4, "n_heads": 1, "d_ff": 4, "n_blocks": 0, "max_steps": 8}


@pytest.fixture(scope="session")
def pairs():
    """Return ids of sources and targets."""
    rng = np.random.default_rng(0)
    return rng.integers(1, 9, [N_EXAMPLES, 3]), rng.integers(1, 9, [N_EXAMPLES, 4])


@pytest.fixture
def job(tmp_path, pairs):
    """Return a job of two epochs on three shards, which are there."""
    (tmp_path / "data").mkdir()
    shards.write(tmp_path / "data", 3, *pairs)
    return TrainingJob(
        data=str(tmp_path / "data"),
        n_examples=N_EXAMPLES,
        source_steps=3,
        target_steps=4,
        source_size=9,
        target_size=9,
        transformer=SIZES,
        learning_rate=1e-2,
        epsilon=1e-3,
        batch_size=BATCH_SIZE,
        steps_per_epoch=N_EXAMPLES // BATCH_SIZE,
        epochs=2,
        seed=3,
    )


@pytest.fixture(scope="session")
def damage():
    """Return a function that changes a bit of a byte of a file."""

    def change(path, position):
        content = bytearray(path.read_bytes())
        content[position] ^= 1
        path.write_bytes(content)

    return change
