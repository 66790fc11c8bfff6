"""Answers of a finished run to questions in plain text, with the confidence of a network."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from mathbench import formats
from mathbench.baselines.analysis.confidence import Confidence, character_probabilities
from mathbench.baselines.analysis.questions import check_questions, named, question_problem, readable
from mathbench.baselines.predictor import LoadedRun
from mathbench.errors import InputError


@dataclass(frozen=True, eq=False)
class Answer:
    """The answers of a run to some questions.

    Args:
        answers: the answers in plain text.
        formatted_questions: the questions in the format of the run's task, strings (n,).
        formatted_answers: the answers in that format, strings (n,).
        confidences: of a network, the probability of each character of its answers; empty for other baselines.
    """

    answers: list[str]
    formatted_questions: pa.Array
    formatted_answers: pa.Array
    confidences: list[Confidence]


def ask_questions(run: LoadedRun, questions: Sequence[str]) -> Answer:
    """Answer questions with a run. A network computes answers and confidences in one pass.

    Args:
        run: the loaded run.
        questions: questions in plain text.

    Raises:
        InputError: for a question that the run cannot answer (see `question_problem`); names the first.
    """
    for number, question in enumerate(questions):
        if problem := question_problem(run, question):
            raise InputError(f"{named(number, questions)}: {problem}")
    column = check_questions(questions)
    with readable(questions):
        return _answer(run, column)


def _answer(run: LoadedRun, plain: pa.Array) -> Answer:
    formatted = formats.for_task(run.task)
    rows = formatted.plain_rows(plain)
    questions = formatted.questions(rows["question"], rows["answer"])
    confidences = character_probabilities(run.trained, questions) if run.trained else []
    if confidences:
        answers = pa.array([confidence.answer for confidence in confidences], pa.string())
    else:
        answers = run.predict(questions)
    return Answer(formatted.undo_answers(answers, rows).to_pylist(), questions, answers, confidences)
