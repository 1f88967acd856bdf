"""Settings of all the unit tests."""

from hypothesis import HealthCheck, settings

# The same examples for everybody, however busy the machine is.
settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("course")
