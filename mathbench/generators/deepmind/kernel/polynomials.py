"""Polynomials in one variable as arrays of coefficients: drawing, splitting into like terms, products, compositions."""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.entropy import UNIT, entropy_of
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.hashing import Int


def draw_coefficients(
    rng: RandomStream, degree: Int, entropy: Int, minimum: Int, maximum: Int | None = None
) -> Int:
    """Draw the coefficients of polynomials in one variable.

    Args:
        rng: random streams.
        degree: int64 (n,), the highest power, whose coefficient is not zero.
        entropy: int64 (n,), units, split among the non-zero coefficients.
        minimum: int64 (n,), the minimum number of non-zero coefficients, cut off at one more than the degree.
        maximum: int64 (n,), their maximum number; None: the minimum plus half the decades of entropy.

    Returns:
        int64 (highest degree of the batch + 1, n); row i belongs to the power i.
    """
    minimum = np.clip(minimum, 1, degree + 1)
    maximum = minimum + entropy // (2 * UNIT) if maximum is None else maximum
    count = rng.randint(minimum, np.clip(maximum, minimum, degree + 1))
    rows = np.arange(int(degree.max(initial=0)) + 1)[:, None]
    # position of each lower power in a random order
    order = np.argsort(rng.permutation(len(rows), rows < degree), axis=0)
    shown = (rows == degree) | ((rows < degree) & (order < count - 1))
    shares, drawn = rng.dirichlet(entropy, shown.astype(np.int64)), rng.fork()
    values = np.stack([drawn.integer(share, minimum=1) for share in shares])
    return np.where(shown, values, 0)


class LikeTerms(NamedTuple):
    """Terms whose sums are given coefficients.

    Attributes:
        value: int64 (t, n).
        of: int64 (t, n), the index of the coefficient that the term belongs to.
        live: bool (t, n), which terms exist; they come first.
    """

    value: Int
    of: Int
    live: Bool


def split_into_like_terms(
    rng: RandomStream, coefficients: Int, entropy: Int, length: Int, live: Bool | None = None
) -> LikeTerms:
    """Split coefficients into like terms.

    Args:
        rng: random streams.
        coefficients: int64 (k, n).
        entropy: int64 (n,), units, split among the additional terms.
        length: int64 (n,), the number of terms: at least that of non-zero coefficients, and at least two where all
            are zero.
        live: bool (k, n), which coefficients exist; the others are zero and get no terms. None: all.

    Returns:
        The terms, with those of one coefficient next to each other.
    """
    counts = _counts(rng, length, coefficients == 0, live)
    first = np.cumsum(counts, axis=0) - counts
    position = np.arange(int(counts.sum(axis=0).max(initial=0)))[:, None]
    value, of = np.zeros((2, len(position), len(length)), dtype=np.int64)
    for k, coefficient in enumerate(coefficients):
        alone = np.flatnonzero(counts[k] == 1)
        at = first[k, alone]
        value[at, alone], of[at, alone] = coefficient[alone], k
    parts = _parts(rng.fork(), coefficients, counts, entropy)
    at = first[parts.of, parts.row] + parts.rank
    value[at, parts.row], of[at, parts.row] = parts.value, parts.of
    return LikeTerms(value, of, position < counts.sum(axis=0))


def _counts(rng: RandomStream, length: Int, zero: Bool, live: Bool | None) -> Int:
    """The number of terms of each coefficient, int64 (k, n), which is never one for a zero coefficient."""
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
    """The terms of the coefficients that have several, one after the other, int64 (m,) each."""

    row: Int
    of: Int
    rank: Int
    value: Int


def _parts(rng: RandomStream, coefficients: Int, counts: Int, entropy: Int) -> _Parts:
    """Draw terms of about the share of entropy of each, and shift them so that their sum is the coefficient."""
    row, of = np.nonzero(counts.T > 1)
    coefficient, count = coefficients[of, row], counts[of, row]
    start, item = np.cumsum(count) - count, np.repeat(np.arange(len(row)), count)
    rank = np.arange(len(item)) - start[item]
    term_rng = rng.take(row[item]).substream((of[item] << 8) + rank)
    share = _shares(term_rng, entropy, rank, row, start)
    weights = term_rng.exponential()
    minimum = np.maximum(entropy_of(-(-coefficient // count)), UNIT)
    # one term follows from the others, so the entropy is that of one term fewer
    each = (share * count // (count - 1))[item] * weights // _sums(weights, start)[item]
    drawn = term_rng.integer(np.maximum(each, minimum[item]))
    missing = coefficient - _sums(drawn, start)
    return _Parts(row[item], of[item], rank, drawn + (missing[item] + rank) // count[item])


def _shares(rng: RandomStream, entropy: Int, rank: Int, row: Int, start: Int) -> Int:
    """Split entropy among coefficients: a Dirichlet distribution with one part for each term but the first."""
    part = _sums(np.where(rank > 0, rng.exponential(), 0), start)
    total = np.zeros(len(entropy), np.int64)
    np.add.at(total, row, part)
    return entropy[row] * part // total[row]


def _sums(values: Int, start: Int) -> Int:
    return np.add.reduceat(values, start) if len(start) else np.zeros(0, np.int64)


_BITS = 61  # maximum size of a coefficient


def multiply(a: Int, b: Int) -> tuple[Int, Bool]:
    """Multiply polynomials.

    Args:
        a, b: int64 (d + 1, n) and (e + 1, n); row i belongs to the power i.

    Returns:
        int64 (d + e + 1, n), and which products are known to be in range, bool (n,).

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
    """Compose polynomials, f(g(x)). Arguments and results as for `multiply`.

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
