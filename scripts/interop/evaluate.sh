# evaluate
install evaluate==0.4.6
python scripts/interop/evaluate_check.py "$PLACE/work"
