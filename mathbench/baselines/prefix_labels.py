"""Labels of the prefixes of numbers, for networks that read digit by digit. No held-out answer is among them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.errors import InputError
from mathbench.hashing import ABSENT, LONG_MODULUS, LONG_OPERAND
from mathbench.numbers import text
from mathbench.reserve import fingerprints
from mathbench.task import Task


def prefix_labels(encoding: Encoding, questions: Tokens, task: Task) -> Tokens:
    """Return the class of every prefix of a number, for divisibility: int64 (n, q), -1 where there is none.

    There is none before the first digit, and none where the prefix is itself a problem that train may not show, since
    its label would be a held-out answer.

    Raises:
        InputError: for a task other than divisible, reversed questions, or a format.
    """
    answers = task.answers_by_residue() if task is task.plain else None
    if answers is None or encoding.choices.query != "forward":
        raise InputError(
            "labels of prefixes need the task 'divisible' in plain text and query=forward. "
            f"Received: {task.name}, query={encoding.choices.query}."
        )
    residues = prefix_residues(encoding, questions, task, len(answers))
    return np.where(residues < 0, -1, _class_of_residue(encoding, answers)[residues])


def prefix_residues(encoding: Encoding, questions: Tokens, task: Task, modulus: int) -> Tokens:
    """Return the residue of every prefix of a number, of any length: int64 (n, q), -1 where there is none.

    There is none before the first digit, and none where the prefix is itself a problem of the family that train may not
    show: another task of the family may ask for just this residue.

    Args:
        encoding: reads from the first digit on.
        questions: tokens of single numbers, (n, q).
        task: the task.
        modulus: at most 2^35.
    """
    residue, residues = np.zeros(len(questions), dtype=np.int64), []
    for digits, _, known in _prefixes(encoding, questions, task):
        residue = np.where(digits >= 0, (residue * task.number_base + digits) % modulus, residue)
        residues.append(np.where(known, residue, -1))
    return np.stack(residues, axis=1)


def prefix_numbers(encoding: Encoding, questions: Tokens, task: Task) -> Tokens:
    """Return every prefix of a number as a number, int64 (n, q), -1 where `prefix_residues` has no residue.

    Its residues modulo any number of moduli follow from it.

    Raises:
        InputError: for numbers of 2^63 or more.
    """
    numbers = []
    for _, prefix, known in _prefixes(encoding, questions, task):
        if prefix.long.any():
            raise InputError(
                "labels of residues modulo several moduli need training numbers below 2^63. "
                f"Received: numbers of up to {questions.shape[1]} digits in {task.name}."
            )
        numbers.append(np.where(known, prefix.low, -1))
    return np.stack(numbers, axis=1)


def _prefixes(
    encoding: Encoding, questions: Tokens, task: Task
) -> Iterator[tuple[Tokens, "_Prefix", NDArray[np.bool_]]]:
    """Yield for each position of questions (n, q) its digits, -1 for none, the prefixes, and which may be labelled."""
    reserve = task.reserve("train")
    digits = np.array([-1, *(text.DIGITS.find(c) for c in encoding.alphabet)])[questions]
    prefix = _Prefix.empty(len(questions))
    for column in digits.T:
        here = column >= 0
        prefix = prefix.extended(column, here, task.number_base)
        yield column, prefix, here & reserve.contains(fingerprints(task.reserve_family, prefix.canonical))


@dataclass(frozen=True)
class _Prefix:
    """Numbers of any length as the words of their fingerprints, see `mathbench.reserve.fingerprint`.

    Args:
        low: their last 63 bits, int64 (n,).
        rest: their residue modulo `LONG_MODULUS`, int64 (n,).
        long: whether they are 2^63 or more, bool (n,).
    """

    low: Tokens
    rest: Tokens
    long: NDArray[np.bool_]

    @classmethod
    def empty(cls, rows: int) -> "_Prefix":
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.bool_))

    def extended(self, digits: Tokens, here: NDArray[np.bool_], base: int) -> "_Prefix":
        """Return the numbers with one more digit, where there is one."""
        longer = self.long | (self.low > (LONG_OPERAND - 1 - digits) // base)
        # unsigned, where products wrap around at 2^64
        low = (self.low.view(np.uint64) * np.uint64(base) + digits.view(np.uint64)) & np.uint64(
            LONG_OPERAND - 1
        )
        rest = (self.rest * base + digits) % LONG_MODULUS
        return _Prefix(
            np.where(here, low.view(np.int64), self.low),
            np.where(here, rest, self.rest),
            np.where(here, longer, self.long),
        )

    @property
    def canonical(self) -> Tokens:
        """Their words, int64 (2, n)."""
        return np.stack([self.low, np.where(self.long, self.rest, ABSENT)])


def _class_of_residue(encoding: Encoding, answers: list[str]) -> Tokens:
    """Return the class number of each residue, int64 (k,), -1 where it does not occur in training."""
    classes = encoding.classes
    return np.array([classes.index(answer) if answer in classes else -1 for answer in answers])
