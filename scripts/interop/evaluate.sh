# the metric of Hugging Face's evaluate
install -c constraints.txt evaluate==0.4.6
python scripts/interop/evaluate_check.py "$PLACE/work"
