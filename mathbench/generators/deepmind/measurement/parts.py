"""All fractions of a unit that are whole numbers of another unit, with their probabilities.

The published rule draws a fraction and two units until the conversion is an integer, which rejects most draws. Here the
resulting distribution is computed once, and each draw is one look-up.
"""

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.entropy import UNIT, entropy_units, size_of_entropy
from mathbench.generators.deepmind.kernel.random import AliasTable, Bool
from mathbench.generators.deepmind.measurement.units import DIMENSIONS, PAIRS
from mathbench.hashing import Int

MAX_ANSWER = 100_000  # the largest answer
ENTROPY, FINER = 2, 3  # of the fractions of train and of the level `finer`, in decades
EASY, MEDIUM, HARD, FINE = range(4)  # the groups
_MILLION = 10**6
_ONE = 1 << 40  # the fixed-point value of probability one


class UnitFractions(NamedTuple):
    """Conversions of fractions of units, as int64 columns (m,).

    Attributes:
        pair: the index in `PAIRS`.
        top, bottom: the fraction, in lowest terms.
        answer: the integer.
        weight: proportional to the probability.
    """

    pair: Int
    top: Int
    bottom: Int
    answer: Int
    weight: Int

    def take(self, index: Int | Bool) -> "UnitFractions":
        """The conversions at some indices."""
        return UnitFractions(*(column[index] for column in self))

    def key(self) -> Int:
        """A unique number for each conversion."""
        return (self.pair << 40) + (self.top << 20) + self.bottom


@cache
def table() -> tuple[UnitFractions, AliasTable]:
    """The conversions of all groups, one after the other, and the random choice within each group.

    The groups are the easiest, the medium and the hardest third of those of train, by the product of numerator and
    denominator, then those of `FINER` entropy that train does not have.
    """
    train = _conversions(ENTROPY)
    train = train.take(np.lexsort((train.pair, train.top, train.top * train.bottom)))
    stops = np.cumsum(train.weight)
    cuts = stops[-1] * np.arange(4) // 3
    groups = [
        train._replace(weight=np.diff(np.clip(np.append(0, stops), low, high)))
        for low, high in pairwise(cuts)
    ]
    fine = _conversions(FINER)
    fine = fine.take(~np.isin(fine.key(), train.key()))
    groups = [group.take(group.weight > 0) for group in (*groups, fine)]
    return _concatenate(groups), AliasTable([group.weight for group in groups])


def _conversions(entropy: int) -> UnitFractions:
    """All conversions of fractions of given entropy to integers. All dimensions are equally likely."""
    top, bottom, weight = _fractions(entropy)
    found = []
    for dimension in range(len(DIMENSIONS)):
        parts = [
            _of_pair(number, top, bottom, weight)
            for number, pair in enumerate(PAIRS)
            if pair.dimension == dimension
        ]
        joined = _concatenate(parts)
        found.append(joined._replace(weight=joined.weight // (joined.weight.sum() >> 32)))
    return _concatenate(found)


def _concatenate(parts: list[UnitFractions]) -> UnitFractions:
    return UnitFractions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _of_pair(pair: int, top: Int, bottom: Int, weight: Int) -> UnitFractions:
    """The conversions between one pair of units."""
    scale = PAIRS[pair].scale
    above, below = top * scale.numerator, bottom * scale.denominator
    answer = above // below
    good = (answer * below == above) & (answer <= MAX_ANSWER)
    return UnitFractions(np.full(good.sum(), pair), top[good], bottom[good], answer[good], weight[good])


def _fractions(entropy: int) -> tuple[Int, Int, Int]:
    """Numerators, denominators and weights of all fractions that are not integers.

    The numerator takes a uniform share of the entropy, and the coprime denominator the rest. The range of the
    denominators widens with the share of numbers that are not coprime to the numerator.
    """
    share = np.arange(entropy_units(entropy) + 1)
    max_top = -(-size_of_entropy(share + 6 * UNIT) // _MILLION) + 1
    share, top = np.repeat(share, max_top), np.concatenate([np.arange(1, end + 1) for end in max_top])
    room = (size_of_entropy(entropy_units(entropy) - share + 6 * UNIT) + 2 * _MILLION) * top
    max_bottom = -(-room // (_totients(int(top.max()))[top] * _MILLION)) + (top > 1)
    bottoms = np.arange(int(max_bottom.max()) + 1)
    coprime = (np.gcd(np.arange(int(top.max()) + 1)[:, None], bottoms) == 1) & (bottoms > 1)
    count = np.cumsum(coprime, axis=1)[top, max_bottom]
    weights = np.zeros(coprime.shape, np.int64)
    np.add.at(weights, (top, max_bottom), _ONE // (max_top[share] * count))
    weights = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1] * coprime  # of all denominators up to the largest
    tops, bottoms = np.nonzero(weights)
    return tops, bottoms, weights[tops, bottoms]


def _totients(maximum: int) -> Int:
    """Euler's totient of each number up to `maximum`, int64 (maximum + 1,)."""
    totient = np.arange(maximum + 1)
    for prime in range(2, maximum + 1):
        if totient[prime] == prime:
            totient[prime::prime] -= totient[prime::prime] // prime
    return totient
