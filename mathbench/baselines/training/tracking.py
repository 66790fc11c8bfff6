"""Who is told how a training goes: TensorBoard always, other trackers when they are asked for by name.

A tracker has three methods. One of your own is named by ``--track module:name`` or ``--track ./mine.py:name``,
a class or function that is called with the run directory.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from mathbench.errors import InputError, did_you_mean
from mathbench.registry import load

METRICS = ("loss", "rate", "validation")


class Tracker(Protocol):
    """Follows one run."""

    def start(self, config: Mapping[str, Any]) -> None:
        """Before the first step, with everything that decides the run."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """After every validation: loss, rate and validation exact match."""

    def finish(self, summary: Mapping[str, float]) -> None:
        """At the end, with `exact_match/SPLIT` of each split; empty when the run was stopped or failed."""


_TRACKERS = {
    "tensorboard": "mathbench.baselines.training.trackers:Scalars",
    "wandb": "mathbench.baselines.training.trackers:WeightsAndBiases",
    "mlflow": "mathbench.baselines.training.trackers:MLflow",
    "trackio": "mathbench.baselines.training.trackers:Trackio",
}


def open_tracker(name: str, run: Path) -> Tracker:
    """The tracker of a name, for one run directory.

    Raises:
        InputError: for an unknown name, or a tracker that is not installed.
    """
    if ":" in name:
        own: Tracker = load(name)(run)
        return own
    if name not in _TRACKERS:
        raise InputError(f"unknown tracker '{name}'. {did_you_mean(name, _TRACKERS)}")
    if name != "tensorboard" and importlib.util.find_spec(name) is None:
        raise InputError(f"--track {name} needs {name}: pip install {name}.")
    made: Tracker = load(_TRACKERS[name])(run)
    return made


@contextmanager
def tracked(trackers: Sequence[Tracker], config: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Start the trackers, and finish them whatever happens with what the caller has put into the summary."""
    summary: dict[str, float] = {}
    with ExitStack() as started:
        for each in trackers:
            _start(each, config)
            started.callback(each.finish, summary)
        yield summary


def _start(each: Tracker, config: Mapping[str, Any]) -> None:
    try:
        each.start(config)
    except Exception as error:  # whatever a service or its settings do wrong
        said = (str(error).splitlines() or [""])[0]
        raise InputError(f"{type(each).__name__} cannot start: {type(error).__name__}: {said}") from None


def metric_values(entry: Mapping[str, float]) -> dict[str, float]:
    """What a tracker is told of one validation.

    >>> metric_values({"step": 4, "loss": 0.5, "rate": 0.1, "validation": 0.25})
    {'loss': 0.5, 'rate': 0.1, 'validation': 0.25}
    """
    return {name: entry[name] for name in METRICS}


def flatten(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested values with dotted names, as trackers list them.

    >>> flatten({"task": {"name": "gcd", "parameters": {"digits": 3}}, "seed": 0})
    {'task.name': 'gcd', 'task.parameters.digits': 3, 'seed': 0}
    """
    found: dict[str, Any] = {}
    for key, part in value.items():
        if isinstance(part, Mapping):
            found |= flatten(part, f"{before}{key}.")
        else:
            found[before + key] = part
    return found
