"""Pairs: questions about two numbers, each of which a module below may define."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.chance import Chance
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.decimals import Decimals
from mathbench.generators.deepmind.kernel.scope import Request, Scope, letter
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.task import Int


@dataclass(frozen=True)
class Pair(Columns):
    """Two numbers and what comes of them.

    Attributes:
        p, q: the numbers.
        result: the answer.
        codes: int64 (2, n), the letters that stand for p and q; -1: none.
        wording: int64 (n,), which of the wordings.
    """

    p: Decimals
    q: Decimals
    result: Decimals | Numbers
    codes: Int
    wording: Int

    def asked(self, wordings: Sequence[str]) -> pa.StringArray:
        """The questions, from wordings with the slots ``{p}`` and ``{q}``, strings (n,)."""
        return text.join(phrases.fill(self.wording, wordings, p=self._operand(0), q=self._operand(1)))

    def _operand(self, place: int) -> text.Piece:
        code, number = self.codes[place], (self.p, self.q)[place]
        if (code < 0).all():
            return number.written()
        return (*letter(code), *number.written(code < 0))


def hidden(chance: Chance, scope: Scope, p: Decimals, q: Decimals) -> tuple[Int, list[Request]]:
    """Letters for the numbers that modules below define, int64 (2, n), -1: none; and what these must define."""
    chance, codes = chance.fork(), np.full((2, len(scope)), -1)
    rows = np.flatnonzero(scope.modules > 1)
    if not len(rows):
        return codes, []
    named = scope.take(rows).hide(chance.take(rows), [p.take(rows).numbers(), q.take(rows).numbers()])
    codes[:, rows] = named.codes
    return codes, named.requests or []
