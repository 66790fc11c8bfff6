"""Floors: baselines that use shortcuts.

Models are compared with the best of them, so each is as strong as its shortcut allows. Floors are fitted on training
rows only, and their state consists of plain values.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.baselines.shortcuts.number_columns import NumberColumns, to_texts
from mathbench.errors import InputError
from mathbench.task import LABELS, Task

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
LIMITS = (5, 29, 97)  # limits of trial division, chosen on the training rows
OPERANDS = ("first", "last", "smallest", "largest")


@dataclass(frozen=True)
class Constant:
    """Always answers with the most frequent training answer, of equally frequent ones the first in order."""

    task: Task
    answer: str

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Applies to every task."""
        return True

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Find the most frequent training answer."""
        return cls(task, _majority(_strings(train, "answer")))

    def predict(self, questions: list[str]) -> list[str]:
        """Return the same answer for all questions."""
        return [self.answer] * len(questions)

    def state(self) -> dict[str, Any]:
        """Return the answer."""
        return {"answer": self.answer}


@dataclass(frozen=True)
class LastDigit:
    """Answers by the last character: the majority training answer, for statements whether the last digits agree."""

    task: Task
    answers: dict[str, str] = field(default_factory=dict)
    otherwise: str = LABELS[0]

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Requires labels, residues or imported data, because other answers hardly depend on the last digit."""
        return task.recognition or task.answers_residues or not task.generated

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Find the majority training answer for each last character."""
        if task.statement_sign:
            return cls(task)
        groups: dict[str, list[str]] = {}
        questions, answers = _strings(train, "question"), _strings(train, "answer")
        for question, answer in zip(questions, answers, strict=True):
            groups.setdefault(question[-1], []).append(answer)
        majorities = {last: _majority(group) for last, group in sorted(groups.items())}
        return cls(task, majorities, _majority(answers))

    def predict(self, questions: list[str]) -> list[str]:
        """Answer by the last character."""
        if self.task.statement_sign:
            return _labels(_hold_modulo(self.task, questions, _base(self.task)))
        return [self.answers.get(q[-1:], self.otherwise) for q in questions]

    def state(self) -> dict[str, Any]:
        """Return the table of answers."""
        return {"answers": self.answers, "otherwise": self.otherwise}


@dataclass(frozen=True)
class TrialDivision:
    """Answers that a number is prime if no prime up to a limit divides it (2, 3 and 5 match a published result)."""

    task: Task
    limit: int = LIMITS[-1]

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Requires the task 'prime'."""
        return task.asks_primality

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Choose the limit with the most correct training rows."""
        return cls(
            task, _best(LIMITS, lambda limit, numbers: cls(task, limit)._answers(numbers), task, train)
        )

    def predict(self, questions: list[str]) -> list[str]:
        """Divide by the primes up to the limit."""
        return self._answers(_numbers(self.task, questions))

    def _answers(self, numbers: NumberColumns) -> list[str]:
        values = numbers.first
        prime = values > 1
        for p in PRIMES:
            if p <= self.limit:
                prime &= (values % p != 0) | (values == p)
        return _labels(prime)

    def state(self) -> dict[str, Any]:
        """Return the limit."""
        return {"limit": self.limit}


@dataclass(frozen=True)
class CastingOutNines:
    """Accepts statements that hold modulo base - 1, by sums of digits. In base 2 it accepts all."""

    task: Task

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Requires the task 'correct-addition' or 'correct-multiplication'."""
        return bool(task.statement_sign)

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Return the floor. Nothing is learnt."""
        return cls(task)

    def predict(self, questions: list[str]) -> list[str]:
        """Compare both sides modulo base - 1."""
        return _labels(_hold_modulo(self.task, questions, _base(self.task) - 1))

    def state(self) -> dict[str, Any]:
        """Return no state."""
        return {}


@dataclass(frozen=True)
class CopyOperand:
    """Answers with one of the operands: the first, the last, the smallest or the largest."""

    task: Task
    which: str = "first"

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Requires integers as answers; where numbers are compared, the largest of them is no shortcut."""
        return not (task.recognition or task.compares or task.parameters.get("places", 0) > 0)

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Choose the operand with the most correct training rows."""
        return cls(
            task, _best(OPERANDS, lambda which, numbers: cls(task, which)._answers(numbers), task, train)
        )

    def predict(self, questions: list[str]) -> list[str]:
        """Copy the operand."""
        return self._answers(_numbers(self.task, questions))

    def _answers(self, numbers: NumberColumns) -> list[str]:
        return to_texts(getattr(numbers, self.which), _base(self.task))

    def state(self) -> dict[str, Any]:
        """Return the choice of operand."""
        return {"which": self.which}


_FITTING_ROWS = 20_000  # enough to choose between a few rules


def _best(
    options: tuple[Any, ...], rule: Callable[[Any, NumberColumns], list[str]], task: Task, train: pa.Table
) -> Any:
    """Return the option whose rule has the most correct rows, the first of equal ones."""
    sample = train.slice(0, _FITTING_ROWS)
    numbers, answers = _numbers(task, _strings(sample, "question")), _strings(sample, "answer")

    def correct(option: Any) -> int:
        return sum(given == answer for given, answer in zip(rule(option, numbers), answers, strict=True))

    return max(options, key=correct)


def _numbers(task: Task, questions: list[str]) -> NumberColumns:
    return NumberColumns.read(questions, _base(task), task.signed)


def _hold_modulo(task: Task, questions: list[str], modulus: int) -> NDArray[Any]:
    """Return whether statements hold modulo `modulus`, bool (n,)."""
    numbers = _numbers(task, questions)
    return np.asarray(numbers.results_modulo(task.statement_sign, modulus) == numbers.last % modulus)


def _labels(truths: NDArray[Any]) -> list[str]:
    return [LABELS[truth] for truth in truths.tolist()]


def _majority(answers: list[str]) -> str:
    if not answers:
        raise InputError("a floor needs training rows. Received: none.")
    return min(Counter(answers).items(), key=lambda item: (-item[1], item[0]))[0]


def _strings(table: pa.Table, column: str) -> list[str]:
    values: list[str] = pc.cast(table.column(column), pa.string()).to_pylist()
    return values


def _base(task: Task) -> int:
    return int(task.parameters.get("base", 10))
