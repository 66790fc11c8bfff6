"""Columns: values of many problems side by side, as a dataclass of arrays whose last axis is the problem."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from mathbench.task import Int


@dataclass(frozen=True)
class Columns:
    """A base for dataclasses whose fields are arrays with one last axis, or columns themselves, or None.

    >>> @dataclass(frozen=True)
    ... class Point(Columns):
    ...     x: Int
    ...     y: Int
    >>> Point(np.array([1, 2, 3]), np.array([4, 5, 6])).take(np.array([2, 0]))
    Point(x=array([3, 1]), y=array([6, 4]))
    """

    def take(self, index: Int) -> Self:
        """The problems at some places."""
        return type(self)(**{f.name: _taken(getattr(self, f.name), index) for f in fields(self)})

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """One part after the other; at least one part, all of one shape."""
        if len(parts) == 1:
            return parts[0]
        return cls(**{f.name: _joined([getattr(part, f.name) for part in parts]) for f in fields(cls)})


def _taken(value: Any, index: Int) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_taken(part, index) for part in value)
    return value.take(index) if isinstance(value, Columns) else value.take(index, axis=-1)


def _joined(values: list[Any]) -> Any:
    first = values[0]
    if first is None:
        return None
    if isinstance(first, tuple):
        return tuple(_joined(list(parts)) for parts in zip(*values, strict=True))
    return type(first).joined(values) if isinstance(first, Columns) else np.concatenate(values, axis=-1)
