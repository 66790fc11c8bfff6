"""mlcroissant takes the metadata of a dataset and reads every row of every split by it."""

import sys
from importlib.metadata import version
from pathlib import Path

import mlcroissant
from answering import run_mathbench

from mathbench.dataset.read import open_dataset

SUITE = """
name = "two"
version = 1
description = "Labels and sums."
seed = 7

[sizes]
train = 300

[[tasks]]
task = "divisible"
k = 3
digits = 3

[[tasks]]
task = "addition"
digits = 2
"""


def plain(value: object) -> object:
    """A value of mlcroissant, whose text is bytes, as one of a row."""
    return value.decode() if isinstance(value, bytes) else value


def main(work: Path) -> None:
    """Compare all rows of a dataset of two configurations, one of which has labels."""
    (work / "suite.toml").write_text(SUITE)
    run_mathbench("generate", "--suite", work / "suite.toml", "--ids", "--out", work / "data")
    run_mathbench("export", "croissant", work / "data", work / "out")
    described = mlcroissant.Dataset(jsonld=work / "out" / "croissant.json")
    issues = described.metadata.ctx.issues
    assert not issues.errors, issues.report()
    dataset, count = open_dataset(str(work / "data")), 0
    for config in dataset.manifest.configs:
        for split in config.sizes:
            name = f"{config.name}/{split}"
            records = described.records(record_set=name)
            found = [
                {key.rpartition("/")[2]: plain(value) for key, value in record.items()} for record in records
            ]
            assert found == dataset.table(config, split).to_pylist(), name
            count += len(found)
    print(f"mlcroissant {version('mlcroissant')}: {count:,} rows")


main(Path(sys.argv[1]))
