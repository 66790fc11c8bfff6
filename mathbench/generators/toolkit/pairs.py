"""Methods of families on pairs of numbers, mostly unordered: one stratum per pair of lengths, one point per pair.

A family uses these functions as its methods. One with the parameter `places` has decimals where it is above 0; others
use the `draw` of :mod:`mathbench.generators.toolkit.operands`.
"""

from dataclasses import replace
from math import prod
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.generators.toolkit import carries, ranges
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit.carries import CarryRule
from mathbench.generators.toolkit.decimals import DecimalLayout
from mathbench.generators.toolkit.operands import NumberRange
from mathbench.generators.toolkit.ranges import TaskNumbers
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic, text
from mathbench.sampling.enumerated import Problems
from mathbench.stratum import Stratum


class PairTask(Protocol):
    """A task on pairs; it also has the parameters of :func:`mathbench.generators.toolkit.operands.lengths`."""

    family: ClassVar[str]

    @property
    def base(self) -> int: ...
    @property
    def digits(self) -> int: ...
    @property
    def distribution(self) -> str: ...
    def bound(self, stop: int) -> int:
        """A bound on the absolute values of everything that is computed from operands whose own are below `stop`."""
        ...


def inner(task: PairTask, least: int | None = None, symmetric: bool = True) -> list[Stratum]:
    """The strata of train, validation and interpolate; no number is below `least`."""
    if decimal := layout(task):
        choices = tuples.length_tuples(tuples.lengths(task).inner, 2)
        return _decimal_strata(decimal, choices, task.distribution)
    if rule := carry_rule(task):
        return carries.strata(rule, tuples.length_tuples(tuples.lengths(task).inner, 2))
    numbers = TaskNumbers.of(task, least).inner
    choices = tuples.length_tuples(numbers.classes(tuples.lengths(task).inner), 2)
    return _strata(task, numbers, choices, task.distribution, symmetric)


def outer(task: PairTask, least: int | None = None, symmetric: bool = True) -> list[Stratum]:
    """The strata of extrapolate."""
    if decimal := layout(task):
        choices = tuples.outer_tuples(task, NumberRange(task.base))
        return _decimal_strata(decimal, choices, "lengths")
    if rule := carry_rule(task):
        return carries.strata(rule, tuples.outer_tuples(task, NumberRange(task.base)))
    numbers = TaskNumbers.of(task, least).outer
    return _strata(task, numbers, tuples.outer_tuples(task, numbers), "lengths", symmetric)


def _strata(
    task: PairTask, numbers: NumberRange, choices: list[tuple[int, ...]], distribution: str, symmetric: bool
) -> list[Stratum]:
    limb_count = _limb_count(task, numbers, max(abs(c[0]) for c in choices))
    return tuples.strata(choices, numbers, distribution, symmetric=symmetric, limb_count=limb_count)


def _limb_count(task: PairTask, numbers: NumberRange, longest: int) -> int:
    return tuples.limb_count(longest, task.base, task.bound(numbers.stop(longest)))


def layout(task: Any) -> DecimalLayout | None:
    """The layout of the decimals of a task; None where it has integers only."""
    places = getattr(task, "places", 0)
    return DecimalLayout(task.base, places) if places else None


def carry_rule(task: Any) -> CarryRule | None:
    """How a task carries, where its pairs are chosen by their carries; None for every other task."""
    uniform = getattr(task, "carries", "") == carries.UNIFORM
    return CarryRule(task.base, task.borrows) if uniform else None


def _decimal_strata(
    decimal: DecimalLayout, choices: list[tuple[int, ...]], distribution: str
) -> list[Stratum]:
    """One stratum per pair of shapes, each number of places equally likely, or each number."""
    pairs = [pair for digits in choices for pair in decimal.shape_pairs(digits)]
    strata = [decimal.stratum(pair) for pair in pairs]
    weights = [1 + (pair.first != pair.second) for pair in pairs]
    if distribution == "numbers":
        weights = tuples.apportion([prod(stratum.sizes) for stratum in strata])
    return [replace(s, weight=weight) for s, weight in zip(strata, weights, strict=True) if weight]


def check_places(task: Any, bound: int) -> None:
    """Check that decimals are possible.

    Args:
        task: the task, with `places` above 0.
        bound: a bound on the results, in units of their last place.

    Raises:
        InputError: for bounds of a range, too many strata, or results of 2^63 or more.
    """
    for name in ("smallest", "largest"):
        if (given := getattr(task, name)) is not None:
            raise InputError(
                f"{task.family}: places cannot be combined with {name}. Received: {name}={given}."
            )
    lengths = tuples.lengths(task)
    tuples.check_operand_count(task.family, lengths, 2, (task.places + 1) ** 2)
    what = f"{lengths.longest} digits and places={task.places} in base {task.base}"
    tuples.check_range(task.family, bound, what)


def draw(task: PairTask, coordinates: U64, low: Int) -> Int:
    """Convert points to pairs, see `draw` of :mod:`operands`, of `DecimalLayout` and of `CarryRule`."""
    special = layout(task) or carry_rule(task)
    return special.draw(coordinates, low) if special else tuples.draw(coordinates, low)


def check(task: PairTask, least: int | None = None) -> None:
    """Check the lengths and the range of the operands.

    Raises:
        InputError: for bounds that are not possible, or more strata than are allowed.
    """
    lengths, numbers = tuples.lengths(task), ranges.check(task, least)
    signs = len(numbers.inner.classes([1]))
    tuples.check_operand_count(task.family, lengths, 2, signs=signs)
    every = [*lengths.inner, *lengths.outer]
    for own, longest in zip(numbers, (task.digits, lengths.longest), strict=True):
        ranges.check_limbs(task, own, every, _limb_count(task, own, longest))


def canonical(task: PairTask, operands: Int) -> Int:
    """The larger operand first."""
    if decimal := layout(task):
        return decimal.canonical(operands)
    return tuples.canonical_sorted(operands, 2, task.base)


def valid(task: PairTask, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
    """Which points are the one point of their pair."""
    if special := layout(task) or carry_rule(task):
        return special.valid(operands, coordinates, low)
    return tuples.count_once(operands, coordinates, low, 2)


def questions(task: PairTask, problems: Problems, sign: str) -> pa.StringArray:
    """Two numbers with a sign between them."""
    middle = text.literal(sign, len(problems.stratum))
    if decimal := layout(task):
        first, second = (decimal.number(problems.operands[i::2]) for i in (0, 1))
        return text.join(first, middle, second)
    a, b = arithmetic.split(problems.operands, 2)
    return text.join(arithmetic.signed(a, task.base), middle, arithmetic.signed(b, task.base, brackets=True))


def pose(task: PairTask, problems: Problems, random_bits: U64) -> Problems:
    """Put the operands in a random order."""
    return tuples.shuffle_operands(problems, random_bits, 2)
