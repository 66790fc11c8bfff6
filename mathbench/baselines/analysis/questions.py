"""Checks of questions that a user typed, and of those that a network cannot read as a whole."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import formats
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.reading_limit import ReadingLimit
from mathbench.baselines.predictor import LoadedRun, TrainedNetwork
from mathbench.errors import InputError, shown
from mathbench.rows import open_rows
from mathbench.task import Task

MAX_QUOTED = 5  # questions of an error
LONGEST_SOLVED = (
    2000  # characters of questions whose form is checked: Python reads no numbers of more than 4,300 digits
)


def check_questions(questions: Sequence[str]) -> pa.StringArray:
    """Return questions as a column, after a check that each is some valid text.

    Raises:
        InputError: for a question that is empty or not valid text.
    """
    if "" in questions:
        raise InputError("a question must not be empty.")
    try:
        return pa.array(questions, pa.string())
    except UnicodeEncodeError:
        raise InputError("a question must be valid UTF-8 text.") from None


@contextmanager
def readable(questions: Sequence[str]) -> Iterator[None]:
    """Raise the errors of reading questions that are not of the run's task as one `InputError`."""
    try:
        yield
    except (ValueError, IndexError, ArithmeticError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"the run cannot read {' or '.join(map(repr, questions[:MAX_QUOTED]))}. Write questions as its task does."
        ) from None


def question_problem(run: LoadedRun, question: str) -> str:
    """Return why a run cannot answer a question in plain text, as a sentence; empty where it can.

    It cannot where the question is empty, not valid text, has characters that its network does not know, is not of the
    form of its task, or is longer than its network reads.
    """
    try:
        column = check_questions([question])
        with readable([question]):
            written = _written(run, column)
            if run.trained:
                run.trained.encoding.questions(written)
    except InputError as error:
        return str(error)
    if problem := _form_problem(run.task, question):
        return problem
    limit = reading_limit(run.trained)
    if run.trained is None or limit is None or not limit.cuts:
        return ""
    problem = limit.problem(int(positions(run.trained.encoding, written)[0]))
    return f"{problem}." if problem else ""


def question_warning(run: LoadedRun, question: str) -> str:
    """Return what makes the answer to a readable question doubtful, as a clause; empty for nothing."""
    limit = reading_limit(run.trained)
    if run.trained is None or limit is None or limit.cuts:
        return ""
    column = _written(run, check_questions([question]))
    return limit.problem(int(positions(run.trained.encoding, column)[0]))


def reading_limit(trained: TrainedNetwork | None) -> ReadingLimit | None:
    """Return how long a question the network of a run reads; None where there is no limit or no network."""
    return getattr(trained.network, "limit", None) if trained else None


def long_questions(trained: TrainedNetwork | None, splits: Mapping[str, pa.Table]) -> str:
    """Return how many questions of rows are longer than a network reads, with the first; empty for none.

    Args:
        trained: the network.
        splits: rows by split, with questions as the network reads them.
    """
    limit = reading_limit(trained)
    if trained is None or limit is None:
        return ""
    count, first = 0, ""
    for split, rows in splits.items():
        long = np.flatnonzero(positions(trained.encoding, rows["question"]) > limit.positions)
        if len(long) and not count:
            row = rows.slice(int(long[0]), 1).to_pylist()[0]
            first = f"{shown(row['question'])} in row {row['row']:,} of {split}"
        count += len(long)
    if not count:
        return ""
    return (
        f"{count:,} questions have more than the {limit.positions:,} positions that the network reads, the first "
        f"{first}: {limit.beyond}"
    )


def positions(encoding: Encoding, questions: Any) -> NDArray[np.int64]:
    """Return the number of positions of questions after padding, int64 (n,)."""
    shapes = encoding.padded_shapes(questions)
    return shapes[:, 0] if encoding.layout else shapes.sum(axis=1)


def named(number: int, questions: Sequence[str]) -> str:
    """Return a question among several, as it is named in messages.

    >>> named(1, ["1+1", "x"]), named(0, ["x"])
    ("question 2, 'x'", "the question 'x'")
    """
    text = shown(questions[number])
    return f"question {number + 1}, {text}" if len(questions) > 1 else f"the question {text}"


def all_problems(questions: Sequence[str], problems: Sequence[str]) -> str:
    """Return in one line why no question can be answered.

    >>> all_problems(["x"], ["it is wrong."]), all_problems(["x", "y"], ["it is wrong.", "so is it."])
    ("the question 'x': it is wrong.", "question 1, 'x': it is wrong. question 2, 'y': so is it.")
    """
    words = [f"{named(i, questions)}: {problem}" for i, problem in enumerate(problems[:MAX_QUOTED])]
    more = [f"and {len(problems) - MAX_QUOTED} more."] if len(problems) > MAX_QUOTED else []
    return " ".join([*words, *more])


def _written(run: LoadedRun, plain: pa.Array) -> Any:
    formatted = formats.for_task(run.task)
    rows = formatted.plain_rows(plain)
    return formatted.questions(rows["question"], rows["answer"])


def _form_problem(task: Task, question: str) -> str:
    """Return why a question is not of the form of a task of numbers; other tasks have no fixed form."""
    if not (task.generated and task.plain.numeric) or len(question) > LONGEST_SOLVED:
        return ""
    try:
        task.plain.oracle(question)
    except (ValueError, IndexError, KeyError):
        base = task.number_base
        written = f" in base {base}" if base != 10 else ""
        example = open_rows(task.plain, "train", 0).batch(range(1))["question"][0].as_py()
        return f"it is not written as the task's questions are{written}, such as {shown(example)}."
    except (ArithmeticError, AssertionError):
        return "it has no answer."
    return ""
