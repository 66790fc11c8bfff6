# tasks of Inspect
install inspect-ai==0.3.285 setuptools
python scripts/interop/inspect_check.py "$PLACE/work"
