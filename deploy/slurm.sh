#!/bin/bash
#SBATCH --job-name=translator
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120
# Submit it from the shared folder: COURSE=/path/to/course sbatch slurm.sh
set -u
max_restarts=${MAX_RESTARTS:-5}

start_again() {
  if ((${SLURM_RESTART_COUNT:-0} >= max_restarts)); then
    echo "Restarted $max_restarts times already: giving up." >&2
    exit 1
  fi
  scontrol requeue "$SLURM_JOB_ID"
  exit 1
}

time_is_nearly_up() {
  kill "$step"
  start_again
}

HOSTS=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
export HOSTS PYTHONPATH="$COURSE/notebooks"
export TF_NUM_INTRAOP_THREADS=$SLURM_CPUS_PER_TASK
# A step does not take the number of CPUs from the job by itself.
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=1 \
  "$COURSE/.venv/bin/python" "$COURSE/deploy/slurm_worker.py" &
step=$!
trap time_is_nearly_up USR1
wait "$step" || start_again
