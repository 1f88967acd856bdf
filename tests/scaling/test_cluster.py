"""Addresses and TF_CONFIG; processes of which none is left over."""

import json
import os
import socket
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_helpers import families
from scaling import cluster

from tools.chapters import NOTEBOOKS

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]
FAILS = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]
ENDS = [sys.executable, "-c", ""]
ADDRESSES = ["ada:2222", "bob:2222", "cy-9.net:1"]


# TF_CONFIG


@pytest.mark.parametrize("n_workers", [1, 3])
def test_a_good_tf_config_says_what_was_put_in(n_workers):
    addresses, index = ADDRESSES[:n_workers], n_workers - 1
    text = cluster.tf_config(addresses, np.int64(index))
    assert cluster.check_tf_config(text) == (addresses, index)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_whatever_else_is_refused_by_name(content):
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(ValueError, match="TF_CONFIG"):
        cluster.check_tf_config(text)


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


@pytest.mark.parametrize(("batch_size", "n_workers"), [(1, 1), (6, 3), (64, 2)])
def test_the_workers_divide_the_batch(batch_size, n_workers):
    cluster.check_batch_size(batch_size, n_workers)


@pytest.mark.parametrize(("batch_size", "n_workers"), [(0, 1), (-2, 2), (4, 3), (1, 2)])
def test_or_it_is_refused(batch_size, n_workers):
    with pytest.raises(ValueError, match=f"{batch_size} over all .*of {n_workers}"):
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
    with start(tmp_path, ada=ENDS, bob=large) as processes:
        processes.wait(until=lambda: processes.alive() == ["bob"])
        processes.wait(until=lambda: processes.log("bob") == "there")
        processes.wait(until=lambda: families.PeakMemory.of_all > 1)


def test_one_that_fails_ends_the_others(tmp_path):
    with start(tmp_path, ada=FOREVER, bob=FAILS, cy=FOREVER) as processes:
        with pytest.raises(cluster.ClusterError, match=r"bob failed.*no such luck"):
            processes.wait()
        assert_gone(pids_of(processes))


def test_the_others_get_their_grace(tmp_path):
    soon = [sys.executable, "-c", "import time; time.sleep(0.5); print('bye')"]
    with start(tmp_path, ada=soon, bob=FAILS) as processes:
        with pytest.raises(cluster.ClusterError, match="bob failed"):
            processes.wait(grace=20)
        assert processes.log("ada") == "bye"


def test_time_is_up(tmp_path):
    with start(tmp_path, 0.5, ada=FOREVER, bob=ENDS, cy=FOREVER) as processes:
        with pytest.raises(cluster.ClusterError, match=r"ada, .*cy: not done .* 0.5 s"):
            processes.wait()
        assert_gone(pids_of(processes))


@pytest.mark.parametrize(
    ("command", "complaint"),
    [((["/nowhere"], {}), "/nowhere"), ((FOREVER, {"SIZE": 3}), "int")],
)
def test_one_that_does_not_start_ends_the_others(tmp_path, command, complaint):
    children = set(psutil.Process().children())
    commands = {"ada": (FOREVER, {}), "bob": command}
    with pytest.raises(cluster.ClusterError, match=f"bob does not start.*{complaint}"):
        cluster.Processes(commands, tmp_path, time_limit=30)
    assert set(psutil.Process().children()) <= children


def test_a_killed_one_is_named(tmp_path):
    with start(tmp_path, ada=FOREVER, bob=FOREVER) as processes:
        processes.wait(until=lambda: len(processes.alive()) == 2)
        processes.kill("bob")
        with pytest.raises(cluster.ClusterError, match=r"bob was killed\. Its last"):
            processes.wait()
        assert_gone(pids_of(processes))


def test_what_never_happens_is_not_waited_for(tmp_path):
    with (
        start(tmp_path, ada=ENDS) as processes,
        pytest.raises(cluster.ClusterError, match="All ended before"),
    ):
        processes.wait(until=lambda: False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_of_ours_ends_them(tmp_path, error):
    def interrupted():
        raise error

    processes = start(tmp_path, ada=FOREVER)
    with pytest.raises(error):
        processes.wait(until=interrupted)
    assert_gone(pids_of(processes))


def test_children_of_children_end_too(tmp_path):
    script = f"import subprocess; print(subprocess.Popen({FOREVER}).pid, flush=True)"
    parent = [sys.executable, "-c", f"{script}; import time; time.sleep(600)"]
    with start(tmp_path, ada=parent) as processes:
        processes.wait(until=lambda: processes.log("ada"))
        grandchild = int(processes.log("ada"))
    assert_gone([*pids_of(processes), grandchild])


def test_one_that_ends_while_it_is_ended_disturbs_nobody(tmp_path, monkeypatch):
    with psutil.Popen(ENDS) as ended:
        grandchild = psutil.Process(ended.pid)
    monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: [grandchild])
    with start(tmp_path, ada=FOREVER, bob=FOREVER) as processes:
        pass
    assert_gone(pids_of(processes))


def test_one_that_ends_before_its_children_are_asked_for_disturbs_nobody(
    tmp_path, monkeypatch
):
    def gone(process, **_):
        raise psutil.NoSuchProcess(process.pid)

    monkeypatch.setattr(psutil.Process, "children", gone)
    with start(tmp_path, ada=FOREVER, bob=FOREVER) as processes:
        pass
    assert_gone(pids_of(processes))


def test_short_lived_grandchildren_disturb_nobody(tmp_path):
    script = f"import subprocess\nwhile True: subprocess.run({ENDS})"
    restless = [sys.executable, "-c", script]
    for _ in range(3):
        with start(tmp_path, ada=restless, bob=restless) as processes:
            time.sleep(0.2)
        assert_gone(pids_of(processes))


def test_the_processes_reach_each_other_past_a_proxy(tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.org")
    says = [sys.executable, "-c", "import os; print(os.environ['no_proxy'])"]
    with start(tmp_path, ada=says) as processes:
        processes.wait()
    assert processes.log("ada") == "example.org,127.0.0.1,localhost"


def test_they_end_even_if_we_are_killed(tmp_path):
    child = "from scaling import cluster; cluster.die_with_parent()"
    child = f"{child}; import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    parent = f"""
import sys, time
from nlp_helpers import families
from scaling import cluster
child = [sys.executable, "-c", {child!r}]
processes = cluster.Processes({{"ada": (child, {{}})}}, {str(tmp_path)!r}, time_limit=9)
time.sleep(600)
"""
    ours = subprocess.Popen([sys.executable, "-c", parent], cwd=NOTEBOOKS)
    log, end = tmp_path / "ada.log", time.monotonic() + 20
    while not (log.exists() and log.read_text("utf-8").endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert psutil.pid_exists(int(log.read_text("utf-8")))
    ours.kill()
    ours.wait()
    assert_gone([int(log.read_text("utf-8"))])


def test_without_such_a_parent_they_live_on():
    script = "from scaling import cluster; cluster.die_with_parent(); "
    script += "import time; time.sleep(0.3); print('alive')"
    environment = {k: v for k, v in os.environ.items() if k != "ENDS_WITH_PARENT"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=NOTEBOOKS,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "alive\n"
