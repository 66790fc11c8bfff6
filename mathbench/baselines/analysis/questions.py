"""Checks of questions that a user typed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from mathbench.errors import InputError

MAX_QUOTED = 5  # questions of an error


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
