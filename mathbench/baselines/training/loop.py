"""The training loop of all frameworks: steps, validation, best weights, checkpoints, early stop and exact resume."""

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
from mathbench.baselines.settings import SequenceSettings, TrainingSettings
from mathbench.baselines.training.batches import BatchSource
from mathbench.hashing import key_of

SIGNAL_ECHO = 0.5  # seconds in which a repeated signal counts as the same


@dataclass
class TrainingState:
    """The progress of a training. With weights and optimiser state it is everything that a resumed run needs.

    Attributes:
        step: steps taken.
        best_step, best: step and value of the best validation exact match, the latest of equal ones.
        stale: validations since the last improvement.
        loss_sum, losses: sum and number of losses since the last validation.
        wall, cpu: seconds of training, including those before a resume.
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
    """Receives the progress of a training."""

    def on_step(self, state: TrainingState, loss: float) -> None:
        """Called after every step."""

    def on_validation(self, state: TrainingState) -> None:
        """Called after every validation, whose entry is the last of the history."""


@dataclass(frozen=True)
class TrainingRun:
    """The inputs of one training.

    Args:
        network: the network to train.
        batches: the rows of each step.
        settings: the hyperparameters.
        seed: seed of what is random in a step.
        validate: computes the validation exact match of the current weights.
        folder: folder of the checkpoints.
        callback: receives the progress.
        budget: seconds of wall time, including those before a resume; infinite by default.
        stop_step: the step to stop at early, 0 for none.
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
    """Train from the last checkpoint or from the start, and load the best weights at the end.

    Raises:
        KeyboardInterrupt: after SIGINT or SIGTERM. The current step is finished and a checkpoint written first.
    """
    state, best = _resume(run)
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
    """Return the learning rate of a step: a linear warm-up, then constant or decaying to zero at the last step.

    >>> settings = TrainingSettings(steps=100, rate=1.0, schedule="linear", warmup=0.2)
    >>> [round(learning_rate_at(step, settings), 3) for step in (0, 19, 20, 60, 99)]
    [0.05, 1.0, 1.0, 0.5, 0.012]
    """
    rise = settings.warmup * settings.steps
    if step < rise:
        return settings.rate * min(1.0, (step + 1) / rise)
    progress = (step - rise) / max(settings.steps - rise, 1.0)
    if settings.schedule == "linear":
        return settings.rate * (1 - progress)
    if settings.schedule == "cosine":
        return settings.rate * 0.5 * (1 + math.cos(math.pi * progress))
    return settings.rate


def noise_at(step: int, settings: TrainingSettings) -> float:
    """Return the standard deviation of the state noise of a step: none, then rising to its level, then constant.

    It rises over half of the steps for which there is noise.

    >>> settings = SequenceSettings(steps=100, noise=0.3, noise_from=0.6)
    >>> [round(noise_at(step, settings), 3) for step in (0, 59, 70, 79, 80, 99)]
    [0.0, 0.0, 0.15, 0.285, 0.3, 0.3]
    """
    if not isinstance(settings, SequenceSettings) or not settings.noise:
        return 0.0
    start = settings.noise_from * settings.steps
    return settings.noise * min(max((step - start) / (0.5 * (settings.steps - start)), 0.0), 1.0)


def _step(run: TrainingRun, state: TrainingState) -> None:
    questions, labels = run.batches.batch(state.step)
    rate, random_bits = learning_rate_at(state.step, run.settings), key_of("luck", run.seed, state.step)
    loss = run.network.step(questions, labels, rate, random_bits, noise_at(state.step, run.settings))
    state.step += 1
    state.loss_sum += loss
    state.losses += 1
    run.callback.on_step(state, loss)


def _validate(
    run: TrainingRun, state: TrainingState, best: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    exact_match = run.validate()
    rate = learning_rate_at(max(state.step - 1, 0), run.settings)
    loss = state.loss_sum / max(state.losses, 1)
    state.history.append({"step": state.step, "loss": loss, "rate": rate, "validation": exact_match})
    state.loss_sum, state.losses = 0.0, 0
    state.stale = 0 if exact_match > state.best else state.stale + 1
    if exact_match >= state.best:
        state.best, state.best_step = exact_match, state.step
        best = run.network.weights()
    run.callback.on_validation(state)
    return best


def _finished(state: TrainingState, run: TrainingRun, clock: "_Clock") -> bool:
    settings = run.settings
    converged = state.best >= settings.target or bool(settings.patience and state.stale >= settings.patience)
    # noise comes last, and makes no network better on questions of the lengths that it is trained on
    converged = converged and not noise_at(settings.steps, settings)
    return converged or state.step >= (run.stop_step or settings.steps) or clock.wall() >= run.budget


def _save(run: TrainingRun, state: TrainingState, best: dict[str, NDArray[Any]]) -> None:
    groups = {"weights": run.network.weights(), "optimizer": run.network.state(), "best": best}
    checkpoint.save(run.folder, asdict(state), groups)


def _resume(run: TrainingRun) -> tuple[TrainingState, dict[str, NDArray[Any]]]:
    stored = checkpoint.read(run.folder)
    if stored is None:
        return TrainingState(), {}
    summary, groups = stored
    run.network.load_weights(groups["weights"])
    run.network.load_state(groups.get("optimizer", {}))
    state = TrainingState(**{f.name: summary[f.name] for f in fields(TrainingState)})
    return state, dict(groups.get("best", {}))


class _Clock:
    """Wall and CPU seconds of a training, including those before a resume."""

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
    """Turn SIGINT and SIGTERM into a flag, so that the current step is finished. A second signal interrupts at once.

    A launcher of several processes repeats the signal that the terminal sent to all of them, which is ignored.
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

    handlers = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
