#!/usr/bin/env bash
# A taskset of verifiers and vf-eval against a local server, in an environment of its own: PLACE, by default
# .interop/verifiers.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=${PLACE:-.interop/verifiers}
[ -x "$place/bin/python" ] || "${PYTHON:-python3}" -m venv "$place"
"$place/bin/python" -m pip install --quiet verifiers==0.4.0 .
"$place/bin/python" scripts/interop/verifiers_check.py
