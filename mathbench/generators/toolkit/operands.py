"""Tuples of operands by length: strata, points and canonical order, for several families.

A stratum `digits=3+2` has the problems whose operands have three and two digits. Numbers below zero with n digits are a
length of their own, -n: `digits=3+(-2)` has problems such as 123+(-45). Unordered operands are enumerated once: two
operands of the same length by folding the square of pairs along its cyclic differences ({x, x + d mod M} for d up to
M / 2), further ones by keeping only sorted points.

Numbers that may reach 2^63 are limbs (:mod:`mathbench.numbers.limbs`), one coordinate per limb. Then the last limbs of
the first two operands are folded: where they differ, the fold distinguishes the operands, whatever the other limbs are;
where they are equal, the larger operand comes first. So a problem is still exactly one point.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, combinations, combinations_with_replacement
from math import comb, factorial, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.hashing import ABSENT, U64, mix64
from mathbench.numbers import arithmetic, limbs, text
from mathbench.sampling.enumerated import Problems
from mathbench.stratum import Stratum

Int = NDArray[np.int64]

MAX_STRATA = 8192  # tuples of lengths in one split, enough for all pairs of up to 100 digits
MAX_DIGITS = 4096  # digits of a result: Python does not parse longer ones
SHARE_PARTS = 4096  # natural shares of strata are rounded to this many parts


class NumberRange(NamedTuple):
    """The numbers that operands are drawn from, by length. The length -n is that of numbers below zero with n digits.

    Attributes:
        base: the number base.
        minimum: the smallest number allowed; None: no limit.
        maximum: the largest number allowed; None: no limit.
    """

    base: int
    minimum: int | None = 0
    maximum: int | None = None

    @property
    def first_number(self) -> int:
        """The smallest number allowed, of numbers that have one."""
        return self.minimum or 0

    @property
    def has_negative(self) -> bool:
        """Whether numbers may be negative."""
        return self.minimum is None or self.minimum < 0

    def first(self, length: int) -> int:
        """The smallest number of a length; zero has one digit.

        >>> NumberRange(10).first(1), NumberRange(10).first(3), NumberRange(10, minimum=1).first(1)
        (0, 100, 1)
        >>> NumberRange(10, minimum=None).first(-2), NumberRange(10, minimum=-12).first(-2)
        (-99, -12)
        """
        first = self.base ** (length - 1) if length > 1 else 0
        first = 1 - self.base**-length if length < 0 else first
        return first if self.minimum is None else max(first, self.minimum)

    def count(self, length: int) -> int:
        """The number of numbers of a length.

        >>> NumberRange(10).count(2), NumberRange(10, maximum=10).count(2), NumberRange(10, -12).count(-2)
        (90, 1, 3)
        """
        end = self.base**length if length > 0 else 1 - self.base ** (-length - 1)
        end = end if self.maximum is None else min(end, self.maximum + 1)
        return max(end - self.first(length), 0)

    def classes(self, lengths: Iterable[int]) -> list[int]:
        """The lengths of both signs that numbers may have.

        >>> NumberRange(10).classes([1, 2]), NumberRange(10, -12).classes([1, 2])
        ([1, 2], [1, 2, -1, -2])
        """
        positive = list(lengths)
        negative = [-n for n in positive] if self.has_negative else []
        return [*(positive if self.maximum is None or self.maximum >= 0 else ()), *negative]

    def digits_of(self, number: int) -> int:
        """The number of digits of an integer.

        >>> NumberRange(10).digits_of(-120)
        3
        """
        return len(text.to_text(abs(number), self.base))

    def stop(self, digits: int) -> int:
        """A bound above the absolute values of the numbers of up to some digits.

        >>> NumberRange(10).stop(2), NumberRange(10, -7, 5).stop(2)
        (100, 8)
        """
        stop = self.base**digits
        if self.minimum is None or self.maximum is None:
            return stop
        return min(stop, max(-self.minimum, self.maximum) + 1)


class DigitLengths(NamedTuple):
    """The lengths of operands.

    Attributes:
        inner: those of train, validation and interpolate, ascending.
        outer: the longer ones of extrapolate, ascending.
    """

    inner: range
    outer: range

    @property
    def longest(self) -> int:
        """The largest length."""
        return max(self.outer or self.inner)


def lengths(task: Any) -> DigitLengths:
    """The lengths of a task: from `digits` down to `shortest` and up to `longer` more, by `step`.

    Raises:
        InputError: when `shortest` or `step` leaves no lengths.

    >>> from mathbench.families import task
    >>> found = lengths(task("multiplication", digits=100, step=25, longer=50))
    >>> list(found.inner), list(found.outer)
    ([25, 50, 75, 100], [125, 150])
    """
    if task.shortest > task.digits:
        raise InputError(
            f"{task.family}: shortest must be at most digits. "
            f"Received: shortest={task.shortest}, digits={task.digits}."
        )
    if 0 < task.longer < task.step:
        raise InputError(
            f"{task.family}: longer must be at least step, or nothing extrapolates. "
            f"Received: longer={task.longer}, step={task.step}."
        )
    first = task.digits - (task.digits - task.shortest) // task.step * task.step
    inner = range(first, task.digits + 1, task.step)
    return DigitLengths(inner, range(task.digits + task.step, task.digits + task.longer + 1, task.step))


def length_tuples(lengths: Iterable[int], operands: int, longest_from: int = 1) -> list[tuple[int, ...]]:
    """All tuples of some lengths, the longest first, whose longest is at least `longest_from`.

    >>> length_tuples([1, 2], 2), length_tuples([1, 2, -2], 2, longest_from=2)
    ([(1, 1), (2, 1), (2, 2)], [(-2, -2), (-2, 1), (2, -2), (2, 1), (2, 2)])
    """
    tuples = [
        tuple(sorted(c, key=lambda n: (-abs(n), -n)))
        for c in combinations_with_replacement(lengths, operands)
    ]
    return sorted(c for c in tuples if abs(c[0]) >= longest_from)


def outer_tuples(task: Any, numbers: NumberRange, operands: int = 2) -> list[tuple[int, ...]]:
    """The tuples of lengths of extrapolate that have a number longer than `digits`."""
    return length_tuples(numbers.classes(chain(*lengths(task))), operands, task.digits + 1)


def lengths_name(lengths: Iterable[int]) -> str:
    """Lengths in the name of a stratum.

    >>> lengths_name((3, -2))
    'digits=3+(-2)'
    """
    return "digits=" + "+".join(str(n) if n > 0 else f"({n})" for n in lengths)


def orderings(lengths: tuple[int, ...]) -> int:
    """The number of different orders of a tuple of lengths.

    >>> orderings((3, 2)), orderings((2, 2))
    (2, 1)
    """
    return factorial(len(lengths)) // prod(factorial(n) for n in Counter(lengths).values())


def weights(choices: Iterable[tuple[int, ...]], numbers: NumberRange, distribution: str) -> list[int]:
    """Rows per round for each tuple of lengths.

    Args:
        choices: tuples of lengths.
        numbers: the numbers that operands are drawn from.
        distribution: ``"lengths"``, each operand's length equally likely, or ``"numbers"``, each number.

    >>> weights([(1, 1), (2, 1), (2, 2)], NumberRange(10), "lengths")
    [1, 2, 1]
    """
    choices = list(choices)
    if distribution == "lengths":
        return [orderings(c) for c in choices]
    return apportion([orderings(c) * prod(map(numbers.count, c)) for c in choices])


def apportion(sizes: list[int], parts: int = SHARE_PARTS) -> list[int]:
    """Distribute parts in proportion to sizes; less than half a part becomes none (the largest gets at least one).

    >>> apportion([10, 90, 900], 100)
    [1, 9, 90]
    """
    total = sum(sizes)
    return [max((2 * parts * size + total) // (2 * total), int(size == max(sizes))) for size in sizes]


def strata(
    choices: Iterable[tuple[int, ...]],
    numbers: NumberRange,
    distribution: str,
    *,
    symmetric: bool = True,
    limb_count: int = 1,
    operands: int = 0,
) -> list[Stratum]:
    """One stratum per tuple of lengths.

    Args:
        choices: tuples of lengths; those without numbers are left out.
        numbers: the numbers that operands are drawn from.
        distribution: see :func:`weights`.
        symmetric: whether the order of operands is irrelevant.
        limb_count: limbs per operand, see :func:`limb_count`.
        operands: number of operands that all strata of the split have columns for; 0: the length of the tuples.

    >>> stratum = strata([(2, 1)], NumberRange(10), "lengths")[0]
    >>> stratum.name, stratum.sizes, OperandRanges.of(stratum.low), stratum.weight
    ('digits=2+1', (90, 10), OperandRanges(folded=0, minimum=(10, 0)), 2)
    """
    filled = [c for c in choices if all(map(numbers.count, c))]
    shares = zip(filled, weights(filled, numbers, distribution), strict=True)
    layout = OperandLayout(limbs.per_limb(numbers.base), limb_count, operands, symmetric)
    return [layout.stratum(c, numbers, weight) for c, weight in shares if weight]


class OperandRanges(NamedTuple):
    """The numbers `low` of a stratum of operands: integers in the stratum, int64 (k, 1) in :func:`draw`.

    Attributes:
        folded: the size of the first coordinate where the first two are folded, else 0.
        minimum: the smallest value of each coordinate, (L * operands,).
    """

    folded: Any
    minimum: Any

    @classmethod
    def of(cls, low: Any) -> "OperandRanges":
        """Name the parts of `low`."""
        return cls(low[0], low[1:])

    @property
    def low(self) -> tuple[int, ...]:
        """The inverse of :meth:`of`."""
        return self.folded, *self.minimum


class OperandLayout(NamedTuple):
    """The layout of operands in columns: the last limbs of all operands, then the limbs before them.

    Attributes:
        per_limb: digits per limb.
        limb_count: limbs per operand; 1: numbers below 2^63 that are not cut into limbs.
        operands: number of operands with columns; 0: the number of lengths.
        symmetric: whether the order of operands is irrelevant.
    """

    per_limb: int
    limb_count: int = 1
    operands: int = 0
    symmetric: bool = True

    def stratum(self, lengths: tuple[int, ...], numbers: NumberRange, weight: int) -> Stratum:
        """The stratum of one tuple of lengths."""
        name = lengths_name(lengths)
        if self.symmetric:  # the largest group of equal lengths first: its first two operands are folded
            lengths = tuple(sorted(lengths, key=lambda n: (-Counter(lengths)[n], -n)))
        ranges = [_cached_ranges(self, n, numbers) for n in lengths]
        ranges += [[(ABSENT, 1), *[(0, 1)] * (self.limb_count - 1)]] * (self.operands - len(lengths))
        columns = [limb for place in zip(*ranges, strict=True) for limb in place]
        sizes, folded, share = [size for _, size in columns], 0, self._share(lengths)
        if self.symmetric and len(lengths) > 1 and lengths[0] == lengths[1]:
            folded, sizes[1] = sizes[0], sizes[0] // 2 + 1
            share *= 1 - 1 / sizes[1]
        row = OperandRanges(folded, [first for first, _ in columns])
        return Stratum(name, tuple(sizes), row.low, weight, share=share)

    def ranges(self, length: int, numbers: NumberRange) -> list[tuple[int, int]]:
        """The smallest value and the number of values of each limb of the numbers of a length."""
        if self.limb_count == 1:
            return [(numbers.first(length), numbers.count(length))]
        full, rest = divmod(length - 1, self.per_limb)
        leading = numbers if full == 0 else NumberRange(numbers.base, 1)
        found = [(0, numbers.base**self.per_limb)] * full
        found.append((leading.first(rest + 1), leading.count(rest + 1)))
        return found + [(0, 1)] * (self.limb_count - len(found))

    def _share(self, lengths: tuple[int, ...]) -> float:
        """The share of points that are problems, without the fold; 0 for unknown where points must be sorted."""
        known = not self.symmetric or len(set(lengths[1:])) == len(lengths) - 1
        return float(known)


@lru_cache(maxsize=1024)
def _cached_ranges(layout: OperandLayout, length: int, numbers: NumberRange) -> list[tuple[int, int]]:
    """`OperandLayout.ranges`, cached because each length occurs in many strata."""
    return layout.ranges(length, numbers)


def limb_count(digits: int, base: int, largest: int) -> int:
    """The number of limbs of the numbers of a split; 1 for plain int64 where everything stays below 2^63.

    Args:
        digits: digits of the longest operand.
        base: the base.
        largest: a bound on everything that is computed from such operands.

    >>> limb_count(18, 10, 2 * 10**18), limb_count(19, 10, 2 * 10**19)
    (1, 3)
    """
    return 1 if largest < 1 << 63 else limbs.limbs_for(digits, base)


def draw(coordinates: U64, low: Int) -> Int:
    """Convert points to operands: unfold the first two, then shift each to the smallest number of its length.

    Args:
        coordinates: uint64 (m, n).
        low: int64 (m + 1, 1), see :class:`OperandRanges`.

    >>> draw(np.array([[8], [5]], dtype=np.uint64), np.array([[10], [0], [0]])).T.tolist()
    [[8, 3]]
    """
    ranges = OperandRanges.of(low)
    operands = coordinates.view(np.int64) + ranges.minimum
    folded = np.uint64(ranges.folded[0])
    if folded:
        moved = coordinates[0] + coordinates[1]
        np.minimum(moved, moved - folded, out=moved)  # modulo: below zero wraps to a huge number
        np.add(moved.view(np.int64), ranges.minimum[1], out=operands[1])
    return operands


def count_once(operands: Int, coordinates: U64, low: Int, count: int) -> NDArray[np.bool_] | None:
    """Which points are the one point of their problem, bool (n,); None: all.

    Args:
        operands: int64 (L * count, n).
        coordinates: uint64 (L * count, n).
        low: int64 (L * count + 1, 1), see :class:`OperandRanges`.
        count: columns of operands.
    """
    ranges = OperandRanges.of(low)
    keep, folded = None, int(ranges.folded[0])
    numbers, minimum = arithmetic.split(operands, count), arithmetic.split(ranges.minimum, count)
    if folded and folded % 2 == 0:
        half = np.uint64(folded // 2)
        keep = (coordinates[1] != half) | (coordinates[0] < half)
    if folded and len(operands) > count:  # operands with equal last limbs may still differ
        keep = ((coordinates[1] > 0) | ~arithmetic.greater(numbers[1], numbers[0])) & _true_where(keep)
    for i in range(2, count):
        if np.array_equal(minimum[i], minimum[i - 1]):
            before = numbers[:2] if i == 2 else numbers[i - 1 : i]
            for number in before:
                keep = ~arithmetic.greater(number, numbers[i]) & _true_where(keep)
    return keep


def _true_where(keep: NDArray[np.bool_] | None) -> NDArray[np.bool_] | bool:
    return True if keep is None else keep


def canonical_sorted(operands: Int, count: int, base: int) -> Int:
    """The canonical form of unordered operands: from the largest to the smallest, absent ones last.

    Args:
        operands: int64 (L * count, n).
        count: columns of operands.
        base: the base of their limbs.

    Returns:
        int64 (count, n) or, of long numbers, two words each: (2 * count, n).

    >>> canonical_sorted(np.array([[3], [5]]), 2, 10).T.tolist()
    [[5, 3]]
    """
    if len(operands) > count:
        return _sorted_long(operands, count, base)
    if count == 2:
        found = np.empty_like(operands)
        np.maximum(operands[0], operands[1], out=found[0])
        np.minimum(operands[0], operands[1], out=found[1])
        return found
    return -np.sort(-operands, axis=0)


def _sorted_long(operands: Int, count: int, base: int) -> Int:
    """Sort words, which are fewer than limbs. The rank of an operand is the number of larger operands."""
    numbers, words = arithmetic.split(operands, count), _words(operands, count, base)
    rank = np.zeros((count, 1, operands.shape[1]), dtype=np.int64)
    for i, j in combinations(range(count), 2):
        second = arithmetic.greater(numbers[j], numbers[i])
        rank[i] += second
        rank[j] += ~second
    found = np.empty_like(words)
    np.put_along_axis(found, rank, words, axis=0)
    return found.reshape(2 * count, operands.shape[1])


def canonical_unsorted(operands: Int, count: int, base: int) -> Int:
    """The canonical form of ordered operands, see :func:`canonical_sorted`."""
    if len(operands) == count:
        return operands
    return _words(operands, count, base).reshape(2 * count, operands.shape[1])


def _words(operands: Int, count: int, base: int) -> Int:
    """Both words of every long operand, int64 (count, 2, n)."""
    limb_count, rows = len(operands) // count, operands.shape[1]
    words = np.array(arithmetic.words(operands.reshape(limb_count, count * rows), base))
    return words.reshape(2, count, rows).swapaxes(0, 1)


def shuffle_operands(problems: Problems, random_bits: U64, count: int) -> Problems:
    """Put the operands of each problem in random order; absent ones stay last."""
    problems.operands = _shuffled(problems.operands, random_bits, count)
    return problems


def _shuffled(operands: Int, random_bits: U64, count: int) -> Int:
    if count == 2:
        pairs = operands.reshape(len(operands) // 2, 2, operands.shape[1])
        mask = -(random_bits & np.uint64(1)).view(np.int64)  # all bits or none: no branches
        swap = (pairs[:, 0] ^ pairs[:, 1]) & mask
        return (pairs ^ swap[:, None]).reshape(operands.shape)
    noise = np.stack([mix64(random_bits + np.uint64(i)) >> np.uint64(1) for i in range(count)]).view(np.int64)
    absent = operands[:count] == ABSENT
    order = np.argsort(np.where(absent, np.iinfo(np.int64).max, noise), axis=0, kind="stable")
    numbers = operands.reshape(len(operands) // count, count, operands.shape[1])
    return np.take_along_axis(numbers, order[None], axis=1).reshape(operands.shape)


def parse_terms(expression: str, sign: str, base: int) -> list[int]:
    """The integers between signs, from the text of an expression, in plain Python.

    >>> parse_terms("-7-(-12)", "-", 10), parse_terms("57 + 8", "+", 10)
    ([-7, -12], [57, 8])
    """
    terms = re.split(rf"(?<=[0-9a-z)]) ?{re.escape(sign)}", expression)
    return [int(term.strip(" ()"), base) for term in terms]


def check_range(family: str, largest: int, what: str) -> None:
    """Check that results stay below 2^63.

    Raises:
        InputError: with the setting that is too large.
    """
    if largest >= 1 << 63:
        raise InputError(f"{family}: results must stay below 2^63. Received: {what}.")


def check_operand_count(
    family: str, lengths: DigitLengths, operands: int, each: int = 1, signs: int = 1
) -> None:
    """Check the number of strata, `each` per tuple of lengths of 1 or 2 signs.

    Raises:
        InputError: with the number of strata, and the parameters that reduce it.
    """
    count = each * comb(signs * (len(lengths.inner) + len(lengths.outer)) + operands - 1, operands)
    if count > MAX_STRATA:
        what = "1 number" if operands == 1 else f"{operands} operands"
        raise InputError(
            f"{family}: {what} of {lengths.inner[0]} to {lengths.longest} digits make {count:,} strata; "
            f"at most {MAX_STRATA:,} are allowed. Give a larger step or shortest."
        )


def check_long(family: str, digits: int, what: str) -> None:
    """Check that results are not too long to be parsed.

    Raises:
        InputError: with their length.
    """
    if digits > MAX_DIGITS:
        raise InputError(f"{family}: {what} may have at most {MAX_DIGITS:,} digits. Received: {digits:,}.")


def check_extrapolation(family: str, **axes: int) -> None:
    """Check that at least one axis of extrapolation is positive.

    Raises:
        InputError: with the names of the axes.
    """
    if not any(axes.values()):
        raise InputError(
            f"{family}: at least one of {', '.join(axes)} must be 1 or more, or nothing extrapolates."
        )
