"""Questions of one's own to a finished run: plain text in, plain answers out, and how sure the network is."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from mathbench import formats
from mathbench.baselines.analysis.confidence import Confidence, character_probabilities
from mathbench.baselines.predictor import LoadedRun
from mathbench.errors import InputError


@dataclass(frozen=True, eq=False)
class Answer:
    """Questions and what a run answers.

    Args:
        answers: in plain text.
        formatted_questions: as the format of the run's task writes them, strings (n,).
        formatted_answers: as the run wrote them, strings (n,).
        confidences: of a network, how sure it is of each character of its answers; empty otherwise.
    """

    answers: list[str]
    formatted_questions: pa.Array
    formatted_answers: pa.Array
    confidences: list[Confidence]


def ask_questions(finished: LoadedRun, questions: Sequence[str]) -> Answer:
    """Ask a run; a network computes once, so the confidence is that of the answer that is shown.

    Args:
        finished: the run.
        questions: in plain text.

    Raises:
        InputError: for a question that is empty, no text, or not what the task of the run asks.
    """
    if "" in questions:
        raise InputError("a question must not be empty.")
    try:
        requested = pa.array(questions, pa.string())
    except UnicodeEncodeError:
        raise InputError("a question must be text in UTF-8.") from None
    try:
        return _answered(finished, requested)
    except (ValueError, IndexError, ArithmeticError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"the run cannot read {' or '.join(map(repr, questions))}. Ask as its task writes questions."
        ) from None


def _answered(finished: LoadedRun, requested: pa.Array) -> Answer:
    written = formats.for_task(finished.task)
    questions = written.questions(requested)
    sure = character_probabilities(finished.trained, questions) if finished.trained else []
    given = pa.array([one.answer for one in sure], pa.string()) if sure else finished.predict(questions)
    return Answer(written.undo_answers(given).to_pylist(), questions, given, sure)
