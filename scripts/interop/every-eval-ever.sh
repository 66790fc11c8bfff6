# records of Every Eval Ever, with its own validator, which needs little of what the package requires and runs on Python 3.11
install pydantic jsonschema==4.26.0 rich==14.3.3 requests
pip install --quiet --no-deps --ignore-requires-python every-eval-ever==0.3.0
python scripts/interop/every_eval_ever_check.py "$PLACE/work"
