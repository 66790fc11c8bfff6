"""What the commands import: --help and the list of tasks load nothing that they do not need."""

import json
import subprocess
import sys

import pytest
from typer.main import get_command

from mathbench.cli import app

FRAMEWORKS = ("torch", "keras", "tensorflow", "jax")
BIG = (*FRAMEWORKS, "datasets", "sympy", "matplotlib", "optuna", "ray", "sqlalchemy", "fastapi")
HEAVY = (*BIG, "pandas")  # pyarrow imports pandas with the first array
SCHOOL = "mathbench.generators.deepmind"
DATA = ("numpy", "pyarrow", "mathbench.task", "mathbench.baselines.table", "mathbench.leaderboard.store")
CODE = """
import json, sys
from mathbench.cli import main
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as stop:
        assert not stop.code, words
    print(json.dumps([words, [m for m in json.loads(sys.argv[2]) if m in sys.modules]]), file=sys.stderr)
"""


def imported(commands, modules):
    """Run commands one after the other in one process; return which modules are loaded after each."""
    words = [sys.executable, "-c", CODE, json.dumps(commands), json.dumps(modules)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[[")]


def all_commands(command, path=()):
    """Yield the words of every command and group."""
    yield list(path)
    for name, below in getattr(command, "commands", {}).items():
        yield from all_commands(below, (*path, name))


def test_help_imports_neither_data_nor_frameworks():
    commands = [[*path, "--help"] for path in all_commands(get_command(app))]
    assert len(commands) > 30
    found = imported(commands, [*HEAVY, *DATA, SCHOOL])
    assert found == [[command, []] for command in commands]


@pytest.mark.parametrize(
    ("words", "needless"),
    [
        (["tasks"], [*HEAVY, SCHOOL, "mathbench.baselines"]),
        (["tasks", "addition"], [*BIG, SCHOOL, "mathbench.baselines"]),
        (["tasks", "classic"], [*BIG, SCHOOL, "mathbench.baselines"]),
        (["baselines"], [*HEAVY, *DATA[:3], SCHOOL]),
        (["baselines", "lstm-seq2seq"], [*HEAVY, SCHOOL]),
        (["baselines", "constant"], [*BIG, SCHOOL]),
    ],
    ids=lambda value: " ".join(value[:2]),
)
def test_lists_import_only_what_they_show(words, needless):
    assert imported([words], needless) == [[words, []]]
