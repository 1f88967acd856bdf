"""A worker in a Slurm step: who are we, and who am I?"""

import os

from scaling import cluster, worker

index = int(os.environ["SLURM_PROCID"])
addresses = [f"{host}:2222" for host in os.environ["HOSTS"].split()]
os.environ["TF_CONFIG"] = cluster.tf_config(addresses, index)
worker.main(["job.json", f"results/{index}"])
