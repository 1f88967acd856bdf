"""The programs of a `tf.data` service: `python -m scaling.data_service KIND ...`.

dispatcher ADDRESS [WORK_DIR]         hands out the work; a folder makes it survive
server DISPATCHER ADDRESS             runs the pipeline
reader DISPATCHER NUMBERS SHARD ...   reads an epoch, and writes down the numbers
"""

import sys
import time
from pathlib import Path

from scaling import cluster


def run_dispatcher(address, work_dir=""):
    """Hand out the work, for ever.

    Args:
        address: `host:port` of this process.
        work_dir: a folder for the journal of the jobs. A dispatcher that is started
            again with the same address and folder goes on with them; without one it
            has forgotten all.
    """
    import tensorflow as tf

    service = tf.data.experimental.service
    journal = {"fault_tolerant_mode": True, "work_dir": work_dir} if work_dir else {}
    config = service.DispatcherConfig(port=port_of(address), **journal)
    server = service.DispatchServer(config)
    print("ready", flush=True)
    server.join()


def run_server(dispatcher, address):
    """Run the pipeline for whoever reads, for ever."""
    import tensorflow as tf

    service = tf.data.experimental.service
    config = service.WorkerConfig(
        dispatcher_address=dispatcher,
        worker_address=address,
        port=port_of(address),
        heartbeat_interval_ms=200,
    )
    server = service.WorkerServer(config)
    print("ready", flush=True)
    server.join()


def served_numbers(dispatcher, paths, job_name):
    """Return a data set of the numbers of all examples, as the service delivers them.

    Args:
        dispatcher: `host:port` of the dispatcher.
        paths: the shards, which the servers share out one by one.
        job_name: whoever reads under the same name shares one epoch.
    """
    import tensorflow as tf

    spec = {"number": tf.io.FixedLenFeature([], tf.int64)}
    dataset = tf.data.Dataset.from_tensor_slices(paths)
    dataset = dataset.interleave(tf.data.TFRecordDataset, cycle_length=1)
    dataset = dataset.map(lambda x: tf.io.parse_single_example(x, spec)["number"])
    distribute = tf.data.experimental.service.distribute(
        "distributed_epoch",
        f"grpc://{dispatcher}",
        job_name=job_name,
        max_outstanding_requests=2,
    )
    return dataset.apply(distribute)


def run_reader(dispatcher, numbers, *paths):
    """Read an epoch slowly, and write the numbers of its examples into a file."""
    with Path(numbers).open("w", 1, "utf-8") as file:
        for number in served_numbers(dispatcher, list(paths), "reader"):
            print(int(number), file=file)
            time.sleep(0.002)


def numbers_in(path):
    """Return the numbers that a reader has written down so far."""
    text = Path(path).read_text("utf-8") if Path(path).exists() else ""
    return [int(number) for number in text.rpartition("\n")[0].split()]


def wait_for_silence(path, seconds):
    """Return the numbers of a reader, once nothing has come for some seconds."""
    numbers, silent_since = [], time.monotonic()
    while time.monotonic() < silent_since + seconds:
        if len(numbers_in(path)) > len(numbers):
            numbers, silent_since = numbers_in(path), time.monotonic()
        time.sleep(0.1)
    return numbers


def port_of(address):
    """Return the port of `host:port`."""
    return int(address.rpartition(":")[2])


def command(kind, *arguments):
    """Return the command that starts one of these programs."""
    return [sys.executable, "-m", "scaling.data_service", kind, *arguments]


if __name__ == "__main__":
    cluster.die_with_parent()
    kind, *arguments = sys.argv[1:]
    programs = {"dispatcher": run_dispatcher, "server": run_server}
    (programs | {"reader": run_reader})[kind](*arguments)
