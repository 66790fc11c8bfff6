"""Roots rounded to the nearest integer."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.hashing import Int
from mathbench.numbers import text

_MAX_ROOT = 10
_MAX_NUMBER = 10**12  # up to a difference of one
_ORDINALS = ("fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NAMES = ("square", "cube", *_ORDINALS)
_POWER = "What is {value} to the power of 1/{root}, to the nearest integer?"
_WORDINGS_PER_ROOT = 4
_WORDINGS = tuple(
    wording.replace("{name}", name).replace("{root}", str(root))
    for root, name in enumerate(_NAMES, 2)
    for wording in (
        _POWER,
        "What is the third root of {value} to the nearest integer?" if root == 3 else _POWER,
        "What is the {name} root of {value} to the nearest integer?",
        "To the nearest integer, what is the {name} root of {value}?",
    )
)


@dataclass(frozen=True)
class RootProblem(Columns):
    """A number, the degree of its root, and the root rounded to the nearest integer."""

    value: Int
    root: Int
    nearest: Int
    wording: Int


@dataclass(frozen=True)
class NearestIntegerRoot(Module):
    """Round a root to the nearest integer; half of the roots are drawn from square and cube roots only.

    Source: arithmetic__nearest_integer_root of Saxton et al. (2019).
    """

    summary: ClassVar[str] = "What is the cube root of 35 to the nearest integer? -> 3"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        root = rng.randint(2, np.where(rng.bernoulli(), 3, _MAX_ROOT))
        number = rng.integer(scope.own_entropy(), signed=False)
        problem = RootProblem(number, root, _nearest(number, root), rng.randint_below(_WORDINGS_PER_ROOT))
        return DrawnProblem(problem, np.stack([number, root]))

    def question(self, problem: RootProblem, scope: Scope) -> pa.StringArray:
        wording = (problem.root - 2) * _WORDINGS_PER_ROOT + problem.wording
        return text.join(templates.fill_template(wording, _WORDINGS, value=text.number(problem.value, 10)))

    def answer(self, problem: RootProblem, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.nearest, 10))


def _nearest(number: Int, root: Int) -> Int:
    """The roots rounded to the nearest integer, int64 (n,): the number of thresholds below each number."""
    nearest = np.empty_like(number)
    for k in range(2, _MAX_ROOT + 1):
        rows = np.flatnonzero(root == k)
        nearest[rows] = np.searchsorted(_rounding_thresholds(k), number[rows])
    return nearest


@cache
def _rounding_thresholds(root: int) -> Int:
    """Powers of 1/2, 3/2, 5/2, ... rounded down, int64: above each threshold the root is rounded up.

    No power is an integer, so no root lies half-way.
    """
    maximum = next(k for k in range(20, 0, -1) if 2 ** (k * root) <= _MAX_NUMBER)
    highest = next(r for r in range(2**maximum, 2 ** (maximum + 1) + 1) if (r + 1) ** root > _MAX_NUMBER)
    odd = 2 * np.arange(highest + 2, dtype=np.int64) + 1
    return odd**root >> root


MODULES = (
    NearestIntegerRoot(
        "arithmetic__nearest_integer_root", axes=(DifficultyLevel("bigger", (10, 12)),)
    ).holding(easy=20_000, medium=300_000),
)
