"""Polynomials in several variables, drawn as cells of the grid of all powers."""

from dataclasses import dataclass

import numpy as np

from mathbench.generators.deepmind.kernel import fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.hashing import Int

_BITS = 5  # of a power in the sort key of a term


@dataclass(frozen=True)
class Grid(Columns):
    """Polynomials as terms with different powers.

    Attributes:
        value: int64 (t, n), the coefficients.
        power: int64 (v, t, n), the power of each variable.
        live: bool (t, n), which terms exist.
    """

    value: Int
    power: Int
    live: Bool

    def concatenated(self, other: "Grid") -> "Grid":
        """The terms of both, whose powers must differ."""
        return Grid(
            np.concatenate([self.value, other.value]),
            np.concatenate([self.power, other.power], axis=1),
            np.concatenate([self.live, other.live]),
        )

    def raised(self, axis: Int, by: Int) -> "Grid":
        """Raise the power of one variable, int64 (n,), in all terms."""
        variables = np.arange(len(self.power))[:, None, None]
        return Grid(self.value, self.power + np.where(variables == axis, by, 0), self.live)

    def derivative(self, axis: Int, order: Int) -> "Grid":
        """Differentiate by one variable, whose power is at least the order in all terms."""
        value, power = self.value, np.take_along_axis(self.power, axis[None, None], axis=0)[0]
        for step in range(int(order.max(initial=0))):
            value = np.where(step < order, value * (power - step), value)
        return Grid(value, self.raised(axis, -order).power, self.live)

    def terms(self, variable: Int) -> MultivariateTerms:
        """The polynomials in the order of SymPy: by the powers of the variables in alphabetical order.

        Args:
            variable: int64 (v, n), codes of the variables, in ascending order.
        """
        key = np.zeros(self.live.shape, dtype=np.int64)
        for power in self.power:
            key = (key << _BITS) + power
        order = np.argsort(np.where(self.live, -key, 1), axis=0)
        value = np.take_along_axis(self.value, order, axis=0)
        power = np.take_along_axis(self.power, order[None], axis=1)
        live = np.take_along_axis(self.live, order, axis=0)
        return MultivariateTerms(value, np.ones_like(value), power, live, variable).positive_first()

    def canonical(self, axis: Int) -> Int:
        """Canonical problems, int64 (1, n), which depend on the variable `axis` but not on the names of variables."""
        # first a hash of each variable, from all terms that it occurs in, then of the terms with these hashes
        powers = fingerprints.hash_words(self.power).sum(axis=0, dtype=np.uint64)
        occurrences = fingerprints.hash_words(self.power, self.value, powers)
        variable = np.where(self.live, occurrences, np.uint64(0)).sum(axis=1, dtype=np.uint64)
        variable = fingerprints.hash_words(variable, np.arange(len(variable))[:, None] == axis)
        hashes = fingerprints.hash_words(variable[:, None], self.power)
        factors = np.where(self.power > 0, hashes, np.uint64(0))
        terms = fingerprints.hash_words(self.value, factors.sum(axis=0, dtype=np.uint64))
        return fingerprints.hash_list(fingerprints.hash_set(terms, self.live))


def draw_grid(rng: RandomStream, degree: Int, entropy: Int) -> Grid:
    """Draw polynomials; each variable has a term with its highest power.

    Args:
        rng: random streams.
        degree: int64 (v, n), the highest power of each variable; 0: it does not occur.
        entropy: int64 (n,), units, split among the coefficients.
    """
    size = degree + 1
    stride = np.cumprod(size, axis=0) // size
    cells = stride[-1] * size[-1]
    positions, live = _highest_cells(rng.fork(), degree, stride, cells)
    forced = live.sum(axis=0)
    minimum = np.maximum(forced, 1)
    count = rng.randint(minimum, np.maximum(np.minimum(minimum + entropy // (2 * UNIT), cells), minimum))
    positions, live = _add_cells(rng.fork(), positions, live, count - forced, cells)
    shares, drawn = rng.dirichlet(entropy, live.astype(np.int64)), rng.fork()
    value = np.stack([drawn.integer(share, minimum=1) for share in shares]) * live
    return Grid(value, positions // stride[:, None] % size[:, None] * live, live)


def _highest_cells(rng: RandomStream, degree: Int, stride: Int, cells: Int) -> tuple[Int, Bool]:
    """Draw a cell with the highest power of each variable, each cell once: positions and whether live, (v, n)."""
    positions, live = np.zeros_like(degree), degree > 0
    for v, (highest, step) in enumerate(zip(degree, stride, strict=True)):
        position = rng.randint_below(cells)
        positions[v] = position + (highest - position // step % (highest + 1)) * step
        live[v] &= ~((positions[:v] == positions[v]) & live[:v]).any(axis=0)
    return positions, live


def _add_cells(rng: RandomStream, positions: Int, live: Bool, more: Int, cells: Int) -> tuple[Int, Bool]:
    """Draw `more` further cells, all different."""
    for number in range(int(more.max(initial=0))):
        missing = number < more
        position = _draw_free_cell(rng, positions, live & missing, cells)
        positions, live = np.concatenate([positions, position[None]]), np.concatenate([live, missing[None]])
    return positions, live


def _draw_free_cell(rng: RandomStream, positions: Int, live: Bool, cells: Int) -> Int:
    """Draw a cell other than the live ones, int64 (n,)."""
    return rng.reject_until(
        lambda child, here: child.randint_below(cells[here]),
        lambda drawn, here: ~((positions[:, here] == drawn) & live[:, here]).any(axis=0),
    )
