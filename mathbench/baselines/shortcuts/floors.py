"""Floors: what shortcuts reach.

A model is judged against the best of them, so they are as good as they can be. Each is fitted on training
rows only and keeps what it learnt as plain values.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.shortcuts.questions import STATEMENTS, holds_modulo, number_texts, parse_operands
from mathbench.errors import InputError
from mathbench.numbers.text import to_text
from mathbench.task import LABELS, Task

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
LIMITS = (5, 29, 97)  # trial division up to these; the training rows choose


@dataclass(frozen=True)
class Constant:
    """Always the most frequent training answer (of equally frequent ones the first in order)."""

    task: Task
    answer: str

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Every task has a most frequent answer."""
        return True

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Count the training answers."""
        return cls(task, _majority(_strings(train, "answer")))

    def predict(self, questions: list[str]) -> list[str]:
        """The same for all."""
        return [self.answer] * len(questions)

    def state(self) -> dict[str, Any]:
        """The answer."""
        return {"answer": self.answer}


@dataclass(frozen=True)
class LastDigit:
    """The majority answer for each last character; a statement is believed if its last digits agree."""

    task: Task
    answers: dict[str, str] = field(default_factory=dict)
    otherwise: str = LABELS[0]

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Where the answer is a label or a residue: elsewhere the last digit says next to nothing."""
        return task.recognition or task.family in ("divisible", "modular")

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Count the training answers for each last character."""
        if task.family in STATEMENTS:
            return cls(task)
        seen: dict[str, list[str]] = {}
        questions, answers = _strings(train, "question"), _strings(train, "answer")
        for question, answer in zip(questions, answers, strict=True):
            seen.setdefault(question[-1], []).append(answer)
        return cls(task, {last: _majority(found) for last, found in sorted(seen.items())}, _majority(answers))

    def predict(self, questions: list[str]) -> list[str]:
        """Look at the last characters only."""
        if self.task.family in STATEMENTS:
            base = _base(self.task)
            return [LABELS[holds_modulo(self.task.family, q, base, base)] for q in questions]
        return [self.answers.get(q[-1:], self.otherwise) for q in questions]

    def state(self) -> dict[str, Any]:
        """The table of answers."""
        return {"answers": self.answers, "otherwise": self.otherwise}


@dataclass(frozen=True)
class TrialDivision:
    """Calls prime what no prime up to a limit divides (2, 3 and 5 alone match a published result)."""

    task: Task
    limit: int = LIMITS[-1]

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Primes only."""
        return task.family == "prime"

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Choose the limit that does best on training rows."""
        return cls(task, _best(LIMITS, lambda limit: cls(task, limit).predict, train))

    def predict(self, questions: list[str]) -> list[str]:
        """Divide."""
        primes = [p for p in PRIMES if p <= self.limit]
        return [LABELS[_no_factor(int(q, _base(self.task)), primes)] for q in questions]

    def state(self) -> dict[str, Any]:
        """The limit."""
        return {"limit": self.limit}


@dataclass(frozen=True)
class CastingOutNines:
    """Believes a statement that holds modulo base - 1, by sums of digits; in base 2 that is every one."""

    task: Task

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Statements only."""
        return task.family in STATEMENTS

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """There is nothing to learn."""
        return cls(task)

    def predict(self, questions: list[str]) -> list[str]:
        """Compare both sides modulo base - 1."""
        base = _base(self.task)
        return [LABELS[holds_modulo(self.task.family, q, base, base - 1)] for q in questions]

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}


@dataclass(frozen=True)
class CopyOperand:
    """Answers with one of the operands: the first, the last, the smallest or the largest."""

    task: Task
    which: str = "first"

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Where a number is asked for."""
        return not task.recognition

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Choose the operand that is right most often on training rows."""
        return cls(task, _best(tuple(_CHOOSE), lambda which: cls(task, which).predict, train))

    def predict(self, questions: list[str]) -> list[str]:
        """Copy."""
        base = _base(self.task)
        found = [parse_operands(q, base) if number_texts(q, base) else [0] for q in questions]
        return [to_text(_CHOOSE[self.which](numbers), base) for numbers in found]

    def state(self) -> dict[str, Any]:
        """Which operand."""
        return {"which": self.which}


_CHOOSE: dict[str, Callable[[list[int]], int]] = {
    "first": lambda numbers: numbers[0],
    "last": lambda numbers: numbers[-1],
    "smallest": min,
    "largest": max,
}

_FITTING_ROWS = 20_000  # choosing between a few rules needs no more


def _best(
    options: tuple[Any, ...], rule: Callable[[Any], Callable[[list[str]], list[str]]], train: pa.Table
) -> Any:
    """The option whose rule is right most often; the first of equals."""
    few = train.slice(0, _FITTING_ROWS)
    questions, answers = _strings(few, "question"), _strings(few, "answer")

    def right(option: Any) -> int:
        return sum(given == answer for given, answer in zip(rule(option)(questions), answers, strict=True))

    return max(options, key=right)


def _no_factor(number: int, primes: list[int]) -> bool:
    return number > 1 and all(number % p or number == p for p in primes)


def _majority(answers: list[str]) -> str:
    if not answers:
        raise InputError("a floor needs training rows. Received: none.")
    return min(Counter(answers).items(), key=lambda item: (-item[1], item[0]))[0]


def _strings(table: pa.Table, column: str) -> list[str]:
    values: list[str] = pc.cast(table.column(column), pa.string()).to_pylist()
    return values


def _base(task: Task) -> int:
    return int(task.parameters.get("base", 10))
