"""Many integers that are short enough to be written in a small space.

The published rule draws nine or ten numbers and draws again until they fit into thirty characters. Of 200,000 draws
by that rule 1,042 fitted, all of them nine integers. Here nine integers are drawn one after the other, each among those
that are new and leave room for the rest. The product of the shares of the published distribution that this leaves is
a weight; rows are accepted in proportion to it, which makes the distribution the published one, but for the rare
weights above the bound. How the entropy is shared out comes from a table of shares, chosen in proportion to the
weight that each leads to. So one draw in ten is accepted.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.comparison.compared_values import Floats
from mathbench.generators.deepmind.kernel.entropy import UNIT, choices
from mathbench.generators.deepmind.kernel.random import Bool, Chance, Weighted
from mathbench.hashing import GOLDEN, Int, key_of, mix
from mathbench.numbers import text

MANY = 9
ENTROPY = 12 * UNIT
ROOM = 30 - 2 * (MANY - 1)  # characters for the digits and signs, without the commas
_SHARES = 1 << 16  # in the table
_TRIES = 4  # at each, to find out its weight
_MOST = (
    4  # times the weight expected; larger weights count as this. Twice as much would halve the rows accepted
)
_FIXED = 1 << 30
_UNUSED = 1 << 62
_TENS = 10 ** np.arange(ROOM + 1)


class Shares(NamedTuple):
    """Ways to share the entropy out among the numbers.

    Attributes:
        entropy: int64 (MANY, m), of each number, in units.
        weight: int64 (m,), the weight expected, with `_FIXED` for one.
        choice: the choice among them by weight.
    """

    entropy: Int
    weight: Int
    choice: Weighted


def draw(chance: Chance) -> tuple[Int, Bool]:
    """Draw short integers: int64 (MANY, n), all different; and which rows are accepted, bool (n,)."""
    shares = _shares()
    way = shares.choice.pick(chance)
    values, weight = _one_by_one(chance, shares.entropy[:, way])
    expected = _MOST * shares.weight.take(way)
    values = np.take_along_axis(values, chance.order(MANY), axis=0)  # the last ones drawn have the least room
    return values, chance.below(expected) < (weight * _FIXED).astype(np.int64)


@cache
def _shares() -> Shares:
    seed = np.arange(_SHARES, dtype=np.uint64) * np.uint64(GOLDEN)
    chance = Chance(mix(seed + np.uint64(key_of("shares of the entropy"))))
    entropy = np.maximum(chance.spread(np.full(_SHARES, ENTROPY), np.ones((MANY, 1), np.int64)), UNIT)
    weight = np.zeros(_SHARES, np.int64)
    for _ in range(_TRIES):
        weight += (_one_by_one(chance, entropy)[1] * (_FIXED // _TRIES)).astype(np.int64)
    kept = np.flatnonzero(weight > _FIXED >> 14)  # all others together: less than one row in a hundred
    return Shares(entropy[:, kept], weight[kept], Weighted([weight[kept]]))


def _one_by_one(chance: Chance, entropy: Int) -> tuple[Int, Floats]:
    """Integers of some entropies, int64 (MANY, n), and the weight of each row, float64 (n,)."""
    used, left = np.full((len(chance), MANY), _UNUSED), np.full(len(chance), ROOM - MANY)
    weight = np.ones(len(chance))
    for i in range(MANY):
        most = (choices(entropy[i]) + 1) // 2
        low, high = -np.minimum(most, _TENS.take(left) - 1), np.minimum(most, _TENS.take(left + 1) - 1)
        taken = ((used >= low[:, None]) & (used <= high[:, None])).sum(axis=1)
        many = high - low + 1 - taken
        weight *= np.maximum(many, 0) / (2 * most + 1)
        value = _skipping(low + chance.below(np.maximum(many, 1)), low, used[:, :i])
        used[:, i] = value
        left = np.maximum(left - text.length(np.abs(value), 10) - (value < 0) + 1, 0)
    return used.T, weight


def _skipping(value: Int, low: Int, used: Int) -> Int:
    """The value that is so many steps above the lowest if those used are left out."""
    for other in np.sort(used, axis=1).T:
        value = value + ((other >= low) & (other <= value))
    return value
