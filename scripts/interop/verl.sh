#!/usr/bin/env bash
# The strict reward and the rows of verl, in an environment of its own: PLACE, by default .interop/verl.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=${PLACE:-.interop/verl}
[ -x "$place/bin/python" ] || "${PYTHON:-python3}" -m venv "$place"
"$place/bin/python" -m pip install --quiet torch==2.13.0
# orjson is imported by verl, which does not require it
"$place/bin/python" -m pip install --quiet verl==0.9.1 orjson .
OMP_NUM_THREADS=1 "$place/bin/python" scripts/interop/verl_check.py
