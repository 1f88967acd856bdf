"""Compiled functions that belong to a model, and are made anew when it changes."""

import contextlib

import tensorflow as tf

_NOT_FINITE = "The logits are not finite numbers"


def compiled(model, make, **options):
    """Return `make(model, **options)`, a compiled function, made once and kept.

    The model keeps the function, so both are freed together. As soon as the model has
    another layer or another variable, the function is made anew.

    Args:
        model: the model that the function runs.
        make: a function of a model that returns a compiled function.
        **options: the other arguments of `make`, which have to be hashable.
    """
    # Not as an attribute: Keras would look for layers in it, and save it.
    kept = vars(model).setdefault("_compiled_functions", {})
    key = (make, *sorted(options.items()))
    now = [*getattr(model, "layers", ()), *getattr(model, "variables", ())]
    function, parts = kept.get(key, (None, ()))
    if function is None or list(map(id, parts)) != list(map(id, now)):
        function = make(model, **options)
        kept[key] = function, now  # kept alive: no other object may get their ids
    return function


@contextlib.contextmanager
def not_finite_is_reported():
    """Say of a model with logits that are not finite what it is, in place of a trace.

    Raises:
        FloatingPointError: `finite` found such logits.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if _NOT_FINITE not in str(error):
            raise
        raise FloatingPointError(
            f"{_NOT_FINITE}: the training of this model has failed, or it was loaded "
            "from a damaged file."
        ) from None


def finite(logits):
    """Return logits in float32, whatever the model computes in, once they are finite.

    Raises:
        InvalidArgumentError: they are not.
    """
    return tf.debugging.check_numerics(tf.cast(logits, tf.float32), _NOT_FINITE)
