"""Which reserve a problem belongs to: train, validation or test, for ever.

A problem's place is a hash of its family and its canonical operands and of nothing else: not the seed, the
number base, the digits asked for, the divisor, the order of operands or the wording. So no training row of any
task of a family can meet a test row of any other task of that family, and anybody can check one row alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.hashing import ABSENT, LONG_OPERAND, LONG_MODULUS, U64, Int, key_of, mix64, mix64_int


@dataclass(frozen=True)
class Reserve:
    """A part of the unit interval; a problem belongs to it when its fingerprint / 2^64 lies inside.

    >>> TRAIN.share, TEST.share
    (0.8, 0.1)
    """

    name: str
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share of all problems in it, 0 to 1."""
        return round(self.high - self.low, 12)

    def subset(self, share: float) -> "Reserve":
        """The first `share` (of all problems) of this reserve; shares of one reserve are nested."""
        return Reserve(self.name, self.low, self.low + min(share, self.share))

    def contains(self, fingerprints: U64) -> NDArray[np.bool_]:
        """Say for each fingerprint (uint64, any shape) whether it lies in this reserve."""
        at_least = fingerprints >= np.uint64(_threshold(self.low))
        return at_least if self.high >= 1 else at_least & (fingerprints < np.uint64(_threshold(self.high)))

    def select(
        self, family: str, canonical: Int, operands: Int, requested: NDArray[np.bool_] | None = None
    ) -> tuple[Int, Int, U64]:
        """Which problems, of those wanted, lie in this reserve.

        Args:
            family: the name under which related tasks share their reserves.
            canonical: int64 (words, n), as for :func:`fingerprints`.
            operands: int64 (m, n).
            requested: bool (n,); None means all.

        Returns:
            Their places, int64 (k,), operands, int64 (m, k), and fingerprints, uint64 (k,).
        """
        if compiled.LIBRARY:
            stops = _threshold(self.low), _threshold(self.high) - 1
            return compiled.reserved(operands, canonical, requested, _start(family), stops)
        prints = fingerprints(family, canonical)
        held = self.contains(prints)
        kept = np.flatnonzero(held if requested is None else held & requested)
        return kept, operands.take(kept, axis=1), prints.take(kept)


def _threshold(share: float) -> int:
    return round(share * (1 << 32)) << 32


TRAIN = Reserve("train", 0.0, 0.8)
VALIDATION = Reserve("validation", 0.8, 0.9)
TEST = Reserve("test", 0.9, 1.0)
RESERVE_OF_SPLIT = {"train": TRAIN, "validation": VALIDATION, "interpolate": TEST, "extrapolate": TEST}
SPLITS = tuple(RESERVE_OF_SPLIT)


def fingerprints(family: str, canonical: Int) -> U64:
    """Hash canonical problems to 64 bits.

    Args:
        family: the name under which related tasks share their reserves, such as ``"addition"``.
        canonical: int64 of shape (words, n), the operands in canonical order; `ABSENT` marks no operand. A long
            operand is two words, see :func:`fingerprint`; `ABSENT` marks no second word.

    Returns:
        uint64 of shape (n,).

    >>> a = fingerprints("addition", np.array([[29], [12]]))
    >>> int(a[0]) == fingerprint("addition", (29, 12))
    True
    """
    if compiled.LIBRARY:
        return compiled.fingerprints(canonical, _start(family))
    state: U64 = np.array(_start(family), dtype=np.uint64)
    for operand in canonical:
        mixed = mix64(operand.view(np.uint64) ^ state)
        state = np.where(operand == ABSENT, state, mixed) if operand.min(initial=0) < 0 else mixed
    return state


@cache
def _start(family: str) -> int:
    return key_of("reserve", family)


def fingerprint(family: str, canonical: Sequence[int]) -> int:
    """The same for one problem of Python integers of any size.

    An integer of 2^63 or more is absorbed as two words: its last 63 bits and its residue modulo a prime. Both are
    quick to find in any base. They do not tell all long integers apart, nor need they: a problem's place must be
    the same for ever and look random; that two problems have the same place is no harm.
    """
    state = _start(family)
    for operand in canonical:
        for word in (
            (operand,) if operand < LONG_OPERAND else (operand % LONG_OPERAND, operand % LONG_MODULUS)
        ):
            state = mix64_int(state ^ word)
    return state


def reserve_of(family: str, canonical: Sequence[int]) -> str:
    """Name the reserve of one problem: ``"train"``, ``"validation"`` or ``"test"``.

    >>> reserve_of("addition", (29, 12)) in ("train", "validation", "test")
    True
    """
    place = fingerprint(family, canonical)
    for reserve in (TRAIN, VALIDATION):
        if place < _threshold(reserve.high):
            return reserve.name
    return TEST.name
