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
    save = resume.Backups.save_if_due
    whole, *_ = training.train(replace(job, save_every=0), tmp_path, strategy)

    def cut(self, n_updates):
        save(self, n_updates)
        if n_updates == 9:
            raise PowerCutError

    assert resume.updates_done(job) == 0
    with monkeypatch.context() as patch:
        patch.setattr(resume.Backups, "save_if_due", cut)
        with pytest.raises(PowerCutError):
            training.train(job, tmp_path, strategy)
    assert (tmp_path / "progress").read_text("utf-8") == "9\n"
    assert resume.updates_done(job) == 8  # in the second epoch of 6
    assert resume.batches_to_skip(replace(job, skip_seen=False)) == 0
    state, _, log = training.train(job, tmp_path, strategy)
    assert len(log.seconds) == 4
    assert (tmp_path / "progress").read_text("utf-8") == "12\n"
    assert np.array_equal(state.example_counts, np.ones([2, job.n_examples]))
    for weight, other in zip(state.weights, whole.weights, strict=True):
        assert np.allclose(weight, other, atol=1e-6)
    assert resume.updates_done(job) == 0  # the backup is deleted: all is done
