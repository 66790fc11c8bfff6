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
from mathbench.generators.deepmind.kernel.entropy import UNIT, choice_count
from mathbench.generators.deepmind.kernel.random import AliasTable, Bool, RandomStream
from mathbench.hashing import GOLDEN, Int, key_of, mix64
from mathbench.numbers import text

LIST_LENGTH = 9
ENTROPY = 12 * UNIT
ROOM = 30 - 2 * (LIST_LENGTH - 1)  # characters for the digits and signs, without the commas
_SHARES = 1 << 16  # in the table
_TRIALS = 4  # at each, to find out its weight
_MAX_WEIGHT_RATIO = (
    4  # times the weight expected; larger weights count as this. Twice as much would halve the rows accepted
)
_FIXED = 1 << 30
_UNUSED = 1 << 62
_TENS = 10 ** np.arange(ROOM + 1)


class EntropyShares(NamedTuple):
    """Ways to share the entropy out among the numbers.

    Attributes:
        entropy: int64 (MANY, m), of each number, in units.
        weight: int64 (m,), the weight expected, with `_FIXED` for one.
        choice: the choice among them by weight.
    """

    entropy: Int
    weight: Int
    choice: AliasTable


def draw_short_integers(rng: RandomStream) -> tuple[Int, Bool]:
    """Draw short integers: int64 (MANY, n), all different; and which rows are accepted, bool (n,)."""
    shares = _shares()
    way = shares.choice.choose(rng)
    values, weight = _draw_in_turn(rng, shares.entropy[:, way])
    expected = _MAX_WEIGHT_RATIO * shares.weight.take(way)
    values = np.take_along_axis(
        values, rng.permutation(LIST_LENGTH), axis=0
    )  # the last ones drawn have the least room
    return values, rng.randint_below(expected) < (weight * _FIXED).astype(np.int64)


@cache
def _shares() -> EntropyShares:
    seed = np.arange(_SHARES, dtype=np.uint64) * np.uint64(GOLDEN)
    rng = RandomStream(mix64(seed + np.uint64(key_of("shares of the entropy"))))
    entropy = np.maximum(rng.dirichlet(np.full(_SHARES, ENTROPY), np.ones((LIST_LENGTH, 1), np.int64)), UNIT)
    weight = np.zeros(_SHARES, np.int64)
    for _ in range(_TRIALS):
        weight += (_draw_in_turn(rng, entropy)[1] * (_FIXED // _TRIALS)).astype(np.int64)
    kept = np.flatnonzero(weight > _FIXED >> 14)  # all others together: less than one row in a hundred
    return EntropyShares(entropy[:, kept], weight[kept], AliasTable([weight[kept]]))


def _draw_in_turn(rng: RandomStream, entropy: Int) -> tuple[Int, Floats]:
    """Integers of some entropies, int64 (MANY, n), and the weight of each row, float64 (n,)."""
    used, left = np.full((len(rng), LIST_LENGTH), _UNUSED), np.full(len(rng), ROOM - LIST_LENGTH)
    weight = np.ones(len(rng))
    for i in range(LIST_LENGTH):
        maximum = (choice_count(entropy[i]) + 1) // 2
        low, high = -np.minimum(maximum, _TENS.take(left) - 1), np.minimum(maximum, _TENS.take(left + 1) - 1)
        taken = ((used >= low[:, None]) & (used <= high[:, None])).sum(axis=1)
        count = high - low + 1 - taken
        weight *= np.maximum(count, 0) / (2 * maximum + 1)
        value = _skip_used(low + rng.randint_below(np.maximum(count, 1)), low, used[:, :i])
        used[:, i] = value
        left = np.maximum(left - text.length(np.abs(value), 10) - (value < 0) + 1, 0)
    return used.T, weight


def _skip_used(value: Int, low: Int, used: Int) -> Int:
    """The value that is so many steps above the lowest if those used are left out."""
    for other in np.sort(used, axis=1).T:
        value = value + ((other >= low) & (other <= value))
    return value
