"""The history of a training as a result has it: bounded in size, with the first validations that were good enough."""

import math
from collections.abc import Sequence
from typing import Any

from mathbench.baselines.training.strata import kept_steps

MAX_HISTORY = 256  # entries of a result, above which they are thinned out
REACHED = (0.9, 0.99, 0.999)
History = Sequence[dict[str, float]]


def result_history(history: History, best: int) -> list[dict[str, float]]:
    """Return the history for a result, evenly thinned out; the best and the last validation are always in it.

    Args:
        history: one entry per validation.
        best: the step of the best validation.

    Returns:
        Entries with step, loss, rate, validation, cpu_s and wall_s as far as they are known and finite.

    >>> result_history([{"step": 4, "loss": math.nan, "rate": 0.1, "validation": 0.25}], 4)
    [{'step': 4, 'rate': 0.1, 'validation': 0.25}]
    """
    kept = set(kept_steps([int(entry["step"]) for entry in history], MAX_HISTORY, best))
    return [_entry(entry) for entry in history if entry["step"] in kept]


def first_reached(history: History) -> dict[str, dict[str, float]]:
    """Return the first validation that reached each of 90, 99 and 99.9 %, as far as they were reached.

    >>> first_reached([{"step": 4, "validation": 0.5, "cpu_s": 1.0}, {"step": 8, "validation": 0.99, "cpu_s": 2.0}])
    {'0.9': {'step': 8, 'cpu_s': 2.0}, '0.99': {'step': 8, 'cpu_s': 2.0}}
    """
    reached = {}
    for share in REACHED:
        entry = next((entry for entry in history if entry["validation"] >= share), None)
        if entry is not None:
            names = ("step", "cpu_s", "wall_s")
            reached[str(share)] = {name: entry[name] for name in names if name in entry}
    return reached


def _entry(entry: dict[str, float]) -> dict[str, Any]:
    """Return an entry without what JSON has no number for, such as the loss of a training that diverged."""
    return {key: float(f"{v:.6g}") if key == "loss" else v for key, v in entry.items() if math.isfinite(v)}
