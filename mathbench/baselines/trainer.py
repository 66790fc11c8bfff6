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
from mathbench.baselines.encoding import Encoding, fit_encoding, vocabulary_of
from mathbench.baselines.models.interface import DeviceConfig, Network
from mathbench.baselines.predictor import (
    Predict,
    answerer_predictor,
    build_network,
    network_predictor,
    predict_groups,
)
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.spec import RunSpec, check_applies
from mathbench.baselines.training.batches import BatchSource, Prefetcher
from mathbench.baselines.training.data import effective_encoding, make_batches
from mathbench.baselines.training.loop import TrainingRun, TrainingState, train
from mathbench.baselines.training.online import prefetch_depth, stream_vocabulary
from mathbench.baselines.training.progress import TrainingProgress
from mathbench.baselines.training.tracking import Tracker
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.registry import load
from mathbench.scores import metrics


@dataclass(frozen=True)
class FitResult:
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


def fit_answerer(spec: RunSpec, data: Data, run: Path) -> FitResult:
    """Fit what needs no training steps, and keep what it learnt in the run directory."""
    check_applies(spec.baseline, data.task)
    seen = data if spec.baseline.kind == "other" else data.plain()  # shortcuts read and write plain text
    start = (time.perf_counter(), time.process_time())
    made = load(spec.baseline.target).fit(seen.task, seen.splits["train"], seen.splits["validation"])
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    if hasattr(made, "state"):
        checkpoint.write_json(run / run_directory.ANSWERER_FILE, made.state())
    if hasattr(made, "save"):
        made.save(run)
    rows = data.splits["train"].num_rows
    timings = {"fit_wall_s": wall, "fit_cpu_s": cpu, "steps": 0, "epochs": 0, "examples": rows}
    return FitResult(
        answerer_predictor(spec, data.task, made),
        parameters=int(getattr(made, "parameters", 0)),
        timings=timings,
    )


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """A network and what it is to read, before the first step.

    Args:
        network: untrained.
        encoding: what makes tokens of text.
        batches: the rows that each step sees.
    """

    network: Network
    encoding: Encoding
    batches: BatchSource


@dataclass(frozen=True)
class TrainingOptions:
    """How a training is followed and ended early.

    Args:
        console: where progress is shown; None for silence.
        trackers: who is told of every validation.
        budget: seconds of wall time.
        stop_step: the step to stop at before all are done; 0: none.
    """

    console: Console | None = None
    trackers: tuple[Tracker, ...] = ()
    budget: float = math.inf
    stop_step: int = 0


def prepare(spec: RunSpec, data: Data, device_config: DeviceConfig) -> TrainingSetup:
    """Build the network, encode the training rows; what cannot work shows here, before anything is written.

    Raises:
        InputError: for an encoding that does not suit the data, or a device that is not there.
    """
    encoding, settings = encoding_for(spec, data), spec.hyperparameters
    batches, network = (
        make_batches(settings, data, encoding, spec.seed),
        build_network(spec, encoding, device_config),
    )
    network.state()  # makes the optimiser: the first of a process takes seconds, which are no training
    return TrainingSetup(network, encoding, batches)


def fit_network(
    spec: RunSpec, data: Data, setup: TrainingSetup, run: Path, options: TrainingOptions
) -> FitResult:
    """Train a network, from its last checkpoint if it has one, and keep its best weights."""
    network, settings = setup.network, spec.hyperparameters
    encoding, validation = effective_encoding(settings, setup.encoding), data.splits["validation"]
    groups, written = encoding.group_by_width(validation["question"]), formats.for_task(data.task)
    answers = written.undo_answers(validation["answer"])

    def validate() -> float:
        given = written.undo_answers(predict_groups(network, encoding, groups))
        return float(metrics.exact_match(given, answers).mean())

    with (
        TrainingProgress(options.console, settings, options.trackers, options.budget) as meter,
        ExitStack() as held,
    ):
        batches = setup.batches
        if settings.source == "stream":
            batches = held.enter_context(Prefetcher(batches, prefetch_depth(settings.batch), settings.steps))
        job = TrainingRun(
            network, batches, settings, spec.seed, validate, run, meter, options.budget, options.stop_step
        )
        state = train(job)
    network.save(run)
    return FitResult(
        network_predictor(network, encoding),
        setup.encoding.to_json(),
        network.parameters,
        network.device,
        _timings(state, settings, data),
        {"step": state.best_step, "validation": state.best},
    )


def _timings(state: TrainingState, settings: TrainingSettings, data: Data) -> dict[str, Any]:
    """Seconds and counts; no epochs of an endless stream."""
    examples = state.step * settings.batch
    return {
        "fit_wall_s": state.wall,
        "fit_cpu_s": state.cpu,
        "steps": state.step,
        "epochs": 0 if settings.source == "stream" else examples / data.splits["train"].num_rows,
        "examples": examples,
    }


def encoding_for(spec: RunSpec, data: Data) -> Encoding:
    """The encoding that a spec makes of training rows; its alphabet covers the questions of all splits."""
    if spec.choices is None:
        raise InputError(f"{spec.baseline.name} has no encoding.")
    train_rows = data.splits["train"]
    columns = [table["question"] for table in data.splits.values()] + [train_rows["answer"]]
    alphabet = vocabulary_of(data.task, columns)
    if spec.hyperparameters.source == "stream":
        alphabet = stream_vocabulary(data.task, alphabet)
    return fit_encoding(
        spec.choices, alphabet, train_rows["question"], train_rows["answer"], spec.baseline.classify
    )
