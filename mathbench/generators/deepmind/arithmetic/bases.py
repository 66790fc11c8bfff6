"""Sums and differences in other bases."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.operand_pairs import share_entropy
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns, write_by_group
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded, sorted_pair
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.hashing import Int
from mathbench.numbers import text

_WORDINGS = (
    "In base {base}, what is {p} + {q}?",
    "What is {p} + {q} in base {base}?",
    "Compute {p} + {q} in base {base}.",
    "In base {base}, what is {p} - {q}?",
    "What is {p} - {q} in base {base}?",
    "Compute {p} - {q} in base {base}.",
)


@dataclass(frozen=True)
class InBaseProblem(Columns):
    """Two integers, a base, and whether to subtract the second one."""

    p: Int
    q: Int
    base: Int
    minus: Bool
    wording: Int


@dataclass(frozen=True)
class AddOrSubInBase(Module):
    """Add or subtract two integers in a base, with letters for the digits above nine.

    Source: arithmetic__add_or_sub_in_base of Saxton et al. (2019), with bases 2 to 16. The level `larger-bases` has
    bases 17 to 36.
    """

    summary: ClassVar[str] = "In base 16, what is -1f + a? -> -15"
    symmetry: ClassVar[str] = "order of the terms of a sum"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        p, q = (rng.integer(share) for share in share_entropy(rng, scope.own_entropy()))
        base = rng.randint(self.setting("least", scope), self.setting("most", scope))
        minus, wording = rng.bernoulli(), rng.randint_below(len(_WORDINGS) // 2)
        canonical = np.concatenate(
            [[base, minus], sorted_pair(sign_folded(p[None]), sign_folded(q[None]), ~minus)]
        )
        return DrawnProblem(InBaseProblem(p, q, base, minus, wording), canonical)

    def question(self, problem: InBaseProblem, scope: Scope) -> pa.StringArray:
        return write_by_group(problem.base, lambda base, rows: _question(base, problem.take(rows)))

    def answer(self, problem: InBaseProblem, scope: Scope) -> pa.StringArray:
        return write_by_group(problem.base, lambda base, rows: _answer(base, problem.take(rows)))


def _question(base: int, problem: InBaseProblem) -> pa.StringArray:
    wordings = [wording.replace("{base}", str(base)) for wording in _WORDINGS]
    wording = problem.wording + np.where(problem.minus, len(_WORDINGS) // 2, 0)
    p, q = (templates.signed_text(number, base=base) for number in (problem.p, problem.q))
    return text.join(templates.fill_template(wording, wordings, p=p, q=q))


def _answer(base: int, problem: InBaseProblem) -> pa.StringArray:
    result = problem.p + np.where(problem.minus, -problem.q, problem.q)
    return text.join(templates.signed_text(result, base=base))


MODULES = (
    AddOrSubInBase(
        "arithmetic__add_or_sub_in_base",
        settings={"least": 2, "most": 16},
        axes=(
            DifficultyLevel("bigger", (10, 12)),
            DifficultyLevel("larger-bases", (3, 10), settings={"least": 17, "most": 36}, apart=True),
        ),
    ).holding(easy=100_000),
)
