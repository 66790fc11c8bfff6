"""Tuples of numbers by length: the strata, points and order of operands that several families share.

A stratum `digits=3+2` holds the problems whose operands have three and two digits. Operands that may change places
are enumerated once: two operands of the same length by folding the square of pairs along its cyclic differences
({x, x + d mod M} for d up to M / 2), further ones by keeping only sorted points.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations_with_replacement
from math import comb, factorial, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.hashing import U64, mix
from mathbench.reserve import ABSENT
from mathbench.stratum import Stratum
from mathbench.task import Problems

Int = NDArray[np.int64]

MOST_STRATA = 4096  # tuples of lengths in one split
SHARES = 4096  # natural shares of strata are rounded to this many parts


class Numbers(NamedTuple):
    """The numbers that operands are drawn from, sorted by length.

    Attributes:
        base: the number base.
        least: the smallest number allowed.
        most: the largest number allowed; None: no limit.
    """

    base: int
    least: int = 0
    most: int | None = None

    def first(self, length: int) -> int:
        """The smallest number of a length; zero has one digit.

        >>> Numbers(10).first(1), Numbers(10).first(3), Numbers(10, least=1).first(1)
        (0, 100, 1)
        """
        return max(self.base ** (length - 1) if length > 1 else 0, self.least)

    def count(self, length: int) -> int:
        """How many numbers have a length.

        >>> Numbers(10).count(2), Numbers(10, most=10).count(2)
        (90, 1)
        """
        end = self.base**length if self.most is None else min(self.base**length, self.most + 1)
        return max(end - self.first(length), 0)


def tuples(digits: int, operands: int, longest_from: int = 1, shortest: int = 1) -> list[tuple[int, ...]]:
    """All tuples of lengths up to `digits`, longest first, whose longest is at least `longest_from`.

    Raises:
        InputError: when there are too many.

    >>> tuples(2, 2)
    [(1, 1), (2, 1), (2, 2)]
    """
    many = comb(digits - shortest + operands, operands)
    if many > MOST_STRATA:
        raise InputError(
            f"{operands} operands of {shortest} to {digits} digits make {many:,} strata, more than {MOST_STRATA:,}."
        )
    lengths = range(shortest, digits + 1)
    found = [tuple(sorted(c, reverse=True)) for c in combinations_with_replacement(lengths, operands)]
    return sorted(c for c in found if c[0] >= longest_from)


def orders(lengths: tuple[int, ...]) -> int:
    """In how many orders a tuple of lengths can stand.

    >>> orders((3, 2)), orders((2, 2))
    (2, 1)
    """
    return factorial(len(lengths)) // prod(factorial(n) for n in Counter(lengths).values())


def weights(choices: Iterable[tuple[int, ...]], numbers: Numbers, distribution: str) -> list[int]:
    """Rows per turn for each tuple of lengths.

    Args:
        choices: tuples of lengths.
        numbers: the numbers that operands are drawn from.
        distribution: ``"lengths"``, each operand's length equally likely, or ``"numbers"``, each number.

    >>> weights([(1, 1), (2, 1), (2, 2)], Numbers(10), "lengths")
    [1, 2, 1]
    """
    choices = list(choices)
    if distribution == "lengths":
        return [orders(c) for c in choices]
    return apportion([orders(c) * prod(map(numbers.count, c)) for c in choices])


def apportion(sizes: list[int], parts: int = SHARES) -> list[int]:
    """Parts in proportion to sizes; what is below half a part gets none (the largest gets at least one).

    >>> apportion([10, 90, 900], 100)
    [1, 9, 90]
    """
    total = sum(sizes)
    return [max((2 * parts * size + total) // (2 * total), int(size == max(sizes))) for size in sizes]


def strata(
    choices: Iterable[tuple[int, ...]], numbers: Numbers, distribution: str, *, symmetric: bool = True
) -> list[Stratum]:
    """One stratum per tuple of lengths.

    Args:
        choices: tuples of lengths; those that no numbers have are left out.
        numbers: the numbers that operands are drawn from.
        distribution: see :func:`weights`.
        symmetric: whether operands may change places.

    >>> strata([(2, 1)], Numbers(10), "lengths")[0]
    Stratum(name='digits=2+1', sizes=(90, 10), low=(0, 10, 0), weight=2, kind=0, group='', space='')
    """
    filled = [c for c in choices if all(map(numbers.count, c))]
    shares = zip(filled, weights(filled, numbers, distribution), strict=True)
    return [_stratum(c, numbers, weight, symmetric) for c, weight in shares if weight]


def _stratum(lengths: tuple[int, ...], numbers: Numbers, weight: int, symmetric: bool) -> Stratum:
    name = "digits=" + "+".join(map(str, lengths))
    if symmetric:  # the largest group of equal lengths first: its first two operands are folded
        lengths = tuple(sorted(lengths, key=lambda n: (-Counter(lengths)[n], -n)))
    sizes, folded = [numbers.count(n) for n in lengths], 0
    if symmetric and len(lengths) > 1 and lengths[0] == lengths[1]:
        folded, sizes[1] = sizes[0], sizes[0] // 2 + 1
    return Stratum(name, tuple(sizes), (folded, *map(numbers.first, lengths)), weight)


def padded(groups: Iterable[Stratum], operands: int) -> list[Stratum]:
    """Fill up the `low` of strata with fewer operands, so that all have the same columns."""
    return [Stratum(**{**vars(s), "low": s.low + (ABSENT,) * (operands + 1 - len(s.low))}) for s in groups]


def draw(coordinates: U64, low: Int) -> Int:
    """Points to operands: unfold the first two, then shift each to the smallest number of its length.

    Args:
        coordinates: uint64 (m, n).
        low: int64 (m + 1, 1): the folded size or 0, then the smallest operand of each length.

    >>> draw(np.array([[8], [5]], dtype=np.uint64), np.array([[10], [0], [0]])).T.tolist()
    [[8, 3]]
    """
    operands = coordinates.view(np.int64) + low[1:]
    folded = np.uint64(low[0, 0])
    if folded:
        moved = coordinates[0] + coordinates[1]
        np.minimum(moved, moved - folded, out=moved)  # modulo: below zero wraps to a huge number
        np.add(moved.view(np.int64), low[2], out=operands[1])
    return operands


def once(operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
    """Which points are the one point of their problem, bool (n,); None means all."""
    keep, (folded, *least) = None, low[:, 0].tolist()
    if folded and folded % 2 == 0:
        half = np.uint64(folded // 2)
        keep = (coordinates[1] != half) | (coordinates[0] < half)
    for i in range(2, len(operands)):
        if least[i] == least[i - 1]:
            before = np.maximum(operands[0], operands[1]) if i == 2 else operands[i - 1]
            keep = (operands[i] >= before) & (True if keep is None else keep)
    return keep


def ordered(operands: Int) -> Int:
    """Operands from the largest to the smallest; absent ones last.

    >>> ordered(np.array([[3], [5]])).T.tolist()
    [[5, 3]]
    """
    if len(operands) == 2:
        found = np.empty_like(operands)
        np.maximum(operands[0], operands[1], out=found[0])
        np.minimum(operands[0], operands[1], out=found[1])
        return found
    return -np.sort(-operands, axis=0)


def pose(problems: Problems, luck: U64) -> Problems:
    """Put the operands of each problem in a random order; absent ones stay last."""
    problems.operands = _shuffled(problems.operands, luck)
    return problems


def _shuffled(operands: Int, luck: U64) -> Int:
    if len(operands) == 2:
        swap = (operands[0] ^ operands[1]) & -(luck & np.uint64(1)).view(
            np.int64
        )  # all bits or none: no branches
        return operands ^ swap
    noise = np.stack([mix(luck + np.uint64(i)) >> np.uint64(1) for i in range(len(operands))]).view(np.int64)
    order = np.argsort(np.where(operands == ABSENT, np.iinfo(np.int64).max, noise), axis=0, kind="stable")
    return np.take_along_axis(operands, order, axis=0)


def within(family: str, largest: int, what: str) -> None:
    """Check that results stay below 2^63.

    Raises:
        InputError: says which setting is too large.
    """
    if largest >= 1 << 63:
        raise InputError(f"{family}: results must stay below 2^63, which {what} does not.")


def check_lengths(family: str, shortest: int, digits: int) -> None:
    """Check that the shortest length is not above the longest.

    Raises:
        InputError: names both.
    """
    if shortest > digits:
        raise InputError(
            f"{family}: shortest must be at most digits. Received: shortest={shortest}, digits={digits}."
        )


def check_extrapolation(family: str, **axes: int) -> None:
    """Check that at least one axis of extrapolation is left.

    Raises:
        InputError: names the axes.
    """
    if not any(axes.values()):
        raise InputError(
            f"{family}: at least one of {', '.join(axes)} must be 1 or more, or nothing extrapolates."
        )
