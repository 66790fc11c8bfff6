# the dataset and the reward manager of verl; orjson is imported by verl, which does not require it
install torch==2.13.0 verl==0.9.1 orjson
OMP_NUM_THREADS=1 python scripts/interop/verl_check.py
