"""Problems of single lengths beyond those of the splits, to test whether a network has learned the rule.

A network can be right on all splits and wrong on numbers of twenty digits: an automaton with a few wrong transitions
agrees with the true one on short numbers.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from mathbench import formats
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.rows import Rows
from mathbench.scores.scorer import score_split
from mathbench.task import Task

PROBLEMS = 1000  # of each length


def long_task(task: Task, digits: int) -> Task:
    """Return a task with problems of one number of digits.

    Args:
        task: a task whose numbers have lengths.
        digits: digits of all numbers.

    Raises:
        InputError: for a task without lengths, or more digits than it allows.

    >>> from mathbench.families import task
    >>> long_task(task("divisible", k=3), 100).name
    'divisible-3-base10-digits100-shortest100-longer1'
    """
    names = {field.name for field in task.fields()}
    if not {"digits", "shortest", "longer", "step"} <= names:
        raise InputError(f"--long needs a task whose numbers have lengths. Received: {task.name}.")
    lengths = {"digits": digits, "shortest": digits, "longer": 1, "step": 1}
    return dataclasses.replace(task, **lengths)  # type: ignore[arg-type]


def score_long(
    predict: Callable[[Any], Any], data: Data, digits: Sequence[int], problems: int = PROBLEMS
) -> dict[str, dict[str, Any]]:
    """Score a model on problems of the test reserve, of which each length is one split of its own.

    Args:
        predict: maps a column of questions to answers.
        data: the task and the seed of the problems.
        digits: the lengths.
        problems: the number of problems of each length, if there are as many.

    Returns:
        Per length, as text, `Score.to_json()`.
    """
    scores = {}
    for length in digits:
        task = long_task(data.task, length)
        rows, formatted = Rows(task, "interpolate", data.seed), formats.for_task(task)
        table = rows.batch(range(rows.capacity_up_to(problems)))
        plain = formatted.undo(table)
        predictions = formatted.undo_answers(predict(table["question"]), plain)
        scores[str(length)] = score_split(plain, predictions).total.to_json()
    return scores
