"""The rows themselves: a digest of the first rows of every module, version and split, which stay for ever."""

import json
from pathlib import Path

import pytest

from mathbench.dataset import digest
from mathbench.families import SCHOOL, task
from mathbench.generators.deepmind import MODULES
from mathbench.rows import Rows
from tests.deepmind.shared import SEED, first_rows

FILE = Path(__file__).with_name("golden.json")
ROWS = {"train": 60, "validation": 20, "interpolate": 20, "extrapolate": 20}
VERSIONS = [(name, version) for name, module in MODULES.items() for version in range(1, module.version + 1)]
KEYS = [name if version == 1 else f"{name}-v{version}" for name, version in VERSIONS]


def digests(name: str, version: int) -> dict[str, str]:
    if version == MODULES[name].version:
        return {split: digest.of_table(first_rows(name, split, rows)) for split, rows in ROWS.items()}
    splits = {split: Rows(task(f"{SCHOOL}{name}-v{version}"), split, SEED) for split in ROWS}
    held = {split: splits[split].capacity_up_to(rows) for split, rows in ROWS.items()}
    return {split: digest.of_table(rows.batch(range(held[split]))) for split, rows in splits.items()}


@pytest.mark.parametrize(("name", "version"), VERSIONS, ids=KEYS)
def test_rows_are_what_they_were(name, version):
    known = json.loads(FILE.read_text())
    assert digests(name, version) == known.get(KEYS[VERSIONS.index((name, version))])


def test_every_module_is_pinned():
    assert list(json.loads(FILE.read_text())) == KEYS


def add_digests() -> None:
    """Write the digests of the modules and versions that have none; those that are there stay as they are."""
    known = json.loads(FILE.read_text())
    found = {key: known.get(key) or digests(*which) for key, which in zip(KEYS, VERSIONS, strict=True)}
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":  # python -m tests.deepmind.test_golden
    add_digests()
