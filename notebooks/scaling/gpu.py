"""What a GPU makes of some layers: `python -m scaling.gpu`. Without one, a processor.

A GPU works on while Python goes on, so each result is waited for before the clock is
read, and what is read is the time on the wall.
"""

import sys
import time


def seconds_of(function, repeats):
    """Return the seconds of the fastest of some calls, each waited for to its end."""
    function().numpy()  # compiles, and fills caches
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        function().numpy()
        best = min(best, time.perf_counter() - start)
    return best


def compare(n_units=256, n_rows=4_096, repeats=5):
    """Print the times of a GRU with and without cuDNN, and of a product by precision.

    Args:
        n_units: number of units of the GRU.
        n_rows: number of rows and columns of the two square matrices.
        repeats: how often each is timed.
    """
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    steps = tf.random.normal([64, 100, 128])
    layers = {
        "cuDNN": tf.keras.layers.GRU(n_units),
        "loop": tf.keras.layers.GRU(n_units, recurrent_dropout=0.1),
    }
    for name, layer in layers.items():
        run = tf.function(layer)
        seconds = seconds_of(lambda run=run: run(steps), repeats)
        print(f"GRU, {name:5}: {1e3 * seconds:8.2f} ms")
    square = tf.random.normal([n_rows, n_rows])
    for name in ["float32", "TF32", "float16", "bfloat16"]:
        tf.config.experimental.enable_tensor_float_32_execution(name == "TF32")
        x = tf.cast(square, "float32" if name == "TF32" else name)
        product = tf.function(lambda x=x: tf.reduce_max(tf.matmul(x, x)))
        seconds = seconds_of(lambda f=product: tf.cast(f(), "float32"), repeats)
        print(f"product, {name:8}: {2 * n_rows**3 / seconds / 1e12:7.2f} Tflop/s")


if __name__ == "__main__":
    compare(*map(int, sys.argv[1:]))
