"""The programs of the chapter on scaling out: workers, their data and their failures.

Each module imports only those above it: `cluster` and `job`, which do without
TensorFlow; `shards` and `resume`; `training`; and `worker`, which runs it all. Beside
them stand programs of their own: `prepare` writes shards and a job file, `local` starts
workers on one machine, `data_service` prepares batches for others, `gpu` times a GPU.
"""
