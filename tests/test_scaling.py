"""Chapter 10: processes, shards, training that is interrupted, cuDNN, cluster files."""

import ast
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import kubernetes_validate
import numpy as np
import psutil
import pytest
import tensorflow as tf
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_helpers import cluster, training, worker

keras = tf.keras
ROOT = Path(__file__).resolve().parents[1]
CHAPTER = ROOT / "notebooks" / "10_scaling_out.ipynb"
PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]
FAILS = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
ADDRESSES = ["ada:2222", "bob:2222", "cy-9.net:1"]


def from_chapter(*names):
    """Return functions and constants as the cells of the chapter define them."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    found = {"keras": keras, "layers": keras.layers, "ast": ast, "tf": tf}
    found |= {"Path": Path, "np": np}
    for cell in cells:
        if cell["cell_type"] == "code":
            for node in ast.parse("".join(cell["source"])).body:
                targets = [getattr(t, "id", "") for t in getattr(node, "targets", [])]
                if getattr(node, "name", "") in names or set(targets) & set(names):
                    code = compile(ast.Module([node], []), str(CHAPTER), "exec")
                    exec(code, found)
    return [found[name] for name in names]


# TF_CONFIG


@given(st.lists(st.sampled_from(ADDRESSES), min_size=1, unique=True), st.data())
def test_a_good_tf_config_says_what_was_put_in(addresses, data):
    index = data.draw(st.sampled_from(range(len(addresses))))
    text = cluster.tf_config(addresses, index)
    assert cluster.check_tf_config(text) == (addresses, index)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_whatever_else_is_refused_by_name(content):
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(ValueError, match="TF_CONFIG"):
        cluster.check_tf_config(text)


GOOD = json.loads(cluster.tf_config(ADDRESSES, 1))


@pytest.mark.parametrize(
    ("cluster_part", "task", "complaint"),
    [
        ({}, {"type": "worker", "index": 0}, "must be JSON with"),
        ({"worker": "ada:2222"}, {"type": "worker", "index": 0}, "in a list"),
        ({"worker": ["ada:2222"]}, {"type": "worker"}, "index"),
        ({"worker": []}, {"type": "worker", "index": 0}, "none of the 0"),
        ({"worker": ["ada"]}, {"type": "worker", "index": 0}, "'ada' is not like"),
        ({"worker": ["ada:0"]}, {"type": "worker", "index": 0}, "'ada:0' is not"),
        ({"worker": ["ada:65536"]}, {"type": "worker", "index": 0}, "65536' is not"),
        ({"worker": ["a:1", "a:1"]}, {"type": "worker", "index": 0}, "twice"),
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 2}, "index 2 is none"),
        ({"worker": ["a:1"]}, {"type": "worker", "index": -1}, "index -1 is none"),
        ({"worker": ["a:1"]}, {"type": "worker", "index": "0"}, "'0' is none"),
        ({"worker": ["a:1"]}, {"type": "worker", "index": True}, "True is none"),
        ({"worker": ["a:1"]}, {"type": "ps", "index": 0}, "only workers"),
        ({"ps": ["a:1"]}, {"type": "ps", "index": 0}, "only workers"),
        ({"worker": ["a:1"], "ps": ["b:1"]}, {"type": "worker", "index": 0}, "too"),
    ],
)
def test_a_bad_tf_config_is_refused_with_the_reason(cluster_part, task, complaint):
    text = json.dumps({"cluster": cluster_part, "task": task})
    with pytest.raises(ValueError, match=f"(?s)TF_CONFIG.*{complaint}"):
        cluster.check_tf_config(text)


@given(st.integers(-5, 300), st.integers(1, 20))
def test_the_workers_divide_the_batch_or_it_is_refused(batch_size, n_workers):
    if batch_size > 0 and batch_size % n_workers == 0:
        cluster.check_batch_size(batch_size, n_workers)
    else:
        with pytest.raises(ValueError, match=f"{batch_size} over all .*{n_workers}"):
            cluster.check_batch_size(batch_size, n_workers)


def test_a_port_in_use_is_named():
    addresses = cluster.free_addresses(5)
    assert len(set(addresses)) == 5
    for address in addresses:
        cluster.check_port(address)
    with socket.create_server(("", 0)) as taken:
        address = f"ada:{taken.getsockname()[1]}"
        with pytest.raises(cluster.ClusterError, match=f"{address} cannot be used"):
            cluster.check_port(address)


# Processes: nobody is left over


def start(folder, time_limit=30, **commands):
    commands = {name: (command, {}) for name, command in commands.items()}
    return cluster.Processes(commands, folder, time_limit=time_limit)


def pids_of(processes):
    return [process.pid for process in processes._running.values()]


def assert_gone(pids):
    assert pids
    end = time.monotonic() + 5
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


def test_processes_that_end_well(tmp_path):
    says = [sys.executable, "-c", "import os; print(os.environ['WHO'])"]
    commands = {who: (says, {"WHO": who}) for who in ("ada", "bob")}
    with cluster.Processes(commands, tmp_path, time_limit=30) as processes:
        processes.wait()
        assert processes.alive() == []
    assert [processes.log(who) for who in commands] == ["ada", "bob"]


def test_memory_is_counted_when_others_have_ended(tmp_path):
    allocate = "x = b'x' * 50_000_000; import time; print('there', flush=True)"
    large = [sys.executable, "-c", f"{allocate}; time.sleep(600)"]
    with start(tmp_path, ada=[sys.executable, "-c", ""], bob=large) as processes:
        processes.wait(until=lambda: processes.alive() == ["bob"])
        processes.wait(until=lambda: processes.log("bob") == "there")
        processes.wait(until=lambda: processes.peak_memory_mb > 50)
        assert processes.peak_memory_mb < 200


def test_one_that_fails_ends_the_others(tmp_path):
    with start(tmp_path, ada=FOREVER, bob=FAILS, cy=FOREVER) as processes:
        with pytest.raises(cluster.ClusterError, match=r"bob failed.*no such luck"):
            processes.wait()
        assert_gone(pids_of(processes))


def test_the_others_get_their_grace(tmp_path):
    soon = [sys.executable, "-c", "import time; time.sleep(1); print('bye')"]
    with start(tmp_path, ada=soon, bob=FAILS) as processes:
        with pytest.raises(cluster.ClusterError, match="bob failed"):
            processes.wait(grace=20)
        assert processes.log("ada") == "bye"


def test_time_is_up(tmp_path):
    done = [sys.executable, "-c", ""]
    with start(tmp_path, 0.5, ada=FOREVER, bob=done, cy=FOREVER) as processes:
        before = time.monotonic()
        with pytest.raises(cluster.ClusterError, match=r"ada, .*cy: not done .* 0.5 s"):
            processes.wait()
        assert time.monotonic() < before + 5
        assert_gone(pids_of(processes))


def test_one_that_does_not_start_ends_the_others(tmp_path):
    children = set(psutil.Process().children())
    with pytest.raises(cluster.ClusterError, match=r"bob does not start: .*nowhere"):
        start(tmp_path, ada=FOREVER, bob=["/nowhere"])
    assert set(psutil.Process().children()) <= children


def test_a_killed_one_is_named(tmp_path):
    with start(tmp_path, ada=FOREVER, bob=FOREVER) as processes:
        processes.wait(until=lambda: len(processes.alive()) == 2)
        processes.kill("bob")
        with pytest.raises(cluster.ClusterError, match=r"bob was killed \(signal 9\)"):
            processes.wait()
        assert_gone(pids_of(processes))


def test_what_never_happens_is_not_waited_for(tmp_path):
    with (
        start(tmp_path, ada=[sys.executable, "-c", ""]) as processes,
        pytest.raises(cluster.ClusterError, match="All ended before"),
    ):
        processes.wait(until=lambda: False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_of_ours_ends_them(tmp_path, error):
    def interrupted():
        raise error

    processes = start(tmp_path, ada=FOREVER)
    with pytest.raises(error), processes:
        processes.wait(until=interrupted)
    assert_gone(pids_of(processes))


def test_children_of_children_end_too(tmp_path):
    script = f"import subprocess; print(subprocess.Popen({FOREVER}).pid, flush=True)"
    parent = [sys.executable, "-c", f"{script}; import time; time.sleep(600)"]
    with start(tmp_path, ada=parent) as processes:
        processes.wait(until=lambda: processes.log("ada"))
        grandchild = int(processes.log("ada"))
    assert_gone([*pids_of(processes), grandchild])


def test_they_end_even_if_we_are_killed(tmp_path):
    child = "from nlp_helpers import cluster; cluster.die_with_parent()"
    child = f"{child}; import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    parent = f"""
import sys, time
from nlp_helpers import cluster
child = [sys.executable, "-c", {child!r}]
processes = cluster.Processes({{"ada": (child, {{}})}}, {str(tmp_path)!r}, time_limit=9)
time.sleep(600)
"""
    ours = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT / "notebooks")
    log, end = tmp_path / "ada.log", time.monotonic() + 20
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert psutil.pid_exists(int(log.read_text()))
    ours.kill()
    ours.wait()
    assert_gone([int(log.read_text())])


def test_without_such_a_parent_they_live_on():
    script = "from nlp_helpers import cluster; cluster.die_with_parent(); "
    script += "import time; time.sleep(0.5); print('alive')"
    environment = {k: v for k, v in os.environ.items() if k != "ENDS_WITH_PARENT"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "notebooks",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "alive\n"


def test_a_worker_says_in_a_line_what_is_wrong(tmp_path):
    good = cluster.tf_config(cluster.free_addresses(2), 0)
    (tmp_path / "job.json").write_text(json.dumps({"batch_size": 64}))
    (tmp_path / "odd.json").write_text(json.dumps({"batch_size": 63}))
    with socket.create_server(("", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        cases = {
            "malformed": ("job.json", good[:-1], "ValueError: TF_CONFIG must be JSON"),
            "none": ("job.json", "", "ValueError: TF_CONFIG must be JSON"),
            "port": (
                "job.json",
                cluster.tf_config([address], 0),
                f"ClusterError: {address} cannot be used: ",
            ),
            "batch": ("odd.json", good, "ValueError: batch_size=63 over all workers"),
            "no job": ("nowhere.json", good, "FileNotFoundError: "),
        }
        command = [sys.executable, "-m", "nlp_helpers.worker"]
        running = {
            name: subprocess.Popen(
                [*command, tmp_path / job, tmp_path],
                cwd=ROOT / "notebooks",
                env={**os.environ, "TF_CONFIG": config},
                stderr=subprocess.PIPE,
                text=True,
            )
            for name, (job, config, _) in cases.items()
        }
        for name, process in running.items():
            _, said = process.communicate(timeout=30)
            assert process.returncode == 1
            assert said.startswith(cases[name][2]), said
            assert said.count("\n") == 1, said


# Shards


N, BATCH = 24, 4
JOB = {
    "n_examples": N,
    "n_steps": [3, 4],
    "sizes": [9, 9, 4, 1, 4, 1, 8],
    "learning_rate": 1e-2,
    "epsilon": 1e-4,
    "batch_size": BATCH,
    "steps_per_epoch": N // BATCH,
    "epochs": 2,
    "seed": 3,
    "save_every": 0,
    "backup": "",
    "skip": True,
    "pause": 0,
}


def ids(seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 9, [N, 3]), rng.integers(1, 9, [N, 4])


@pytest.fixture
def job(tmp_path):
    (tmp_path / "data").mkdir()
    [write_shards] = from_chapter("write_shards")
    write_shards(tmp_path / "data", 3, *ids())
    return {**JOB, "data": str(tmp_path / "data")}


def shard(job, k, n=3):
    return Path(job["data"]) / f"pairs-{k:05d}-of-{n:05d}.tfrecord"


def damage(path, at=0.5):
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= 1
    path.write_bytes(content)


def numbers_of(dataset):
    return [numbers.numpy().tolist() for numbers, _, _ in dataset]


def test_each_epoch_has_each_example_once_in_an_order_of_its_own(job):
    numbers = np.array(numbers_of(training.batches(job))).reshape(2, N)
    assert np.array_equal(np.sort(numbers), [range(N), range(N)])
    assert not np.array_equal(*numbers)
    assert numbers_of(training.batches(job)) == numbers.reshape(-1, BATCH).tolist()
    other = numbers_of(training.batches({**job, "seed": 4}))
    assert other != numbers.reshape(-1, BATCH).tolist()


def test_the_ids_come_back_as_they_were_written(job):
    source, target = ids()
    for numbers, (sources, inputs), targets in training.batches(job):
        assert np.array_equal(sources, source[numbers])
        assert np.array_equal(inputs, target[numbers, :-1])
        assert np.array_equal(targets, target[numbers, 1:])


def test_a_training_that_goes_on_goes_on_in_the_data(job):
    whole = numbers_of(training.batches(job))
    for done in (0, 1, 8, 12):
        assert numbers_of(training.batches(job, done)) == whole[done:]


def test_workers_share_out_the_examples_not_the_files(job):
    # With the policy AUTO or FILE, 2 workers cannot share 3 files evenly; with OFF
    # each would get all.
    options = training.batches(job).options().experimental_distribute
    assert options.auto_shard_policy == tf.data.experimental.AutoShardPolicy.DATA


def test_missing_shards_are_named(job, tmp_path):
    assert training.shards(job["data"]) == [str(shard(job, k)) for k in range(3)]
    shard(job, 0).unlink()
    shard(job, 2).unlink()
    missing = "Missing: pairs-00000-of-00003.tfrecord, pairs-00002-of-00003.tfrecord"
    with pytest.raises(FileNotFoundError, match=missing):
        training.train(job, tmp_path)
    shard(job, 1).unlink()
    with pytest.raises(FileNotFoundError, match="There is no shard in data"):
        training.shards(job["data"])


@settings(max_examples=8)
@given(at=st.floats(0, 0.99))
def test_a_damaged_record_is_named(tmp_path_factory, at):
    folder = tmp_path_factory.mktemp("damaged")
    [write_shards] = from_chapter("write_shards")
    write_shards(folder, 2, *ids())
    paths = training.shards(folder)
    training.check_records(paths)
    damage(Path(paths[1]), at)
    record = int(at * N / 2)  # all records are of one length, or nearly
    with pytest.raises(ValueError, match="pairs-00001-of-00002") as error:
        training.check_records(paths)
    found = int(re.search(r"its record (\d+)", str(error.value))[1])
    assert abs(found - record) <= 1


def test_a_batch_that_the_devices_do_not_divide_is_refused(job, tmp_path):
    class ThreeDevices:
        num_replicas_in_sync = 3

    with pytest.raises(ValueError, match=r"batch_size=4 over all workers .* 3"):
        training.train(job, tmp_path, ThreeDevices())


# Training


def test_the_loss_counts_every_sentence_alike():
    targets = np.array([[1, 2, 3, 4], [5, 0, 0, 0], [6, 7, 0, 0], [1, 0, 0, 0]])
    logits = tf.random.stateless_normal([4, 4, 9], [1, 2])
    losses = training.sentence_loss(targets, logits).numpy()
    log_p = tf.nn.log_softmax(logits).numpy()
    for row, loss in zip(range(4), losses, strict=True):
        real = [-log_p[row, t, w] for t, w in enumerate(targets[row]) if w]
        assert np.isclose(loss, np.mean(real), rtol=1e-5)
    halves = [training.sentence_loss(targets[k:][:2], logits[k:][:2]) for k in (0, 2)]
    assert np.allclose(np.concatenate(halves), losses)


def test_a_training_that_is_interrupted_and_resumed(job, tmp_path, monkeypatch):
    """What must hold in mid-epoch: all is saved, in the scope, each example once."""

    class PowerCutError(Exception):
        pass

    def cut(log, batch, logs=None):
        count(log, batch, logs)
        if log.n_done == 9:
            raise PowerCutError

    job |= {"save_every": 2, "backup": str(tmp_path / "backup")}
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    count = training.StepLog.on_train_batch_end
    with monkeypatch.context() as patch:
        patch.setattr(training.StepLog, "on_train_batch_end", cut)
        with pytest.raises(PowerCutError):
            training.train(job, tmp_path, strategy)
    assert (tmp_path / "progress").read_text() == "9\n"
    assert training.backed_up_steps(job["backup"]) == 8  # in the second epoch of 6
    model, _, log = training.train(job, tmp_path, strategy)
    assert model.distribute_strategy is strategy
    assert len(log.seconds) == 4
    assert (tmp_path / "progress").read_text() == "12\n"
    assert model.optimizer.iterations.numpy() == 12
    assert np.array_equal(model.seen.numpy(), np.ones([2, N]))
    assert training.backed_up_steps(job["backup"]) == 0  # deleted: it is done


def test_a_damaged_shard_is_named_in_training(job, tmp_path):
    damage(shard(job, 1))
    with pytest.raises(ValueError, match=r"pairs-00001-of-00003\.tfrecord is damaged"):
        training.train(job, tmp_path)


# cuDNN


def plain_layers():
    layers = keras.layers
    return [
        *(layers.GRU(3), layers.LSTM(3), layers.GRU(3, dropout=0.5, stateful=True)),
        layers.LSTM(3, return_sequences=True, go_backwards=True),
        layers.Bidirectional(layers.GRU(3)),
    ]


def slow_layers():
    layers = keras.layers
    changes = {"recurrent_dropout": 0.1, "unroll": True, "use_bias": False}
    changes |= {"activation": "relu", "recurrent_activation": "relu"}
    for (name, value), kind in itertools.product(
        changes.items(), (layers.GRU, layers.LSTM)
    ):
        yield name, kind(3, **{name: value})
    yield "reset_after", layers.GRU(3, reset_after=False)
    yield "RNN", layers.RNN(layers.LSTMCell(3))
    yield "SimpleRNN", layers.SimpleRNN(3)
    yield "LSTMCell", layers.LSTMCell(3)
    one_slow = layers.Bidirectional(
        layers.GRU(3), backward_layer=layers.GRU(3, unroll=True, go_backwards=True)
    )
    yield "unroll", one_slow


def test_the_inspector_says_yes_and_no_and_why():
    cudnn_obstacles, _ = from_chapter("cudnn_obstacles", "NEEDED")
    assert [cudnn_obstacles(layer) for layer in plain_layers()] == [[]] * 5
    for reason, layer in slow_layers():
        [obstacle] = cudnn_obstacles(layer)
        assert reason in obstacle
        if isinstance(layer, keras.layers.GRU | keras.layers.LSTM):
            assert not layer._could_use_gpu_kernel


def test_the_inspector_finds_the_layers_in_code():
    recurrent_layers, *_ = from_chapter("recurrent_layers", "RECURRENT", "HARMLESS")
    code = """
encoder = keras.layers.GRU(n_units, return_sequences=more, recurrent_dropout=0.3)
x = [LSTM(128), layers.RNN(cell), tf.keras.layers.LSTMCell(units=9)]
no = keras.layers.Dense(3), GRUESOME(3), gru(x)
"""
    found = list(recurrent_layers(code))
    kinds = sorted(type(layer).__name__ for layer in found)
    assert kinds == ["GRU", "LSTM", "LSTMCell", "RNN"]
    [gru] = [layer for layer in found if isinstance(layer, keras.layers.GRU)]
    assert gru.get_config()["recurrent_dropout"] == 0.3
    for unclear in ("GRU(3, unroll=maybe)", "GRU(3, **options)"):
        with pytest.raises(ValueError, match=r"malformed node|no number"):
            list(recurrent_layers(unclear))


# The page about clusters


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def run_block(code, monkeypatch, **variables):
    """Run a script of the page up to the training, and return what it would train."""
    calls = []
    monkeypatch.setattr(worker, "train", lambda *arguments: calls.append(arguments))
    monkeypatch.setenv("TF_CONFIG", "")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    exec(code, {})
    [(job, folder)] = calls
    assert job == "job.json"
    return folder, cluster.check_tf_config(os.environ["TF_CONFIG"])


SLURM = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_TASKS_PER_NODE": "1(x2)"}


def test_slurm_gives_the_tf_config_that_the_page_shows(monkeypatch):
    code, _ = blocks("python")
    [shown] = blocks("json")
    for name, value in SLURM.items():
        assert f"`{name}={value}`" in PAGE
    machines = {"SLURM_STEP_NODELIST": "gpu[01-02]", "SLURM_PROCID": "1"}
    folder, found = run_block(code, monkeypatch, **SLURM, **machines)
    assert folder == "results/1"
    assert found == cluster.check_tf_config(shown)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


def test_the_trap_of_names_without_zeros_is_there(monkeypatch):
    code, _ = blocks("python")
    machines = {"SLURM_STEP_NODELIST": "gpu[9-10]", "SLURM_PROCID": "0"}
    _, (addresses, index) = run_block(code, monkeypatch, **SLURM, **machines)
    assert addresses[index] == "gpu10:2222"  # on gpu9
    machines["SLURM_STEP_NODELIST"] = "gpu[09-10]"
    _, (addresses, index) = run_block(code, monkeypatch, **SLURM, **machines)
    assert addresses[index] == "gpu09:2222"


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


def test_the_parts_of_the_manifest_fit_each_other(monkeypatch):
    service, job = manifest()
    name, spec, pod = job["metadata"]["name"], job["spec"], job["spec"]["template"]
    [container] = pod["spec"]["containers"]
    variables = {v["name"]: v["value"] for v in container["env"]}
    assert service["spec"]["selector"] == {"job-name": name}
    assert service["metadata"]["name"] == pod["spec"]["subdomain"]
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"] == int(variables["N_WORKERS"])
    _, code = blocks("python")
    index = {"JOB_COMPLETION_INDEX": "2"}
    folder, (addresses, found) = run_block(code, monkeypatch, **variables, **index)
    assert (folder, found) == ("results/2", 2)
    [port] = [port["port"] for port in service["spec"]["ports"]]
    subdomain = service["metadata"]["name"]
    n_workers = spec["completions"]
    assert addresses == [f"{name}-{k}.{subdomain}:{port}" for k in range(n_workers)]
