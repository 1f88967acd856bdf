"""The small programs: preparing a folder, and timing a GPU."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from nlp_helpers import settings
from scaling import gpu, prepare, shards
from scaling.job import TrainingJob


def test_the_prepared_folder_holds_what_its_job_says(tmp_path):
    sizes = "--n-examples 96 --n-shards 3 --batch-size 32 --epochs 2 --d-model 8"
    prepare.main([str(tmp_path / "new"), *sizes.split()])
    text = (tmp_path / "new" / "job.json").read_text("utf-8")
    job = TrainingJob.from_json(text)
    assert (job.n_examples, job.steps_per_epoch, job.epochs) == (96, 3, 2)
    assert len(shards.find(job.data)) == 3
    assert Path(job.backup).parent == tmp_path / "new"
    numbers, (source, _), targets = next(iter(shards.read_batches(job)))
    assert len(np.unique(numbers)) == job.batch_size
    assert int(tf.reduce_max(source)) < job.source_size
    assert int(tf.reduce_max(targets)) < job.target_size


def test_the_program_for_a_gpu_runs_without_one(capsys):
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    try:
        gpu.compare(n_units=2, n_rows=4, repeats=1)
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].split(", ")[1].strip() for line in lines] == [
        *("cuDNN", "loop", "float32", "TF32", "float16", "bfloat16")
    ]


@pytest.mark.parametrize("in_scope", [(), ("compile",), ("fit",)])
def test_fit_complains_unless_all_is_outside_of_the_scope(in_scope):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.build([None, 2])

    def scope(what):
        return strategy.scope() if what in in_scope else contextlib.nullcontext()

    def train():
        with scope("compile"):
            model.compile("sgd", "mse")
        with scope("fit"):
            model.fit(np.ones([4, 2]), np.ones([4, 1]), verbose=0)

    if in_scope:
        # Keras 3 has an assertion without words there.
        error = ValueError if settings.line() == "addons" else AssertionError
        words = "scope|strategy" if settings.line() == "addons" else ""
        with pytest.raises(error, match=words):
            train()
    else:
        train()  # on one device, without a word
