"""The heat map of lengths: one value for each pair of lengths that a task's strata `digits=a+b` name."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PAIR = re.compile(r"digits=(\d+)\+(\d+)(?:,.*)?")

Pairs = dict[tuple[int, int], float]


def pairs(values: Mapping[str, float]) -> Pairs:
    """Values per stratum to sums per pair of lengths; strata without a pair are left out.

    >>> pairs({"digits=3+2,true": 4, "digits=3+2,swap": 1, "digits=2+1+1": 7, "prime": 9})
    {(3, 2): 5}
    """
    found: Pairs = {}
    for name, value in values.items():
        match = _PAIR.fullmatch(name)
        if match:
            pair = int(match[1]), int(match[2])
            found[pair] = found.get(pair, 0) + value
    return found


def grid(values: Pairs) -> tuple[list[int], NDArray[np.float64]]:
    """The lengths that occur, ascending, and the values as a square, symmetric; NaN where a pair is missing.

    >>> lengths, square = grid({(1, 1): 5, (3, 1): 2})
    >>> lengths, square.tolist()
    ([1, 3], [[5.0, 2.0], [2.0, nan]])
    """
    lengths = sorted({n for pair in values for n in pair})
    square = np.full((len(lengths), len(lengths)), np.nan)
    for (a, b), value in values.items():
        i, j = lengths.index(a), lengths.index(b)
        square[i, j] = square[j, i] = value
    return lengths, square


def draw(
    axis: Any, values: Pairs, inside: int, label: str, limits: tuple[float, float] | None = None
) -> None:
    """Draw the square, and a line around the lengths that training shows.

    Args:
        axis: a matplotlib axis.
        values: at least one pair.
        inside: the longest length of training; 0: no line.
        label: what the colours say.
        limits: the values of the first and the last colour; by default those that occur, as logarithms.
    """
    lengths, square = grid(values)
    edges = np.arange(len(lengths) + 1)
    low, high = limits or (None, None)
    logarithms = limits is None and np.nanmin(square) > 0
    image = axis.pcolormesh(edges, edges, square, norm="log" if logarithms else None, vmin=low, vmax=high)
    axis.figure.colorbar(image, ax=axis, label=label)
    shown = range(0, len(lengths), -(-len(lengths) // 12))
    for name, ticks in (("x", axis.set_xticks), ("y", axis.set_yticks)):
        ticks([i + 0.5 for i in shown], [lengths[i] for i in shown])
        getattr(axis, f"set_{name}label")("digits of an operand")
    edge = sum(n <= inside for n in lengths)
    axis.plot(
        [0, edge, edge], [edge, edge, 0], color="red", label=f"train: up to {inside} digits" if edge else None
    )
    axis.set_aspect("equal")
