"""The end at which the numbers of a task's text begin, for networks that count digits."""

from typing import Any

import pyarrow.compute as pc

from mathbench import formats
from mathbench.errors import InputError
from mathbench.formats.padded import Padded
from mathbench.formats.reversal import Reversed, ReversedAll
from mathbench.task import Task

COUPLED = "positions=coupled"
_WHOLE = (Padded, Reversed, ReversedAll)  # formats that leave the digits of a number side by side


def number_order(task: Task, questions: Any, setting: str) -> tuple[bool, bool]:
    """Return whether the numbers of questions and of answers have their units first in the text.

    Args:
        task: the task.
        questions: its training questions, strings (n,).
        setting: the setting that needs to know.

    Raises:
        InputError: for a task or format in which digits are not those of whole numbers, or for coupled positions in
            which no digits have the same place.

    >>> import pyarrow as pa
    >>> from mathbench.families import task
    >>> number_order(task("addition", format="padded+reversed"), pa.array(["57+8"]), COUPLED)
    (False, True)
    """
    kinds = formats.for_task(task).formats
    if not task.numeric or not all(isinstance(kind, _WHOLE) for kind in kinds):
        raise InputError(
            f"{setting} needs whole numbers in plain text, or in the formats padded, reversed and reversed-all. "
            f"Received: {task.name}."
        )
    numbers = pc.count_substring_regex(questions, "[0-9a-z]+")
    if setting == COUPLED and (task.answer_labels or (pc.min(numbers).as_py() or 0) < 2):
        raise InputError(
            f"{setting} needs questions of two or more numbers whose answer is a number. Received: {task.name}."
        )
    return any(isinstance(kind, ReversedAll) for kind in kinds), any(
        isinstance(kind, Reversed | ReversedAll) for kind in kinds
    )
