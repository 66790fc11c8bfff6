"""The training loop of every framework: step, validate, keep the best, checkpoint, stop, resume exactly."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from mathbench.baselines import checkpoint
from mathbench.baselines.models.interface import Network
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.training.batches import BatchSource
from mathbench.hashing import key_of

SIGNAL_ECHO = 0.5  # seconds


@dataclass
class TrainingState:
    """Where a training stands; with the weights and the optimiser it is all that a resumed run needs.

    Attributes:
        step: steps taken.
        best_step, best: the best validation exact match and when; of equals the latest.
        stale: validations since the last better one.
        loss_sum, losses: loss since the last validation.
        wall, cpu: seconds spent in training, over all sittings.
        history: one entry per validation: step, loss, rate, validation.
    """

    step: int = 0
    best_step: int = 0
    best: float = -1.0
    stale: int = 0
    loss_sum: float = 0.0
    losses: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


class Callback(Protocol):
    """Who is told how a training goes."""

    def on_step(self, state: TrainingState, loss: float) -> None:
        """After every step."""

    def on_validation(self, state: TrainingState) -> None:
        """After every validation; the last entry of the history is new."""


@dataclass(frozen=True)
class TrainingRun:
    """One training.

    Args:
        network: what is trained.
        batches: the rows that each step sees.
        settings: the hyperparameters.
        seed: decides what is random in a step.
        validate: computes the validation exact match of the network as it is.
        folder: where checkpoints are kept.
        callback: who is told.
        budget: seconds of wall time over all sittings; infinite by default.
        stop_step: the step to stop at before all are done; 0: none.
    """

    network: Network
    batches: BatchSource
    settings: TrainingSettings
    seed: int | str
    validate: Callable[[], float]
    folder: Path
    callback: Callback
    budget: float = math.inf
    stop_step: int = 0


def train(run: TrainingRun) -> TrainingState:
    """Train from the last checkpoint, or from the start, and leave the best weights in the network.

    Raises:
        KeyboardInterrupt: after Ctrl-C or a request to end; the step at hand is finished and everything is
            kept.
    """
    state, best = _resumed(run)
    clock = _Clock(state)
    with _stop_requested() as stop:
        while not _finished(state, run, clock):
            _step(run, state)
            if state.step % run.settings.evaluate == 0 or state.step == run.settings.steps:
                best = _validate(run, state, best)
                clock.write()
                _save(run, state, best)
            if stop.is_set():
                clock.write()
                _save(run, state, best)
                raise KeyboardInterrupt
    if state.losses or not state.history:  # out of time between two validations
        best = _validate(run, state, best)
    clock.write()
    _save(run, state, best)
    run.network.load_weights(best)
    return state


def learning_rate_at(step: int, settings: TrainingSettings) -> float:
    """The learning rate of a step: a linear rise, then constant, or down to zero at the last step.

    >>> recipe = TrainingSettings(steps=100, rate=1.0, schedule="linear", warmup=0.2)
    >>> [round(learning_rate_at(step, recipe), 3) for step in (0, 19, 20, 60, 99)]
    [0.05, 1.0, 1.0, 0.5, 0.012]
    """
    rise = settings.warmup * settings.steps
    if step < rise:
        return settings.rate * min(1.0, (step + 1) / rise)
    done = (step - rise) / max(settings.steps - rise, 1.0)
    if settings.schedule == "linear":
        return settings.rate * (1 - done)
    if settings.schedule == "cosine":
        return settings.rate * 0.5 * (1 + math.cos(math.pi * done))
    return settings.rate


def _step(job: TrainingRun, state: TrainingState) -> None:
    questions, labels = job.batches.batch(state.step)
    rate, random_bits = learning_rate_at(state.step, job.settings), key_of("luck", job.seed, state.step)
    loss = job.network.step(questions, labels, rate, random_bits)
    state.step += 1
    state.loss_sum += loss
    state.losses += 1
    job.callback.on_step(state, loss)


def _validate(
    job: TrainingRun, state: TrainingState, best: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    share = job.validate()
    rate = learning_rate_at(max(state.step - 1, 0), job.settings)
    loss = state.loss_sum / max(state.losses, 1)
    state.history.append({"step": state.step, "loss": loss, "rate": rate, "validation": share})
    state.loss_sum, state.losses = 0.0, 0
    state.stale = 0 if share > state.best else state.stale + 1
    if share >= state.best:
        state.best, state.best_step = share, state.step
        best = job.network.weights()
    job.callback.on_validation(state)
    return best


def _finished(state: TrainingState, job: TrainingRun, clock: "_Clock") -> bool:
    settings = job.settings
    enough = state.best >= settings.target or bool(settings.patience and state.stale >= settings.patience)
    return enough or state.step >= (job.stop_step or settings.steps) or clock.wall() >= job.budget


def _save(job: TrainingRun, state: TrainingState, best: dict[str, NDArray[Any]]) -> None:
    groups = {"weights": job.network.weights(), "optimizer": job.network.state(), "best": best}
    checkpoint.save(job.folder, asdict(state), groups)


def _resumed(job: TrainingRun) -> tuple[TrainingState, dict[str, NDArray[Any]]]:
    kept = checkpoint.read(job.folder)
    if kept is None:
        return TrainingState(), {}
    summary, groups = kept
    job.network.load_weights(groups["weights"])
    job.network.load_state(groups.get("optimizer", {}))
    return TrainingState(**{f.name: summary[f.name] for f in fields(TrainingState)}), dict(
        groups.get("best", {})
    )


class _Clock:
    """Wall and CPU seconds of this sitting, added to those of the ones before."""

    def __init__(self, state: TrainingState):
        self._state = state
        self._before = (state.wall, state.cpu)
        self._start = (time.perf_counter(), time.process_time())

    def wall(self) -> float:
        return self._before[0] + time.perf_counter() - self._start[0]

    def write(self) -> None:
        self._state.wall = self.wall()
        self._state.cpu = self._before[1] + time.process_time() - self._start[1]


@contextmanager
def _stop_requested() -> Iterator[threading.Event]:
    """Turn Ctrl-C and a request to end into a flag, so that no step is cut in half; a second ends at once.

    A launcher of several processes passes on what the terminal has sent to all: that echo is no second one.
    """
    requested, first = threading.Event(), [math.inf]
    if threading.current_thread() is not threading.main_thread():
        yield requested
        return

    def note(number: int, frame: object) -> None:
        if time.monotonic() > first[0] + SIGNAL_ECHO:
            raise KeyboardInterrupt
        first[0] = min(first[0], time.monotonic())
        requested.set()

    kept = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
