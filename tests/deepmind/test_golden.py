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
    assert digests(name) == json.loads(FILE.read_text()).get(name)


def test_every_module_is_pinned():
    assert set(json.loads(FILE.read_text())) == set(MODULES)


def add_digests() -> None:
    """Write the digests of the modules that have none; those that are there stay as they are."""
    known = json.loads(FILE.read_text())
    found = {name: known.get(name) or digests(name) for name in MODULES}
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":  # python -m tests.deepmind.test_golden
    add_digests()
