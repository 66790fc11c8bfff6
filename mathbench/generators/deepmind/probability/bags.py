"""Bags of letters and what is picked from them: all kinds there are, with their probabilities.

The published rule draws a bag and what is picked from it until the answer is neither 0 nor 1, nine times out of ten.
Here the distribution that results is worked out once, and each draw is one look-up.
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from math import comb, factorial, prod
from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.random import AliasTable
from mathbench.hashing import Int

LETTERS = 6  # different ones at most
REPEATS = 10  # a bag has at most so many letters for each different one
TRIVIAL = 10  # one question in so many may have the answer 0 or 1
MAX_CASES = (
    200_000  # ordered choices that the published code counts one by one; where there are more, it draws again
)
_ONE = 1 << 46  # what stands for probability one


class BagType(NamedTuple):
    """What bags there are and how many letters are drawn.

    Attributes:
        drawn: how many letters are drawn.
        minimum, maximum: how many letters a bag has.
        ordered: whether the order of the letters drawn matters.
    """

    drawn: int
    minimum: int
    maximum: int
    ordered: bool


class Bags(NamedTuple):
    """Bags and how many of each letter are picked.

    Attributes:
        counts: int64 (LETTERS, m), how many there are of each letter, 0 behind the last.
        picked: int64 (LETTERS, m), how many of each are picked.
        top, bottom: int64 (m,), the probability, in lowest terms.
        code: int64 (m,), a number for each; whatever the order of the letters, it is the same.
    """

    counts: Int
    picked: Int
    top: Int
    bottom: Int
    code: Int


@cache
def table(kinds: tuple[BagType, ...]) -> tuple[Bags, AliasTable]:
    """All bags of some kinds, one kind after the other, and the choice among those of each."""
    groups, weights = zip(*map(_group, kinds), strict=True)
    return Bags(*(np.concatenate(columns, axis=-1) for columns in zip(*groups, strict=True))), AliasTable(
        weights
    )


def _group(kind: BagType) -> tuple[Bags, Int]:
    """The bags of one kind and their weights."""
    parts = [
        _of_bags(kind, letters) for letters in range(1, LETTERS + 1) if kind.minimum <= REPEATS * letters
    ]
    counts, picked, weights = (np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True))
    code = _codes(counts, picked)
    _, first, same = np.unique(
        code, return_index=True, return_inverse=True
    )  # equal but for the order of the letters
    merged = np.zeros(len(first), np.int64)
    np.add.at(merged, same, weights)
    counts, picked = counts[:, first], picked[:, first]
    top, bottom, cases = _probability(kind, counts, picked)
    good, trivial = cases <= MAX_CASES, (top == 0) | (top == bottom)
    merged *= good
    usual = 1024 + 9 * 1024 * merged.sum() // np.maximum((merged * ~trivial).sum(), 1)
    merged = merged * np.where(trivial, 1024, usual) >> 16
    kept = merged > 0
    common = np.gcd(top, bottom)
    bags = Bags(counts, picked, top // common, bottom // common, code[first])
    return Bags(*(column[..., kept] for column in bags)), merged[kept]


def _of_bags(kind: BagType, letters: int) -> tuple[Int, Int, Int]:
    """Bags with so many different letters: counts, picks and weights."""
    sizes = range(max(letters, kind.drawn, kind.minimum), min(kind.maximum, REPEATS * letters) + 1)
    bags = [counts for size in sizes for counts in _partitions(size, letters, size)]
    shares = [_ONE * _orders(counts) // (comb(sum(counts) - 1, letters - 1) * len(sizes)) for counts in bags]
    picks = list(_compositions(kind.drawn, letters))
    ways = [_multinomial(pick) if kind.ordered else 1 for pick in picks]
    of = letters**kind.drawn if kind.ordered else len(picks)
    fill = [(0, LETTERS - letters), (0, 0)]
    counts = np.pad(np.repeat(np.array(bags, np.int64).T, len(picks), axis=1), fill)
    picked = np.pad(np.tile(np.array(picks, np.int64).T, len(bags)), fill)
    weights = np.array(shares)[:, None] * np.array(ways) // (of * LETTERS)
    return counts, picked, weights.ravel()


def _probability(kind: BagType, counts: Int, picked: Int) -> tuple[Int, Int, Int]:
    """Numerators and denominators, not in lowest terms, and how many ordered choices with repetition there are."""
    top, cases, bottom = (np.ones(counts.shape[1], np.int64) for _ in range(3))
    for count, pick in zip(counts, picked, strict=True):
        for i in range(kind.drawn):
            there = pick > i
            top = np.where(there, top * (count - i), top)
            cases = np.where(there, cases * count, cases)
    ways = np.array([factorial(kind.drawn)]) // prod(_factorials().take(pick) for pick in picked)
    for i in range(kind.drawn):
        bottom *= counts.sum(axis=0) - i
    return (top, bottom, cases) if kind.ordered else (top * ways, bottom, cases * ways)


def _factorials() -> Int:
    return np.array([factorial(i) for i in range(10)])


def _codes(counts: Int, picked: Int) -> Int:
    """A number for each bag and pick that is the same for any order of the letters: eight bits for each letter."""
    pairs = np.sort(counts * 8 + picked, axis=0)
    return sum(pair << (8 * i) for i, pair in enumerate(pairs))


def _partitions(size: int, parts: int, maximum: int) -> Iterator[tuple[int, ...]]:
    """The ways to write a number as a sum of so many positive ones, none above `maximum`, the largest first."""
    if parts == 0:
        if size == 0:
            yield ()
        return
    for first in range(min(size - parts + 1, maximum), 0, -1):
        for rest in _partitions(size - first, parts - 1, first):
            yield (first, *rest)


def _compositions(size: int, parts: int) -> Iterator[tuple[int, ...]]:
    """The ways to write a number as a sum of so many numbers of 0 or more, in any order."""
    if parts == 1:
        yield (size,)
        return
    for first in range(size + 1):
        for rest in _compositions(size - first, parts - 1):
            yield (first, *rest)


def _orders(counts: tuple[int, ...]) -> int:
    """How many different orders some numbers, sorted, have."""
    return factorial(len(counts)) // prod(factorial(len(list(same))) for _, same in groupby(counts))


def _multinomial(parts: tuple[int, ...]) -> int:
    return factorial(sum(parts)) // prod(map(factorial, parts))
