"""Fit a baseline on data: train a network from its last checkpoint, or fit an answerer."""

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from mathbench import formats
from mathbench.baselines import checkpoint, run_directory
from mathbench.baselines.encoding import Encoding, alphabet_of, fitted
from mathbench.baselines.models.interface import Network, Place
from mathbench.baselines.predictor import (
    Predict,
    answerer_predictor,
    build,
    network_predictor,
    predict_groups,
)
from mathbench.baselines.settings import Training
from mathbench.baselines.spec import Spec, check_applies
from mathbench.baselines.training.batches import Ahead, Batches
from mathbench.baselines.training.data import asked, batches_of
from mathbench.baselines.training.loop import Job, State, train
from mathbench.baselines.training.online import ahead_of, alphabet_for
from mathbench.baselines.training.progress import Meter
from mathbench.baselines.training.tracking import Tracker
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.registry import load
from mathbench.scores import metrics


@dataclass(frozen=True)
class Fitted:
    """What came out of fitting.

    Args:
        predict: maps a column of questions to answers.
        encoding: as plain values; empty where there is none.
        parameters: trained weights.
        device: where it computes.
        timings: seconds and counts of the training.
        best: step and validation exact match of the best weights.
    """

    predict: Predict
    encoding: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    device: str = "cpu"
    timings: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)


def fit_answerer(spec: Spec, data: Data, run: Path) -> Fitted:
    """Fit what needs no training steps, and keep what it learnt in the run directory."""
    check_applies(spec.baseline, data.task)
    seen = data if spec.baseline.kind == "other" else data.plain()  # shortcuts read and write plain text
    start = (time.perf_counter(), time.process_time())
    made = load(spec.baseline.target).fit(seen.task, seen.splits["train"], seen.splits["validation"])
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    if hasattr(made, "state"):
        checkpoint.write_json(run / run_directory.FITTED, made.state())
    if hasattr(made, "save"):
        made.save(run)
    rows = data.splits["train"].num_rows
    timings = {"fit_wall_s": wall, "fit_cpu_s": cpu, "steps": 0, "epochs": 0, "examples": rows}
    return Fitted(
        answerer_predictor(spec, data.task, made),
        parameters=int(getattr(made, "parameters", 0)),
        timings=timings,
    )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network and what it is to read, before the first step.

    Args:
        network: untrained.
        encoding: what makes tokens of text.
        batches: the rows that each step sees.
    """

    network: Network
    encoding: Encoding
    batches: Batches


@dataclass(frozen=True)
class Watched:
    """How a training is followed and ended early.

    Args:
        console: where progress is shown; None for silence.
        trackers: who is told of every validation.
        budget: seconds of wall time.
        last: the step to stop at before all are done; 0: none.
    """

    console: Console | None = None
    trackers: tuple[Tracker, ...] = ()
    budget: float = math.inf
    last: int = 0


def prepare(spec: Spec, data: Data, place: Place) -> Prepared:
    """Build the network, encode the training rows; what cannot work shows here, before anything is written.

    Raises:
        InputError: for an encoding that does not suit the data, or a device that is not there.
    """
    encoding, settings = encoding_of(spec, data), spec.hyperparameters
    batches, network = batches_of(settings, data, encoding, spec.seed), build(spec, encoding, place)
    network.state()  # makes the optimiser: the first of a process takes seconds, which are no training
    return Prepared(network, encoding, batches)


def fit_network(spec: Spec, data: Data, ready: Prepared, run: Path, watched: Watched) -> Fitted:
    """Train a network, from its last checkpoint if it has one, and keep its best weights."""
    network, settings = ready.network, spec.hyperparameters
    encoding, validation = asked(settings, ready.encoding), data.splits["validation"]
    groups, written = encoding.grouped(validation["question"]), formats.of(data.task)
    answers = written.undo_answers(validation["answer"])

    def validate() -> float:
        given = written.undo_answers(predict_groups(network, encoding, groups))
        return float(metrics.exact_match(given, answers).mean())

    with Meter(watched.console, settings, watched.trackers, watched.budget) as meter, ExitStack() as held:
        batches = ready.batches
        if settings.source == "stream":
            batches = held.enter_context(Ahead(batches, ahead_of(settings.batch), settings.steps))
        job = Job(network, batches, settings, spec.seed, validate, run, meter, watched.budget, watched.last)
        state = train(job)
    network.save(run)
    return Fitted(
        network_predictor(network, encoding),
        ready.encoding.to_json(),
        network.parameters,
        network.device,
        _timings(state, settings, data),
        {"step": state.best_step, "validation": state.best},
    )


def _timings(state: State, settings: Training, data: Data) -> dict[str, Any]:
    """Seconds and counts; no epochs of an endless stream."""
    examples = state.step * settings.batch
    return {
        "fit_wall_s": state.wall,
        "fit_cpu_s": state.cpu,
        "steps": state.step,
        "epochs": 0 if settings.source == "stream" else examples / data.splits["train"].num_rows,
        "examples": examples,
    }


def encoding_of(spec: Spec, data: Data) -> Encoding:
    """The encoding that a spec makes of training rows; its alphabet covers the questions of all splits."""
    if spec.choices is None:
        raise InputError(f"{spec.baseline.name} has no encoding.")
    train_rows = data.splits["train"]
    columns = [table["question"] for table in data.splits.values()] + [train_rows["answer"]]
    alphabet = alphabet_of(data.task, columns)
    if spec.hyperparameters.source == "stream":
        alphabet = alphabet_for(data.task, alphabet)
    return fitted(
        spec.choices, alphabet, train_rows["question"], train_rows["answer"], spec.baseline.classify
    )
