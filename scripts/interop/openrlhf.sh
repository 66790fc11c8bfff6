# the dataset and the executor of OpenRLHF, without what it needs to train on GPUs, such as vllm and flash-attn
install torch==2.13.0 transformers==5.15.0 datasets aiohttp tqdm sympy pylatexenc
pip install --quiet --no-deps openrlhf==0.11.2
OMP_NUM_THREADS=1 python scripts/interop/openrlhf_check.py
