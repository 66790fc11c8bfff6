"""Reserves: the fixed assignment of problems to train, validation and test.

A problem's reserve is decided by a hash of its family and its canonical operands alone: not by the seed, the number
base, the number of digits, the divisor, the order of operands or the wording. So no training row of any task of a
family equals a test row of any other task of that family, and a single row can be checked on its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.hashing import ABSENT, LONG_MODULUS, LONG_OPERAND, U64, Int, key_of, mix64, mix64_int


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
        """The share of all problems in this reserve, 0 to 1."""
        return round(self.high - self.low, 12)

    def subset(self, share: float) -> "Reserve":
        """The part of this reserve with a `share` of all problems; shares of one reserve are nested."""
        return Reserve(self.name, self.low, self.low + min(share, self.share))

    def contains(self, fingerprints: U64) -> NDArray[np.bool_]:
        """Whether each fingerprint (uint64, any shape) lies in this reserve."""
        at_least = fingerprints >= np.uint64(_threshold(self.low))
        return at_least if self.high >= 1 else at_least & (fingerprints < np.uint64(_threshold(self.high)))

    def select(
        self, family: str, canonical: Int, operands: Int, requested: NDArray[np.bool_] | None = None
    ) -> tuple[Int, Int, U64]:
        """Select the problems that lie in this reserve.

        Args:
            family: the name under which related families share their reserves.
            canonical: int64 (words, n), as for :func:`fingerprints`.
            operands: int64 (m, n).
            requested: bool (n,), which problems to look at; None: all.

        Returns:
            Indices, int64 (k,), operands, int64 (m, k), and fingerprints, uint64 (k,).
        """
        if compiled.LIBRARY:
            stops = _threshold(self.low), _threshold(self.high) - 1
            return compiled.reserved(operands, canonical, requested, _start(family), stops)
        hashes = fingerprints(family, canonical)
        inside = self.contains(hashes)
        selected = np.flatnonzero(inside if requested is None else inside & requested)
        return selected, operands.take(selected, axis=1), hashes.take(selected)


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
        family: the name under which related families share their reserves, such as ``"addition"``.
        canonical: int64 of shape (words, n), the operands in canonical order; `ABSENT` marks a missing operand. A long
            operand is two words, see :func:`fingerprint`; `ABSENT` marks a missing second word.

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
    """Hash one canonical problem of Python integers of any size to 64 bits.

    An integer of 2^63 or more is absorbed as two words: its last 63 bits and its residue modulo a prime, both of which
    are quick to compute in any base. Different long integers may have the same words, which is harmless: a fingerprint
    has to be fixed and to look random, not to be unique.
    """
    state = _start(family)
    for operand in canonical:
        for word in (
            (operand,) if operand < LONG_OPERAND else (operand % LONG_OPERAND, operand % LONG_MODULUS)
        ):
            state = mix64_int(state ^ word)
    return state


def reserve_of(family: str, canonical: Sequence[int]) -> str:
    """Return the name of the reserve of one problem: ``"train"``, ``"validation"`` or ``"test"``.

    >>> reserve_of("addition", (29, 12)) in ("train", "validation", "test")
    True
    """
    hashed = fingerprint(family, canonical)
    for reserve in (TRAIN, VALIDATION):
        if hashed < _threshold(reserve.high):
            return reserve.name
    return TEST.name
