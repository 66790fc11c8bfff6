"""Ranges of operands: the parameters `smallest` and `largest` of a task, and the numbers that they leave.

In extrapolate, `largest` does not apply: numbers are longer than `digits`. They are not below `smallest`, unless that
is below zero, where longer numbers of both signs follow. Where `largest` is below zero, all numbers are.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mathbench.errors import InputError
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit.operands import NumberRange
from mathbench.numbers import limbs
from mathbench.parameters import parameter

MAX_BOUND = 1 << 60


def smallest(what: str = "operand", low: int = -MAX_BOUND) -> Any:
    """Declare the parameter `smallest`; `low` is 0 where numbers cannot be negative."""
    signs = "; below 0: numbers of both signs" if low < 0 else ""
    return parameter(None, f"smallest {what}{signs}", kind=int, low=low, high=MAX_BOUND, added=True)


def largest(what: str = "operand", low: int = -MAX_BOUND) -> Any:
    """Declare the parameter `largest`."""
    return parameter(
        None, f"largest {what}, of at most `digits` digits", kind=int, low=low, high=MAX_BOUND, added=True
    )


class TaskNumbers(NamedTuple):
    """The numbers that the operands of a task are drawn from.

    Attributes:
        inner: in train, validation and interpolate.
        outer: in extrapolate.
    """

    inner: NumberRange
    outer: NumberRange

    @classmethod
    def of(cls, task: Any, least: int | None = None) -> "TaskNumbers":
        """The numbers of a task with the parameters `base`, `smallest` and `largest`; none is below `least`.

        >>> from mathbench.families import task
        >>> TaskNumbers.of(task("addition", smallest=-12, largest=99)).outer
        NumberRange(base=10, minimum=None, maximum=None)
        """
        minimum = max(task.smallest or 0, least) if least is not None else task.smallest or 0
        inner = NumberRange(task.base, minimum, task.largest)
        if minimum >= 0:
            return cls(inner, inner._replace(maximum=None))
        negative = task.largest is not None and task.largest < 0
        return cls(inner, NumberRange(task.base, None, task.largest if negative else None))


def check(task: Any, least: int | None = None, lengths: Sequence[int] = ()) -> TaskNumbers:
    """Check the bounds of a task, and return its numbers. A smallest number of 0 becomes that of a task without one.

    Args:
        task: the task.
        least: the smallest number of its family; None where numbers may be negative.
        lengths: the digits of its numbers in train; by default those of :func:`operands.lengths`.

    Raises:
        InputError: for bounds that leave no number, or only one, or numbers of more than `digits` digits.
    """
    if task.smallest == 0:
        object.__setattr__(task, "smallest", None)  # one name for one task
    numbers = TaskNumbers.of(task, least)
    if task.smallest is not None or task.largest is not None:
        _check_bounds(task, numbers.inner)
        _check_lengths(task, numbers.inner, lengths or tuples.lengths(task).inner)
    return numbers


def _check_bounds(task: Any, numbers: NumberRange) -> None:
    last, minimum = task.base**task.digits - 1, numbers.first_number
    if minimum == task.largest:
        raise InputError(
            f"{task.family}: from smallest={minimum} to largest={minimum} there is one number. "
            "Give a larger value of largest, or none."
        )
    if minimum < -last:
        raise InputError(
            f"{task.family}: smallest must be at least {-last}, with digits={task.digits}; "
            f"give digits={numbers.digits_of(minimum)}. Received: {task.smallest}."
        )
    if task.largest is not None and not minimum <= task.largest <= last:
        more = f"; give digits={numbers.digits_of(task.largest)}" if task.largest > last else ""
        raise InputError(
            f"{task.family}: largest must be from smallest={minimum} to the largest number of "
            f"digits={task.digits}{more}. Received: {task.largest}."
        )


def _check_lengths(task: Any, numbers: NumberRange, lengths: Sequence[int]) -> None:
    """Check that there are numbers of the lengths of a task, which may leave out some."""
    if not any(map(numbers.count, numbers.classes(lengths))):
        last = task.base**task.digits - 1
        raise InputError(
            f"{task.family}: there are no operands of {lengths[0]} to {lengths[-1]} digits from "
            f"smallest={numbers.first_number} to largest={last if task.largest is None else task.largest}."
        )


def check_limbs(task: Any, numbers: NumberRange, lengths: Iterable[int], limb_count: int) -> None:
    """Check that bounds are possible for numbers that are cut into limbs, which are drawn one by one.

    Raises:
        InputError: for negative numbers, or a bound amid the numbers of a length of several limbs.
    """
    per_limb, every = limbs.per_limb(task.base), NumberRange(task.base)
    amid = any(n > per_limb and 0 < numbers.count(n) < every.count(n) for n in lengths)
    if limb_count > 1 and (amid or numbers.has_negative):
        raise InputError(
            f"{task.family}: smallest and largest require results below 2^63 in all splits, unless they are from 0 to "
            f"{task.base**per_limb - 1}. Give a smaller value of digits or longer."
        )
