"""The grader: judges single answers, strictly and beside that leniently, after an extraction for models that talk.

An answer is right if it is, white space around it aside, the one text that the format of the task allows. Nothing else
counts: `80` is not `-80`, and a question repeated is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.dataset.data import Data
from mathbench.errors import InputError, shown
from mathbench.families import from_spec
from mathbench.scores.answers import is_unicode
from mathbench.scores.equal_values import equal
from mathbench.scores.extraction import WHOLE, Extraction, extraction
from mathbench.scores.metrics import align_predictions
from mathbench.scores.predictions import score_table
from mathbench.scores.results import Score, SplitScore
from mathbench.task import Task


@dataclass(frozen=True)
class Grade:
    """The judgement of one answer.

    Attributes:
        right: whether it is the right answer, exactly.
        equal: whether it has the value of the right answer, however it is written. Never part of a rank.
        answer: the text that was read as the answer; None where the extraction found none.

    >>> grade("So it is 2/4.", "1/2", extract="last-number")
    Grade(right=False, equal=True, answer='2/4')
    """

    right: bool
    equal: bool
    answer: str | None


@dataclass(frozen=True)
class Grades:
    """The judgements of some answers.

    Attributes:
        right, equal: bool (n,), see :class:`Grade`.
        answers: the texts that were read, None where there was none.
        extraction: the name and version of the extraction.
        missing: the number of questions to which a model wrote nothing at all.

    >>> grades = grade_all(["65", None], ["65", "66"], "addition")
    >>> grades.right.tolist(), len(grades), grades[0].right, grades.missing
    ([True, False], 2, True, 1)
    """

    right: NDArray[np.bool_]
    equal: NDArray[np.bool_]
    answers: tuple[str | None, ...]
    extraction: str
    missing: int = 0

    def __len__(self) -> int:
        """The number of answers."""
        return len(self.answers)

    def __getitem__(self, index: int) -> Grade:
        return Grade(bool(self.right[index]), bool(self.equal[index]), self.answers[index])

    @property
    def unread(self) -> int:
        """The number of answers in which the extraction found nothing, without those that are missing."""
        return self.answers.count(None) - self.missing

    @property
    def score(self) -> Score:
        """Exact match with its interval."""
        return Score(len(self), int(self.right.sum()))

    def to_json(self) -> dict[str, Any]:
        """Exact match, and beside it the number of answers of equal value, of those not read and of those missing."""
        return {**self.score.to_json(), **self.beside}

    @property
    def beside(self) -> dict[str, Any]:
        """What is stated beside exact match: the answers of equal value, not read and missing, and the extraction."""
        counts = {"equal": int(self.equal.sum()), "unread": self.unread, "missing": self.missing}
        return {**counts, "extraction": self.extraction}


class Grader:
    """Judges the answers to questions of one task.

    Args:
        task: the task; None: plain text, numbers in base 10.
        extract: the name of an extraction.

    >>> from mathbench.families import task
    >>> grader = Grader(task("subtraction"), "last-number")
    >>> grades = grader.grade(["8-58 is -50.", "50", "none", None], ["-50"] * 4)
    >>> grades.right.tolist(), grades.answers, grades.unread
    ([True, False, False, False], ('-50', '50', None, None), 1)
    """

    def __init__(self, task: Task | None = None, extract: str = WHOLE):
        self._task, self._extraction = task, extraction(extract)
        self._base = task.number_base if task else 10

    @property
    def extraction(self) -> Extraction:
        """The extraction."""
        return self._extraction

    def grade(
        self, answers: Sequence[str | None], truths: Sequence[str], questions: Sequence[str] | None = None
    ) -> Grades:
        """Judge some answers.

        Args:
            answers: what a model wrote; None where it wrote nothing.
            truths: the right answers, in the format of the task, as in the column `answer` of its rows.
            questions: the questions, as in the column `question`. Multiple choice cannot be read without them.

        Raises:
            InputError: for anything but text, lists of different lengths, or right answers not in the format.
        """
        given = _texts("answers", answers, missing=True)
        right = [text or "" for text in _texts("truths", truths)]
        asked = None if questions is None else _texts("questions", questions)
        if len({len(given), len(right), len(right if asked is None else asked)}) > 1:
            raise InputError(
                f"there must be one right answer for each answer. Received: {len(given)} and {len(right)}."
            )
        read = tuple(None if text is None else self._extraction.read(text, self._base) for text in given)
        plain, truth = self._plain(list(read), asked), self._plain(list(right), asked)
        if None in truth:
            wrong = right[truth.index(None)]
            raise InputError(f"a right answer is not in the format of the task. Received: {shown(wrong)}.")
        strict = [one is not None and one == two for one, two in zip(plain, truth, strict=True)]
        lenient = [
            same or self._equal(text, one, two)
            for same, text, one, two in zip(strict, read, plain, truth, strict=True)
        ]
        marks = np.array(strict, dtype=bool), np.array(lenient, dtype=bool)
        return Grades(*marks, read, self._extraction.id, given.count(None))

    def _equal(self, text: str | None, plain: str | None, truth: str | None) -> bool:
        answer = text if plain is None else plain
        return answer is not None and truth is not None and equal(answer, truth, self._base)

    def _plain(self, texts: list[str | None], questions: list[str | None] | None) -> list[str | None]:
        """Texts with the format of the task undone; None where they are not in it."""
        if self._task is None:
            return texts
        formatted = formats.for_task(self._task)
        column = pa.array(texts, pa.string())
        if not formatted.needs_questions:
            return formatted.undo_answers(column).to_pylist()
        if questions is None:
            raise InputError("multiple choice is graded with its questions. Received: none.")
        table = pa.table({"question": pa.array(questions, pa.string()), "answer": column})
        return formatted.undo(table)["answer"].to_pylist()


def grade_table(predictions: pa.Table, data: Data, extract: str) -> dict[str, tuple[SplitScore, Grades]]:
    """Score predictions of a model that talks, per split; rows without a prediction are wrong.

    Args:
        predictions: the columns split, row and prediction, as for :func:`mathbench.scores.predictions.score_table`.
        data: the truth.
        extract: the name of an extraction.

    Returns:
        The score of what was read, and the judgement of every row in order.
    """
    chosen, grader = extraction(extract), Grader(data.task)
    given = predictions["prediction"].to_pylist()
    texts = [None if text is None else chosen.read(text, data.task.number_base) for text in given]
    place = predictions.column_names.index("prediction")
    read = predictions.set_column(place, "prediction", pa.array(texts, pa.string()))
    written = predictions.filter(pc.is_valid(predictions["prediction"]))["split"].to_pylist()
    found = {}
    for split, score in score_table(read, data).items():
        rows, truth = read.filter(pc.equal(read["split"], split)), data.splits[split]
        aligned = align_predictions(rows["row"].to_numpy(), rows["prediction"], truth["row"].to_numpy())
        questions, answers = truth["question"].to_pylist(), truth["answer"].to_pylist()
        # what was read is graded as a whole
        grades = grader.grade(aligned.to_pylist(), answers, questions)
        missing = truth.num_rows - written.count(split)
        found[split] = score, replace(grades, extraction=chosen.id, missing=missing)
    return found


def grade(
    answer: str | None,
    truth: str,
    task: str | Task | None = None,
    *,
    question: str | None = None,
    extract: str = WHOLE,
    **parameters: Any,
) -> Grade:
    """Judge one answer; see `mathbench.grade`."""
    grader = Grader(_task(task, parameters), extract)
    return grader.grade([answer], [truth], None if question is None else [question])[0]


def grade_all(
    answers: Sequence[str | None],
    truths: Sequence[str],
    task: str | Task | None = None,
    *,
    questions: Sequence[str] | None = None,
    extract: str = WHOLE,
    **parameters: Any,
) -> Grades:
    """Judge many answers; see `mathbench.grade_all`."""
    return Grader(_task(task, parameters), extract).grade(answers, truths, questions)


def _task(task: str | Task | None, parameters: dict[str, Any]) -> Task | None:
    if isinstance(task, str):
        return from_spec(task, parameters)
    if parameters:
        raise InputError(f"parameters go with the name of a task. Received: {', '.join(parameters)}.")
    if task is not None and not isinstance(task, Task):
        raise InputError(
            f"a task must be given by its name, or made by `families.task`. Received: {shown(task)}."
        )
    return task


def _texts(what: str, values: Sequence[Any], missing: bool = False) -> list[str | None]:
    found = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else None
    valid = found is not None and all(isinstance(v, str) or (missing and v is None) for v in found)
    if not valid or not all(map(is_unicode, found or ())):
        raise InputError(f"{what} must be a list of text. Received: {shown(values)}.")
    return found or []
