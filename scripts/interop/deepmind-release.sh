# deepmind-release: the original's own package writes its release, which needs old libraries
install
if [ ! -x "$PLACE/original/bin/python" ]; then
  "${PYTHON:-python3}" -m venv "$PLACE/original"
  "$PLACE/original/bin/pip" install --quiet mathematics-dataset==1.0.1 sympy==1.4 numpy==1.23.5 'mpmath<1.4'
fi
python scripts/interop/deepmind_release_check.py "$PLACE/work" "$PLACE/original/bin/python"
