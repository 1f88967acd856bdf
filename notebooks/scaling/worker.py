"""One worker of a training: `python -m scaling.worker job.json folder`.

It is started by `cluster.Processes`, with which it ends, or by a scheduler. Whoever is
killed at whatever moment is started again, together with all the others; the file of
the job, with the ending `.done`, says that nothing is left to do.
"""

import contextlib
import io
import json
import os
import signal
import sys
import threading
from pathlib import Path

from scaling import cluster
from scaling.job import TrainingJob


def train(job, folder):
    """Train as one of the workers that TF_CONFIG lists, and write down the results.

    Args:
        job: path of the file of a `TrainingJob`, in a folder that all workers see.
        folder: where `progress`, `result.json` and `weights.npz` go: the weights one
            by one, then `own` and `total`, how often this worker and all of them
            together have seen each example, `[epochs, n_examples]`.

    Raises:
        ValueError: the job, TF_CONFIG, the batch size or a shard is no good.
        ClusterError: the port of this worker is not free.
        FileNotFoundError: the file of the job or a shard is missing.
    """
    path, folder = Path(job), Path(folder)
    job = TrainingJob.from_json(path.read_text("utf-8"))
    addresses, index = cluster.check_tf_config(os.environ.get("TF_CONFIG", ""))
    cluster.check_batch_size(job.batch_size, len(addresses))
    if is_done(path, job):
        job.delete_backups()  # whoever should have may have been killed
        print(f"{path.name} is done: to train again, delete {done_file(path).name}.")
        return
    cluster.check_port(addresses[index])
    folder.mkdir(parents=True, exist_ok=True)
    import tensorflow as tf

    from scaling import training

    tf.get_logger().setLevel("ERROR")
    tf.config.experimental.enable_op_determinism()
    with end_if_done(path, job):
        strategy = make_strategy()
    # TensorFlow's own handler only notes the signal, and the training would go on.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    state, losses, log = training.train(job, folder, strategy)
    all_reduce = training.time_all_reduce(strategy, job.all_reduce_sizes)
    write_results(folder, state, strategy, losses, log, all_reduce)
    training.wait_for_all(strategy)  # everybody's results are there
    if index == 0:
        write_done(path, job)
    training.wait_for_all(strategy)  # nobody leaves before the file says so
    if index == 0:
        job.delete_backups()


def make_strategy():
    """Wait for all workers, and return their strategy.

    GPUs add up with NCCL; processors have TensorFlow's own ring.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    implementation = tf.distribute.experimental.CommunicationImplementation
    options = tf.distribute.experimental.CommunicationOptions(
        implementation=implementation.NCCL if gpus else implementation.RING
    )
    return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)


def write_results(folder, state, strategy, losses, log, all_reduce):
    """Write `weights.npz` and `result.json`. All workers have to call this."""
    import numpy as np

    own = strategy.experimental_local_results(state.example_counts)[0].numpy()
    total = state.example_counts.read_value().numpy()
    weights, file = [weight.numpy() for weight in state.weights], io.BytesIO()
    np.savez(file, *weights, own=own, total=total)
    write_whole(folder / "weights.npz", file.getvalue())
    result = {"loss": losses, "seconds": log.seconds, "all_reduce": all_reduce}
    write_whole(folder / "result.json", json.dumps(result).encode())


def write_whole(path, content):
    """Write a file that is there as a whole or not at all, whenever we are killed."""
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def done_file(path):
    """Return the path of the file that says that a job is done."""
    return path.with_suffix(".done")


def write_done(path, job):
    """Say that the results of a job are written, and nothing is left to do."""
    write_whole(done_file(path), job.to_json().encode())


def is_done(path, job):
    """Say whether the results of this very job are written."""
    done = done_file(path)
    return done.exists() and done.read_text("utf-8") == job.to_json()


@contextlib.contextmanager
def end_if_done(path, job, every=1.0):
    """While waiting for the others inside: end well if they have finished the job.

    A worker that is started again very soon would wait in vain for those who are still
    about to leave.
    """
    all_are_here = threading.Event()

    def look():
        while not all_are_here.wait(every):
            if is_done(path, job):
                os._exit(0)

    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        all_are_here.set()


def main(arguments):
    """Be a worker, and say in one line what is wrong."""
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    cluster.die_with_parent()
    try:
        train(*arguments)
    except (ValueError, FileNotFoundError, cluster.ClusterError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
