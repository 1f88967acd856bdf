"""Start workers on this machine: `python -m scaling.local job.json RESULTS N_WORKERS`.

The same command again goes on after a failure, as a scheduler's would.
"""

import os
import sys
from pathlib import Path

from scaling import cluster


def run(job, results, n_workers=2, time_limit=3_600):
    """Train with some workers on this machine, without its GPUs.

    Args:
        job: path of the file of a `TrainingJob`.
        results: a folder, in which each worker gets one of its own.
        n_workers: number of workers.
        time_limit: seconds until all are ended.

    Raises:
        ClusterError: a worker failed, or time is up. All have been ended then.
    """
    results, commands = Path(results), {}
    results.mkdir(parents=True, exist_ok=True)
    addresses = cluster.free_addresses(n_workers)
    path = str(Path(__file__).resolve().parents[1])
    for k in range(n_workers):
        arguments = [sys.executable, "-m", "scaling.worker", job, results / str(k)]
        variables = {
            "TF_CONFIG": cluster.tf_config(addresses, k),
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONPATH": os.pathsep.join([path, os.environ.get("PYTHONPATH", "")]),
        }
        commands[f"worker-{k}"] = arguments, variables
    with cluster.Processes(commands, results, time_limit=time_limit) as processes:
        processes.wait(grace=40)


if __name__ == "__main__":
    try:
        run(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
    except (cluster.ClusterError, KeyboardInterrupt) as error:
        sys.exit(str(error) or "Interrupted.")
