"""The expected size of a dataset on disk, from a sample of its rows: nothing is written."""

import io

import numpy as np
import pyarrow as pa

from mathbench.dataset.digest import Digest
from mathbench.dataset.manifest import Config
from mathbench.dataset.shard import open_shard
from mathbench.hashing import Int
from mathbench.sampling.enumerated import Enumerated
from mathbench.task import Task

STRETCHES = 8  # places in a split that the sample is taken from
STRETCH_ROWS = 256
SAMPLE_ROWS = STRETCHES * STRETCH_ROWS
FIRST_ROWS = 1024  # sampled where a row needs all rows before it
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def expected_bytes(config: Config) -> int:
    """Estimate the bytes of the Parquet files of a configuration; the dataset's card and manifest are not counted.

    Args:
        config: the configuration, whose splits hold the requested rows.

    >>> from mathbench.dataset.manifest import single_config
    >>> from mathbench.families import task
    >>> expected_size(expected_bytes(single_config(task("addition", digits=6), {"train": 5_000_000})))
    '42 MB'
    """
    return sum(_split_bytes(config, split) for split, rows in config.sizes.items() if rows)


def expected_size(count: int) -> str:
    """Format a number of bytes with two digits, in powers of 1000.

    >>> [expected_size(count) for count in (95, 12_345_678, 996_000, 1_260_000_000, 481_000)]
    ['95 bytes', '12 MB', '1.0 MB', '1.3 GB', '480 kB']
    """
    value, unit = float(f"{count:.2g}"), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.{int(unit > 0 and value < 10)}f} {UNITS[unit]}"


def _split_bytes(config: Config, split: str) -> int:
    """Estimate the files of a split: each has the bytes that all files have, and those of its rows."""
    sampled = _sampled_rows(config.task, config.sizes[split])
    table = config.rows(split).batch(sampled)
    total = _file_bytes(config, table)
    if len(sampled) == config.sizes[split]:
        return total
    # both files have a footer and the names of strata, so that they differ by rows alone
    part = table.take(np.flatnonzero(np.arange(len(table)) % STRETCH_ROWS < STRETCH_ROWS // 4))
    per_row = (total - _file_bytes(config, part)) / (len(table) - len(part))
    shards = len(config.shards_of(split))
    return round(shards * total + (config.sizes[split] - shards * len(table)) * per_row)


def _sampled_rows(task: Task, count: int) -> Int:
    """Numbers of rows from all over a split, as strata may end; the first ones where a row needs all before it."""
    if not isinstance(task, Enumerated):
        return np.arange(min(count, FIRST_ROWS))
    if count <= SAMPLE_ROWS:
        return np.arange(count)
    starts = (count - STRETCH_ROWS) * np.arange(STRETCHES) // (STRETCHES - 1)
    return (starts[:, None] + np.arange(STRETCH_ROWS)).ravel()


def _file_bytes(config: Config, table: pa.Table) -> int:
    """The size of one file with these rows."""
    file = io.BytesIO()
    with open_shard(file, config.task, config.columns) as shard:
        shard.write(table)
        shard.set_digest(Digest().value())
    return file.tell()
