"""Questions about two numbers, each of which a child module may define."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.decimals import Decimals
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Request, Scope, letter_text
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text


@dataclass(frozen=True)
class TwoNumbersProblem(Columns):
    """Two numbers and the result of an operation on them.

    Attributes:
        p, q: the numbers.
        result: the answer.
        codes: int64 (2, n), the letters in place of p and q; -1: none.
        wording: int64 (n,).
    """

    p: Decimals
    q: Decimals
    result: Decimals | Numbers
    codes: Int
    wording: Int

    def questions(self, wordings: tuple[str, ...]) -> pa.StringArray:
        """Fill templates with the slots ``{p}`` and ``{q}`` in either order, strings (n,)."""
        frames, backwards = _ordered_templates(wordings)
        swap = backwards.take(self.wording)
        codes = np.where(swap, self.codes[::-1], self.codes)
        first = _shown(codes[0], Decimals.where(swap, self.q, self.p))
        second = _shown(codes[1], Decimals.where(swap, self.p, self.q))
        return text.join(templates.fill_template(self.wording, frames, first=first, second=second))


def _shown(codes: Int, number: Decimals) -> text.TextPiece:
    """Numbers, or the letters in their place, as text."""
    if (codes < 0).all():
        return number.rendered()
    return (*letter_text(codes), *number.rendered(codes < 0))


@cache
def _ordered_templates(wordings: tuple[str, ...]) -> tuple[list[str], Bool]:
    """Templates with slots renamed to ``{first}`` and ``{second}`` in their order, and in which q comes first."""
    backwards = [wording.index("{q}") < wording.index("{p}") for wording in wordings]
    names = [("{second}", "{first}") if turned else ("{first}", "{second}") for turned in backwards]
    frames = [w.replace("{p}", p).replace("{q}", q) for w, (p, q) in zip(wordings, names, strict=True)]
    return frames, np.array(backwards)


def hide_values(rng: RandomStream, scope: Scope, p: Decimals, q: Decimals) -> tuple[Int, list[Request]]:
    """Letters for the numbers that child modules define, int64 (2, n), -1: none; and the requests for these."""
    rng, codes = rng.fork(), np.full((2, len(scope)), -1)
    rows = np.flatnonzero(scope.modules > 1)
    if not len(rows):
        return codes, []
    named = scope.take(rows).hide(rng.take(rows), [p.take(rows).to_numbers(), q.take(rows).to_numbers()])
    codes[:, rows] = named.codes
    return codes, named.requests or []
