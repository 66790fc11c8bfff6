"""Trackers of a training: TensorBoard by default, others by name.

A tracker has three methods. Further ones are named by ``--track module:name`` or ``--track ./mine.py:name``, a class or
function that is called with the run directory.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from mathbench.baselines.training.state import Recorder, TrainingState, Validation
from mathbench.baselines.training.strata import StrataLog
from mathbench.errors import InputError, did_you_mean
from mathbench.registry import load

METRICS = ("loss", "rate", "validation")
MAX_TRACKED_STRATA = 16  # of a task with more, none is sent to trackers


class Tracker(Protocol):
    """Receives the metrics of one run."""

    def start(self, config: Mapping[str, Any]) -> None:
        """Called before the first step with everything that determines the run."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Called after every validation with loss, rate, validation and, unless they are many, `validation/STRATUM`."""

    def finish(self, summary: Mapping[str, float]) -> None:
        """Called at the end with `exact_match/SPLIT` of each split; empty when the run was stopped or failed."""


class StepTracker(Tracker):
    """A tracker that also receives every step. Others may have an attribute of that name for something else."""

    def on_step(self, step: int) -> None:
        """Called after every step."""


class TrackerFeed(Recorder):
    """A callback that sends the metrics of every validation to trackers.

    Args:
        trackers: receive them.
        strata: stands before it among the callbacks.
    """

    def __init__(self, trackers: Sequence[Tracker], strata: StrataLog):
        self._trackers, self._strata = trackers, strata
        self._steps = [tracker for tracker in trackers if isinstance(tracker, StepTracker)]

    def on_step(self, state: TrainingState, loss: float) -> None:
        """Tell those trackers that receive every step."""
        for tracker in self._steps:
            tracker.on_step(state.step)

    def on_validation(self, state: TrainingState, found: Validation) -> None:
        """Send loss, rate and exact match, overall and by stratum unless there are many."""
        values = metric_values(state.history[-1])
        if 1 < len(self._strata.names) <= MAX_TRACKED_STRATA:
            values |= {f"validation/{name}": share for name, share in self._strata.latest.items()}
        for tracker in self._trackers:
            tracker.log(state.step, values)


_TRACKERS = {
    "tensorboard": "mathbench.baselines.training.trackers:Scalars",
    "wandb": "mathbench.baselines.training.trackers:WeightsAndBiases",
    "mlflow": "mathbench.baselines.training.trackers:MLflow",
    "trackio": "mathbench.baselines.training.trackers:Trackio",
}


def open_tracker(name: str, run: Path) -> Tracker:
    """Return the tracker of a name for one run directory.

    Raises:
        InputError: for an unknown name, or a tracker that is not installed.
    """
    if ":" in name:
        return _custom_tracker(name, run)
    if name not in _TRACKERS:
        raise InputError(f"unknown tracker '{name}'. {did_you_mean(name, _TRACKERS)}")
    if name != "tensorboard" and importlib.util.find_spec(name) is None:
        raise InputError(f"--track {name} needs {name}: pip install {name}.")
    tracker: Tracker = load(_TRACKERS[name])(run)
    return tracker


def _custom_tracker(name: str, run: Path) -> Tracker:
    """Return a tracker of the user, given as ``module:name``."""
    try:
        tracker: Tracker = load(name)(run)
    except InputError:
        raise
    except Exception as error:  # a user's module may raise anything
        raise InputError(f"the tracker '{name}' cannot be used: {type(error).__name__}: {error}.") from error
    return tracker


@contextmanager
def tracked(trackers: Sequence[Tracker], config: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Start the trackers and, in any case, finish them with the summary that the caller fills."""
    summary: dict[str, float] = {}
    with ExitStack() as started:
        for tracker in trackers:
            _start(tracker, config)
            started.callback(tracker.finish, summary)
        yield summary


def _start(tracker: Tracker, config: Mapping[str, Any]) -> None:
    try:
        tracker.start(config)
    except Exception as error:  # services and their settings may fail in any way
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(f"{type(tracker).__name__} cannot start: {type(error).__name__}: {reason}") from None


def metric_values(entry: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics of one validation for the trackers.

    >>> metric_values({"step": 4, "loss": 0.5, "rate": 0.1, "validation": 0.25})
    {'loss': 0.5, 'rate': 0.1, 'validation': 0.25}
    """
    return {name: entry[name] for name in METRICS}


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested values to dotted names.

    >>> flatten({"task": {"name": "gcd", "parameters": {"digits": 3}}, "seed": 0})
    {'task.name': 'gcd', 'task.parameters.digits': 3, 'seed': 0}
    """
    flat: dict[str, Any] = {}
    for key, part in value.items():
        if isinstance(part, Mapping):
            flat |= flatten(part, f"{prefix}{key}.")
        else:
            flat[prefix + key] = part
    return flat
