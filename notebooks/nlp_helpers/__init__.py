"""What the chapters share: data, text, pipelines, sampling, figures and claims.

Every module has one subject and can be read in one sitting. Import them one by one,
`from nlp_helpers import course, datasets`, always after `course.begin`.
"""

import os

EDITIONS = ("packaged", "original")  # values of NLP_DATA
SCALES = ("quick", "full")  # values of NLP_SCALE


def setting(variable, allowed):
    """Return the value of an environment variable that has few allowed values.

    Args:
        variable: name of the environment variable, such as "NLP_DATA".
        allowed: the values it may have; the first one is the default.

    Raises:
        ValueError: the variable is set to something else.
    """
    value = os.environ.get(variable) or allowed[0]
    if value not in allowed:
        raise ValueError(
            f"{variable}={value!r} is not known. Set it to one of "
            f"{', '.join(allowed)}, or unset it to get {allowed[0]!r}."
        )
    return value
