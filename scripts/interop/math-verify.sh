# math-verify, the reward of many trainers
install -c constraints.txt math-verify==0.9.0
python scripts/interop/math_verify_check.py "$PLACE/work"
