"""How a training that was interrupted goes on: from its last backup, if there is one.

Keras restores weights, optimizer and step; the place in the data is ours to restore.
"""

from pathlib import Path

import tensorflow as tf

keras = tf.keras


def backup_callbacks(job):
    """Return, in a list, the callback that makes the backups of a job and restores it.

    The list is empty if the job makes none.
    """
    if not job.save_every:
        return []
    return [keras.callbacks.BackupAndRestore(job.backup, job.save_every)]


def updates_done(job):
    """Return the number of updates in the last backup of a job, 0 without one."""
    latest = tf.train.latest_checkpoint(str(Path(job.backup) / "chief"))
    if not job.save_every or latest is None:
        return 0
    name = "model/optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE"
    return int(tf.train.load_checkpoint(latest).get_tensor(name))


def batches_to_skip(job):
    """Return the number of batches that a job leaves out when it goes on."""
    return updates_done(job) if job.skip_seen else 0
