"""Plausible wrong results for statements about long numbers, with the same kinds of error as `wrong_results`."""

from math import lcm

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.toolkit import wrong_results
from mathbench.hashing import U64, mix64, to_range
from mathbench.numbers import limbs, long_text
from mathbench.numbers.limbs import Int

Digits = NDArray[np.uint8]


def drop_carry(a: Int, b: Int, truth: Int, base: int, random_bits: U64) -> Int:
    """A sum without the carry into one place, chosen evenly among the places with a carry; the true sum without any.

    A place has a carry where its digit is not the last digit of the sum of the operands' digits.
    """
    first, second, digits = (long_text.digits(limbs.widened(n, len(truth)), base) for n in (a, b, truth))
    return _less(truth, base, _chosen((digits + (2 * base - first) - second) % base > 0, random_bits))


def lose_unit(truth: Int, base: int, random_bits: U64) -> Int:
    """A product without one unit in one place above the first, chosen evenly."""
    positions = np.arange(len(truth) * limbs.per_limb(base))
    allowed = (positions > 0) & (positions < long_text.lengths(truth, base)[:, None])
    return _less(truth, base, _chosen(allowed, random_bits))


def change_digit(truth: Int, base: int, random_bits: U64) -> Int:
    """Change one digit to another; a leading digit does not become zero."""
    lengths = long_text.lengths(truth, base)
    positions = np.maximum(lengths - (base == 2), 1)  # in base 2 a leading 1 has nothing else to be
    position = to_range(random_bits, positions.astype(np.uint64)).astype(np.int64)
    old = long_text.digits(truth, base)[np.arange(len(position)), position].astype(np.int64)
    leading = ((position == lengths - 1) & (lengths > 1)).astype(np.int64)
    new = leading + to_range(mix64(random_bits), (base - 1 - leading).astype(np.uint64)).astype(np.int64)
    new += new >= old
    return _moved(truth, base, position, new - old)


def swap_digits(truth: Int, base: int, random_bits: U64) -> Int:
    """Swap two different neighbouring digits without making a leading zero."""
    digits, lengths = long_text.digits(truth, base), long_text.lengths(truth, base)[:, None]
    low, high, second = digits[:, :-1], digits[:, 1:], np.arange(1, digits.shape[1])
    allowed = (low != high) & ((second < lengths - 1) | ((second == lengths - 1) & (low > 0)))
    position = _chosen(allowed, random_bits)
    rows, here = np.arange(len(position)), np.maximum(position, 0)
    change = (high[rows, here].astype(np.int64) - low[rows, here]) * (position >= 0)
    return _moved(_moved(truth, base, here, change), base, here + 1, -change)


def stay_congruent(truth: Int, base: int, random_bits: U64) -> Int:
    """Add up to `base` multiples of lcm(base-1, base, base+1) of either sign, without a change of length.

    Numbers of up to two limbs are treated as in `wrong_results`; the sign is inverted where the length would change.
    """
    radix, step = limbs.radix_of(base), lcm(base - 1, base, base + 1)
    size = np.full(len(random_bits), 2 * base, dtype=np.uint64)
    multiples = to_range(random_bits, size).astype(np.int64) - base
    change = step * (multiples + (multiples >= 0))
    change[_outside(truth, base, change)] *= -1
    moved = _shifted(truth, radix, change)
    short = np.flatnonzero((truth[2:] == 0).all(axis=0))
    value = wrong_results.stay_congruent(truth[0, short] + radix * truth[1, short], base, random_bits[short])
    moved[:, short], moved[0, short], moved[1, short] = 0, value % radix, value // radix
    return moved


def _outside(truth: Int, base: int, change: Int) -> Int:
    """The indices of rows whose length would change."""
    moved = _shifted(truth, limbs.radix_of(base), change)
    return np.flatnonzero(long_text.lengths(moved, base) != long_text.lengths(truth, base))


def _shifted(truth: Int, radix: int, change: Int) -> Int:
    return limbs.carried(np.concatenate([truth[:1] + change, truth[1:]]), radix, more=0)


def _chosen(allowed: NDArray[np.bool_], random_bits: U64) -> Int:
    """Choose one of the positions allowed in each row, bool (n, D), evenly; -1 where none is."""
    before = np.cumsum(allowed, axis=1, dtype=np.int32)
    requested = to_range(random_bits, before[:, -1].astype(np.uint64)).astype(np.int32)
    return np.where(before[:, -1] > 0, (before > requested[:, None]).argmax(axis=1), -1)


def _less(truth: Int, base: int, position: Int) -> Int:
    """Subtract one unit at one position of each row; nothing where the position is -1."""
    change = -(position >= 0).astype(np.int64)
    return limbs.carried(_moved(truth, base, np.maximum(position, 0), change), limbs.radix_of(base), more=0)


def _moved(truth: Int, base: int, position: Int, change: Int) -> Int:
    """Change one digit of each number by some amount."""
    limb, digit = np.divmod(position, limbs.per_limb(base))
    moved = truth.copy()
    moved[limb, np.arange(len(position))] += change * base**digit
    return moved
