"""Plausible wrong results for statements about numbers below 2^63; `long_wrong_results` has those about longer ones."""

from math import lcm

import numpy as np
from numpy.typing import NDArray

from mathbench.hashing import U64, Int, mix64, to_range
from mathbench.numbers import text

Mask = NDArray[np.bool_]


def drop_carry(a: Int, b: Int, truth: Int, base: int, random_bits: U64) -> Int:
    """A sum without the carry into one place, chosen evenly among the places with a carry; the true sum without any."""
    powers = [p for p in text.powers(base).tolist() if p <= int(np.max(truth, initial=0))]
    carries = [a % p + b % p >= p for p in powers]
    return truth - pick(np.array(powers, dtype=np.int64), carries, random_bits)


def drop_carry_or_borrow(a: Int, b: Int, truth: Int, base: int, random_bits: U64) -> Int:
    """:func:`drop_carry` of operands of either sign; a difference without the borrow from one place.

    What is borrowed in `13 - 8 = 5` is what is carried in `5 + 8 = 13`.

    >>> bits = np.array([0], dtype=np.uint64)
    >>> drop_carry_or_borrow(np.array([-13]), np.array([8]), np.array([-5]), 10, bits).tolist()
    [-15]
    """
    first, second, size = np.abs(a), np.abs(b), np.abs(truth)
    borrows = (a < 0) != (b < 0)
    one, other = np.where(borrows, size, first), np.where(borrows, np.minimum(first, second), second)
    total = one + other
    carried = total - drop_carry(one, other, total, base, random_bits)
    wrong = np.where(borrows, size + carried, size - carried)
    return np.where(truth < 0, -wrong, wrong)


def lose_unit(truth: Int, base: int, random_bits: U64) -> Int:
    """A product without one unit in one place above the first, chosen evenly."""
    powers = [p for p in text.powers(base).tolist() if p <= int(np.max(truth, initial=0))]
    return truth - pick(np.array(powers, dtype=np.int64), [truth >= p for p in powers], random_bits)


def pick(values: Int, allowed: list[Mask], random_bits: U64) -> Int:
    """Choose one of several values per row, evenly among those allowed in the row; 0 where none is.

    Args:
        values: int64 (v,).
        allowed: v masks of shape (n,).
        random_bits: uint64 (n,).
    """
    if not allowed:
        return np.zeros(len(random_bits), dtype=np.int64)
    table = np.stack(allowed)
    requested = to_range(random_bits, table.sum(axis=0).astype(np.uint64)).astype(np.int64)
    chosen = table & (np.cumsum(table, axis=0) - 1 == requested)
    return np.where(chosen.any(axis=0), values[chosen.argmax(axis=0)], 0)


def change_digit(truth: Int, base: int, random_bits: U64) -> Int:
    """Change one digit to another; a leading digit does not become zero.

    >>> change_digit(np.array([7]), 10, np.array([5], dtype=np.uint64)).tolist() != [7]
    True
    """
    lengths = text.length(truth, base)
    positions = np.maximum(lengths - (base == 2), 1)  # in base 2 a leading 1 has nothing else to be
    position = to_range(random_bits, positions.astype(np.uint64)).astype(np.int64)
    power = np.concatenate([[1], text.powers(base)])[position]
    old = truth // power % base
    leading = ((position == lengths - 1) & (lengths > 1)).astype(np.int64)
    new = leading + to_range(mix64(random_bits), (base - 1 - leading).astype(np.uint64)).astype(np.int64)
    new += new >= old
    return truth + (new - old) * power


def swap_digits(truth: Int, base: int, random_bits: U64) -> Int:
    """Swap two different neighbouring digits without making a leading zero."""
    positions = int(text.length(truth, base).max(initial=1)) - 1
    powers = np.concatenate([[1], text.powers(base)])[: max(positions, 0)]
    low = [truth // p % base for p in powers.tolist()]
    high = [truth // p // base % base for p in powers.tolist()]
    rest = [truth // p // base // base for p in powers.tolist()]
    allowed = [(a != b) & ((r > 0) | ((a > 0) & (b > 0))) for a, b, r in zip(low, high, rest, strict=True)]
    power = pick(powers, allowed, random_bits)
    safe = np.maximum(power, 1)
    return truth + (truth // safe % base - truth // safe // base % base) * (base - 1) * power


def stay_congruent(truth: Int, base: int, random_bits: U64) -> Int:
    """Add up to `base` multiples of lcm(base-1, base, base+1) of either sign, without a change of length."""
    step = lcm(base - 1, base, base + 1)
    lengths = text.length(truth, base)
    powers = np.concatenate([[1], text.powers(base)])
    low, high = np.where(lengths > 1, powers[lengths - 1], 0), powers[np.minimum(lengths, len(powers) - 1)]
    minimum = -np.minimum((truth - low) // step, base)
    maximum = np.minimum((high - 1 - truth) // step, base)
    multiples = minimum + to_range(random_bits, np.maximum(maximum - minimum, 0).astype(np.uint64)).astype(
        np.int64
    )
    multiples += multiples >= 0
    return np.where(maximum > minimum, truth + multiples * step, truth)
