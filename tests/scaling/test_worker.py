"""The program of a worker: wrong set-ups before TensorFlow starts, and two workers."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scaling import cluster, training, worker

from tools.chapters import NOTEBOOKS

GOOD = cluster.tf_config(["127.0.0.1:1", "127.0.0.1:2"], 0)


@pytest.fixture
def job_file(job, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(replace(job, all_reduce_sizes=[1, 100]).to_json())
    return path


@pytest.mark.parametrize(
    ("changes", "config", "complaint"),
    [
        ({}, GOOD[:-1], "TF_CONFIG must be JSON"),
        ({}, "", "TF_CONFIG must be JSON"),
        ({"batch_size": 63}, GOOD, "batch_size=63 over all workers"),
        ({"bach_size": 64}, GOOD, "A job file must be"),
    ],
)
def test_a_wrong_set_up_is_refused(
    job_file, tmp_path, monkeypatch, changes, config, complaint
):
    # Were it not refused, it would wait for a worker that never comes.
    monkeypatch.delattr(tf.distribute, "MultiWorkerMirroredStrategy")
    monkeypatch.setenv("TF_CONFIG", config)
    job_file.write_text(json.dumps(json.loads(job_file.read_text("utf-8")) | changes))
    with pytest.raises(ValueError, match=complaint):
        worker.train(job_file, tmp_path)


def test_a_worker_says_in_a_line_what_is_wrong_without_tensorflow(job_file, tmp_path):
    options = ["-X", "importtime", "-m", "scaling.worker"]
    with socket.create_server(("", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, *options, job_file, tmp_path],
            cwd=NOTEBOOKS,
            env={**os.environ, "TF_CONFIG": cluster.tf_config([address], 0)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    lines = done.stderr.splitlines()
    imports = [line for line in lines if line.startswith("import time:")]
    [said] = [line for line in lines if line not in imports]
    assert said.startswith(f"ClusterError: {address} cannot be used: ")
    assert done.returncode == 1
    assert any("psutil" in line for line in imports)
    assert not any("tensorflow" in line for line in imports)


@pytest.mark.slow
def test_two_workers_compute_what_one_process_does(
    job, job_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # where nobody listens
    addresses = cluster.free_addresses(2)
    commands = {}
    for k, folder in enumerate(["a", "b"]):
        command = [sys.executable, "-m", "scaling.worker", job_file, tmp_path / folder]
        config = cluster.tf_config(addresses, k)
        variables = {"TF_CONFIG": config, "PYTHONPATH": str(NOTEBOOKS)}
        commands[folder] = command, variables
    with cluster.Processes(commands, tmp_path, time_limit=120) as processes:
        alone, losses, _ = training.train(job, tmp_path)
        processes.wait()
    a, b = (np.load(tmp_path / folder / "weights.npz") for folder in commands)
    assert np.array_equal(a["own"] + b["own"], np.ones([2, job.n_examples]))
    assert np.array_equal(a["total"], a["own"] + b["own"])
    assert a["own"].sum() == b["own"].sum()
    for k, weight in enumerate(alone.weights):
        assert np.array_equal(a[f"arr_{k}"], b[f"arr_{k}"])
        assert np.allclose(a[f"arr_{k}"], weight, atol=1e-5)
    for folder in commands:
        result = json.loads((tmp_path / folder / "result.json").read_text("utf-8"))
        assert np.allclose(result["loss"], losses, atol=1e-5)
        assert len(result["seconds"]) == job.epochs * job.steps_per_epoch
        assert len(result["all_reduce"]) == 2
        assert min(result["all_reduce"]) > 0
