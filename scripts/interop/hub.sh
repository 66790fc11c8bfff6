# the repository for the Hub, with datasets, huggingface_hub and Inspect
install inspect-ai==0.3.285 datasets==5.2.0 huggingface_hub==2.4.0
python scripts/interop/hub_check.py "$PLACE/work"
