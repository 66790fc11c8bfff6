#!/usr/bin/env bash
# GRPO of TRL with the strict reward, in an environment of its own: PLACE, by default .interop/trl.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=${PLACE:-.interop/trl}
[ -x "$place/bin/python" ] || "${PYTHON:-python3}" -m venv "$place"
"$place/bin/python" -m pip install --quiet torch==2.13.0
"$place/bin/python" -m pip install --quiet trl==1.16.0 transformers==5.24.0 .
OMP_NUM_THREADS=1 "$place/bin/python" scripts/interop/trl_check.py
