# GRPO of TRL, with a random transformer
install torch==2.13.0 trl==1.16.0 transformers==5.24.0
OMP_NUM_THREADS=1 python scripts/interop/trl_check.py
