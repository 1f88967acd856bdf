"""One worker of a training: `python -m scaling.worker job.json folder`.

It is started by `cluster.Processes`, with which it ends, or by a scheduler.
"""

import json
import os
import sys
from pathlib import Path

from scaling import cluster
from scaling.job import TrainingJob


def train(job, folder):
    """Train as one of the workers that TF_CONFIG lists, and write down the results.

    Args:
        job: path of the file of a `TrainingJob`.
        folder: where `progress`, `result.json` and `weights.npz` go: the weights one
            by one, then `own` and `total`, how often this worker and all of them
            together have seen each example, `[epochs, n_examples]`.

    Raises:
        ValueError: the job, TF_CONFIG, the batch size or a shard is no good.
        ClusterError: the port of this worker is not free.
        FileNotFoundError: the file of the job or a shard is missing.
    """
    job, folder = TrainingJob.from_json(Path(job).read_text("utf-8")), Path(folder)
    addresses, index = cluster.check_tf_config(os.environ.get("TF_CONFIG", ""))
    cluster.check_batch_size(job.batch_size, len(addresses))
    cluster.check_port(addresses[index])
    folder.mkdir(parents=True, exist_ok=True)
    import numpy as np
    import tensorflow as tf

    from scaling import training

    tf.get_logger().setLevel("ERROR")
    tf.config.experimental.enable_op_determinism()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    state, losses, log = training.train(job, folder, strategy)
    weights = [weight.numpy() for weight in state.weights]
    own = strategy.experimental_local_results(state.example_counts)[0].numpy()
    total = state.example_counts.read_value().numpy()
    np.savez(folder / "weights.npz", *weights, own=own, total=total)
    result = {"loss": losses, "seconds": log.seconds}
    result["all_reduce"] = training.time_all_reduce(strategy, job.all_reduce_sizes)
    (folder / "result.json").write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    os.environ.update(TF_ENABLE_ONEDNN_OPTS="0", TF_NUM_INTRAOP_THREADS="1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    cluster.die_with_parent()
    try:
        train(*sys.argv[1:])
    except (ValueError, FileNotFoundError, cluster.ClusterError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
