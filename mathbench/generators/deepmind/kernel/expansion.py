"""Coefficients: drawn for a polynomial, and taken apart into several terms that add up to each."""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel import entropy as decades
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.task import Int


def coefficients(chance: Chance, degree: Int, entropy: Int, fewest: Int, most: Int | None = None) -> Int:
    """Draw the coefficients of polynomials in one variable.

    Args:
        chance: random choices.
        degree: int64 (n,), the highest power, whose coefficient is not zero.
        entropy: int64 (n,), units shared out among the coefficients that are not zero.
        fewest: int64 (n,), how many are not zero, at least (one more than the degree is the most there can be).
        most: int64 (n,), at most; None: fewest and half the decades more.

    Returns:
        int64 (highest degree of the batch + 1, n); row i belongs to the power i.
    """
    fewest = np.clip(fewest, 1, degree + 1)
    most = fewest + entropy // (2 * UNIT) if most is None else most
    many = chance.between(fewest, np.clip(most, fewest, degree + 1))
    rows = np.arange(int(degree.max(initial=0)) + 1)[:, None]
    order = np.argsort(
        chance.order(len(rows), rows < degree), axis=0
    )  # place of each lower power in a random order
    shown = (rows == degree) | ((rows < degree) & (order < many - 1))
    shares, drawn = chance.spread(entropy, shown.astype(np.int64)), chance.fork()
    values = np.stack([drawn.integer(share, least=1) for share in shares])
    return np.where(shown, values, 0)


class Expanded(NamedTuple):
    """Terms that add up to some coefficients.

    Attributes:
        value: int64 (t, n).
        of: int64 (t, n), which coefficient each belongs to.
        live: bool (t, n), the terms that there are; they come first.
    """

    value: Int
    of: Int
    live: Bool


def expand(chance: Chance, coefficients: Int, entropy: Int, length: Int) -> Expanded:
    """Take coefficients apart.

    Args:
        chance: random choices.
        coefficients: int64 (k, n).
        entropy: int64 (n,), units shared out among the additional terms.
        length: int64 (n,), how many terms there are; at least as many as coefficients that are not zero, and at
            least two where there is none.

    Returns:
        The terms, those of one coefficient beside each other.
    """
    counts = _counts(chance, length, coefficients == 0)
    shares = chance.spread(entropy, np.maximum(counts - 1, 0))
    ends = np.cumsum(counts, axis=0)
    place = np.arange(int(ends[-1].max(initial=0)))[:, None]
    of = (place[:, None] >= ends[None]).sum(axis=1)
    live = place < ends[-1]
    of = np.minimum(of, len(coefficients) - 1)
    count = np.take_along_axis(counts, of, axis=0)
    whole, share = (np.take_along_axis(table, of, axis=0) for table in (coefficients, shares))
    rank = place - np.take_along_axis(ends - counts, of, axis=0)
    value = _with_sums(chance, whole, count, share, of, live, rank)
    return Expanded(np.where(live, value, 0), of, live)


def _counts(chance: Chance, length: Int, zero: Bool) -> Int:
    """How many terms each coefficient becomes, int64 (k, n): never one for a coefficient that is zero."""
    counts = (~zero).astype(np.int64)
    extra = chance.fork().parts(np.maximum(length - counts.sum(axis=0), 0), len(zero))
    counts += extra
    again = chance.fork()
    while True:
        alone = zero & (counts == 1)
        rows = np.flatnonzero(alone.any(axis=0))
        if not len(rows):
            return counts
        luck = again.take(rows)
        taken = luck.pick(alone[:, rows])
        counts[taken, rows] -= 1
        there = counts[:, rows] >= 1
        there[taken, np.arange(len(rows))] = False
        counts[luck.pick(there), rows] += 1


def _with_sums(chance: Chance, whole: Int, count: Int, share: Int, of: Int, live: Bool, rank: Int) -> Int:
    """Terms of about the entropy that each coefficient has for them, moved so that they add up to it."""
    many = np.maximum(count, 1)
    least = np.maximum(decades.of_value(-(-whole // many)), UNIT)
    luck = chance.fork()
    weights = np.stack([luck.exponential() for _ in live]) * live
    part = share * many // np.maximum(many - 1, 1) * weights // np.maximum(_sums(weights, of), 1)
    drawn = chance.fork()
    value = np.stack([drawn.integer(np.maximum(p, low)) for p, low in zip(part, least, strict=True)]) * live
    missing = whole - _sums(value, of)
    return np.where(count == 1, whole, value + (missing + rank) // many)


def _sums(values: Int, of: Int) -> Int:
    """For each term the sum over all terms of its coefficient."""
    total = np.zeros_like(values)
    for k in range(int(of.max(initial=0)) + 1):
        mine = of == k
        total += np.where(mine, np.where(mine, values, 0).sum(axis=0), 0)
    return total
