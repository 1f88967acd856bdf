"""The programs of the chapter on scaling out: workers, their data and their failures.

Each module imports only those above it: `cluster` and `job`, which do without
TensorFlow; `shards` and `resume`; `training`; and `worker`, which runs it all.
"""
