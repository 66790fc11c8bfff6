# files of the formats, with datasets, NumPy and TensorFlow
install -c constraints.txt tensorflow-cpu==2.21.0 datasets==5.2.0
python scripts/interop/formats_check.py "$PLACE/work"
