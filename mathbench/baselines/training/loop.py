"""The training loop of all frameworks: steps, validation, best weights, checkpoints, early stop and exact resume."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mathbench.baselines import checkpoint
from mathbench.baselines.models.interface import Network
from mathbench.baselines.phases import Phase, settings_at, start_of
from mathbench.baselines.settings import SequenceSettings, TrainingSettings
from mathbench.baselines.training.batches import BatchSource
from mathbench.baselines.training.clock import UNLIMITED, Budget, Clock
from mathbench.baselines.training.state import Callback, TrainingState, Validation
from mathbench.hashing import key_of

Weights = dict[str, NDArray[Any]]
BETTER = 0.02  # exact match above a constant answer that a training must reach not to be given up
SIGNAL_ECHO = 0.5  # seconds in which a repeated signal counts as the same


@dataclass(frozen=True)
class TrainingRun:
    """The inputs of one training.

    Args:
        network: the network to train.
        batches: the rows of each step.
        settings: the hyperparameters.
        seed: seed of what is random in a step.
        validate: answers the validation questions with the current weights.
        folder: folder of the checkpoints.
        callbacks: receive the progress, in this order.
        budget: seconds of wall and CPU time.
        stop_step: the step to stop at early, 0 for none.
        phases: the runs that this one extends.
        constant: exact match on validation of always giving its most frequent answer.
    """

    network: Network
    batches: BatchSource
    settings: TrainingSettings
    seed: int | str
    validate: Callable[[], Validation]
    folder: Path
    callbacks: tuple[Callback, ...] = ()
    budget: Budget = UNLIMITED
    stop_step: int = 0
    phases: tuple[Phase, ...] = ()
    constant: float = 0.0


def train(run: TrainingRun) -> TrainingState:
    """Train from the last checkpoint or from the start, and load the weights that are kept at the end.

    Raises:
        KeyboardInterrupt: after SIGINT or SIGTERM. The current step is finished and a checkpoint written first.
    """
    state, best = _resume(run)
    clock, ends = Clock(state), {phase.steps for phase in run.phases}
    for callback in run.callbacks:
        callback.on_start(state)
    with _stop_requested() as stop:
        while not _finished(state, run, clock):
            _step(run, state)
            if state.step % run.settings.evaluate == 0 or state.step in {*ends, run.settings.steps}:
                best = _validate(run, state, clock, best)
                _save(run, state, best)
            if stop.is_set():
                clock.write()
                _save(run, state, best)
                raise KeyboardInterrupt
    if state.losses or not state.history:  # out of time between two validations
        best = _validate(run, state, clock, best)
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
    settings = settings_at(state.step, run.settings, run.phases)
    questions, labels = run.batches.batch(state.step)
    rate, random_bits = learning_rate_at(state.step, settings), key_of("luck", run.seed, state.step)
    loss = run.network.step(questions, labels, rate, random_bits, noise_at(state.step, settings))
    state.step += 1
    state.loss_sum += loss
    state.losses += 1
    for callback in run.callbacks:
        callback.on_step(state, loss)


def _validate(run: TrainingRun, state: TrainingState, clock: Clock, best: Weights) -> Weights:
    """Validate with the weights that are kept: the averaged ones where an average is taken."""
    with _averaged(run):
        found = run.validate()
        exact_match = found.exact_match
        state.stale = 0 if exact_match > state.best else state.stale + 1
        if exact_match >= state.best or run.settings.keep == "last":
            best = run.network.weights()
    if exact_match >= state.best:
        state.best, state.best_step = exact_match, state.step
    clock.write()
    state.history.append(_history_entry(run, state, exact_match))
    state.loss_sum, state.losses = 0.0, 0
    for callback in run.callbacks:
        callback.on_validation(state, found)
    return best


def _history_entry(run: TrainingRun, state: TrainingState, exact_match: float) -> dict[str, float]:
    step = max(state.step - 1, 0)
    return {
        "step": state.step,
        "loss": state.loss_sum / max(state.losses, 1),
        "rate": learning_rate_at(step, settings_at(step, run.settings, run.phases)),
        "validation": exact_match,
        "cpu_s": round(state.cpu, 3),
        "wall_s": round(state.wall, 3),
    }


@contextmanager
def _averaged(run: TrainingRun) -> Iterator[None]:
    """Use the averaged weights while the context is open, if an average is taken."""
    if not run.settings.average:
        yield
        return
    run.network.swap_average()
    try:
        yield
    finally:
        run.network.swap_average()


def _finished(state: TrainingState, run: TrainingRun, clock: Clock) -> bool:
    return (
        (state.step >= start_of(run.phases) and stopped_early(state, run.settings))
        or is_hopeless(state, run.settings, run.constant)
        or state.step >= (run.stop_step or run.settings.steps)
        or clock.used_up(run.budget)
    )


def stopped_early(state: TrainingState, settings: TrainingSettings) -> bool:
    """Whether a training has reached its target or lost its patience. Both wait for the noise of the last steps.

    Noise makes no network better on questions of the lengths that it is trained on.
    """
    reached = settings.target is not None and state.best >= settings.target
    impatient = bool(settings.patience and state.stale >= settings.patience)
    return (reached or impatient) and not noise_at(settings.steps, settings)


def is_hopeless(state: TrainingState, settings: TrainingSettings, constant: float) -> bool:
    """Whether a training is given up: it was validated late enough, and never was clearly better than one answer.

    Args:
        state: of the training.
        settings: with the share of the steps after which it may be given up.
        constant: exact match of always giving the most frequent answer.

    >>> settings = TrainingSettings(steps=100, give_up=0.5)
    >>> [is_hopeless(TrainingState(best=best, history=[{"step": 50}]), settings, 0.5) for best in (0.51, 0.53)]
    [True, False]
    """
    late = bool(state.history) and state.validated[-1] >= settings.give_up * settings.steps
    return settings.give_up > 0 and late and state.best < constant + BETTER


def _save(run: TrainingRun, state: TrainingState, best: Weights) -> None:
    groups = {"weights": run.network.weights(), "optimizer": run.network.state(), "best": best}
    checkpoint.save(run.folder, vars(state), groups)


def _resume(run: TrainingRun) -> tuple[TrainingState, Weights]:
    stored = checkpoint.read(run.folder)
    if stored is None:
        return TrainingState(), {}
    summary, groups = stored
    run.network.load_weights(groups["weights"])
    run.network.load_state(groups.get("optimizer", {}))
    return read_state(summary), dict(groups.get("best", {}))


def read_state(summary: Mapping[str, Any]) -> TrainingState:
    """Return the state of a checkpoint. Those of earlier versions lack some attributes.

    >>> read_state({"step": 5}).step
    5
    """
    return TrainingState(**{f.name: summary[f.name] for f in fields(TrainingState) if f.name in summary})


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
