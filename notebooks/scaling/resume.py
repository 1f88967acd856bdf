"""How a training that was interrupted goes on: from its last backup, if there is one.

A backup holds weights, optimizer, counts, losses and step. The place in the data is not
in it, since it follows from the step. The backups stay until the results are written:
whoever is killed in between still has them.
"""

from pathlib import Path

import tensorflow as tf


class Backups:
    """The backups of a job, of which the last one is kept."""

    def __init__(self, job, state, strategy):
        """Restore the last backup, if there is one.

        Args:
            job: a `TrainingJob`.
            state: the `tf.train.Checkpoint` to save and to restore.
            strategy: the strategy of the training.
        """
        self.every, self.folder = job.save_every, folder_of(job, strategy)
        if not self.every:
            return
        self.manager = tf.train.CheckpointManager(state, self.folder, max_to_keep=1)
        if latest := latest_of(job):
            state.restore(latest).assert_existing_objects_matched()

    def save_if_due(self, n_updates, *, is_last=False):
        """Save if that is due, or the update the last. All workers must call this."""
        if self.every and (is_last or n_updates % self.every == 0):
            self.manager.save(checkpoint_number=n_updates)


def folder_of(job, strategy):
    """Return where a worker saves: all have to take part, but one copy is enough."""
    resolver = strategy.cluster_resolver
    index = (resolver.task_id or 0) if resolver else 0
    return Path(job.backup) / ("chief" if index == 0 else f"worker-{index}")


def latest_of(job):
    """Return the path of the last backup of a job, or None."""
    return tf.train.latest_checkpoint(Path(job.backup) / "chief")


def updates_done(job):
    """Return the number of updates in the last backup of a job, 0 without one."""
    latest = latest_of(job) if job.save_every else None
    if latest is None:
        return 0
    name = "n_updates/.ATTRIBUTES/VARIABLE_VALUE"
    return int(tf.train.load_checkpoint(latest).get_tensor(name))


def batches_to_skip(job):
    """Return the number of batches that a job leaves out when it goes on."""
    return updates_done(job) if job.skip_seen else 0
