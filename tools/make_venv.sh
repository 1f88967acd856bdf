#!/bin/sh
# Make .venv with Python 3.11 and everything in requirements.txt; called by make.
# Uses uv where there is one, else venv and pip. $1 is the environment's bin folder; with
# GPU set, the CUDA libraries of requirements-gpu.txt come along.
set -eu
unset PIP_USER PIP_TARGET PIP_PREFIX PYTHONHOME PYTHONPATH  # set for other work
bin=$1
gpu=${GPU:+requirements-gpu.txt}

is_311() {
  "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

no_python() {
  echo "This course needs Python 3.11, the only version that TensorFlow 2.15 and all" \
    "its companions share: get it with 'uv python install 3.11' or 'conda create -n" \
    "py311 python=3.11', then say 'make setup PYTHON=/path/to/python3.11'." >&2
  exit 1
}

python=""
for candidate in "${PYTHON:-python3.11}" python3.11 python3 python; do
  if is_311 "$candidate"; then python=$candidate; break; fi
done
if [ -n "${PYTHON:-}" ] && [ "$python" != "$PYTHON" ]; then no_python; fi

# Where a home is read-only, uv and pip keep nothing for another time.
if command -v uv >/dev/null 2>&1; then
  mkdir -p "$(uv cache dir)" 2>/dev/null || export UV_NO_CACHE=1
  is_311 "$bin/python" || uv venv --quiet --clear --python "${python:-3.11}" .venv || no_python
  uv pip sync --python "$bin/python" --require-hashes requirements.txt $gpu
else
  [ -n "$python" ] || no_python
  is_311 "$bin/python" || "$python" -m venv --clear .venv
  mkdir -p "$("$bin/python" -m pip cache dir 2>/dev/null)" 2>/dev/null || export PIP_NO_CACHE_DIR=1
  echo "Installing 2.4 GB of packages with pip: a few minutes, once." >&2
  "$bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements.txt ${gpu:+-r "$gpu"}
fi
