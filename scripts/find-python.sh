# Sourced by scripts in the root of the repository: sets PYTHON to that of .venv, unless the caller has set it. Where .venv
# lacks the program that the argument names, the tools of developers are installed first.
if [ -z "${PYTHON:-}" ]; then
  [ -x ".venv/bin/$1" ] || scripts/install --dev
  PYTHON=.venv/bin/python
fi
