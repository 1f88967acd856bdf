"""One worker of a training: `python -m nlp_helpers.worker job.json folder`.

It is started by `cluster.Processes`, with which it ends, or by a scheduler.
"""

import json
import os
import sys
from pathlib import Path

from nlp_helpers import cluster


def train(job, folder):
    """Train as one of the workers that TF_CONFIG lists, and write down the results.

    Args:
        job: path of the job, a JSON file: see `training.train`.
        folder: where `progress`, `result.json` and `weights.npz` go: the weights one
            by one, then `own` and `total`, the examples that this worker and all of
            them have seen.

    Raises:
        ValueError: TF_CONFIG, the batch size or a shard is no good.
        ClusterError: the port of this worker is not free.
        FileNotFoundError: a shard is missing.
    """
    folder, job = Path(folder), json.loads(Path(job).read_text())
    addresses, index = cluster.check_tf_config(os.environ.get("TF_CONFIG", ""))
    cluster.check_batch_size(job["batch_size"], len(addresses))
    cluster.check_port(addresses[index])
    folder.mkdir(parents=True, exist_ok=True)
    import numpy as np
    import tensorflow as tf

    from nlp_helpers import training

    tf.get_logger().setLevel("ERROR")
    tf.config.experimental.enable_op_determinism()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    model, history, log = training.train(job, folder, strategy)
    weights = [weight.numpy() for weight in model.trainable_variables]
    own = strategy.experimental_local_results(model.seen)[0].numpy()
    seen = {"own": own, "total": model.seen.read_value().numpy()}
    np.savez(folder / "weights.npz", *weights, **seen)
    result = {"loss": history["loss"], "seconds": log.seconds}
    if job["measure"]:
        result["all_reduce"] = training.time_all_reduce(strategy, job["measure"])
    (folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    os.environ.update(TF_ENABLE_ONEDNN_OPTS="0", TF_NUM_INTRAOP_THREADS="1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    cluster.die_with_parent()
    try:
        train(*sys.argv[1:])
    except (ValueError, FileNotFoundError, cluster.ClusterError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
