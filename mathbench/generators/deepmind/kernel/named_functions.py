"""Functions with a letter for a name: ``Let f(x) = 3*x**2 - 1.``, or one that a child module defines."""

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope, letter_text
from mathbench.generators.deepmind.kernel.templates import fill_strings, place_in_rows
from mathbench.generators.deepmind.kernel.values import Polynomials
from mathbench.hashing import Int
from mathbench.numbers import text

_LET = ("Let {f}({x}) = {sum}. ",)


class NamedFunction:
    """A polynomial that a module refers to by a letter.

    Args:
        parts: the module's values.
        slot: the index of the polynomial among them.
        scope: the module's scope.
        name: position of the function's letter in the scope, where no child module defines the function.
        variable: position of its variable.
    """

    def __init__(self, parts: HiddenValues, slot: int, scope: Scope, name: int, variable: int):
        values = parts.values[slot]
        if not isinstance(values, Polynomials):
            raise TypeError(f"slot {slot} holds no polynomial")
        self._hidden, self._values, self._variable = parts.hidden(slot), values, scope.code(variable)
        self.code: Int = parts.codes[slot] * self._hidden + scope.code(name) * ~self._hidden

    def letter(self) -> text.TextPiece:
        """The function's letter as text."""
        return letter_text(self.code)

    def sentence(self) -> pa.StringArray:
        """The sentence that defines the function, with a full stop and a space; empty where a child module does."""
        rows = np.flatnonzero(~self._hidden)
        variable = self._variable.take(rows)
        sentences = fill_strings(
            np.zeros_like(rows),
            _LET,
            f=letter_text(self.code.take(rows)),
            x=letter_text(variable),
            sum=MultivariateTerms.from_polynomial(self._values.take(rows), variable).rendered(),
        )
        return place_in_rows(sentences, rows, len(self._hidden))
