"""A training that is interrupted in mid-epoch, and goes on."""

import sys
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
    undisturbed = replace(job, save_every=0)
    whole, whole_losses, _ = training.train(undisturbed, tmp_path, strategy)

    def cut(self, n_updates, **options):
        save(self, n_updates, **options)
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
    state, losses, log = training.train(job, tmp_path, strategy)
    assert np.allclose(losses, whole_losses, atol=1e-5)  # of both parts together
    assert len(log.seconds) == 4
    assert (tmp_path / "progress").read_text("utf-8") == "12\n"
    assert np.array_equal(state.example_counts, np.ones([2, job.n_examples]))
    for weight, other in zip(state.weights, whole.weights, strict=True):
        assert np.allclose(weight, other, atol=1e-6)
    assert resume.updates_done(job) == 12  # until the results are written
    state, losses, log = training.train(job, tmp_path, strategy)
    assert log.seconds == []
    assert np.allclose(losses, whole_losses, atol=1e-5)
    for weight, other in zip(state.weights, whole.weights, strict=True):
        assert np.allclose(weight, other, atol=1e-6)
    job.delete_backups()
    assert resume.updates_done(job) == 0


def test_the_last_update_is_saved_even_if_it_is_not_due(job, tmp_path):
    job = replace(job, save_every=5, backup=str(tmp_path / "backup"))
    training.train(job, tmp_path)
    assert resume.updates_done(job) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_the_last_good_backup_survives_a_full_disk(tmp_path):
    import resource

    state = tf.train.Checkpoint(weight=tf.Variable(tf.ones([500_000])))
    manager = tf.train.CheckpointManager(state, tmp_path, max_to_keep=1)
    manager.save()
    state.weight.assign(tf.fill([500_000], 2.0))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises((tf.errors.OpError, OSError), match=r"(?i)large"):
            manager.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    state.restore(tf.train.latest_checkpoint(tmp_path)).assert_consumed()
    assert np.all(state.weight == 1)
