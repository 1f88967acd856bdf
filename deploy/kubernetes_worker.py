"""A worker in an indexed job: who are we, and who am I?"""

import os

from scaling import cluster, worker

n_workers = int(os.environ["N_WORKERS"])
index = int(os.environ["JOB_COMPLETION_INDEX"])
addresses = [f"translator-{k}.workers:2222" for k in range(n_workers)]
os.environ["TF_CONFIG"] = cluster.tf_config(addresses, index)
worker.main(["job.json", f"results/{index}"])
