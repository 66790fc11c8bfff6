"""Polynomials split into like terms."""

import numpy as np

from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import split_into_like_terms
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.hashing import Int


def split_count(rng: RandomStream, coefficients: Int, entropy: Int, more: Int) -> Int:
    """Draw the number of terms to split polynomials into, int64 (n,).

    Args:
        rng: random streams.
        coefficients: int64 (d + 1, n).
        entropy: int64 (n,), units for the additional terms.
        more: int64 (n,), the minimum number of additional terms.
    """
    return (coefficients != 0).sum(axis=0) + more + rng.randint_below(-(-entropy // UNIT) // 2 + 1)


def split_terms(
    rng: RandomStream, coefficients: Int, entropy: Int, count: Int, variable: Int
) -> MultivariateTerms:
    """Split polynomials into a given number of terms, with like terms next to each other.

    Args:
        rng: random streams.
        coefficients: int64 (d + 1, n); row i belongs to the power i.
        entropy: int64 (n,), units for the additional terms.
        count: int64 (n,), at least two more than the number of non-zero coefficients.
        variable: int64 (n,), its code.
    """
    powers = np.arange(len(coefficients))[:, None]
    degree = np.where(coefficients != 0, powers, 0).max(axis=0)
    terms = split_into_like_terms(rng, coefficients, entropy, count, powers <= degree)
    return MultivariateTerms(
        terms.value, np.ones_like(terms.value), terms.of[None], terms.live, variable[None]
    )
