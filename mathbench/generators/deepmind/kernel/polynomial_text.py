"""Sums of terms as text, ``-3*x**2 + 2*x/3 - 5``.

`MultivariateTerms` suits batches of sums of very different length, since its cost depends on the number of terms that
exist. It writes several variables, and letters in place of coefficients and exponents. `UnivariateTerms` works on whole
rows of terms, which is faster for short sums. It writes coefficients of up to 36 digits, and joins terms to equations.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

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

T = TypeVar("T", bound=np.generic)
Code = NDArray[np.signedinteger[Any]]  # powers and letters need few bits
SIGNS = ("", "-", " + ", " - ")  # index: negative + 2 * (not the first term)
POWERS = tuple(f"**{power}" if power > 1 else "" for power in range(100))
_JOINTS = (*SIGNS, " = ", " = -", ", ", ", -", " and ", " and -")  # index: negative + 2 * joint
START, PLUS, EQUALS, COMMA, AND = range(5)  # joints
DIGITS = 18  # of the lower part of a long coefficient
HIGH = 10**DIGITS
# index: 2 * code + (after a factor)
_VARIABLES = (*(factor + x for x in ALPHABET for factor in ("", "*")), "")


@dataclass(frozen=True)
class MultivariateTerms(Columns):
    """The terms of sums in several variables, in the order of their text.

    Attributes:
        top: int64 (t, n), numerators of the coefficients.
        bottom: int64 (t, n), their denominators, 1 or more.
        power: int64 (v, t, n), the power of each variable.
        live: bool (t, n), which terms exist.
        variable: int64 (v, n), the codes of the variables, see `Scope.code`.
        names: int64 (2, t, n), codes of the letters in place of the coefficient's absolute value and of the power of
            the first variable, -1: none; None: no letters at all.
    """

    top: Int
    bottom: Int
    power: Int
    live: Bool
    variable: Int
    names: Int | None = None

    @classmethod
    def from_polynomial(cls, values: Polynomials, variable: Int) -> "MultivariateTerms":
        """Polynomials in one variable, with the terms in the order of SymPy.

        Args:
            values: n polynomials.
            variable: int64 (n,), the code of the variable.
        """
        top, bottom = values.top[::-1], values.bottom[::-1]
        power = np.broadcast_to(np.arange(len(top))[::-1, None], top.shape)
        return cls(top, bottom, power[None], top != 0, variable[None]).positive_first()

    def positive_first(self) -> "MultivariateTerms":
        """Apply SymPy's exception: a positive constant precedes the only other term, `c*x**k`, if c is negative."""
        constant = self.live & (self.power == 0).all(axis=0)
        one_variable = (self.power > 0).sum(axis=0) == 1
        falling = self.live & one_variable & (self.top < 0)
        first = (constant & (self.top > 0)).any(axis=0) & falling.any(axis=0) & (self.live.sum(axis=0) == 2)
        moved = constant & first
        return replace(
            self,
            top=np.concatenate([(self.top * moved).sum(axis=0)[None], self.top]),
            bottom=np.concatenate([np.where(moved, self.bottom, 1).max(axis=0)[None], self.bottom]),
            power=np.pad(self.power, ((0, 0), (1, 0), (0, 0))),
            live=np.concatenate([moved.any(axis=0)[None], self.live & ~moved]),
        )

    def shuffled(self, rng: RandomStream) -> "MultivariateTerms":
        """The same terms in a random order, those that are not live last."""
        order = rng.permutation(len(self.live), self.live)
        return MultivariateTerms(
            _reordered(self.top, order),
            _reordered(self.bottom, order),
            _reordered(self.power, order),
            _reordered(self.live, order),
            self.variable,
            None if self.names is None else _reordered(self.names, order),
        )

    def lengths(self) -> Int:
        """The number of characters of each sum, int64 (n,), where no letters replace numbers."""
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
            fraction_last: whether fractions read `3*x/4`, as in SymPy, or `3/4*x`.
            sign_first: whether the first term has its minus sign.

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
    """The existing terms of all sums, one after the other.

    Attributes:
        column: int64 (m,), the sum that the term belongs to.
        first: bool (m,), whether it is the first of its sum.
        negative: bool (m,), whether it has a minus sign.
        size, bottom: int64 (m,), the coefficient without its sign.
        name, power_name: int64 (m,), letters in place of the coefficient and of the first variable's power; -1: none.
        shown: bool (m,), whether the coefficient is written, which 1 is not before a variable.
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
        """The terms as text, each with the sign or operator before it."""
        below = _denominator_text(self.bottom, self.bottom > 1)
        number = text.number(self.size, 10, self.shown & (self.name < 0))
        signs = SIGNS if sign_first else ("", "", *SIGNS[2:])
        found = [
            templates.choose_text(self.negative + 2 * ~self.first, signs),
            letter_text(self.name),
            number,
        ]
        found += [] if fraction_last else [below]
        started = self.shown
        for position, (power, variable) in enumerate(zip(self.power, self.variable, strict=True)):
            here = power > 0
            star = text.literal("*", len(here), started & here)[0]
            found.append((star.append(letter_text(np.where(here, variable, -1))[0]),))
            found.append(self._power(position, power))
            started = started | here
        return [*found, below] if fraction_last else found

    def _power(self, position: int, power: Int) -> text.TextPiece:
        if position or (self.power_name < 0).all():
            return templates.choose_text(power, POWERS)
        named = self.power_name >= 0
        stars = text.literal("**", len(named), named)[0].append(letter_text(self.power_name)[0])
        return (stars, *templates.choose_text(np.where(named, 0, power), POWERS))


@dataclass(frozen=True)
class UnivariateTerms(Columns):
    """The terms of sums, each in one variable, in the order of their text.

    Attributes:
        coefficient: int64 (t, n).
        power: integers (t, n), the power of the variable; 0: a constant term.
        live: bool (t, n), which terms exist.
        variable: integers (t, n), the code of each term's variable, see `Scope.code`.
        name: integers (t, n), the code of the letter in place of the coefficient's absolute value; -1: none.
        bottom: int64 (t, n), the denominator of the coefficient, 1 or more; None: 1.
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
        """Terms without letters for coefficients; `variable` is int64 (t, n) or (n,)."""
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
        """Polynomials with the terms in the order of SymPy: the highest power first, but ``5 - 2*x``.

        Args:
            coefficients: int64 (d + 1, n); row i belongs to the power i.
            variable: int64 (n,), code of the variable.
            bottom, high: int64 (d + 1, n), denominators and further digits of the coefficients.
        """
        sign = np.sign(coefficients) if high is None else np.sign(coefficients) | np.sign(high)
        constant_first = (sign[0] > 0) & (sign.min(axis=0) < 0) & ((sign != 0).sum(axis=0) == 2)
        order = np.arange(len(sign))[::-1]
        if constant_first.any():  # the constant is at either end
            order = np.concatenate([[0], order])
        live = (sign != 0)[order]
        if constant_first.any():
            live[0] &= constant_first
            live[-1] &= ~constant_first
        terms = cls.from_coefficients(coefficients[order], order[:, None], live, variable)
        bottom, high = (None if part is None else part[order] for part in (bottom, high))
        return replace(terms, bottom=bottom, high=high)

    def shuffled(self, rng: RandomStream) -> "UnivariateTerms":
        """The same terms in a random order, those that are not live last."""
        order = rng.permutation(len(self.live), self.live)
        parts: dict[str, Any] = {name: part for name, part in vars(self).items() if part is not None}
        return UnivariateTerms(**{name: _reordered(part, order) for name, part in parts.items()})

    def rendered_with_joints(self, joint: Code) -> text.TextPiece:
        """The terms as text, each after a joint: START, PLUS, EQUALS, COMMA or AND, int64 (t, n)."""
        return tuple(word for t in range(len(joint)) for word in self._term(t, joint[t]))

    def rendered(self) -> text.TextPiece:
        """The sums as text, ``0`` where no term is live.

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
        """The variable and its power, with a multiplication sign after a factor."""
        live, power = self.live[t], self.power[t]
        shown = np.where(live & (power > 0), 2 * self.variable[t] + factor, len(_VARIABLES) - 1)
        highest = int(power.max(initial=0))
        raised = templates.choose_text(power * live, POWERS[: highest + 1]) if highest > 1 else ()
        return (*templates.choose_text(shown, _VARIABLES), *raised)

    def _denominator(self, t: int) -> text.TextPiece:
        if self.bottom is None:
            return ()
        return _denominator_text(self.bottom[t], self.live[t] & (self.bottom[t] > 1))


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


def _denominator_text(bottom: Int, where: Bool) -> text.TextPiece:
    """Denominators with their slash, in the rows of a mask."""
    if not where.any():
        return ()
    return (*text.literal("/", len(where), where), *text.number(bottom * where, 10, where))


def _reordered(part: NDArray[T], order: Int) -> NDArray[T]:
    """Values of terms, (t, n) or (v, t, n), in another order, int64 (t, n)."""
    # `np.take_along_axis` takes several times as long
    index = order * order.shape[1] + np.arange(order.shape[1])
    return part.reshape(*part.shape[:-2], -1).take(index, axis=-1)
