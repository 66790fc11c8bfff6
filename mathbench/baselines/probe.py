"""Probes: exact match of a finished run on other problems of its family, drawn or listed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.baselines.analysis.questions import check_questions, readable
from mathbench.baselines.predictor import LoadedRun
from mathbench.dataset.data import Data
from mathbench.dataset.suite import Suite
from mathbench.errors import InputError
from mathbench.reserve import reserve_of
from mathbench.scores.results import Score
from mathbench.task import Task

LISTED = "listed questions"
WRONG = 10  # wrong answers that are kept


@dataclass(frozen=True)
class Probe:
    """The answers of a run to the questions of one task of a suite, or to a list.

    Args:
        name: name of the task in the suite, or `LISTED`.
        score: right answers among all.
        reserved_for_train: questions that training may have shown. None where rows are drawn, which are never of them.
        wrong: some questions that were answered wrongly, each with the answer and the right one.
    """

    name: str
    score: Score
    reserved_for_train: int | None
    wrong: tuple[tuple[str, str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        wrong = [dict(zip(("question", "answer", "expected"), row, strict=True)) for row in self.wrong]
        listed = {} if self.reserved_for_train is None else {"reserved_for_train": self.reserved_for_train}
        return {"name": self.name, **self.score.to_json(), **listed, "wrong": wrong}


def probe_suite(run: LoadedRun, suite: Suite) -> Iterator[Probe]:
    """Yield a probe for each task of a suite, of its rows of interpolate, and one for its listed questions.

    Rows are written in the format of the run. They are of the test reserve, which no training ever shows.

    Args:
        run: the loaded run.
        suite: tasks of the run's family.

    Raises:
        InputError: for a task of another family, or without rows of interpolate.
    """
    for config in suite.configs:
        if config.task.reserve_family != run.task.reserve_family:
            raise InputError(
                f"the run was fitted on {run.task.family}. Received: {config.name}, of {config.task.family}."
            )
        rows = config.sizes.get("interpolate", 0)
        if not rows:
            raise InputError(f"{suite.name}: {config.name} has no rows of interpolate to answer.")
        table = Data.generate(config.task.plain, {"interpolate": rows}, config.seed).splits["interpolate"]
        questions, answers = table["question"].combine_chunks(), table["answer"].combine_chunks()
        try:
            found = _probe(run, config.name, questions, answers, None)
        except InputError as error:
            raise InputError(f"{config.name}: {error}") from None
        yield found
    if suite.questions:
        yield probe_questions(run, suite.questions)


def probe_questions(run: LoadedRun, questions: Sequence[str]) -> Probe:
    """Return a probe of a list of questions in plain text, which may be of any reserve.

    Raises:
        InputError: for a question that is empty or not of the run's task.
    """
    column = check_questions(questions)
    task = run.task.plain
    answers = pa.array([_solved(task, question) for question in questions], pa.string())
    seen = sum(_of_train(task, question) for question in questions)
    with readable(questions):
        return _probe(run, LISTED, column, answers, seen)


def _solved(task: Task, question: str) -> str:
    try:
        return task.oracle(question)
    except (ValueError, IndexError, KeyError, TypeError, ArithmeticError):
        raise InputError(f"the question is not of the task {task.name}. Received: {question!r}.") from None


def _of_train(task: Task, question: str) -> bool:
    operands = getattr(task, "operands_of", None)
    return operands is not None and reserve_of(task.reserve_family, operands(question)) == "train"


def _probe(run: LoadedRun, name: str, questions: pa.Array, answers: pa.Array, reserved: int | None) -> Probe:
    formatted = formats.for_task(run.task)
    rows = pa.table({"question": questions, "answer": answers})
    given = formatted.undo_answers(run.predict(formatted.questions(questions, answers)), rows)
    right = pc.fill_null(pc.equal(given, answers), False)
    misses = pc.indices_nonzero(pc.invert(right)).to_pylist()[:WRONG]
    wrong = tuple((questions[i].as_py(), given[i].as_py() or "", answers[i].as_py()) for i in misses)
    return Probe(name, Score(len(questions), int(pc.sum(right).as_py())), reserved, wrong)
