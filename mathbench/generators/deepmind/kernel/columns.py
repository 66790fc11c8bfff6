"""Batches of problems as dataclasses of arrays, whose last axis is the problem, and text written group by group."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pyarrow as pa

from mathbench.hashing import Int
from mathbench.numbers import text


@dataclass(frozen=True)
class Columns:
    """Base class for dataclasses whose fields are arrays with a common last axis, `Columns`, tuples of these, or None.

    >>> @dataclass(frozen=True)
    ... class Point(Columns):
    ...     x: Int
    ...     y: Int
    >>> Point(np.array([1, 2, 3]), np.array([4, 5, 6])).take(np.array([2, 0]))
    Point(x=array([3, 1]), y=array([6, 4]))
    """

    def take(self, index: Int) -> Self:
        """The problems at some indices, int64 (m,)."""
        return type(self)(**{f.name: _take(getattr(self, f.name), index) for f in fields(self)})

    @classmethod
    def concatenate(cls, parts: list[Self]) -> Self:
        """Concatenate one or more batches, which agree in all axes but the last."""
        if len(parts) == 1:
            return parts[0]
        return cls(**{f.name: _concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})


def _take(value: Any, index: Int) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_take(part, index) for part in value)
    return value.take(index) if isinstance(value, Columns) else value.take(index, axis=-1)


def _concatenate(values: list[Any]) -> Any:
    first = values[0]
    if first is None:
        return None
    if isinstance(first, tuple):
        return tuple(_concatenate(list(parts)) for parts in zip(*values, strict=True))
    return type(first).concatenate(values) if isinstance(first, Columns) else np.concatenate(values, axis=-1)


def write_by_group(group: Int, write: Callable[[int, Int], pa.StringArray]) -> pa.StringArray:
    """Write problems of very different shape group by group.

    Args:
        group: int64 (n,), the group of each problem, a small number from 0 on.
        write: maps a group and the indices of its problems, int64 (m,), to strings (m,).

    Returns:
        Strings (n,), in the order of the problems.
    """
    order = np.argsort(group, kind="stable")
    stops = np.cumsum(np.bincount(group))
    parts = [write(number, rows) for number, rows in enumerate(np.split(order, stops[:-1])) if len(rows)]
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    return pa.concat_arrays(parts).take(text.int_array(position)) if parts else text.from_list([])
