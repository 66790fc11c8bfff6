# tasks of EleutherAI's lm-evaluation-harness
install 'lm-eval[api]==0.4.13'
python scripts/interop/lm_eval_check.py "$PLACE/work"
