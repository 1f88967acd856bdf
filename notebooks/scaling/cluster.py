"""Processes that work together: addresses, time limit, and nobody left behind.

Nothing here needs TensorFlow: what can be checked before it is imported takes no time.
"""

import contextlib
import json
import operator
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

import psutil
from nlp_helpers import families
from nlp_helpers.course import without_proxy


class ClusterError(RuntimeError):
    """A process failed, or was not done in time. All the others have been ended."""


def free_addresses(n):
    """Return n addresses of this machine, `127.0.0.1:port`, that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return addresses


def tf_config(addresses, index):
    """Return the text of TF_CONFIG for one worker.

    Args:
        addresses: `host:port` of every worker, in the same order for all of them.
        index: which of them this worker is.
    """
    task = {"type": "worker", "index": operator.index(index)}
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": task})


def check_tf_config(text):
    """Return the addresses and the index that a TF_CONFIG of workers holds.

    Raises:
        ValueError: it is no JSON, or no such cluster and task; the message says what
            is wrong with it.
    """
    needed = (
        'TF_CONFIG must be JSON with "cluster": {"worker": [addresses]} and "task": '
        f'{{"type": "worker", "index": number}}, but is {text[:80]!r}: '
    )
    try:
        config = json.loads(text)
        [(kind, addresses)], task = config["cluster"].items(), config["task"]
        if not {kind, task["type"]} == {"worker"} or not isinstance(addresses, list):
            raise ValueError("only workers are known here, in a list")
        index = task["index"]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{needed}{error!r}") from None
    for address in addresses:
        match = re.fullmatch(r"[\w.-]+:(\d{1,5})", str(address), re.ASCII)
        if not match or not 0 < int(match[1]) < 65_536:
            raise ValueError(f"TF_CONFIG: {address!r} is not like host:port.")
    if len(set(addresses)) < len(addresses):
        raise ValueError(f"TF_CONFIG: an address is there twice in {addresses}.")
    if type(index) is not int or index not in range(len(addresses)):
        raise ValueError(
            f"TF_CONFIG: index {index!r} is none of the {len(addresses)} workers; they "
            "are counted from 0."
        )
    return addresses, index


def check_batch_size(batch_size, n_workers):
    """Check that a batch over all workers can be divided evenly among them.

    Raises:
        ValueError: it cannot.
    """
    if batch_size < 1 or batch_size % n_workers:
        raise ValueError(
            f"batch_size={batch_size} over all workers cannot be divided evenly among "
            f"{n_workers}: use a multiple of {n_workers}."
        )


def check_port(address):
    """Check that this machine's port of an address is free.

    TensorFlow's own error does not name the port; a tf.data dispatcher would share it.

    Raises:
        ClusterError: somebody listens there already.
    """
    try:
        socket.create_server(("", int(address.rpartition(":")[2]))).close()
    except OSError as error:
        raise ClusterError(f"{address} cannot be used: {error.strerror}.") from None


def die_with_parent():
    """End this process as soon as the `Processes` that started it are gone."""
    if "ENDS_WITH_PARENT" not in os.environ:
        return  # a scheduler did

    def wait():
        while os.read(0, 1):  # returns nothing once the other end is closed
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def kill_tree(process):
    """End a process and all that it has started, whatever has ended by itself.

    Args:
        process: a `psutil.Process`.
    """
    family = [process]
    with contextlib.suppress(psutil.NoSuchProcess):
        family += process.children(recursive=True)
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


class Processes:
    """Processes that live and die together; use it in a `with` statement.

    Their memory counts among the costs of the chapter that has started them.
    """

    def __init__(self, commands, folder, *, time_limit):
        """Start the processes.

        Args:
            commands: a dict from names to pairs of a list of arguments and a dict of
                environment variables, which are added to those of this process.
            folder: where the output of each goes, as `<name>.log`.
            time_limit: seconds until all that still run are ended.

        Raises:
            ClusterError: one cannot be started.
        """
        self._folder, self._time_limit = Path(folder), time_limit
        self._deadline = time.monotonic() + time_limit
        self._memory = families.PeakMemory()
        self._running, self._killed = {}, set()
        without_proxy()
        for name, (arguments, variables) in commands.items():
            arguments = [str(argument) for argument in arguments]
            env = {**os.environ, **variables, "ENDS_WITH_PARENT": "1"}
            try:
                with (self._folder / f"{name}.log").open("wb") as log:
                    streams = {"stdin": subprocess.PIPE, "stdout": log, "stderr": log}
                    self._running[name] = psutil.Popen(arguments, env=env, **streams)
            except (OSError, TypeError, ValueError) as error:
                self.stop()
                raise ClusterError(f"{name} does not start: {error}") from None

    def __enter__(self):
        """Return the processes themselves."""
        return self

    def __exit__(self, *_):
        """End those that still run."""
        self.stop()

    def wait(self, until=None, *, grace=0):
        """Wait until all have ended well, or until a condition holds.

        Args:
            until: a function without arguments, such as one that looks for a file.
            grace: seconds that the others get to end by themselves if one fails.

        Raises:
            ClusterError: one failed, or time is up. All have been ended then.
        """
        try:
            self._wait(until, grace)
        except BaseException:
            self.stop()
            raise

    def _wait(self, until, grace):
        while until is None or not until():
            codes = {name: p.poll() for name, p in self._running.items()}
            if failed := [name for name, code in codes.items() if code]:
                end = min(time.monotonic() + grace, self._deadline)
                while self.alive() and time.monotonic() < end:
                    time.sleep(0.02)
                code = codes[failed[0]]
                how = f"was ended by signal {-code}" if code < 0 else "failed"
                how = "was killed" if failed[0] in self._killed else how
                last_line = self.log(failed[0]).rpartition("\n")[2]
                raise ClusterError(f"{failed[0]} {how}. Its last words: {last_line}")
            if not self.alive():
                if until is not None and not until():
                    raise ClusterError("All ended before what was waited for.")
                return
            if time.monotonic() > self._deadline:
                late = ", ".join(self.alive())
                raise ClusterError(f"{late}: not done after {self._time_limit} s.")
            time.sleep(0.02)

    def kill(self, name):
        """End one process at once, as a power cut would."""
        self._killed.add(name)
        self._running[name].kill()

    def stop(self):
        """End all the processes that still run, with those that they have started."""
        for process in self._running.values():
            kill_tree(process)
            process.wait()
            process.stdin.close()
        self._memory.stop()

    def alive(self):
        """Return the names of the processes that run."""
        return [name for name, p in self._running.items() if p.poll() is None]

    def log(self, name):
        """Return what a process has written."""
        return (self._folder / f"{name}.log").read_text("utf-8", "replace").strip()
