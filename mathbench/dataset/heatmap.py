"""Heat maps over pairs of operand lengths, which the strata `digits=a+b` of a task name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.stratum import operand_lengths

Pairs = dict[tuple[int, int], float]


def pairs(values: Mapping[str, float]) -> Pairs:
    """Sum values per stratum to values per pair of lengths; strata without a pair are ignored.

    >>> pairs({"digits=3+2,true": 4, "digits=3+2,swap": 1, "digits=2+1+1": 7, "prime": 9})
    {(3, 2): 5}
    """
    sums: Pairs = {}
    for name, value in values.items():
        pair = operand_lengths(name)
        if len(pair) == 2:
            sums[pair] = sums.get(pair, 0) + value
    return sums


def grid(values: Pairs) -> tuple[list[int], NDArray[np.float64]]:
    """Return the lengths in ascending order and the values as a symmetric matrix, NaN where a pair is missing.

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


def draw(axis: Any, values: Pairs, longest: int, label: str, norm: Any = None) -> Any:
    """Draw the matrix, and a line around the lengths that occur in training.

    Args:
        axis: a matplotlib axis.
        values: at least one pair.
        longest: the maximum length in training; 0: no line.
        label: the label of the colour bar.
        norm: a norm of matplotlib; by default from the first to the last value that occurs, on a logarithmic scale.

    Returns:
        The colour bar.
    """
    lengths, square = grid(values)
    edges = np.arange(len(lengths) + 1)
    scale = norm or ("log" if np.nanmin(square) > 0 else None)
    bar = axis.figure.colorbar(axis.pcolormesh(edges, edges, square, norm=scale), ax=axis, label=label)
    ticked = range(0, len(lengths), -(-len(lengths) // 12))
    for name, ticks in (("x", axis.set_xticks), ("y", axis.set_yticks)):
        ticks([i + 0.5 for i in ticked], [lengths[i] for i in ticked])
        getattr(axis, f"set_{name}label")("digits of an operand")
    edge = sum(n <= longest for n in lengths)
    axis.plot(
        [0, edge, edge],
        [edge, edge, 0],
        color="red",
        label=f"train: up to {longest} digits" if edge else None,
    )
    axis.set_aspect("equal")
    return bar
