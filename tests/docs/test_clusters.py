"""The page about clusters: its scripts run, and Kubernetes would take its manifest."""

import os
import re

import kubernetes_validate
import pytest
import tensorflow as tf
import yaml
from scaling import cluster, worker

from tools.chapters import ROOT

PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
SLURM = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_TASKS_PER_NODE": "1(x2)"}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture
def run_block(monkeypatch):
    """Return a function that runs a script of the page up to the training."""
    monkeypatch.setenv("TF_CONFIG", "")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def run(code, variables):
        """Return the folder of the results, and what TF_CONFIG then holds."""
        calls = []
        monkeypatch.setattr(worker, "train", lambda *arguments: calls.append(arguments))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        exec(code, {})
        [(job, folder)] = calls
        assert job == "job.json"
        return folder, *cluster.check_tf_config(os.environ["TF_CONFIG"])

    return run


def test_slurm_gives_the_tf_config_that_the_page_shows(run_block):
    code, _ = blocks("python")
    [shown] = blocks("json")
    for name, value in SLURM.items():
        assert f"`{name}={value}`" in PAGE
    machines = {"SLURM_STEP_NODELIST": "gpu[01-02]", "SLURM_PROCID": "1"}
    found = run_block(code, SLURM | machines)
    assert found == ("results/1", *cluster.check_tf_config(shown))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


@pytest.mark.parametrize(
    ("machines", "first"),
    [("gpu[9-10]", "gpu10"), ("gpu[09-10]", "gpu09")],
)
def test_the_trap_of_names_without_zeros_is_there(run_block, machines, first):
    code, _ = blocks("python")
    variables = {"SLURM_STEP_NODELIST": machines, "SLURM_PROCID": "0"}
    _, addresses, index = run_block(code, SLURM | variables)
    assert addresses[index] == f"{first}:2222"


def test_the_resolver_wants_a_gpu_unless_told_otherwise(monkeypatch):
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver
    machines = {"SLURM_STEP_NODELIST": "c[01-02]", "SLURM_PROCID": "1", **SLURM}
    for name, value in machines.items():
        monkeypatch.setenv(name, value)
    none = {"gpus_per_node": 0, "gpus_per_task": 0, "tasks_per_node": 1}
    with pytest.raises(ValueError, match="must not be zero"):
        resolver(**none).cluster_spec()
    told = {"gpus_per_node": 1, "gpus_per_task": 1, "auto_set_gpu": False}
    addresses = resolver(**told, port_base=5).cluster_spec().as_dict()["worker"]
    assert addresses == ["c01:5", "c02:5"]


def manifest():
    [text] = blocks("yaml")
    return list(yaml.safe_load_all(text))


def test_the_manifest_fits_the_schemas_of_kubernetes():
    for version in ("1.30", kubernetes_validate.latest_version()):
        for resource in manifest():
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
    _, job = manifest()
    part = job
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.30", strict=True)


def test_the_parts_of_the_manifest_fit_each_other(run_block):
    service, job = manifest()
    name, spec, pod = job["metadata"]["name"], job["spec"], job["spec"]["template"]
    [container] = pod["spec"]["containers"]
    variables = {v["name"]: v["value"] for v in container["env"]}
    assert service["spec"]["selector"] == {"job-name": name}
    assert service["metadata"]["name"] == pod["spec"]["subdomain"]
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"] == int(variables["N_WORKERS"])
    _, code = blocks("python")
    folder, addresses, index = run_block(
        code, variables | {"JOB_COMPLETION_INDEX": "2"}
    )
    assert (folder, index) == ("results/2", 2)
    [port] = [port["port"] for port in service["spec"]["ports"]]
    subdomain = service["metadata"]["name"]
    n_workers = spec["completions"]
    assert addresses == [f"{name}-{k}.{subdomain}:{port}" for k in range(n_workers)]
