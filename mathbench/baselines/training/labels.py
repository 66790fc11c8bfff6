"""The labels of training rows: answers, labels of prefixes, and auxiliary labels beside them.

No label gives a held-out answer away. A prefix of a training number may itself be a held-out number of the family, and
the family's tasks share their reserves whatever the divisor: such a prefix has no label of any kind. A residue of the
whole number belongs to a training problem. Carries follow from the digits of a row and of its own answer.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.auxiliary import MAX_CARRY, Auxiliary
from mathbench.baselines.columns import MINUS, carries, residues_of
from mathbench.baselines.encoding import Encoding, Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX
from mathbench.baselines.prefix_labels import prefix_labels, prefix_numbers, prefix_residues
from mathbench.baselines.settings import TrainingSettings
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.task import Task
from mathbench.tokenizer import as_string_array

Batch = tuple[Tokens, Tokens]  # questions (B, T) and labels (B, positions), int64


@dataclass(frozen=True)
class LabelEncoder:
    """What turns training rows into tokens and labels.

    Args:
        task: the task of the rows.
        encoding: maps text to tokens.
        auxiliary: the auxiliary labels, which follow those of the answer in each row; None for none.
    """

    task: Task
    encoding: Encoding
    auxiliary: Auxiliary | None = None

    @classmethod
    def of(cls, settings: TrainingSettings, data: Data, encoding: Encoding) -> "LabelEncoder":
        """Return the encoder for some settings.

        Raises:
            InputError: for auxiliary labels that the rows do not have.
        """
        auxiliary = settings.auxiliary_labels
        if auxiliary:
            _check(auxiliary, data, encoding)
        return cls(data.task, encoding, auxiliary)

    def batch(self, rows: pa.Table) -> Batch:
        """Return questions (B, T) and labels (B, positions) of rows with the columns question and answer."""
        questions = self.encoding.questions(rows["question"])
        labels = encode_labels(self.encoding, self.task, questions, rows["answer"])
        if self.auxiliary is None:
            return questions, labels
        extra = self._auxiliary_labels(self.auxiliary, questions, rows, labels.shape[1])
        return questions, np.concatenate([labels, extra], axis=1)

    def _auxiliary_labels(
        self, auxiliary: Auxiliary, questions: Tokens, rows: pa.Table, positions: int
    ) -> Tokens:
        encoding, task = self.encoding, self.task
        if auxiliary.kind == "carries":
            return _carry_labels(encoding, rows, task.number_base, positions)
        if auxiliary.kind == "prefix":
            return prefix_labels(encoding, questions, task)
        if auxiliary.kind == "prefix-residue":
            return prefix_residues(encoding, questions, task, auxiliary.modulus)
        if auxiliary.kind == "prefix-residues":
            return prefix_numbers(encoding, questions, task)
        return residues_of(rows["question"], task.number_base, auxiliary.modulus)[:, None]


def encode_labels(encoding: Encoding, task: Task, questions: Tokens, answers: Any) -> Tokens:
    """Return labels, int64 (n, positions), of answers that the encoding may not have been fitted on.

    Answers longer than the answer width are cut off, and answers outside the classes have no label: a network built for
    this encoding cannot give them.
    """
    if encoding.classes and encoding.choices.labels == "prefix":
        return prefix_labels(encoding, questions, task)
    if encoding.layout and not encoding.classes:
        return encoding.answers(answers, questions.shape[1])
    if not encoding.classes:
        return encoding.answers(answers)[:, : encoding.answer_width]
    classes = pc.index_in(as_string_array(answers), pa.array(list(encoding.classes), pa.string()))
    labels = pc.fill_null(classes, IGNORE_INDEX).to_numpy(zero_copy_only=False)
    return np.asarray(labels, dtype=np.int64)[:, None]


def _carry_labels(encoding: Encoding, rows: pa.Table, base: int, positions: int) -> Tokens:
    """Return the carry into the digit at each position of answers, int64 (n, positions), where there is one."""
    answers = as_string_array(rows["answer"])
    if encoding.layout:
        return carries(rows["question"], answers, base, positions)
    negative = np.asarray(pc.starts_with(answers, MINUS)).astype(np.int64)
    digits = np.asarray(pc.binary_length(answers)) - negative
    # the weight of each position, as a power of the base
    weights = np.broadcast_to(np.arange(positions), (len(digits), positions))
    if encoding.choices.answer == "first":
        weights = (digits + negative - 1)[:, None] - weights
    inside = (weights >= 0) & (weights < digits[:, None])
    known = carries(rows["question"], answers, base, int(digits.max(initial=1)))
    labels = np.take_along_axis(known, np.where(inside, weights, 0), axis=1)
    return np.where(inside, labels, IGNORE_INDEX)


def _check(auxiliary: Auxiliary, data: Data, encoding: Encoding) -> None:
    """Check that training rows have labels of a kind, before anything is written."""
    task, rows, kind = data.task, data.splits["train"], auxiliary.kind
    if task is not task.plain:
        raise InputError(f"auxiliary={kind} needs plain text. Received: {task.name}.")
    if kind == "carries":
        if encoding.classes:
            raise InputError(f"auxiliary=carries needs answers that are numbers. Received: {task.name}.")
        columns = encoding.answer_width + 1
        most = int(carries(rows["question"], rows["answer"], task.number_base, columns).max(initial=0))
        if most >= MAX_CARRY:
            raise InputError(f"auxiliary=carries needs carries below {MAX_CARRY}. Received: {most}.")
        return
    if auxiliary.every_position and encoding.choices.query != "forward":
        raise InputError(f"auxiliary={kind} needs query=forward. Received: query={encoding.choices.query}.")
    digits = f"[{text.DIGITS[: task.number_base]}]+"
    if not pc.all(pc.match_substring_regex(as_string_array(rows["question"]), f"^{digits}$")).as_py():
        raise InputError(
            f"auxiliary={kind} needs single numbers of 0 or more as questions. Received: {task.name}."
        )
