"""Coefficients: drawn for a polynomial, and taken apart into several terms that add up to each.

Sums, products and compositions of polynomials in one variable, as arrays of their coefficients.
"""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel import entropy as decades
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.hashing import Int


def draw_coefficients(
    rng: RandomStream, degree: Int, entropy: Int, minimum: Int, maximum: Int | None = None
) -> Int:
    """Draw the coefficients of polynomials in one variable.

    Args:
        rng: random streams.
        degree: int64 (n,), the highest power, whose coefficient is not zero.
        entropy: int64 (n,), units shared out among the coefficients that are not zero.
        minimum: int64 (n,), how many are not zero, at least (one more than the degree is the most there can be).
        maximum: int64 (n,), at most; None: fewest and half the decades more.

    Returns:
        int64 (highest degree of the batch + 1, n); row i belongs to the power i.
    """
    minimum = np.clip(minimum, 1, degree + 1)
    maximum = minimum + entropy // (2 * UNIT) if maximum is None else maximum
    count = rng.randint(minimum, np.clip(maximum, minimum, degree + 1))
    rows = np.arange(int(degree.max(initial=0)) + 1)[:, None]
    order = np.argsort(
        rng.permutation(len(rows), rows < degree), axis=0
    )  # place of each lower power in a random order
    shown = (rows == degree) | ((rows < degree) & (order < count - 1))
    shares, drawn = rng.dirichlet(entropy, shown.astype(np.int64)), rng.fork()
    values = np.stack([drawn.integer(share, minimum=1) for share in shares])
    return np.where(shown, values, 0)


class LikeTerms(NamedTuple):
    """Terms that add up to some coefficients.

    Attributes:
        value: int64 (t, n).
        of: int64 (t, n), which coefficient each belongs to.
        live: bool (t, n), the terms that there are; they come first.
    """

    value: Int
    of: Int
    live: Bool


def split_into_like_terms(
    rng: RandomStream, coefficients: Int, entropy: Int, length: Int, live: Bool | None = None
) -> LikeTerms:
    """Take coefficients apart.

    Args:
        rng: random streams.
        coefficients: int64 (k, n).
        entropy: int64 (n,), units shared out among the additional terms.
        length: int64 (n,), how many terms there are; at least as many as coefficients that are not zero, and at
            least two where there is none.
        live: bool (k, n), the coefficients that there are; the others, zeros, become no terms; None: all.

    Returns:
        The terms, those of one coefficient beside each other.
    """
    counts = _counts(rng, length, coefficients == 0, live)
    first = np.cumsum(counts, axis=0) - counts
    position = np.arange(int(counts.sum(axis=0).max(initial=0)))[:, None]
    value, of = np.zeros((2, len(position), len(length)), dtype=np.int64)
    for k, whole in enumerate(coefficients):
        alone = np.flatnonzero(counts[k] == 1)
        at = first[k, alone]
        value[at, alone], of[at, alone] = whole[alone], k
    parts = _parts(rng.fork(), coefficients, counts, entropy)
    at = first[parts.of, parts.row] + parts.rank
    value[at, parts.row], of[at, parts.row] = parts.value, parts.of
    return LikeTerms(value, of, position < counts.sum(axis=0))


def _counts(rng: RandomStream, length: Int, zero: Bool, live: Bool | None) -> Int:
    """How many terms each coefficient becomes, int64 (k, n): never one for a coefficient that is zero."""
    counts = (~zero).astype(np.int64)
    more, child = np.maximum(length - counts.sum(axis=0), 0), rng.fork()
    counts += child.composition(more, len(zero)) if live is None else child.composition_among(more, live)
    again = rng.fork()
    while True:
        alone = zero & (counts == 1)
        rows = np.flatnonzero(alone.any(axis=0))
        if not len(rows):
            return counts
        child = again.take(rows)
        taken = child.choose(alone[:, rows])
        counts[taken, rows] -= 1
        there = counts[:, rows] >= 1
        there[taken, np.arange(len(rows))] = False
        counts[child.choose(there), rows] += 1


class _Parts(NamedTuple):
    """The terms of those coefficients that become several, one after the other, int64 (m,) each."""

    row: Int
    of: Int
    rank: Int
    value: Int


def _parts(rng: RandomStream, coefficients: Int, counts: Int, entropy: Int) -> _Parts:
    """Terms of about the entropy that falls to each, moved so that they add up to their coefficient."""
    row, of = np.nonzero(counts.T > 1)
    whole, count = coefficients[of, row], counts[of, row]
    start, item = np.cumsum(count) - count, np.repeat(np.arange(len(row)), count)
    rank = np.arange(len(item)) - start[item]
    term_rng = rng.take(row[item]).substream((of[item] << 8) + rank)
    share = _shares(term_rng, entropy, rank, row, start)
    weights = term_rng.exponential()
    minimum = np.maximum(decades.entropy_of(-(-whole // count)), UNIT)
    # one term follows from the others, so the entropy of the coefficient is that of one term fewer
    each = (share * count // (count - 1))[item] * weights // _sums(weights, start)[item]
    drawn = term_rng.integer(np.maximum(each, minimum[item]))
    missing = whole - _sums(drawn, start)
    return _Parts(row[item], of[item], rank, drawn + (missing[item] + rank) // count[item])


def _shares(rng: RandomStream, entropy: Int, rank: Int, row: Int, start: Int) -> Int:
    """Share entropy out among coefficients: a Dirichlet distribution, one part for each term but the first."""
    part = _sums(np.where(rank > 0, rng.exponential(), 0), start)
    total = np.zeros(len(entropy), np.int64)
    np.add.at(total, row, part)
    return entropy[row] * part // total[row]


def _sums(values: Int, start: Int) -> Int:
    return np.add.reduceat(values, start) if len(start) else np.zeros(0, np.int64)


_BITS = 61  # no coefficient may have more


def multiply(a: Int, b: Int) -> tuple[Int, Bool]:
    """Products.

    Args:
        a, b: int64 (d + 1, n) and (e + 1, n); row i belongs to the power i.

    Returns:
        int64 (d + e + 1, n), and which products are certain to be in range, bool (n,).

    >>> found, good = multiply(np.array([[1], [2]]), np.array([[3], [0], [1]]))
    >>> found[:, 0].tolist(), good.tolist()
    ([3, 6, 1, 2], [True])
    """
    found = np.zeros((len(a) + len(b) - 1, a.shape[1]), dtype=np.int64)
    for power, coefficient in enumerate(a):
        found[power : power + len(b)] += coefficient * b
    room = (1 << _BITS) // np.maximum(np.abs(a).sum(axis=0), 1)
    return found, np.abs(b).sum(axis=0) <= room


def compose(f: Int, g: Int) -> tuple[Int, Bool]:
    """Compositions f(g(x)); arguments and results as for `multiply`.

    >>> found, _ = compose(np.array([[1], [0], [1]]), np.array([[1], [1]]))
    >>> found[:, 0].tolist()
    [2, 2, 1]
    """
    found, good = f[-1:], np.ones(f.shape[1], dtype=np.bool_)
    for coefficient in f[-2::-1]:
        found, fits = multiply(found, g)
        found[0] += coefficient
        good = good & fits
    return found, good
