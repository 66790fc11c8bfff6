"""The rows themselves: a digest of the first rows of every module and split, which only a new version may change."""

import json
from pathlib import Path

import pytest

from mathbench.dataset import digest
from mathbench.generators.deepmind import MODULES
from tests.deepmind.shared import first_rows

FILE = Path(__file__).with_name("golden.json")
ROWS = {"train": 60, "validation": 20, "interpolate": 20, "extrapolate": 20}


def digests(name: str) -> dict[str, str]:
    return {split: digest.of_table(first_rows(name, split, rows)) for split, rows in ROWS.items()}


@pytest.mark.parametrize("name", MODULES)
def test_rows_are_what_they_were(name):
    assert digests(name) == json.loads(FILE.read_text())[name]


def test_every_module_is_pinned():
    assert set(json.loads(FILE.read_text())) == set(MODULES)


if __name__ == "__main__":  # python -m tests.deepmind.test_golden writes the file
    FILE.write_text(json.dumps({name: digests(name) for name in MODULES}, indent=1) + "\n")
