"""Rows that several tests look at, made once."""

from functools import cache

import pyarrow as pa

from mathbench.generators.deepmind import TASKS
from mathbench.rows import Rows

SPLITS = ("train", "validation", "interpolate", "extrapolate")
SEED = 11
_TABLES: dict[tuple[str, str], pa.Table] = {}


@cache
def rows_of(name: str, split: str) -> Rows:
    """A split of a module."""
    return Rows(TASKS[f"deepmind/{name}"](), split, SEED)


def held(name: str, split: str, many: int) -> int:
    """So many rows, or as many as the split of a module holds."""
    return min(many, rows_of(name, split).capacity_up_to(many))


def first_rows(name: str, split: str, many: int) -> pa.Table:
    """The first rows of a split of a module; fewer where it holds fewer."""
    many = held(name, split, many)
    known = _TABLES.get((name, split))
    if known is None or known.num_rows < many:
        known = _TABLES[name, split] = rows_of(name, split).batch(range(many))
    return known.slice(0, many)
