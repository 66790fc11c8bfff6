"""Numbers to compare: integers, fractions and decimals."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel.entropy import UNIT, choice_count
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.rationals import SMALL_PRIMES
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import U64, Int, mix64

Floats = NDArray[np.float64]

_FIXED = 16  # fractional bits


def sort_keys(top: Int, bottom: Int) -> Floats:
    """Fractions, int64 of any shape, below 2^53, as floating-point sort keys.

    Division rounds to nearest on every processor, which is monotonic: where two keys differ, the fractions have the
    same order.
    """
    found: Floats = top / bottom
    return found


def value_fingerprints(values: Numbers) -> U64:
    """A hash of each value, uint64 (n,), equal for 3/4 and 0.75."""
    return mix64(mix64(values.top.view(np.uint64)) + values.bottom.view(np.uint64))


def draw_mixed(rng: RandomStream, entropy: Int, integral: Bool | None = None) -> Numbers:
    """Draw numbers of given entropy: half of them integers, a quarter fractions, a quarter decimals.

    Args:
        entropy: int64 (n,), in units.
        integral: bool (n,), which numbers are integers in any case.
    """
    kind = rng.randint_below(4)
    if integral is not None:
        kind *= ~integral
    top = rng.integer(entropy)
    bottom = np.ones_like(top)
    for number, draw in ((2, draw_fractions), (3, draw_decimals)):
        index = np.flatnonzero(kind == number)
        found = draw(rng.take(index), entropy[index])
        top[index], bottom[index] = found.top, found.bottom
    return Numbers(top, bottom, kind == 3)


def draw_fractions(rng: RandomStream, entropy: Int) -> Numbers:
    """Draw fractions that are not integers, with a uniform share of the entropy for the numerator.

    The range of the denominators widens with the share of numbers that are not coprime to the numerator.
    """
    share = rng.randint_below(entropy + 1)
    top = rng.integer(share, minimum=1)
    room = (choice_count(entropy - share) + 2) * _inverse_coprime_share().take(
        np.abs(top) % len(_inverse_coprime_share())
    ) >> _FIXED
    maximum = room + 2 * (np.abs(top) > 1)
    bottom = rng.reject_until(
        lambda again, here: again.randint(2, maximum[here]),
        lambda bottom, here: np.gcd(top[here], bottom) == 1,
    )
    return Numbers(top, bottom, np.zeros(len(top), np.bool_))


def draw_decimals(rng: RandomStream, entropy: Int) -> Numbers:
    """Draw decimals that are not integers: an integer of the given entropy divided by a power of ten."""
    digits = np.maximum(-(-entropy // UNIT), 1)

    def draw(again: RandomStream, here: Int) -> Int:
        return np.stack([again.integer(entropy[here]), 10 ** again.randint(1, digits[here])])

    return Numbers.rationals(*rng.reject_until(draw, lambda drawn, here: drawn[0] % drawn[1] != 0))


@cache
def _inverse_coprime_share() -> Int:
    """The inverse share of numbers coprime to a number, by its residue modulo the product of `SMALL_PRIMES`."""
    found = np.full(np.prod(SMALL_PRIMES), 1 << _FIXED)
    for prime in SMALL_PRIMES:
        found[::prime] = found[::prime] * prime // (prime - 1)
    return found
