"""Sums of terms as text, with fractions, several variables, and letters for coefficients and exponents.

A sum is a list of terms; every term that there is costs the same to write, so long and short sums do not mix badly.

Sums of terms as text: ``-3*x**2 + x - 5``, in any order of terms, some coefficients shown as letters.

Coefficients may be fractions, ``2*x/3``, and have up to 36 digits.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import ALPHABET, letter_text
from mathbench.generators.deepmind.kernel.values import Polynomials
from mathbench.hashing import Int
from mathbench.numbers import text

_SIGNS = ("", "-", " + ", " - ")  # first or not, negative or not
_POWERS = tuple(f"**{power}" if power > 1 else "" for power in range(100))


@dataclass(frozen=True)
class MultivariateTerms(Columns):
    """The terms of sums, in the order in which they are shown.

    Attributes:
        top: int64 (t, n), numerators of the coefficients.
        bottom: int64 (t, n), their denominators, 1 or more.
        power: int64 (v, t, n), of each variable.
        live: bool (t, n), the terms that there are.
        variable: int64 (v, n), the codes of the variables, see `Scope.code`.
        names: int64 (2, t, n), codes of letters that stand for the coefficient's absolute value and for the power
            of the first variable, -1: none; None: none at all.
    """

    top: Int
    bottom: Int
    power: Int
    live: Bool
    variable: Int
    names: Int | None = None

    @classmethod
    def from_polynomial(cls, values: Polynomials, variable: Int) -> "MultivariateTerms":
        """A polynomial in one variable as SymPy shows it.

        Args:
            values: n polynomials.
            variable: int64 (n,), the code of the variable.
        """
        top, bottom = values.top[::-1], values.bottom[::-1]
        power = np.broadcast_to(np.arange(len(top))[::-1, None], top.shape)
        return cls(top, bottom, power[None], top != 0, variable[None]).positive_first()

    def positive_first(self) -> "MultivariateTerms":
        """SymPy's exception: a positive constant comes before the only other term, `c*x**k` with a negative c."""
        constant = self.live & (self.power == 0).all(axis=0)
        plain = (self.power > 0).sum(axis=0) == 1
        down = self.live & plain & (self.top < 0)
        first = (constant & (self.top > 0)).any(axis=0) & down.any(axis=0) & (self.live.sum(axis=0) == 2)
        ahead, stays = constant & first, self.live & ~(constant & first)
        return replace(
            self,
            top=np.concatenate([(self.top * ahead).sum(axis=0)[None], self.top]),
            bottom=np.concatenate([np.where(ahead, self.bottom, 1).max(axis=0)[None], self.bottom]),
            power=np.pad(self.power, ((0, 0), (1, 0), (0, 0))),
            live=np.concatenate([ahead.any(axis=0)[None], stays]),
        )

    def shuffled(self, rng: RandomStream) -> "MultivariateTerms":
        """The same terms in a random order, those that are not live last."""
        order = rng.permutation(len(self.live), self.live)
        return MultivariateTerms(
            np.take_along_axis(self.top, order, axis=0),
            np.take_along_axis(self.bottom, order, axis=0),
            np.take_along_axis(self.power, order[None], axis=1),
            np.take_along_axis(self.live, order, axis=0),
            self.variable,
            None if self.names is None else np.take_along_axis(self.names, order[None], axis=1),
        )

    def lengths(self) -> Int:
        """How many characters each sum has, int64 (n,), where no letters stand for numbers."""
        terms = _Terms.from_sums(self, self.live)
        digits = np.where(terms.shown, text.length(terms.size, 10), 0)
        below = np.where(terms.bottom > 1, 1 + text.length(terms.bottom, 10), 0)
        joints = np.where(terms.first, terms.negative, 3) + (terms.shown - 1)
        factors = [(p > 0) * 2 + (p > 1) * (2 + text.length(p, 10)) for p in terms.power]
        count = digits + below + joints + sum(factors)
        found = np.bincount(terms.column, count, len(self.live[0])).astype(np.int64)
        return np.maximum(found, 1)

    def rendered(self, fraction_last: bool = True, sign_first: bool = True) -> pa.StringArray:
        """The sums as text, ``0`` where no term is live.

        Args:
            fraction_last: whether fractions read `3*x/4`, as SymPy has them, or `3/4*x`.
            sign_first: whether the first term shows its minus sign.

        >>> values = Polynomials.integers(np.array([[-5, 7, 0], [1, -2, 0], [-3, 0, 0]]))
        >>> MultivariateTerms.from_polynomial(values, np.array([22, 22, 22])).rendered().to_pylist()
        ['-3*x**2 + x - 5', '7 - 2*x', '0']
        """
        counts = self.live.sum(axis=0)
        live = np.concatenate([self.live[:1] | (counts == 0), self.live[1:]])
        terms = _Terms.from_sums(self, live, fraction_last)
        return templates.concatenate_groups(
            text.join(*terms.pieces(fraction_last, sign_first)), np.maximum(counts, 1)
        )


class _Terms(NamedTuple):
    """All terms of all sums, one behind the other.

    Attributes:
        column: int64 (m,), which sum each belongs to.
        first: bool (m,), the first one of its sum.
        negative: bool (m,), has a minus sign.
        size, bottom: int64 (m,), the coefficient without its sign.
        name, power_name: int64 (m,), letters in place of the coefficient and of the first variable's power; -1: none.
        shown: bool (m,), whether the coefficient is shown at all.
        power: int64 (v, m).
        variable: int64 (v, m), codes.
    """

    column: Int
    first: Bool
    negative: Bool
    size: Int
    bottom: Int
    name: Int
    power_name: Int
    shown: Bool
    power: list[Int]
    variable: list[Int]

    @classmethod
    def from_sums(cls, sums: MultivariateTerms, live: Bool, fraction_last: bool = True) -> "_Terms":
        column, term = np.nonzero(live.T)
        at = term * live.shape[1] + column
        top, bottom = sums.top.ravel().take(at), sums.bottom.ravel().take(at)
        top = np.where(sums.live.ravel().take(at), top, 0)
        power = [part.ravel().take(at) for part in sums.power]
        none = np.full(len(at), -1)
        name, power_name = (
            (part.ravel().take(at) for part in sums.names) if sums.names is not None else (none, none)
        )
        alone = np.logical_and.reduce([part == 0 for part in power])
        fraction = (bottom != 1) & (not fraction_last)
        shown = alone | (np.abs(top) != 1) | fraction | (name >= 0)
        first = np.diff(column, prepend=-1) != 0
        variable = [codes.take(column) for codes in sums.variable]
        return cls(column, first, top < 0, np.abs(top), bottom, name, power_name, shown, power, variable)

    def pieces(self, fraction_last: bool, sign_first: bool) -> list[text.TextPiece]:
        """The terms as text, each with the sign or the joint before it."""
        below = self._denominator()
        number = text.number(self.size, 10, self.shown & (self.name < 0))
        signs = _SIGNS if sign_first else ("", "", *_SIGNS[2:])
        found = [
            templates.choose_text(self.negative + 2 * ~self.first, signs),
            letter_text(self.name),
            number,
        ]
        found += [] if fraction_last else [below]
        begun = self.shown
        for position, (power, variable) in enumerate(zip(self.power, self.variable, strict=True)):
            here = power > 0
            star = text.literal("*", len(here), begun & here)[0]
            found.append((star.then(letter_text(np.where(here, variable, -1))[0]),))
            found.append(self._power(position, power))
            begun = begun | here
        return [*found, below] if fraction_last else found

    def _power(self, position: int, power: Int) -> text.TextPiece:
        if position or (self.power_name < 0).all():
            return templates.choose_text(power, _POWERS)
        named = self.power_name >= 0
        stars = text.literal("**", len(named), named)[0].then(letter_text(self.power_name)[0])
        return (stars, *templates.choose_text(np.where(named, 0, power), _POWERS))

    def _denominator(self) -> text.TextPiece:
        split = self.bottom > 1
        if not split.any():
            return ()
        return (*text.literal("/", len(split), split), *text.number(self.bottom, 10, split))


Code = NDArray[np.signedinteger[Any]]  # powers and letters need few bits
# what stands before a term, whether it is positive or negative
_JOINTS = ("", "-", " + ", " - ", " = ", " = -", ", ", ", -", " and ", " and -")
DIGITS = 18  # of the lower part of a long coefficient
HIGH = 10**DIGITS
START, PLUS, EQUALS, COMMA, AND = range(5)
_VARIABLES = (*(factor + x for x in ALPHABET for factor in ("", "*")), "")  # behind a factor or not


@dataclass(frozen=True)
class UnivariateTerms(Columns):
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
    def from_coefficients(cls, coefficient: Int, power: Int, live: Bool, variable: Int) -> "UnivariateTerms":
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
    def from_polynomial(
        cls, coefficients: Int, variable: Int, bottom: Int | None = None, high: Int | None = None
    ) -> "UnivariateTerms":
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
        terms = cls.from_coefficients(coefficients[order], order[:, None], live, variable)
        bottom, high = (None if part is None else part[order] for part in (bottom, high))
        return replace(terms, bottom=bottom, high=high)

    def shuffled(self, rng: RandomStream) -> "UnivariateTerms":
        """The same terms in a random order, those that are not live last."""
        order = rng.permutation(len(self.live), self.live)
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        there = {key: part for key, part in parts.items() if part is not None}
        return UnivariateTerms(
            **{key: np.take_along_axis(part, order, axis=0) for key, part in there.items()}
        )

    def rendered_with_joints(self, joint: Code) -> text.TextPiece:
        """Terms as text, each with what stands before it: BEGIN, PLUS, EQUALS, COMMA or AND, int64 (t, n)."""
        return tuple(word for t in range(len(joint)) for word in self._term(t, joint[t]))

    def rendered(self) -> text.TextPiece:
        """The sum as text, ``0`` where no term is live.

        >>> terms = UnivariateTerms.from_polynomial(np.array([[-5, 0], [1, 0], [-3, 0]]), np.array([22, 22]))
        >>> text.join(terms.rendered()).to_pylist()
        ['-3*x**2 + x - 5', '0']
        """
        words: list[text.PaddedText] = []
        first = np.ones(self.live.shape[1], dtype=np.bool_)
        for t in range(len(self.live)):
            words += self._term(t, np.where(first, START, PLUS))
            first = first & ~self.live[t]
        return (*words, *text.literal("0", len(first), first))

    def _term(self, t: int, joint: Code) -> text.TextPiece:
        live, coefficient, power, named = self.live[t], self.coefficient[t], self.power[t], self.name[t] >= 0
        high = None if self.high is None else self.high[t]
        negative = coefficient < 0 if high is None else (coefficient < 0) | (high < 0)
        factor = live & ((power == 0) | named | (np.abs(coefficient) != 1) | (high is not None and high != 0))
        sign = templates.choose_text(
            (negative + 2 * joint) * live, _JOINTS[: 2 * int(joint.max(initial=0)) + 2]
        )
        name = letter_text(np.where(live, self.name[t], -1)) if named.any() else ()
        number = _number(coefficient, high, factor & ~named)
        return (*sign, *name, *number, *self._raised(t, factor), *self._denominator(t))

    def _raised(self, t: int, factor: Bool) -> text.TextPiece:
        """The variable and its power, with a sign of multiplication behind a factor."""
        live, power = self.live[t], self.power[t]
        shown = np.where(live & (power > 0), 2 * self.variable[t] + factor, len(_VARIABLES) - 1)
        highest = int(power.max(initial=0))
        raised = templates.choose_text(power * live, _POWERS[: highest + 1]) if highest > 1 else ()
        return (*templates.choose_text(shown, _VARIABLES), *raised)

    def _denominator(self, t: int) -> text.TextPiece:
        if self.bottom is None:
            return ()
        split = self.live[t] & (self.bottom[t] > 1)
        return (*text.literal("/", len(split), split), *text.number(self.bottom[t] * split, 10, split))


def _number(low: Int, high: Int | None, shown: Bool) -> text.TextPiece:
    """The absolute value of a number of up to 36 digits."""
    if high is None or not high.any():
        return text.number(np.abs(low) * shown, 10, shown)
    long = shown & (high != 0)
    zeros = np.where(long, DIGITS - text.length(np.abs(low), 10), 0)
    return (
        *text.number(np.abs(high), 10, long),
        *templates.truncate(text.literal("0" * DIGITS, len(low)), zeros),
        *text.number(np.abs(low) * shown, 10, shown),
    )


def split(terms: UnivariateTerms, left: Bool) -> tuple[UnivariateTerms, UnivariateTerms]:
    """Both sides of an equation "sum of terms = 0": some terms stay left, the others go to the right and change sign.

    Args:
        terms: the terms of the sum.
        left: bool (t, n), those that stay.
    """
    return (
        UnivariateTerms(terms.coefficient, terms.power, terms.live & left, terms.variable, terms.name),
        UnivariateTerms(-terms.coefficient, terms.power, terms.live & ~left, terms.variable, terms.name),
    )
