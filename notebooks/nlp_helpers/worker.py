"""One process of a job, started by `cluster.Processes`, with which it ends.

    python -m nlp_helpers.worker train job.json folder
    python -m nlp_helpers.worker serve address dispatcher_address
    python -m nlp_helpers.worker read folder dispatcher_address file

The first is a worker of a training; the second one of a tf.data service; the third
reads, slowly, what such a service delivers.
"""

import json
import os
import sys
import time
from pathlib import Path

from nlp_helpers import cluster


def train(job, folder):
    """Train as one of the workers that TF_CONFIG lists, and write down the results.

    Args:
        job: path of the job, a JSON file: see `training.train`.
        folder: where `progress`, `weights.npz` and `result.json` go.

    Raises:
        ValueError: TF_CONFIG, the batch size or a shard is no good.
        ClusterError: the port of this worker is not free.
        FileNotFoundError: a shard is missing.
    """
    folder, job = Path(folder), json.loads(Path(job).read_text())
    addresses, index = cluster.check_tf_config(os.environ.get("TF_CONFIG", ""))
    cluster.check_batch_size(job["batch_size"], len(addresses))
    cluster.check_port(addresses[index])
    import numpy as np
    import tensorflow as tf

    from nlp_helpers import training

    tf.get_logger().setLevel("ERROR")
    tf.config.experimental.enable_op_determinism()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    model, history, log = training.train(job, folder, strategy)
    weights = {f"{k:03}": w.numpy() for k, w in enumerate(model.trainable_variables)}
    own = strategy.experimental_local_results(model.seen)[0].numpy()
    np.savez(folder / "weights.npz", **weights)
    np.savez(folder / "seen.npz", own=own, total=model.seen.read_value().numpy())
    result = {"loss": history["loss"], "seconds": log.seconds}
    if job["measure"]:
        result["all_reduce"] = training.time_all_reduce(strategy, job["measure"])
    (folder / "result.json").write_text(json.dumps(result))


def serve(address, dispatcher_address):
    """Serve as a worker of a tf.data service, which runs pipelines."""
    cluster.check_port(address)
    import tensorflow as tf

    config = tf.data.experimental.service.WorkerConfig(
        dispatcher_address,
        worker_address=address,
        port=int(address.rpartition(":")[2]),
        heartbeat_interval_ms=200,
    )
    server = tf.data.experimental.service.WorkerServer(config)
    print("ready", flush=True)
    server.join()


def read(folder, dispatcher_address, path):
    """Write the numbers of the examples that a tf.data service delivers, a line each.

    Args:
        folder: where the shards are.
        dispatcher_address: address of the dispatcher.
        path: the file to write.
    """
    from nlp_helpers import training

    paths = training.shards(folder)
    with Path(path).open("w", buffering=1) as file:
        for number in training.served_numbers(paths, dispatcher_address, path):
            file.write(f"{number}\n")
            time.sleep(0.002)


if __name__ == "__main__":
    cluster.die_with_parent()
    os.environ.update(TF_ENABLE_ONEDNN_OPTS="0", TF_NUM_INTRAOP_THREADS="1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        {"train": train, "serve": serve, "read": read}[sys.argv[1]](*sys.argv[2:])
    except (ValueError, FileNotFoundError, cluster.ClusterError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
