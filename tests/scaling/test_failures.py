"""Whoever is killed at whatever moment: the same command again finishes the job."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from scaling import cluster, data_service, resume, shards, training, worker
from scaling.job import TrainingJob

from tools.chapters import NOTEBOOKS

PYTHONPATH = {"PYTHONPATH": str(NOTEBOOKS)}
KILLED = """
import os, signal, sys
from scaling import worker
def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{moment} = killed
worker.main(sys.argv[1:])
"""
BEFORE_RESULTS = "worker.write_results"
BEFORE_DONE = "worker.write_done"
BEFORE_CLEANING = "worker.TrainingJob.delete_backups"


@pytest.fixture
def careful(job, tmp_path):
    return replace(job, save_every=4, backup=str(tmp_path / "backup"))


@pytest.fixture
def start(tmp_path):
    """Return a function that starts two workers, one of which may die at a moment."""

    def start(job, dies_at=None, who=None):
        (tmp_path / "job.json").write_text(job.to_json(), "utf-8")
        addresses, commands = cluster.free_addresses(2), {}
        for k in range(2):
            program = ["-m", "scaling.worker"]
            if k == who and dies_at:
                program = ["-c", KILLED.format(moment=dies_at)]
            arguments = [
                sys.executable,
                *program,
                tmp_path / "job.json",
                tmp_path / f"{k}",
            ]
            config = {"TF_CONFIG": cluster.tf_config(addresses, k)}
            commands[f"worker-{k}"] = arguments, PYTHONPATH | config
        return cluster.Processes(commands, tmp_path, time_limit=400)

    return start


def run_until_killed(processes):
    with processes, pytest.raises(cluster.ClusterError, match=r"was (killed|ended)"):
        processes.wait(grace=40)


def check_results(job, tmp_path):
    """Check that all is as if nothing had happened, and return the steps of the end."""
    whole, losses, _ = training.train(replace(job, save_every=0, pause=0), tmp_path)
    for k in range(2):
        with np.load(tmp_path / f"{k}" / "weights.npz") as arrays:
            assert np.array_equal(arrays["total"], np.ones([2, job.n_examples]))
            for i, weight in enumerate(whole.weights):
                assert np.allclose(arrays[f"arr_{i}"], weight, atol=1e-5)
        result = json.loads((tmp_path / f"{k}" / "result.json").read_text("utf-8"))
        assert np.allclose(result["loss"], losses, atol=1e-5)
    assert not (tmp_path / "backup").exists()
    return len(result["seconds"])


@pytest.mark.slow
@pytest.mark.parametrize("who", [0, 1])
def test_a_worker_is_killed_in_mid_epoch(careful, tmp_path, start, who):
    slow = replace(careful, pause=0.2)
    progress = tmp_path / f"{who}" / "progress"
    with start(slow) as processes:
        processes.wait(until=lambda: progress.exists() and "9" in progress.read_text())
        processes.kill(f"worker-{who}")
        with pytest.raises(cluster.ClusterError, match=f"worker-{who} was killed"):
            processes.wait(grace=40)
    assert resume.updates_done(careful) == 8  # in the second epoch of 6
    assert not worker.is_done(tmp_path / "job.json", slow)
    with start(slow) as processes:
        processes.wait()
    assert check_results(slow, tmp_path) == 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_worker_that_is_asked_to_end_does(careful, tmp_path):
    (tmp_path / "job.json").write_text(replace(careful, pause=5).to_json(), "utf-8")
    config = {"TF_CONFIG": cluster.tf_config(cluster.free_addresses(1), 0)}
    arguments = [sys.executable, "-m", "scaling.worker", tmp_path / "job.json"]
    process = subprocess.Popen(
        [*arguments, tmp_path / "0"], env=os.environ | PYTHONPATH | config
    )
    progress = tmp_path / "0" / "progress"
    try:
        while not (progress.exists() and progress.read_text("utf-8")):
            assert process.poll() is None
            time.sleep(0.1)
        process.terminate()
        assert process.wait(timeout=20) == -signal.SIGTERM
    finally:
        process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("who", [0, 1])
def test_a_worker_is_killed_between_the_training_and_the_result(
    careful, tmp_path, start, who
):
    run_until_killed(start(careful, BEFORE_RESULTS, who))
    assert resume.updates_done(careful) == 12
    with start(careful) as processes:
        processes.wait()
    assert check_results(careful, tmp_path) == 0  # nothing is trained again


@pytest.mark.slow
def test_the_chief_is_killed_before_it_says_that_all_is_done(careful, tmp_path, start):
    run_until_killed(start(careful, BEFORE_DONE, 0))
    assert not worker.is_done(tmp_path / "job.json", careful)
    with start(careful) as processes:
        processes.wait()
    assert check_results(careful, tmp_path) == 0


@pytest.mark.slow
def test_the_chief_is_killed_before_it_cleans_up(careful, tmp_path, start):
    run_until_killed(start(careful, BEFORE_CLEANING, 0))
    assert (tmp_path / "backup").exists()
    with start(careful) as processes:
        processes.wait()
        assert "job.json is done" in processes.log("worker-0")
    check_results(careful, tmp_path)


# What is done


def test_another_job_in_the_same_file_is_not_done(job, tmp_path):
    path = tmp_path / "job.json"
    assert not worker.is_done(path, job)
    worker.write_done(path, job)
    assert worker.is_done(path, job)
    assert not worker.is_done(path, replace(job, seed=job.seed + 1))
    assert TrainingJob.from_json(worker.done_file(path).read_text("utf-8")) == job


def test_who_waits_for_others_that_are_done_ends_well(job, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(job.to_json(), "utf-8")
    script = """
import sys, time
from pathlib import Path
from scaling import worker
path = Path(sys.argv[1])
job = worker.TrainingJob.from_json(path.read_text("utf-8"))
with worker.end_if_done(path, job, every=0.02):
    pass
print("everybody came", flush=True)
with worker.end_if_done(path, job, every=0.02):
    worker.write_done(path, job)
    time.sleep(60)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        cwd=NOTEBOOKS,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "everybody came\n")


def test_a_file_that_is_not_whole_is_not_there(tmp_path, monkeypatch):
    def power_cut(_):
        raise KeyboardInterrupt

    worker.write_whole(tmp_path / "result", b"old")
    monkeypatch.setattr(worker.os, "fsync", power_cut)
    with pytest.raises(KeyboardInterrupt):
        worker.write_whole(tmp_path / "result", b"new")
    assert (tmp_path / "result").read_bytes() == b"old"


# The service for data


def lines_of(path):
    return path.read_text("utf-8").split() if path.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize("has_journal", [True, False])
def test_a_dispatcher_that_is_killed_goes_on_only_with_a_journal(
    tmp_path, pairs, has_journal
):
    for name in ("data", "first", "second", "journal"):
        (tmp_path / name).mkdir()
    n_examples = 960
    source, target = (np.resize(ids, [n_examples, ids.shape[1]]) for ids in pairs)
    shards.write(tmp_path / "data", 4, source, target)
    dispatcher, *servers = cluster.free_addresses(3)
    journal = [tmp_path / "journal"] if has_journal else []
    command = data_service.command("dispatcher", dispatcher, *journal)
    others = {
        f"server-{k}": (data_service.command("server", dispatcher, address), PYTHONPATH)
        for k, address in enumerate(servers)
    }
    numbers = tmp_path / "numbers"
    paths = shards.find(tmp_path / "data")
    reader = data_service.command("reader", dispatcher, numbers, *paths)
    others["reader"] = (reader, PYTHONPATH)
    first = {"dispatcher": (command, PYTHONPATH)}
    with (
        cluster.Processes(first, tmp_path / "first", time_limit=300) as doomed,
        cluster.Processes(others, tmp_path, time_limit=300) as processes,
    ):
        processes.wait(until=lambda: len(lines_of(numbers)) > 100)
        doomed.kill("dispatcher")
        time.sleep(0.5)
        with cluster.Processes(first, tmp_path / "second", time_limit=300):
            end = time.monotonic() + 120
            while "reader" in processes.alive() and time.monotonic() < end:
                time.sleep(0.1)
            done = "reader" not in processes.alive()
    came = sorted(map(int, lines_of(numbers)))
    assert (done and came == [*range(n_examples)]) == has_journal
