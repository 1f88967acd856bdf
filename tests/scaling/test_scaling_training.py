"""The job of a training as a file, the loss, and what stops a training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scaling import shards, training
from scaling.job import TrainingJob


def test_a_job_comes_back_from_its_file(job):
    assert TrainingJob.from_json(job.to_json()) == job


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"bach_size": 4}, "bach_size"),
        ({"epochs": None}, "epochs"),
    ],
)
def test_an_unknown_or_missing_key_is_named(job, changes, complaint):
    values = json.loads(job.to_json()) | changes
    text = json.dumps({key: v for key, v in values.items() if v is not None})
    with pytest.raises(ValueError, match=f"keys data, n_exa.*: .*'{complaint}'"):
        TrainingJob.from_json(text)


@pytest.mark.parametrize("name", ["data", "backup"])
def test_a_folder_that_tensorflow_cannot_read_is_refused(job, name):
    with pytest.raises(ValueError, match=rf"below '/\[24\] nlp': set {name} to"):
        replace(job, **{name: "/[24] nlp"})


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_what_is_no_job_is_refused(text):
    with pytest.raises(ValueError, match="must be a JSON object"):
        TrainingJob.from_json(text)


def test_the_loss_counts_every_sentence_alike():
    targets = np.array([[1, 2, 3, 4], [5, 0, 0, 0], [6, 7, 0, 0], [0, 0, 0, 0]])
    logits = tf.random.stateless_normal([4, 4, 9], [1, 2])
    losses = training.sentence_loss(targets, logits).numpy()
    log_p = tf.nn.log_softmax(logits).numpy()
    for row, loss in enumerate(losses[:3]):
        real = [-log_p[row, t, w] for t, w in enumerate(targets[row]) if w]
        assert np.isclose(loss, np.mean(real), rtol=1e-5)
    assert losses[3] == 0


def test_a_sentence_of_nothing_but_padding_leaves_the_gradient_finite():
    targets = np.array([[1, 2, 3, 4], [0, 0, 0, 0]])
    logits = tf.Variable(tf.random.stateless_normal([2, 4, 9], [1, 2]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(training.sentence_loss(targets, logits))
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(gradient).all()
    assert gradient[0].any(axis=-1).all()
    assert not gradient[1].any()


def test_a_batch_that_the_devices_do_not_divide_is_refused(job, tmp_path):
    class ThreeDevices:
        num_replicas_in_sync = 3

    with pytest.raises(ValueError, match=r"batch_size=4 over all workers .* 3"):
        training.train(job, tmp_path, ThreeDevices())


def test_a_damaged_shard_is_named_in_training(job, tmp_path, damage):
    damage(Path(shards.find(job.data)[1]), -1)
    with pytest.raises(ValueError, match=r"pairs-00001-of-00003\.tfrecord is damaged"):
        training.train(replace(job, batch_size=24, steps_per_epoch=1), tmp_path)
