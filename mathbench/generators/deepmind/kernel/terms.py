"""Sums of terms as text: ``-3*x**2 + x - 5``, in any order of terms, some coefficients shown as letters."""

from dataclasses import dataclass, fields

import numpy as np

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.scope import ALPHABET, letter
from mathbench.task import Int

# what stands before a term, whether it is positive or negative
_JOINTS = ("", "-", " + ", " - ", " = ", " = -", ", ", ", -", " and ", " and -")
BEGIN, PLUS, EQUALS, COMMA, AND = range(5)
_VARIABLES = (*(factor + x for x in ALPHABET for factor in ("", "*")), "")  # behind a factor or not
_POWERS = tuple(f"**{power}" if power > 1 else "" for power in range(100))


@dataclass(frozen=True)
class Terms(Columns):
    """The terms of a sum, in the order in which they are shown.

    Attributes:
        coefficient: int64 (t, n).
        power: int64 (t, n), of the variable; 0: a constant term.
        live: bool (t, n), the terms that there are.
        variable: int64 (t, n), the code of each term's variable, see `Scope.code`.
        name: int64 (t, n), the code of the letter that stands for the coefficient's absolute value; -1: none.
    """

    coefficient: Int
    power: Int
    live: Bool
    variable: Int
    name: Int

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
    def polynomial(cls, coefficients: Int, variable: Int) -> "Terms":
        """A polynomial in the usual order, highest power first, without zero terms.

        Args:
            coefficients: int64 (d + 1, n); row i belongs to the power i.
            variable: int64 (n,), code of the variable.
        """
        powers = np.arange(len(coefficients))[::-1, None]
        shown = coefficients[::-1]
        return cls.of(shown, powers, shown != 0, variable)

    def shuffled(self, chance: Chance) -> "Terms":
        """The same terms in a random order, those that are not live last."""
        order = chance.order(len(self.live), self.live)
        return Terms(
            **{f.name: np.take_along_axis(getattr(self, f.name), order, axis=0) for f in fields(self)}
        )

    def joined(self, joint: Int) -> text.Piece:
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

    def _term(self, t: int, joint: Int) -> text.Piece:
        live, coefficient, power = self.live[t], self.coefficient[t], self.power[t]
        constant, size, named = power == 0, np.abs(coefficient), self.name[t] >= 0
        factor = live & (constant | named | (size != 1))
        shown = factor & ~named
        sign = phrases.one_of(((coefficient < 0) + 2 * joint) * live, _JOINTS[: 2 * int(joint.max(initial=0)) + 2])
        name = letter(np.where(live, self.name[t], -1)) if named.any() else ()
        variable = np.where(live & ~constant, 2 * self.variable[t] + factor, len(_VARIABLES) - 1)
        highest = int(power.max(initial=0))
        raised = phrases.one_of(power * live, _POWERS[: highest + 1]) if highest > 1 else ()
        return (*sign, *name, *text.number(size * shown, 10, shown), *phrases.one_of(variable, _VARIABLES), *raised)


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
