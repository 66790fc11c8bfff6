# a taskset of verifiers, and vf-eval against a local server
install verifiers==0.4.0
python scripts/interop/verifiers_check.py
