"""Conversion of integers between bases."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.numbers.base_text import in_bases
from mathbench.hashing import Int
from mathbench.numbers import text

_MIN_BASE, _MAX_BASE = 2, 16
_BASES_ENTROPY = entropy_units(2.3802)  # log10(16 * 15)
_QUESTIONS = (
    "Convert {number} from base {from_base} to base {to_base}.",
    "How is {number} (base {from_base}) written in base {to_base}?",
    "Write the base {from_base} number {number} in base {to_base}.",
    "What is {number} of base {from_base} in base {to_base}?",
)


@dataclass(frozen=True)
class BaseConversionProblem(Columns):
    """An integer and two different bases."""

    value: Int
    from_base: Int
    to_base: Int
    wording: Int


@dataclass(frozen=True)
class BaseConversion(Module):
    """Convert an integer between two bases from 2 to 16."""

    summary: ClassVar[str] = "Convert -1a from base 16 to base 2. -> -11010"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        from_base, to_base = rng.randint(_MIN_BASE, _MAX_BASE), rng.randint(_MIN_BASE, _MAX_BASE - 1)
        to_base = to_base + (to_base >= from_base)
        number = rng.integer(scope.own_entropy() - _BASES_ENTROPY)
        problem = BaseConversionProblem(number, from_base, to_base, rng.randint_below(len(_QUESTIONS)))
        return DrawnProblem(problem, np.stack([sign_folded(number), from_base, to_base]))

    def question(self, problem: BaseConversionProblem, scope: Scope) -> pa.StringArray:
        pieces = {
            "number": in_bases(problem.value, problem.from_base),
            "from_base": text.number(problem.from_base, 10),
            "to_base": text.number(problem.to_base, 10),
        }
        return text.join(templates.fill_template(problem.wording, _QUESTIONS, **pieces))

    def answer(self, problem: BaseConversionProblem, scope: Scope) -> pa.StringArray:
        return text.join(in_bases(problem.value, problem.to_base))
