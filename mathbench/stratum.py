"""Strata: the classes of problems inside a task, as a list to read and as columns to compute with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64

SEPARATOR = "/"  # strata of a mixture are named `part/stratum`


@dataclass(frozen=True)
class Stratum:
    """One class of problems: a product of ranges, each point of which stands for at most one problem.

    Args:
        name: what tables show, such as ``"digits=3+2"``.
        sizes: the ranges; coordinate i runs over 0 .. sizes[i]-1 (each 1 to 2^62).
        low: the task's own numbers for this stratum, such as the smallest operand of each length.
        weight: rows per turn of the plan, relative to the other strata.
        kind: the task's own code for what is asked, such as the kind of error in a statement.
        group: strata of one group are used up together, which keeps their labels balanced.
        space: strata with the same space share its problems; none is shown twice.
        share: a low estimate of the share of points that are problems; 0: to be found out by trying.
        apart: for a stratum that is sampled: no other split has a stratum that could show its problems, so that it
            needs no reserve.
        holds: for a stratum that is sampled: how many different problems a split other than train hands out.
    """

    name: str
    sizes: tuple[int, ...] = ()
    low: tuple[int, ...] = ()
    weight: int = 1
    kind: int = 0
    group: str = ""
    space: str = ""
    share: float = 0.0
    holds: int = 0
    apart: bool = False

    @property
    def group_name(self) -> str:
        """The group, by default the stratum itself."""
        return self.group or self.name

    @property
    def space_name(self) -> str:
        """The space, by default the stratum itself."""
        return self.space or self.name


class Spaces:
    """The distinct spaces of a list of strata, as columns; column s belongs to space s.

    Attributes:
        names: names of the spaces, in order of first appearance.
        of_stratum: int64 (strata,): the space of each stratum.
        sizes: uint64 (coordinates, spaces), filled up with ones.
        low: int64 (parameters, spaces), filled up with zeros.
        share: float64 (spaces,): the share of points that are problems; 0: not known.
    """

    def __init__(self, strata: Sequence[Stratum]):
        first = {s.space_name: s for s in reversed(strata)}
        self.names = list(dict.fromkeys(s.space_name for s in strata))
        members = [first[name] for name in self.names]
        number = {name: i for i, name in enumerate(self.names)}
        self.of_stratum = np.array([number[s.space_name] for s in strata], dtype=np.int64)
        self.sizes: U64 = _columns([m.sizes for m in members], fill=1, dtype=np.uint64)
        self.share = np.array([m.share for m in members])
        self.low: NDArray[np.int64] = _columns([m.low for m in members], fill=0, dtype=np.int64)


def _columns(rows: Sequence[tuple[int, ...]], fill: int, dtype: type) -> NDArray:  # type: ignore[type-arg]
    width = max((len(row) for row in rows), default=0)
    return (
        np.array([row + (fill,) * (width - len(row)) for row in rows], dtype=dtype)
        .reshape(-1, width)
        .T.copy()
    )
