"""Coefficients of expressions that are not simplified."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints, templates
from mathbench.generators.deepmind.kernel.columns import Columns, write_by_group
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import draw_coefficients
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope, letter_text
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.polynomials.bracketed_sums import BracketedSum, draw_bracketed
from mathbench.generators.deepmind.polynomials.like_terms import split_count, split_terms
from mathbench.hashing import U64, Int
from mathbench.numbers import text

_QUESTIONS = Wordings(
    (
        "Write {it} as {form} and give {c}.",
        "Bring {it} to the form {form} and give {c}.",
        "Put {it} in the form {form} and find {c}.",
    ),
    added=("Express {it} as {form}. What is {c}?", "Rearrange {it} into {form} and find {c}."),
)


@dataclass(frozen=True)
class CoefficientProblem(Columns):
    """An expression, its general form, and one of its coefficients.

    Attributes:
        sum: the expression without brackets.
        brackets: the expression with brackets.
        has_brackets: bool (n,), which of the two the question has.
        form: terms with letters for coefficients.
        name: int64 (n,), code of the letter in question.
        value: int64 (n,), its value.
        wording: int64 (n,).
    """

    sum: MultivariateTerms
    brackets: BracketedSum
    has_brackets: Bool
    form: MultivariateTerms
    name: Int
    value: Int
    wording: Int


@dataclass(frozen=True)
class CoefficientNamed(Module):
    """Write an expression in the form a*x**2 + b*x + c and give one of the coefficients."""

    summary: ClassVar[str] = "Write 2*x + 3 - x as a*x + b and give b. -> 3"
    symmetry: ClassVar[str] = "order of terms and of factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own, variable = scope.rng(), scope.own_entropy(), scope.code(0)
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        has_brackets = rng.bernoulli()
        plain, values, terms = _sum(rng, degree, own, variable)
        found = draw_bracketed(rng, degree, own, variable, degree * 0)
        values = np.where(has_brackets, found.value, values)
        power, (form, names) = _power(rng, values, degree), _form(scope, degree)
        named = np.take_along_axis(names, power[None], axis=0)[0]
        answer = np.take_along_axis(values, power[None], axis=0)[0]
        problem = CoefficientProblem(
            plain,
            found.shown,
            has_brackets,
            form.shuffled(rng),
            named,
            answer,
            rng.randint_below(len(_QUESTIONS.of(self.version))),
        )
        word = np.where(has_brackets, found.word, terms)
        return DrawnProblem(problem, fingerprints.hash_list(word, power), good=found.good | ~has_brackets)

    def question(self, problem: CoefficientProblem, scope: Scope) -> pa.StringArray:
        return templates.fill_strings(
            problem.wording,
            _QUESTIONS.of(self.version),
            it=_either(problem.has_brackets, problem.brackets, problem.sum),
            form=problem.form.rendered(),
            c=letter_text(problem.name),
        )

    def answer(self, problem: CoefficientProblem, scope: Scope) -> pa.StringArray:
        return text.join(templates.signed_text(problem.value))


def _sum(rng: RandomStream, degree: Int, entropy: Int, variable: Int) -> tuple[MultivariateTerms, Int, U64]:
    """Draw sums of terms without brackets, and return them with their coefficients and hashes."""
    half = entropy // 2
    values = draw_coefficients(rng, degree, half, rng.randint(np.maximum(degree - 1, 1), degree))
    terms = split_terms(rng, values, half, split_count(rng, values, half, 2 + 0 * degree), variable)
    words = fingerprints.hash_words(terms.power[0], terms.top)
    return terms.shuffled(rng), values, fingerprints.hash_set(words, terms.live)


def _power(rng: RandomStream, values: Int, degree: Int) -> Int:
    """Draw the power whose coefficient is in question, with a non-zero coefficient in four of five problems."""
    any_power, non_zero = rng.randint_below(degree + 1), rng.choose(values != 0)
    return np.where(rng.bernoulli(1, 5), any_power, non_zero)


def _form(scope: Scope, degree: Int) -> tuple[MultivariateTerms, Int]:
    """The general form, with a letter for the coefficient of each power, and the codes of these letters."""
    positions = range(int(degree.max(initial=0)) + 1)
    letters = np.stack([scope.code(1 + power) for power in positions])
    powers = np.broadcast_to(np.array(positions)[:, None], letters.shape)
    names, ones = np.stack([letters, np.full_like(letters, -1)]), np.ones_like(letters)
    return MultivariateTerms(ones, ones, powers[None], powers <= degree, scope.code(0)[None], names), letters


def _either(first: Bool, yes: BracketedSum, no: MultivariateTerms) -> pa.StringArray:
    """The expressions with brackets in the rows of a mask, the sums in the others."""
    return write_by_group(
        first.astype(np.int64), lambda kind, rows: (yes if kind else no).take(rows).rendered()
    )
