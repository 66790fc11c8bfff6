"""Coefficients taken apart into like terms."""

import numpy as np

from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import split_into_like_terms
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.hashing import Int


def split_count(rng: RandomStream, coefficients: Int, entropy: Int, more: Int) -> Int:
    """How many terms some coefficients are to become, int64 (n,).

    Args:
        rng: random streams.
        coefficients: int64 (d + 1, n).
        entropy: int64 (n,), units for the additional terms.
        more: int64 (n,), how many additional terms there are at least.
    """
    return (coefficients != 0).sum(axis=0) + more + rng.randint_below(-(-entropy // UNIT) // 2 + 1)


def split_terms(
    rng: RandomStream, coefficients: Int, entropy: Int, count: Int, variable: Int
) -> MultivariateTerms:
    """So many terms, like terms beside each other, that add up to polynomials.

    Args:
        rng: random streams.
        coefficients: int64 (d + 1, n); row i belongs to the power i.
        entropy: int64 (n,), units for the additional terms.
        count: int64 (n,), at least two more than there are coefficients that are not zero.
        variable: int64 (n,), its code.
    """
    powers = np.arange(len(coefficients))[:, None]
    degree = np.where(coefficients != 0, powers, 0).max(axis=0)
    terms = split_into_like_terms(rng, coefficients, entropy, count, powers <= degree)
    return MultivariateTerms(
        terms.value, np.ones_like(terms.value), terms.of[None], terms.live, variable[None]
    )
