#!/usr/bin/env bash
# The strict reward and the rows of OpenRLHF, in an environment of its own: PLACE, by default .interop/openrlhf.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=${PLACE:-.interop/openrlhf}
[ -x "$place/bin/python" ] || "${PYTHON:-python3}" -m venv "$place"
"$place/bin/python" -m pip install --quiet torch==2.13.0
# without what OpenRLHF needs for training on GPUs, such as vllm, deepspeed and flash-attn
"$place/bin/python" -m pip install --quiet transformers==5.15.0 datasets aiohttp tqdm sympy pylatexenc .
"$place/bin/python" -m pip install --quiet --no-deps openrlhf==0.11.2
OMP_NUM_THREADS=1 "$place/bin/python" scripts/interop/openrlhf_check.py
