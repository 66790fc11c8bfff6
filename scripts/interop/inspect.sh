# inspect
install inspect-ai==0.3.285
python scripts/interop/inspect_check.py "$PLACE/work"
