"""All bags of letters with all picks from them, up to the names of letters, and their probabilities.

In nine draws of ten, the published rule draws a bag and a pick until the answer is neither 0 nor 1. Here the resulting
distribution is computed once, and each draw is one look-up.
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from math import comb, factorial, prod
from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.random import AliasTable
from mathbench.hashing import Int

LETTERS = 6  # maximum number of distinct letters
REPEATS = 10  # maximum number of letters of a bag for each distinct one
# ordered choices that the published code counts one by one; it draws again where there are more
MAX_CASES = 200_000
_ONE = 1 << 46  # the fixed-point value of probability one


class BagType(NamedTuple):
    """A class of bags and picks.

    Attributes:
        drawn: the number of letters that are drawn.
        minimum, maximum: range of the number of letters in a bag.
        ordered: whether the order of the drawn letters matters.
    """

    drawn: int
    minimum: int
    maximum: int
    ordered: bool


class Bags(NamedTuple):
    """Bags with the numbers of letters picked.

    Attributes:
        counts: int64 (LETTERS, m), the number of each letter in the bag, 0 after the last.
        picked: int64 (LETTERS, m), the number of each letter in the pick.
        top, bottom: int64 (m,), the probability, in lowest terms.
        code: int64 (m,), a unique code that does not depend on the order of the letters.
    """

    counts: Int
    picked: Int
    top: Int
    bottom: Int
    code: Int


@cache
def table(kinds: tuple[BagType, ...]) -> tuple[Bags, AliasTable]:
    """All bags of some types, one type after the other, and the random choice within each type."""
    groups, weights = zip(*map(_group, kinds), strict=True)
    bags = Bags(*(np.concatenate(columns, axis=-1) for columns in zip(*groups, strict=True)))
    return bags, AliasTable(weights)


def _group(kind: BagType) -> tuple[Bags, Int]:
    """The bags of one type and their weights."""
    parts = [
        _of_bags(kind, letters) for letters in range(1, LETTERS + 1) if kind.minimum <= REPEATS * letters
    ]
    counts, picked, weights = (np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True))
    code = _codes(counts, picked)
    # bags that differ only in the order of the letters have equal codes
    _, first, same = np.unique(code, return_index=True, return_inverse=True)
    merged = np.zeros(len(first), np.int64)
    np.add.at(merged, same, weights)
    counts, picked = counts[:, first], picked[:, first]
    top, bottom, cases = _probability(kind, counts, picked)
    good, trivial = cases <= MAX_CASES, (top == 0) | (top == bottom)
    merged *= good
    # nine draws of ten exclude the answers 0 and 1
    usual = 1024 + 9 * 1024 * merged.sum() // np.maximum((merged * ~trivial).sum(), 1)
    merged = merged * np.where(trivial, 1024, usual) >> 16
    kept = merged > 0
    common = np.gcd(top, bottom)
    bags = Bags(counts, picked, top // common, bottom // common, code[first])
    return Bags(*(column[..., kept] for column in bags)), merged[kept]


def _of_bags(kind: BagType, letters: int) -> tuple[Int, Int, Int]:
    """Bags with a given number of distinct letters: counts, picks and weights."""
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
    """Numerators and denominators, not in lowest terms, and the number of ordered choices with repetition."""
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
    """Codes of bags and picks that do not depend on the order of the letters, with eight bits for each letter."""
    pairs = np.sort(counts * 8 + picked, axis=0)
    return sum(pair << (8 * i) for i, pair in enumerate(pairs))


def _partitions(size: int, parts: int, maximum: int) -> Iterator[tuple[int, ...]]:
    """The partitions of a number into positive parts of at most `maximum`, in descending order."""
    if parts == 0:
        if size == 0:
            yield ()
        return
    # the first part is at least the average of all
    for first in range(min(size - parts + 1, maximum), (size - 1) // parts, -1):
        for rest in _partitions(size - first, parts - 1, first):
            yield (first, *rest)


def _compositions(size: int, parts: int) -> Iterator[tuple[int, ...]]:
    """The compositions of a number into non-negative parts."""
    if parts == 1:
        yield (size,)
        return
    for first in range(size + 1):
        for rest in _compositions(size - first, parts - 1):
            yield (first, *rest)


def _orders(counts: tuple[int, ...]) -> int:
    """The number of distinct orders of some sorted numbers."""
    return factorial(len(counts)) // prod(factorial(len(list(same))) for _, same in groupby(counts))


def _multinomial(parts: tuple[int, ...]) -> int:
    return factorial(sum(parts)) // prod(map(factorial, parts))
