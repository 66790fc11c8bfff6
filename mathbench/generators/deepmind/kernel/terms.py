"""Sums of terms as text: ``-3*x**2 + x - 5``, in any order of terms, some coefficients shown as letters.

Coefficients may be fractions, ``2*x/3``, and have up to 36 digits.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.scope import ALPHABET, letter
from mathbench.task import Int

Code = NDArray[np.signedinteger[Any]]  # powers and letters need few bits
# what stands before a term, whether it is positive or negative
_JOINTS = ("", "-", " + ", " - ", " = ", " = -", ", ", ", -", " and ", " and -")
DIGITS = 18  # of the lower part of a long coefficient
HIGH = 10**DIGITS
BEGIN, PLUS, EQUALS, COMMA, AND = range(5)
_VARIABLES = (*(factor + x for x in ALPHABET for factor in ("", "*")), "")  # behind a factor or not
_POWERS = tuple(f"**{power}" if power > 1 else "" for power in range(100))


@dataclass(frozen=True)
class Terms(Columns):
    """The terms of a sum, in the order in which they are shown.

    Attributes:
        coefficient: int64 (t, n).
        power: integers (t, n), of the variable; 0: a constant term.
        live: bool (t, n), the terms that there are.
        variable: integers (t, n), the code of each term's variable, see `Scope.code`.
        name: integers (t, n), the code of the letter that stands for the coefficient's absolute value; -1: none.
        bottom: int64 (t, n), what the coefficient is divided by, 1 or more; None: nothing.
        high: int64 (t, n), further digits of the coefficient, in units of `HIGH` and of its sign; None: none.
    """

    coefficient: Int
    power: Code
    live: Bool
    variable: Code
    name: Code
    bottom: Int | None = None
    high: Int | None = None

    @classmethod
    def of(cls, coefficient: Int, power: Int, live: Bool, variable: Int) -> "Terms":
        """Terms whose coefficients are all shown; variable is int64 (t, n) or (n,)."""
        shape = coefficient.shape
        return cls(
            coefficient,
            np.broadcast_to(power, shape),
            np.broadcast_to(live, shape),
            np.broadcast_to(variable, shape),
            np.full(shape, -1),
        )

    @classmethod
    def polynomial(
        cls, coefficients: Int, variable: Int, bottom: Int | None = None, high: Int | None = None
    ) -> "Terms":
        """A polynomial as SymPy shows it, without zero terms: highest power first, but ``5 - 2*x``.

        Args:
            coefficients: int64 (d + 1, n); row i belongs to the power i.
            variable: int64 (n,), code of the variable.
            bottom, high: int64 (d + 1, n), denominators and further digits of the coefficients.
        """
        sign = np.sign(coefficients) if high is None else np.sign(coefficients) | np.sign(high)
        ahead = (sign[0] > 0) & (sign.min(axis=0) < 0) & ((sign != 0).sum(axis=0) == 2)
        order = np.arange(len(sign))[::-1]
        if ahead.any():  # the constant has a place at either end
            order = np.concatenate([[0], order])
        live = (sign != 0)[order]
        if ahead.any():
            live[0] &= ahead
            live[-1] &= ~ahead
        terms = cls.of(coefficients[order], order[:, None], live, variable)
        bottom, high = (None if part is None else part[order] for part in (bottom, high))
        return replace(terms, bottom=bottom, high=high)

    def shuffled(self, chance: Chance) -> "Terms":
        """The same terms in a random order, those that are not live last."""
        order = chance.order(len(self.live), self.live)
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        there = {key: part for key, part in parts.items() if part is not None}
        return Terms(**{key: np.take_along_axis(part, order, axis=0) for key, part in there.items()})

    def laid(self, joint: Code) -> text.Piece:
        """Terms as text, each with what stands before it: BEGIN, PLUS, EQUALS, COMMA or AND, int64 (t, n)."""
        return tuple(word for t in range(len(joint)) for word in self._term(t, joint[t]))

    def written(self) -> text.Piece:
        """The sum as text, ``0`` where no term is live.

        >>> terms = Terms.polynomial(np.array([[-5, 0], [1, 0], [-3, 0]]), np.array([22, 22]))
        >>> text.join(terms.written()).to_pylist()
        ['-3*x**2 + x - 5', '0']
        """
        words: list[text.Word] = []
        first = np.ones(self.live.shape[1], dtype=np.bool_)
        for t in range(len(self.live)):
            words += self._term(t, np.where(first, BEGIN, PLUS))
            first = first & ~self.live[t]
        return (*words, *text.literal("0", len(first), first))

    def _term(self, t: int, joint: Code) -> text.Piece:
        live, coefficient, power, named = self.live[t], self.coefficient[t], self.power[t], self.name[t] >= 0
        high = None if self.high is None else self.high[t]
        negative = coefficient < 0 if high is None else (coefficient < 0) | (high < 0)
        factor = live & ((power == 0) | named | (np.abs(coefficient) != 1) | (high is not None and high != 0))
        sign = phrases.one_of((negative + 2 * joint) * live, _JOINTS[: 2 * int(joint.max(initial=0)) + 2])
        name = letter(np.where(live, self.name[t], -1)) if named.any() else ()
        number = _number(coefficient, high, factor & ~named)
        return (*sign, *name, *number, *self._raised(t, factor), *self._below(t))

    def _raised(self, t: int, factor: Bool) -> text.Piece:
        """The variable and its power, with a sign of multiplication behind a factor."""
        live, power = self.live[t], self.power[t]
        shown = np.where(live & (power > 0), 2 * self.variable[t] + factor, len(_VARIABLES) - 1)
        highest = int(power.max(initial=0))
        raised = phrases.one_of(power * live, _POWERS[: highest + 1]) if highest > 1 else ()
        return (*phrases.one_of(shown, _VARIABLES), *raised)

    def _below(self, t: int) -> text.Piece:
        if self.bottom is None:
            return ()
        split = self.live[t] & (self.bottom[t] > 1)
        return (*text.literal("/", len(split), split), *text.number(self.bottom[t] * split, 10, split))


def _number(low: Int, high: Int | None, shown: Bool) -> text.Piece:
    """The absolute value of a number of up to 36 digits."""
    if high is None or not high.any():
        return text.number(np.abs(low) * shown, 10, shown)
    long = shown & (high != 0)
    zeros = np.where(long, DIGITS - text.length(np.abs(low), 10), 0)
    return (
        *text.number(np.abs(high), 10, long),
        *phrases.cut(text.literal("0" * DIGITS, len(low)), zeros),
        *text.number(np.abs(low) * shown, 10, shown),
    )


def split(terms: Terms, left: Bool) -> tuple[Terms, Terms]:
    """Both sides of an equation "sum of terms = 0": some terms stay left, the others go to the right and change sign.

    Args:
        terms: the terms of the sum.
        left: bool (t, n), those that stay.
    """
    return (
        Terms(terms.coefficient, terms.power, terms.live & left, terms.variable, terms.name),
        Terms(-terms.coefficient, terms.power, terms.live & ~left, terms.variable, terms.name),
    )
