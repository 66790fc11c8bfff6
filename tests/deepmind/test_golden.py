"""The rows themselves: a digest of the first rows of every module and split, which only a new version may change."""

import json
from pathlib import Path

import pytest

from mathbench import digest
from mathbench.generators.deepmind import MODULES, TASKS
from mathbench.rows import Rows

FILE = Path(__file__).with_name("golden.json")
ROWS = {"train": 100, "validation": 10, "interpolate": 10, "extrapolate": 10}


def digests(name: str) -> dict[str, str]:
    task = TASKS[f"deepmind/{name}"]()
    return {split: digest.of_table(Rows(task, split, 7).batch(range(rows))) for split, rows in ROWS.items()}


@pytest.mark.parametrize("name", MODULES)
def test_rows_are_what_they_were(name):
    assert digests(name) == json.loads(FILE.read_text())[name]


def test_every_module_is_pinned():
    assert set(json.loads(FILE.read_text())) == set(MODULES)


if __name__ == "__main__":  # python -m tests.deepmind.test_golden writes the file
    FILE.write_text(json.dumps({name: digests(name) for name in MODULES}, indent=1) + "\n")
