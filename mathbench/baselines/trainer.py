"""Fitting of a baseline: a network trains from its last checkpoint, an answerer is fitted in one call."""

import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from mathbench.baselines import checkpoint, run_directory
from mathbench.baselines.encoding import (
    Encoding,
    Tokens,
    check_equal_answers,
    fit_encoding,
    vocabulary_of,
)
from mathbench.baselines.guests import answerers, record
from mathbench.baselines.guests.check import tried_network
from mathbench.baselines.models.group import NetworkGroup
from mathbench.baselines.models.interface import DeviceConfig, Network
from mathbench.baselines.number_order import number_order
from mathbench.baselines.predictor import (
    Predict,
    answerer_predictor,
    build_members,
    build_network,
    network_predictor,
)
from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.spec import RunSpec, check_applies
from mathbench.baselines.tournament import parse_rounds
from mathbench.baselines.training.batches import BatchSource, Prefetcher
from mathbench.baselines.training.clock import UNLIMITED, Budget
from mathbench.baselines.training.data import effective_encoding, make_batches
from mathbench.baselines.training.history import first_reached, result_history
from mathbench.baselines.training.loop import TrainingRun, noise_at, train
from mathbench.baselines.training.online import prefetch_depth, stream_vocabulary
from mathbench.baselines.training.progress import TrainingProgress
from mathbench.baselines.training.samples import SAMPLES, SampleLog
from mathbench.baselines.training.self_improvement import (
    SelfLabelledBatches,
    committee_size,
    generation_plan,
    read_generations,
)
from mathbench.baselines.training.state import TrainingState
from mathbench.baselines.training.strata import StrataLog
from mathbench.baselines.training.tournament import Tournament, candidate_seeds
from mathbench.baselines.training.tracking import Tracker, TrackerFeed
from mathbench.baselines.validation import Validator, answer_by_each
from mathbench.dataset.data import Data
from mathbench.errors import GuestWarning, InputError
from mathbench.registry import load


@dataclass(frozen=True)
class FitResult:
    """A fitted baseline.

    Args:
        predict: maps a column of questions to answers.
        encoding: the encoding as plain values, empty where there is none.
        parameters: number of trained weights.
        device: device of the network.
        timings: seconds and counts of the training.
        best: step and validation exact match of the weights that are kept.
        history: entries of some validations, see `mathbench.baselines.training.history`.
        reached: the first validations that reached 90, 99 and 99.9 %.
        tournament: what happened in a tournament of seeds, empty where there was none.
        generations: what a network labelled itself, empty where it did not.
    """

    predict: Predict
    encoding: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    device: str = "cpu"
    timings: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    reached: dict[str, dict[str, float]] = field(default_factory=dict)
    tournament: dict[str, Any] = field(default_factory=dict)
    generations: list[dict[str, Any]] = field(default_factory=list)


def fit_answerer(spec: RunSpec, data: Data, run: Path) -> FitResult:
    """Fit a baseline without training steps, and store what it learnt in the run directory."""
    check_applies(spec.baseline, data.task)
    if spec.baseline.kind == "other":
        return _fit_guest(spec, data, run)
    # built-in answerers read and write plain text
    rows = data.plain()
    start = (time.perf_counter(), time.process_time())
    answerer = load(spec.baseline.target).fit(rows.task, rows.splits["train"], rows.splits["validation"])
    timings = _fit_timings(start, data)
    checkpoint.write_json(run / run_directory.ANSWERER_FILE, answerer.state())
    return FitResult(answerer_predictor(spec, data.task, answerer), timings=timings)


def _fit_guest(spec: RunSpec, data: Data, run: Path) -> FitResult:
    """Fit a guest, or restore it where it was fitted before it failed to answer."""
    kind, timings = load(spec.baseline.target), record.fitted_before(run)
    if timings is not None:
        answerer = answerers.restore(kind, data.task, run, run_directory.ANSWERER_FILE)
    else:
        start = (time.perf_counter(), time.process_time())
        answerer = answerers.fit(kind, data.task, data.splits["train"], data.splits["validation"])
        timings = _fit_timings(start, data)
        asked = data.splits["validation"]["question"].to_pylist()
        fault = answerers.store(answerer, data.task, asked, run, run_directory.ANSWERER_FILE)
        if fault:
            warnings.warn(GuestWarning(f"{run} can be scored, but not queried later: {fault}"), stacklevel=2)
        else:
            record.record_fit(run, timings)
    return FitResult(
        answerer_predictor(spec, data.task, answerer),
        parameters=answerers.parameter_count(answerer),
        timings=timings,
    )


def _fit_timings(start: tuple[float, float], data: Data) -> dict[str, Any]:
    """Return seconds and counts of a fit without training steps, which began at `start`, in wall and CPU time."""
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    examples = data.splits["train"].num_rows
    return {"fit_wall_s": wall, "fit_cpu_s": cpu, "steps": 0, "epochs": 0, "examples": examples}


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """An untrained network with its encoding and training batches.

    Args:
        network: the untrained network.
        encoding: maps text to tokens.
        batches: the rows of each step.
    """

    network: Network
    encoding: Encoding
    batches: BatchSource


@dataclass(frozen=True)
class TrainingOptions:
    """Progress reports and early end of a training.

    Args:
        console: where progress is shown, None for no output.
        trackers: receive every validation.
        budget: seconds of wall and CPU time.
        stop_step: the step to stop at early, 0 for none.
        samples: number of validation questions whose answers are shown and stored at every validation.
    """

    console: Console | None = None
    trackers: tuple[Tracker, ...] = ()
    budget: Budget = UNLIMITED
    stop_step: int = 0
    samples: int = SAMPLES


def prepare(spec: RunSpec, data: Data, device_config: DeviceConfig) -> TrainingSetup:
    """Build the network and encode the training rows. Invalid settings fail here, before any file is written.

    Raises:
        InputError: for an encoding that does not suit the data, or a device that is not available.
    """
    encoding, batches = prepare_rows(spec, data)
    settings = spec.hyperparameters
    if spec.baseline.origin is not None:
        questions = outermost_questions(data, effective_encoding(settings, encoding))
        build = partial(build_network, spec, encoding, device_config)
        network = tried_network(spec.baseline.name, build, batches.batch(0), questions, settings.rate)
        if settings.tournament == 1:
            return TrainingSetup(network, encoding, batches)
    return TrainingSetup(_network(spec, encoding, device_config), encoding, batches)


def prepare_rows(spec: RunSpec, data: Data) -> tuple[Encoding, BatchSource]:
    """Encode the training rows; return the encoding and the batches. The framework of the network is not loaded.

    Raises:
        InputError: for an encoding or settings that do not suit the data.
    """
    encoding, settings = encoding_for(spec, data), spec.hyperparameters
    if settings.columns != bool(encoding.layout):
        allowed = "columns" if settings.columns else "right, left or operands"
        raise InputError(
            f"{spec.baseline.name} requires padding={allowed}. Received: padding={encoding.choices.padding}."
        )
    if spec.framework != "torch" and noise_at(settings.steps, settings):
        raise InputError(f"noise requires the framework torch. Received: {spec.framework}.")
    if plan := generation_plan(settings, data.task):
        encoding = replace(encoding, answer_width=max(encoding.answer_width, plan.answer_width(data.seed)))
    return encoding, make_batches(settings, data, encoding, spec.seed)


def _network(spec: RunSpec, encoding: Encoding, device_config: DeviceConfig) -> Network:
    """Build the untrained network of a spec, or the candidates of its tournament, or the members of its committee."""
    settings = spec.hyperparameters
    size = max(settings.tournament, committee_size(settings))
    if size == 1:
        return build_network(spec, encoding, device_config)
    members = build_members(spec, candidate_seeds(spec.seed, size), encoding, device_config)
    if settings.tournament == 1:
        return NetworkGroup(members)
    return Tournament(members, parse_rounds(settings.tournament_rounds))


def fit_network(
    spec: RunSpec, data: Data, setup: TrainingSetup, run: Path, options: TrainingOptions
) -> FitResult:
    """Train a network, from its last checkpoint if there is one, and store its best weights."""
    network, settings = setup.network, spec.hyperparameters
    encoding, rows = effective_encoding(settings, setup.encoding), data.splits["validation"]
    strata, samples = StrataLog(run, rows["stratum"]), SampleLog(run, rows, options.samples)
    validate = Validator(network, encoding, rows, data.task)
    with (
        TrainingProgress(options.console, settings, options.budget, samples) as progress,
        ExitStack() as stack,
    ):
        batches = setup.batches
        if plan := generation_plan(settings, data.task):
            answer = partial(answer_by_each, network, encoding)
            batches = SelfLabelledBatches(
                plan, data.seed, batches, answer, encoding, run, progress.on_generation
            )
        elif settings.source == "stream":
            batches = stack.enter_context(Prefetcher(batches, prefetch_depth(settings.batch), settings.steps))
        training = TrainingRun(
            network,
            batches,
            settings,
            spec.seed,
            partial(network.validate, validate) if isinstance(network, Tournament) else validate,
            run,
            (strata, samples, TrackerFeed(options.trackers, strata), progress),
            options.budget,
            options.stop_step,
            spec.phases,
            _constant_share(rows["answer"]),
        )
        state = train(training)
    network.save(run)
    best = state.kept(settings)
    return FitResult(
        network_predictor(network, encoding),
        setup.encoding.to_json(),
        network.parameters,
        network.device,
        _timings(state, settings, data),
        best,
        result_history(state.history, int(best["step"])),
        first_reached(state.history),
        _tournament(network, spec),
        read_generations(run),
    )


def _constant_share(answers: pa.ChunkedArray) -> float:
    """Return the exact match of always giving the most frequent answer."""
    counts = pc.value_counts(answers).field("counts")
    return pc.max(counts).as_py() / len(answers)


def _tournament(network: Network, spec: RunSpec) -> dict[str, Any]:
    """Return what happened in a tournament, empty where there was none."""
    if not isinstance(network, Tournament):
        return {}
    return dict(network.record(candidate_seeds(spec.seed, spec.hyperparameters.tournament)))


def _timings(state: TrainingState, settings: TrainingSettings, data: Data) -> dict[str, Any]:
    """Return seconds and counts of a training. A stream is endless, so it has no epochs."""
    examples = state.step * settings.batch
    return {
        "fit_wall_s": state.wall,
        "fit_cpu_s": state.cpu,
        "steps": state.step,
        "epochs": 0 if settings.source == "stream" else examples / data.splits["train"].num_rows,
        "examples": examples,
    }


def outermost_questions(data: Data, encoding: Encoding) -> list[Tokens]:
    """Return tokens of the shortest and the longest questions of each split, which are those that a network reads."""
    groups = []
    for table in data.splits.values():
        column = table["question"]
        lengths = np.asarray(pc.utf8_length(column.cast(pa.string())))
        rows = pa.array([int(lengths.argmin()), int(lengths.argmax())])
        groups += [tokens for _, tokens in encoding.group_by_width(column.take(rows))]
    return groups


def encoding_for(spec: RunSpec, data: Data) -> Encoding:
    """Fit the encoding of a spec to the training rows. Its alphabet covers the questions of all splits."""
    if spec.choices is None:
        raise InputError(f"{spec.baseline.name} has no encoding.")
    train_rows = data.splits["train"]
    columns = [table["question"] for table in data.splits.values()]
    if not spec.hyperparameters.question_alphabet and spec.choices.alphabet == "all":
        columns.append(train_rows["answer"])
    alphabet = vocabulary_of(data.task, columns)
    if spec.hyperparameters.source == "stream":
        alphabet = stream_vocabulary(data.task, alphabet)
    if spec.choices.padding == "columns" and data.task is not data.task.plain:
        raise InputError(f"padding=columns needs plain text. Received: {data.task.name}.")
    labels = spec.hyperparameters.columns and bool(data.task.answer_labels)
    if spec.hyperparameters.equal_answers:
        check_equal_answers(train_rows["answer"], spec.hyperparameters.equal_answers)
    encoding = fit_encoding(
        spec.choices,
        alphabet,
        train_rows["question"],
        train_rows["answer"],
        spec.baseline.classify or labels,
        data.task.number_base,
    )
    if spec.hyperparameters.whole_numbers:
        order = number_order(data.task, train_rows["question"], spec.hyperparameters.whole_numbers)
        return replace(encoding, units_first=order)
    return encoding
