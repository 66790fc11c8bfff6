"""Polynomials with rational roots: drawing, expansion, and text as a list of roots or as a product of factors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.polynomial_text import POWERS
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.rationals import draw_rational
from mathbench.generators.deepmind.kernel.scope import letter_text
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

Precedes = Callable[[int, int], Bool]  # whether the root at one position precedes that at another, bool (n,)


@dataclass(frozen=True)
class Roots(Columns):
    """Rational roots with their multiplicities.

    Attributes:
        top, bottom: int64 (r, n), in lowest terms.
        times: int64 (r, n), multiplicities; 0 where there is no root or it equals an earlier one.
    """

    top: Int
    bottom: Int
    times: Int

    @classmethod
    def from_repeated(cls, top: Int, bottom: Int, live: Bool) -> "Roots":
        """Count the multiplicities of roots, int64 (r, n), that may be equal."""
        times, fresh = np.zeros_like(top), live.copy()
        for i in range(len(top)):
            for j in range(i, len(top)):
                same = fresh[i] & live[j] & (top[i] == top[j]) & (bottom[i] == bottom[j])
                times[i] += same
                fresh[j] &= ~same | (i == j)
        return cls(top, bottom, times)

    def ascending(self) -> "Roots":
        """The roots in ascending order."""
        return self._sorted(lambda i, j: self.top[i] * self.bottom[j] < self.top[j] * self.bottom[i])

    def by_factor(self) -> "Roots":
        """The roots in the order of SymPy's factors: x, then by the coefficient of x, then by the constant."""
        top, bottom = self.top, np.where(self.top == 0, 0, self.bottom)
        return self._sorted(
            lambda i, j: (bottom[i] < bottom[j]) | ((bottom[i] == bottom[j]) & (top[i] > top[j]))
        )

    def _sorted(self, precedes: Precedes) -> "Roots":
        """Sort the existing roots; the others come last."""
        count, there = len(self.times), self.times > 0
        rank = np.where(there, 0, count)
        for i in range(count):
            for j in range(count):
                rank[i] += there[i] & there[j] & precedes(j, i) if i != j else 0
        order = np.argsort(rank, axis=0, kind="stable")
        parts = (self.top, self.bottom, self.times)
        return Roots(*(np.take_along_axis(part, order, axis=0) for part in parts))

    def listed(self) -> text.TextPiece:
        """The distinct roots as text, ``-3, 1/2, 4``."""
        roots, words = self.ascending(), list[text.PaddedText]()
        for position, (top, bottom, times) in enumerate(
            zip(roots.top, roots.bottom, roots.times, strict=True)
        ):
            there = times > 0
            if position:
                words += text.literal(", ", len(there), there)
            words += templates.masked(
                Numbers.rationals(top * there, np.where(there, bottom, 1)).rendered(), there
            )
        return tuple(words)

    def product(self, over: Int, under: Int, variable: Int) -> text.TextPiece:
        """The polynomial over / under * (q x - p) ... as text in factored form, ``-3*x*(2*x - 1)**2/5``.

        Args:
            over, under: int64 (n,), in lowest terms; `over` is not zero.
            variable: int64 (n,), code of the variable.
        """
        roots = self.by_factor()
        scaled, split = np.abs(over) != 1, under != 1
        words = [*text.literal("-", len(over), over < 0), *text.number(np.abs(over) * scaled, 10, scaled)]
        for position, (top, bottom, times) in enumerate(
            zip(roots.top, roots.bottom, roots.times, strict=True)
        ):
            words += text.literal("*", len(over), (times > 0) & (scaled | (position > 0)))
            words += _factor_text(top, bottom, times, variable)
        return (*words, *text.literal("/", len(over), split), *text.number(under * split, 10, split))


def draw_roots(rng: RandomStream, entropy: Int, minimum: Int, maximum: Int) -> tuple[Int, Int, Bool]:
    """Draw roots, of which one in ten is a fraction, and one in five (except the first) repeats another.

    Args:
        rng: random streams.
        entropy: int64 (n,), units, split among the distinct roots.
        minimum, maximum: int64 (n,), range of the number of roots.

    Returns:
        Numerators and denominators, int64 (r, n), and which roots exist, bool (r, n); the repeated ones come last.
    """
    count = rng.randint(minimum, maximum)
    positions = np.arange(int(maximum.max()))[:, None]
    coins = rng.fork()
    repeated = np.sum(
        [coins.bernoulli(1, 5) & (position < count - 1) for position in range(len(positions))], axis=0
    )
    # many equal roots of much entropy would make very large coefficients
    fresh = count - np.where(entropy > 4 * UNIT, np.minimum(repeated, count // 2), repeated)
    top, bottom = _draw_distinct(rng.fork(), rng.dirichlet(entropy, (positions < fresh).astype(np.int64)))
    copies = rng.fork()
    again = np.stack([copies.randint_below(fresh) for _ in positions])
    source = np.where(positions < fresh, positions, again)
    top, bottom = (np.take_along_axis(part, source, axis=0) for part in (top, bottom))
    return top, bottom, positions < count


def _draw_distinct(rng: RandomStream, entropy: Int) -> tuple[Int, Int]:
    """Draw a root of each entropy, int64 (r, n): numerators and denominators."""
    top, bottom = np.empty_like(entropy), np.ones_like(entropy)
    for i, share in enumerate(entropy):
        top[i], is_fraction = rng.integer(share), rng.bernoulli(1, 10)
        rows = np.flatnonzero(is_fraction)
        top[i, rows], bottom[i, rows] = draw_rational(rng.take(rows), share[rows])
    return top, bottom


def draw_scale(rng: RandomStream, entropy: Int) -> tuple[Int, Int]:
    """Draw the non-zero factor of a polynomial: an integer or a fraction with equal probability.

    Returns:
        Numerators and denominators, int64 (n,) each.
    """
    is_fraction, top = rng.reject_until(
        lambda again, rows: np.stack([again.bernoulli().astype(np.int64), again.integer(entropy[rows])]),
        lambda found, rows: (found != 0).any(axis=0),
    )
    bottom, rows = np.ones_like(top), np.flatnonzero(is_fraction)
    top[rows], bottom[rows] = draw_rational(rng.take(rows), entropy[rows])
    return top, bottom


def expand_roots(over: Int, top: Int, bottom: Int, live: Bool) -> Int:
    """The coefficients of over (q x - p) ..., (r + 1, n), in the type of `over`; row i belongs to the power i.

    Args:
        over: (n,), int64 or Python integers.
        top, bottom: int64 (r, n), the roots p / q.
        live: bool (r, n), which roots exist.
    """
    found = np.zeros((len(top) + 1, len(over)), over.dtype)
    found[0] = over
    for i, (p, q, there) in enumerate(zip(top, bottom, live, strict=True)):
        times_x = found[: i + 1] * (q * there)
        found[: i + 1] *= np.where(there, -p, 1)
        found[1 : i + 2] += times_x
    return found


def coefficient_bounds(over: Int, top: Int, bottom: Int, live: Bool) -> Int:
    """An upper bound of the absolute values of the coefficients of `expand_roots`, int64 (n,), cut off at 2^62."""
    bound = np.abs(over)
    for p, q, there in zip(top, bottom, live, strict=True):
        size = np.where(there, np.abs(p) + q, 1)
        bound = np.where(bound <= (1 << 62) // size, bound * size, 1 << 62)
    return bound


def _factor_text(top: Int, bottom: Int, times: Int, variable: Int) -> text.TextPiece:
    """The text of a factor (q x - p)**k, or x**k; empty where k is zero."""
    there = times > 0
    sum_of_two = there & (top != 0)
    scaled = sum_of_two & (bottom != 1)
    return (
        *text.literal("(", len(top), sum_of_two),
        *text.number(bottom * scaled, 10, scaled),
        *text.literal("*", len(top), scaled),
        *letter_text(np.where(there, variable, -1)),
        *templates.choose_text(sum_of_two * (1 + (top > 0)), ("", " + ", " - ")),
        *text.number(np.abs(top) * sum_of_two, 10, sum_of_two),
        *text.literal(")", len(top), sum_of_two),
        *templates.choose_text(times, POWERS[: int(times.max(initial=0)) + 1]),
    )
