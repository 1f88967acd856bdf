"""A training that is interrupted in mid-epoch, and goes on."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scaling import resume, training


class PowerCutError(Exception):
    """What ends the training."""


def test_all_is_saved_and_each_example_is_seen_once(job, tmp_path, monkeypatch):
    job = replace(job, save_every=2, backup=str(tmp_path / "backup"))
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    whole, *_ = training.train(replace(job, save_every=0), tmp_path, strategy)
    count = training.StepLog.on_train_batch_end

    def cut(log, batch, logs=None):
        count(log, batch, logs)
        if log.n_done == 9:
            raise PowerCutError

    assert resume.updates_done(job) == 0
    with monkeypatch.context() as patch:
        patch.setattr(training.StepLog, "on_train_batch_end", cut)
        with pytest.raises(PowerCutError):
            training.train(job, tmp_path, strategy)
    assert (tmp_path / "progress").read_text("utf-8") == "9\n"
    assert resume.updates_done(job) == 8  # in the second epoch of 6
    assert resume.batches_to_skip(replace(job, skip_seen=False)) == 0
    model, _, log = training.train(job, tmp_path, strategy)
    assert model.distribute_strategy is strategy
    assert len(log.seconds) == 4
    assert (tmp_path / "progress").read_text("utf-8") == "12\n"
    assert np.array_equal(model.example_counts, np.ones([2, job.n_examples]))
    for weight, other in zip(model.weights, whole.weights, strict=True):
        assert np.allclose(weight, other, atol=1e-6)
    assert resume.updates_done(job) == 0  # the backup is deleted: all is done
