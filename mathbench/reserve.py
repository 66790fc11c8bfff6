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

from mathbench.hashing import GOLDEN, MASK, U64, key_of, mix, mix_int

ABSENT = -1  # fills up operand arrays whose problems have fewer operands than others


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

    def first(self, share: float) -> "Reserve":
        """The first `share` (of all problems) of this reserve; shares of one reserve are nested."""
        return Reserve(self.name, self.low, self.low + min(share, self.share))

    def holds(self, fingerprints: U64) -> NDArray[np.bool_]:
        """Say for each fingerprint (uint64, any shape) whether it lies in this reserve."""
        at_least = fingerprints >= np.uint64(_threshold(self.low))
        return at_least if self.high >= 1 else at_least & (fingerprints < np.uint64(_threshold(self.high)))


def _threshold(share: float) -> int:
    return round(share * (1 << 32)) << 32


TRAIN = Reserve("train", 0.0, 0.8)
VALIDATION = Reserve("validation", 0.8, 0.9)
TEST = Reserve("test", 0.9, 1.0)
OF_SPLIT = {"train": TRAIN, "validation": VALIDATION, "interpolate": TEST, "extrapolate": TEST}
SPLITS = tuple(OF_SPLIT)


def fingerprints(family: str, canonical: NDArray[np.int64]) -> U64:
    """Hash canonical problems to 64 bits.

    Args:
        family: the name under which related tasks share their reserves, such as ``"addition"``.
        canonical: int64 of shape (operands, n), in canonical order; `ABSENT` marks no operand.

    Returns:
        uint64 of shape (n,).

    >>> a = fingerprints("addition", np.array([[29], [12]]))
    >>> int(a[0]) == fingerprint("addition", (29, 12))
    True
    """
    state: U64 = np.broadcast_to(np.uint64(_start(family)), canonical.shape[1])
    for operand in canonical:
        mixed = mix(state ^ operand.view(np.uint64))
        state = np.where(operand == ABSENT, state, mixed) if operand.min(initial=0) < 0 else mixed
    return state


@cache
def _start(family: str) -> int:
    return key_of("reserve", family)


def fingerprint(family: str, canonical: Sequence[int]) -> int:
    """The same for one problem of Python integers of any size.

    Integers of more than 64 bits are absorbed 64 bits at a time, the least significant first, then their
    number of words, so that no two different problems are absorbed alike.
    """
    state = _start(family)
    for operand in canonical:
        words = max(1, -(-operand.bit_length() // 64))
        for i in range(words):
            state = mix_int(state ^ (operand >> (64 * i) & MASK))
        if words > 1:
            state = mix_int((state + GOLDEN * words) & MASK)
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
