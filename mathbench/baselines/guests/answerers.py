"""Guests without training steps: the checks of a class with ``fit`` and ``predict``, and of what it returns."""

import json
import warnings
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathbench.baselines.guests.faults import check_arguments, check_class_method, guest_code, title_of
from mathbench.errors import GuestWarning, InputError, exception_text
from mathbench.integers import as_integer

if TYPE_CHECKING:
    import pyarrow as pa

    from mathbench.task import Task

COMPARED = 8  # questions that a restored answerer must answer as before


def check_answerer_class(kind: Any) -> None:
    """Check what can be known of a class with ``fit`` and ``predict`` before it is fitted.

    Raises:
        InputError: for a missing method, one that takes other arguments, or a ``fit`` that is no class method.
    """
    for name, arguments in (("fit", "task, train, validation"), ("predict", "questions")):
        if not callable(getattr(kind, name, None)):
            network = (
                " A network is a subclass of TorchBaseline or KerasBaseline."
                if hasattr(kind, "build")
                else ""
            )
            raise InputError(f"{title_of(kind)} has no method {name}({arguments}).{network}")
    for name in ("fit", "applies", "load"):
        check_class_method(kind, name)
    for name, count in (("fit", 3), ("predict", 1), ("applies", 1), ("load", 2), ("save", 1), ("state", 0)):
        if hasattr(kind, name):
            check_arguments(kind, name, count)


def fit(kind: Any, task: "Task", train: "pa.Table", validation: "pa.Table") -> Any:
    """Fit a guest.

    Raises:
        InputError: when it raises, or returns nothing that answers.
    """
    with guest_code(kind, "fit"):
        answerer = kind.fit(task, train, validation)
    if isinstance(answerer, type) or not callable(getattr(answerer, "predict", None)):
        received = _named(answerer)
        raise InputError(
            f"{title_of(kind)}: fit must return an object with a method predict. Received: {received}."
        )
    return answerer


def predict(answerer: Any, questions: list[str]) -> Sequence[Any]:
    """Return the answers of a guest, one per question.

    Raises:
        InputError: when it raises, or returns anything else.
    """
    kind = type(answerer)
    with guest_code(kind, "predict"):
        answers = answerer.predict(list(questions))
        if isinstance(answers, str | bytes | Mapping | Set) or not hasattr(answers, "__len__"):
            raise InputError(
                f"{title_of(kind)}: predict must return a list of answers. Received: {_named(answers)}."
            )
        given: list[Any] = answers.tolist() if hasattr(answers, "tolist") else list(answers)
    if len(given) != len(questions):
        raise InputError(
            f"{title_of(kind)}: predict must answer every question. "
            f"Received: {len(given):,} answers to {len(questions):,} questions."
        )
    return given


def _named(value: object) -> str:
    """Describe in a message what a guest returned."""
    if isinstance(value, type):
        return f"the class {value.__name__}, no object of it"
    return "None" if value is None else type(value).__name__


def store(answerer: Any, task: "Task", questions: list[str], folder: Path, state_file: str) -> str:
    """Store what a guest learnt, and restore it once to see that it answers the same.

    Args:
        answerer: the fitted guest.
        task: the task it was fitted on.
        questions: a few questions.
        folder: the run directory.
        state_file: the name of the file for its state.

    Returns:
        Why it cannot be restored, or an empty text. What is wrong here costs no score.
    """
    kind = type(answerer)
    try:
        if hasattr(answerer, "state"):
            with guest_code(kind, "state"):
                text = json.dumps(answerer.state(), indent=2)
            (folder / state_file).write_text(text + "\n", encoding="utf-8")
        if hasattr(answerer, "save"):
            with guest_code(kind, "save"):
                answerer.save(folder)
        if not restorable(kind):
            return "it has neither state nor save and load"
        restored = restore(kind, task, folder, state_file)
        asked = questions[:COMPARED]
        same = predict(restored, asked) == predict(answerer, asked)
        return "" if same else f"{title_of(kind)}: what it stores gives other answers"
    except (InputError, OSError) as error:
        return exception_text(error)


def restorable(kind: Any) -> bool:
    """Return whether a class can restore what it stored."""
    return hasattr(kind, "state") or (hasattr(kind, "save") and hasattr(kind, "load"))


def restore(kind: Any, task: "Task", folder: Path, state_file: str) -> Any:
    """Return the guest that was stored in a run directory.

    Raises:
        InputError: when nothing was stored, or the guest raises.
    """
    if hasattr(kind, "load"):
        with guest_code(kind, "load"):
            return kind.load(task, folder)
    if not (folder / state_file).is_file():
        raise InputError(f"{title_of(kind)} cannot be loaded again: it has neither state nor load.")
    state = json.loads((folder / state_file).read_text(encoding="utf-8"))
    if not isinstance(state, dict):
        raise InputError(f"{title_of(kind)}: state must return a dict. Received: {type(state).__name__}.")
    with guest_code(kind, "the class, called with its state,"):
        return kind(task, **state)


def parameter_count(answerer: Any) -> int:
    """Return the number of learned values that a guest states, 0 where it states none or anything else."""
    stated = getattr(answerer, "parameters", 0)
    if callable(stated):
        with guest_code(type(answerer), "parameters"):
            stated = stated()
    number = as_integer(stated)
    if number is None or number < 0:
        warnings.warn(
            GuestWarning(
                f"{title_of(type(answerer))}: parameters must be an integer. Received: {stated!r:.60}"
            ),
            stacklevel=2,
        )
        return 0
    return number
