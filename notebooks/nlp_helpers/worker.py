"""One process of a job: `python -m nlp_helpers.worker train job.json folder`.

Or `dispatcher` or `reader` of a tf.data service. It ends with whoever started it.
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
        folder: where `weights.npz`, `result.json` and `progress` go.
    """
    job = json.loads(Path(job).read_text())
    addresses, index = cluster.check_tf_config(os.environ.get("TF_CONFIG", ""))
    cluster.check_port(addresses[index])
    import numpy as np
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    from nlp_helpers import training

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    model, history, log = training.train(job, folder, strategy)
    total = model.seen.read_value()
    own = strategy.experimental_local_results(model.seen)[0]
    np.savez(
        Path(folder) / "weights.npz",
        *(w.numpy() for w in model.trainable_variables),
        total=total,
        own=own,
    )
    result = {
        "history": history,
        "seconds": log.seconds,
        "cpu_seconds": log.cpu_seconds,
    }
    (Path(folder) / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    cluster.die_with_parent()
    os.environ.update(TF_ENABLE_ONEDNN_OPTS="0", TF_NUM_INTRAOP_THREADS="1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    train(*sys.argv[2:])
