"""Strata: classes of problems inside a task, one by one and as columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64

SEPARATOR = "/"  # strata of a mixture are named `part/stratum`
_LENGTHS = re.compile(r"digits=((?:\d+|\(-\d+\))(?:\+(?:\d+|\(-\d+\)))*)")  # (-2): two digits, below zero


def operand_lengths(name: str) -> tuple[int, ...]:
    """The digits of each operand in the name of a stratum, whatever its sign; empty when it has none.

    >>> operand_lengths("digits=3+2,carry"), operand_lengths("digits=3+(-2)"), operand_lengths("residues")
    ((3, 2), (3, 2), ())
    """
    found = next((match for part in name.split(",") if (match := _LENGTHS.fullmatch(part))), None)
    return tuple(map(int, re.findall(r"\d+", found[1]))) if found else ()


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key for names in which numbers count as numbers: 10 comes after 9.

    >>> sorted(["residue=10", "digits=2,prime", "residue=9", "digits=2"], key=natural_order)
    ['digits=2', 'digits=2,prime', 'residue=9', 'residue=10']
    """
    parts = re.split(r"([0-9]+)", name)
    return tuple((int(part), "") if i % 2 else (0, part) for i, part in enumerate(parts))


@dataclass(frozen=True)
class Stratum:
    """One class of problems: a product of ranges, each point of which stands for at most one problem.

    Args:
        name: the name in tables, such as ``"digits=3+2"``.
        sizes: the ranges; coordinate i runs over 0 .. sizes[i]-1 (each 1 to 2^62).
        low: numbers of the family for this stratum, such as the smallest operand of each length.
        weight: rows per round of the plan, relative to the other strata.
        kind: a code of the family, such as the kind of error in a statement.
        group: strata of one group run out together, which keeps their labels balanced.
        label: the label of its rows, ``"false"`` or ``"true"``; empty where answers are not labels.
        space: strata with the same space share its problems; none occurs twice.
        share: a low estimate of the share of points that are problems; 0: estimated by sampling.
        apart: of a sampled stratum: no other split has a stratum with the same problems, so that it needs no reserve.
        holds: of a sampled stratum: how many different problems a split other than train has.
    """

    name: str
    sizes: tuple[int, ...] = ()
    low: tuple[int, ...] = ()
    weight: int = 1
    kind: int = 0
    group: str = ""
    label: str = ""
    space: str = ""
    share: float = 0.0
    holds: int = 0
    apart: bool = False

    @property
    def group_name(self) -> str:
        """The name of the group, by default that of the stratum."""
        return self.group or self.name

    @property
    def space_name(self) -> str:
        """The name of the space, by default that of the stratum."""
        return self.space or self.name


class Spaces:
    """The distinct spaces of a list of strata, as columns; column s belongs to space s.

    Attributes:
        names: names of the spaces, in order of first appearance.
        of_stratum: int64 (strata,): the space of each stratum.
        sizes: uint64 (coordinates, spaces), padded with ones.
        low: int64 (parameters, spaces), padded with zeros.
        share: float64 (spaces,): the share of points that are problems; 0 where unknown.
    """

    def __init__(self, strata: Sequence[Stratum]):
        first = {s.space_name: s for s in reversed(strata)}
        self.names: list[str] = list(dict.fromkeys(s.space_name for s in strata))
        members = [first[name] for name in self.names]
        number = {name: i for i, name in enumerate(self.names)}
        self.of_stratum: NDArray[np.int64] = np.array([number[s.space_name] for s in strata], dtype=np.int64)
        self.sizes: U64 = _columns([m.sizes for m in members], fill=1, dtype=np.uint64)
        self.share: NDArray[np.float64] = np.array([m.share for m in members])
        self.low: NDArray[np.int64] = _columns([m.low for m in members], fill=0, dtype=np.int64)


def _columns(rows: Sequence[tuple[int, ...]], fill: int, dtype: type) -> NDArray:  # type: ignore[type-arg]
    width = max((len(row) for row in rows), default=0)
    return (
        np.array([row + (fill,) * (width - len(row)) for row in rows], dtype=dtype)
        .reshape(-1, width)
        .T.copy()
    )
