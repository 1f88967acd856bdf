"""The page about clusters: its files are well formed, fit each other, and run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import numpy as np
import pytest
import tensorflow as tf
import yaml
from scaling import cluster, worker

from tools.chapters import NOTEBOOKS, ROOT

PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
DEPLOY = ROOT / "deploy"
FILES = {path.name for path in DEPLOY.iterdir() if path.is_file()}
MANIFESTS = ("prepare.yaml", "kubernetes.yaml")
SLURM = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_TASKS_PER_NODE": "1(x2)"}
VERSIONS = ("1.30", kubernetes_validate.latest_version())
HAS_BASH = pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")


def commands():
    """Return the lines of the shell that the page asks its reader to type."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE, re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def manifest(name):
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


@pytest.fixture
def run_worker(monkeypatch):
    """Return a function that runs a script of a worker up to the training."""
    monkeypatch.setenv("TF_CONFIG", "")

    def run(name, variables):
        """Return the arguments of the worker, and what TF_CONFIG then holds."""
        calls = []
        monkeypatch.setattr(worker, "main", calls.append)
        for key, value in variables.items():
            monkeypatch.setenv(key, value)
        exec((DEPLOY / name).read_text("utf-8"), {})
        [arguments] = calls
        return arguments, *cluster.check_tf_config(os.environ["TF_CONFIG"])

    return run


def test_the_page_shows_each_file_and_names_no_other():
    shown = set(re.findall(r"\{literalinclude\} \.\./deploy/(\S+)", PAGE))
    assert shown == FILES
    assert set(re.findall(r"deploy/([\w.]+\w)", PAGE)) == FILES


# Kubernetes


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_manifests_fit_the_schemas_of_kubernetes(name):
    for version in VERSIONS:
        for resource in manifest(name):
            kubernetes_validate.validate(resource, version, strict=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["spec", "completions"], "four"),
        (["spec", "completionsMode"], "Indexed"),
        (["spec", "template", "spec", "containers"], {"name": "worker"}),
        (["spec", "template", "spec", "subdomain"], 3),
    ],
)
def test_a_wrong_manifest_does_not(path, value):
    _, job = manifest("kubernetes.yaml")
    part = job
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.30", strict=True)


def test_the_parts_of_the_manifests_fit_each_other(run_worker):
    claim, prepare = manifest("prepare.yaml")
    service, job = manifest("kubernetes.yaml")
    name, spec, pod = job["metadata"]["name"], job["spec"], job["spec"]["template"]
    [container], [first] = (
        one["spec"]["template"]["spec"]["containers"] for one in (job, prepare)
    )
    variables = {v["name"]: v["value"] for v in container["env"]}
    assert service["spec"]["selector"] == {"job-name": name}
    assert service["metadata"]["name"] == pod["spec"]["subdomain"]
    assert spec["completionMode"] == "Indexed"
    n_workers = spec["completions"]
    assert n_workers == spec["parallelism"] == int(variables["N_WORKERS"])
    assert spec["backoffLimit"] % n_workers == 0  # each failure restarts all of them
    arguments, addresses, index = run_worker(
        "kubernetes_worker.py", variables | {"JOB_COMPLETION_INDEX": "2"}
    )
    assert (arguments, index) == (["job.json", "results/2"], 2)
    [port] = [port["port"] for port in service["spec"]["ports"]]
    subdomain = service["metadata"]["name"]
    assert addresses == [f"{name}-{k}.{subdomain}:{port}" for k in range(n_workers)]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for part, own in ((pod, container), (prepare["spec"]["template"], first)):
        [volume] = part["spec"]["volumes"]
        [mount] = own["volumeMounts"]
        used = volume["persistentVolumeClaim"]["claimName"]
        assert used == claim["metadata"]["name"]
        assert mount["name"] == volume["name"]
        assert {"cpu", "memory"} <= own["resources"]["requests"].keys()
    assert first["image"] == container["image"]
    assert f"docker push {first['image']}" in commands()
    assert first["command"][-1] == mount["mountPath"] == container["workingDir"]


# The image


def test_all_that_the_image_copies_is_there():
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (.*) \S+$", dockerfile, re.M)
    paths = [path for line in copied for path in line.split()]
    assert "notebooks/scaling" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for lock in re.findall(r"-r (\S+)", dockerfile):
        assert lock in paths


def run_linter(name, *arguments):
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        pytest.skip(f"{name} has no wheel for this system")
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_the_dockerfile_pleases_its_linter(tmp_path):
    assert run_linter("hadolint", DEPLOY / "Dockerfile") == ""
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /x && ls\n")
    assert "DL3006" in run_linter("hadolint", tmp_path / "Dockerfile")


# Slurm


def test_the_slurm_script_pleases_its_linter(tmp_path):
    assert run_linter("shellcheck", DEPLOY / "slurm.sh") == ""
    (tmp_path / "bad.sh").write_text("#!/bin/bash\nrm $1\n")
    assert "SC2086" in run_linter("shellcheck", tmp_path / "bad.sh")


def test_a_slurm_worker_finds_its_place_in_the_list(run_worker):
    variables = {"HOSTS": "gpu9\ngpu10", "SLURM_PROCID": "0"}
    arguments, addresses, index = run_worker("slurm_worker.py", variables)
    assert arguments == ["job.json", "results/0"]
    assert addresses[index] == "gpu9:2222"


@pytest.fixture
def slurm(tmp_path):
    """Return a function that runs the script with a Slurm of two lines."""
    for name, text in {
        "scontrol": 'echo "$@" >> calls; [ "$1" = show ] && printf "gpu9\\ngpu10\\n"',
        "srun": 'echo "srun $@ $HOSTS" >> calls; eval "$STEP"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)

    def run(step, restarts, *, signal=False):
        (tmp_path / "calls").unlink(missing_ok=True)
        variables = {
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "COURSE": "/course",
            "SLURM_JOB_ID": "7",
            "SLURM_JOB_NODELIST": "gpu[9-10]",
            "SLURM_RESTART_COUNT": str(restarts),
            "SLURM_CPUS_PER_TASK": "8",
            "STEP": step,
        }
        process = subprocess.Popen(
            ["bash", DEPLOY / "slurm.sh"],
            cwd=tmp_path,
            env=os.environ | variables,
            stderr=subprocess.DEVNULL,
        )
        if signal:
            while "srun" not in _text(tmp_path / "calls"):
                assert process.poll() is None
            process.send_signal(10)
        code = process.wait(timeout=30)
        calls = _text(tmp_path / "calls")
        assert "show hostnames gpu[9-10]" in calls
        assert "gpu9 gpu10" in calls.replace("\n", " ")
        return code, "requeue 7" in calls

    return run


def _text(path):
    return path.read_text("utf-8") if path.exists() else ""


@HAS_BASH
def test_the_slurm_script_starts_again_but_not_for_ever(slurm):
    assert slurm("exit 0", 0) == (0, False)
    assert slurm("exit 1", 0) == (1, True)
    assert slurm("exit 1", 4) == (1, True)
    assert slurm("exit 1", 5) == (1, False)


@HAS_BASH
@pytest.mark.skipif(sys.platform != "linux", reason="numbers of signals differ")
def test_the_slurm_script_requeues_before_its_time_is_up(slurm):
    # A step that takes no notice of being asked to end must not hold it up.
    assert slurm("trap '' TERM; sleep 20", 0, signal=True) == (1, True)


@pytest.mark.parametrize(
    ("machines", "first"),
    [("gpu[9-10]", "gpu10"), ("gpu[09-10]", "gpu09")],
)
def test_the_traps_of_the_resolver_are_there(monkeypatch, machines, first):
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver
    variables = {"SLURM_STEP_NODELIST": machines, "SLURM_PROCID": "1", **SLURM}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    gpus = {"gpus_per_node": 1, "gpus_per_task": 1, "tasks_per_node": 1}
    addresses = resolver(**gpus, port_base=5).cluster_spec().as_dict()["worker"]
    assert addresses[0] == f"{first}:5"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
    with pytest.raises(ValueError, match="must not be zero"):
        resolver(gpus_per_node=0, gpus_per_task=0, tasks_per_node=1).cluster_spec()


# On one machine


@pytest.mark.slow
def test_the_commands_for_one_machine_run(tmp_path):
    wanted = [line for line in commands() if "/tmp/shared" in line][:2]
    assert [line.split()[2] for line in wanted] == ["scaling.prepare", "scaling.local"]
    for line in wanted:
        line = line.replace("--n-examples 2000", "--n-examples 512 --d-model 8")
        arguments = line.replace("/tmp/shared", str(tmp_path)).split()[1:]
        subprocess.run(
            [sys.executable, *arguments],
            check=True,
            env=os.environ | {"PYTHONPATH": str(NOTEBOOKS)},
            timeout=400,
        )
    with np.load(tmp_path / "results" / "0" / "weights.npz") as arrays:
        assert np.array_equal(arrays["total"], np.ones([1, 512]))
    assert (tmp_path / "job.done").exists()
    assert not (tmp_path / "backup").exists()
