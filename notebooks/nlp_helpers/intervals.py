"""How far a mean over seeds may be off: 95 % intervals of Student's t."""

import numpy as np
from scipy import stats

SEEDS_OF_A_VERDICT = 5  # with fewer, an interval is shown and nothing concluded
CONFIDENCE = 0.95


def interval(values):
    """Return the ends of the 95 % interval of a mean (Student 1908).

    For a comparison, give the differences between the two, one for each seed: what a
    seed does to both of them cancels out.

    Args:
        values: what was measured, one number for each seed; two at least.

    Raises:
        ValueError: there are fewer than two, or one is not a finite number.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"An interval takes the values of two seeds at least, in a list: {values}."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"An interval of these is not defined: {values}.")
    error = stats.sem(values)
    reach = error * stats.t.ppf((1 + CONFIDENCE) / 2, df=len(values) - 1)
    return values.mean() - reach, values.mean() + reach
