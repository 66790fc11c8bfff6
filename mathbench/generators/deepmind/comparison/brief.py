"""Lists of nine integers that fit into thirty characters.

The published rule draws nine or ten numbers until they fit into thirty characters. Of 200,000 such draws 1,042 fitted,
all of them nine integers. Here nine integers are drawn in turn, each among those that are new and leave room for the
rest. The weight of a list is the product of the shares of the published distribution that these restrictions leave.
Lists are accepted in proportion to their weights, which gives the published distribution, except for the rare weights
above a bound. The entropies of the nine integers come from a table, chosen in proportion to their expected weights. One
draw in ten is accepted.
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
_SHARES = 1 << 16  # entries of the table
_TRIALS = 4  # draws per entry to estimate its weight
# larger multiples of the expected weight count as this one; twice the bound would halve the accepted rows
_MAX_WEIGHT_RATIO = 4
_FIXED = 1 << 30
_UNUSED = 1 << 62
_TENS = 10 ** np.arange(ROOM + 1)


class EntropyShares(NamedTuple):
    """A table of ways to split the entropy among the numbers.

    Attributes:
        entropy: int64 (LIST_LENGTH, m), the entropy of each number, in units.
        weight: int64 (m,), the expected weight, in units of 1 / `_FIXED`.
        choice: the choice among the entries by weight.
    """

    entropy: Int
    weight: Int
    choice: AliasTable


def draw_short_integers(rng: RandomStream) -> tuple[Int, Bool]:
    """Draw lists of different integers, int64 (LIST_LENGTH, n), and which rows are accepted, bool (n,)."""
    shares = _shares()
    entry = shares.choice.choose(rng)
    values, weight = _draw_in_turn(rng, shares.entropy[:, entry])
    expected = _MAX_WEIGHT_RATIO * shares.weight.take(entry)
    # the last ones drawn have the least room, so the order is random
    values = np.take_along_axis(values, rng.permutation(LIST_LENGTH), axis=0)
    return values, rng.randint_below(expected) < (weight * _FIXED).astype(np.int64)


@cache
def _shares() -> EntropyShares:
    seed = np.arange(_SHARES, dtype=np.uint64) * np.uint64(GOLDEN)
    rng = RandomStream(mix64(seed + np.uint64(key_of("shares of the entropy"))))
    entropy = np.maximum(rng.dirichlet(np.full(_SHARES, ENTROPY), np.ones((LIST_LENGTH, 1), np.int64)), UNIT)
    weight = np.zeros(_SHARES, np.int64)
    for _ in range(_TRIALS):
        weight += (_draw_in_turn(rng, entropy)[1] * (_FIXED // _TRIALS)).astype(np.int64)
    kept = np.flatnonzero(weight > _FIXED >> 14)  # the others amount to less than one row in a hundred
    return EntropyShares(entropy[:, kept], weight[kept], AliasTable([weight[kept]]))


def _draw_in_turn(rng: RandomStream, entropy: Int) -> tuple[Int, Floats]:
    """Draw integers of given entropies, int64 (LIST_LENGTH, n), and compute the weight of each row, float64 (n,)."""
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
    """The value at the same distance from `low` when the used values are skipped."""
    for other in np.sort(used, axis=1).T:
        value = value + ((other >= low) & (other <= value))
    return value
