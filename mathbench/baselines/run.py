"""The runner: fits one baseline on one dataset with one seed, and stores everything in a run directory."""

import hashlib
import io
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console

from mathbench.baselines import provenance, run_directory
from mathbench.baselines.distributed import world
from mathbench.baselines.extend import copy_progress
from mathbench.baselines.guests import record as guest_record
from mathbench.baselines.language_models import ask_model, complete_settings, make_asker, open_model
from mathbench.baselines.long_problems import PROBLEMS, long_task, score_long
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import Predict, skip_unknown_characters
from mathbench.baselines.prompted.asking import used
from mathbench.baselines.prompted.journal import Journal
from mathbench.baselines.prompted.model import LanguageModel
from mathbench.baselines.prompted.settings import AskingOptions
from mathbench.baselines.result import Result
from mathbench.baselines.shortcuts.scores import SCORED, score_shortcuts
from mathbench.baselines.spec import RunSpec, check_applies
from mathbench.baselines.trainer import (
    FitResult,
    TrainingOptions,
    TrainingSetup,
    fit_answerer,
    fit_network,
    prepare,
)
from mathbench.baselines.training.clock import Budget
from mathbench.baselines.training.samples import MAX_SAMPLES, SAMPLES
from mathbench.baselines.training.tracking import Tracker, open_tracker, tracked
from mathbench.dataset import exclusions
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.parameters import check_integer
from mathbench.rows import ID, row_ids
from mathbench.scores.predictions import PREDICTIONS, score_table
from mathbench.scores.results import SplitScore
from mathbench.storage import atomic
from mathbench.task import Task


@dataclass(frozen=True)
class RunOptions:
    """Options of a run besides its spec and data.

    Args:
        out: the run directory.
        resume: resume an unfinished run.
        force: delete an existing run.
        budget: seconds of wall time for training, including those before a resume.
        cpu_budget: seconds of CPU time for training, likewise.
        device_config: device and threads.
        command: the command line, for the record.
        console: where progress is shown, None for no output.
        track: names of trackers besides TensorBoard.
        stop_step: the step to stop at early, 0 for none.
        trackers: further trackers.
        long: numbers of digits of problems to score besides the splits.
        asking: where a language model is found, and how requests are sent to it.
        samples: number of validation questions whose answers are shown and stored at every validation.
        extends: directory of the finished run that this one goes on from; None for others.
    """

    out: Path
    resume: bool = False
    force: bool = False
    budget: float = math.inf
    cpu_budget: float = math.inf
    device_config: DeviceConfig = field(default_factory=DeviceConfig)
    command: str = ""
    console: Console | None = None
    track: tuple[str, ...] = ()
    stop_step: int = 0
    trackers: tuple[Tracker, ...] = ()
    long: tuple[int, ...] = ()
    asking: AskingOptions = field(default_factory=AskingOptions)
    samples: int = SAMPLES
    extends: Path | None = None

    def __post_init__(self) -> None:
        if check_integer("samples", self.samples, 0) > MAX_SAMPLES:
            raise InputError(f"samples must be at most {MAX_SAMPLES}. Received: {self.samples}.")


def run(spec: RunSpec, data: Data, options: RunOptions) -> Result:
    """Fit, predict, score and store a run.

    Returns:
        The result, also written to ``options.out / "result.json"``. The result of a finished run is only read.

    Raises:
        InputError: when the directory holds another run, the baseline makes no sense on the task, or the task's
            independent solver, which every run is compared with, needs an extra that is not installed.
    """
    _check(spec, data)
    if spec.prompting is None:
        return _run_in_directory(spec, data, options)
    with open_model(spec, options.asking, options.device_config) as (model, opened):
        return _run_in_directory(complete_settings(opened, data, model), data, options, model)


def check_run(spec: RunSpec, data: Data, options: RunOptions) -> None:
    """Do every check that `run` does before it writes anything. A language model is not opened.

    Raises:
        InputError: as `run`.
    """
    _check(spec, data)
    # of a language model, the identity has a revision that is known only once the model is open
    identity = None if spec.prompting else run_identity(spec, data)
    if identity and run_directory.is_finished(options.out, identity, options.resume, options.force):
        return
    _prepare(spec, data, options)


def _prepare(
    spec: RunSpec, data: Data, options: RunOptions
) -> tuple[TrainingSetup | None, tuple[Tracker, ...]]:
    """Check what a run needs; return the untrained network, where one is trained, and the trackers."""
    data.task.require_solver()
    for digits in options.long:
        long_task(data.task, digits)
    setup = prepare(spec, data, options.device_config) if spec.trained else None
    names = ("tensorboard", *options.track) if spec.trained else options.track
    trackers = (open_tracker(name, options.out) for name in dict.fromkeys(names))
    return setup, (*trackers, *options.trackers)


def _run_in_directory(
    spec: RunSpec, data: Data, options: RunOptions, model: LanguageModel | None = None
) -> Result:
    identity = run_identity(spec, data)
    if run_directory.is_finished(options.out, identity, options.resume, options.force):
        guest_record.warn_of_changes(options.out, spec.baseline.origin)
        return Result.load(options.out)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    # invalid settings fail here, before the directory is touched
    setup, trackers = _prepare(spec, data, options)
    with (
        run_directory.lock_run(options.out, identity, options.force),
        tracked(trackers, identity) as summary,
    ):
        exclusions.write(options.out, [data.task])
        guest_record.write_record(options.out, spec.baseline.origin)
        if model is not None:
            result = _ask(spec, data, options, model, started)
        else:
            result = _run(spec, data, options, setup, started, trackers)
        for split, score in result.scores.items():
            summary[f"exact_match/{split}"] = score["exact_match"]
        return result


def _run(
    spec: RunSpec,
    data: Data,
    options: RunOptions,
    setup: TrainingSetup | None,
    started: str,
    trackers: tuple[Tracker, ...],
) -> Result:
    if setup is None:
        fitted = fit_answerer(spec, data, options.out)
    else:
        if options.extends is not None:
            copy_progress(options.extends, options.out)
        budget = Budget(options.budget, options.cpu_budget)
        training = TrainingOptions(options.console, trackers, budget, options.stop_step, options.samples)
        fitted = fit_network(spec, data, setup, options.out, training)
    timed = replace(fitted, timings={**fitted.timings, "started": started})
    return store_result(spec, data, options, timed)


def _ask(spec: RunSpec, data: Data, options: RunOptions, model: LanguageModel, started: str) -> Result:
    """Ask a language model, and store the run. Replies are kept as they come, those to long problems too."""
    timings = {
        "fit_wall_s": 0.0,
        "fit_cpu_s": 0.0,
        "steps": 0,
        "epochs": 0,
        "examples": 0,
        "started": started,
    }
    with Journal(options.out) as journal:
        asker = make_asker(spec, data.task, data.seed, model, journal, options.console)
        found = ask_model(asker, data, model, options.out, options.asking)
        fitted = FitResult(
            asker.predict,
            encoding={"name": spec.prompting_settings.title},
            parameters=model.facts.parameters,
            device=model.facts.device,
            timings={**timings, **found.timings},
        )
        problems = min(PROBLEMS, data.splits["interpolate"].num_rows)
        long = score_long(asker.predict, data, options.long, problems)
        asked = {**found.asked, **used(journal, options.asking)}
        return _store(spec, data, options, fitted, found.predictions, asked=asked, long=long)


def store_result(spec: RunSpec, data: Data, options: RunOptions, fitted: FitResult, **more: Any) -> Result:
    """Predict and score with a fitted baseline, and store predictions and result in the run directory.

    Args:
        spec: the spec of the run.
        data: its rows.
        options: its options.
        fitted: the fitted baseline.
        more: further fields of the result.
    """
    start = time.perf_counter()
    predictions = predict_splits(fitted.predict, data, SCORED)
    seconds = time.perf_counter() - start
    timed = replace(fitted, timings={**fitted.timings, "predict_s": seconds})
    # longer questions may have characters that no training question has, such as the hints of further places
    long = score_long(skip_unknown_characters(fitted.predict, fitted.encoding), data, options.long)
    return _store(spec, data, options, timed, predictions, **more, long=long)


def _store(
    spec: RunSpec, data: Data, options: RunOptions, fitted: FitResult, predictions: pa.Table, **more: Any
) -> Result:
    sha256 = write_predictions(options.out / PREDICTIONS, predictions)
    result = _result(spec, data, options, fitted, score_table(predictions, data), sha256)
    result = replace(result, **more)
    result.save(options.out)
    return result


def run_identity(spec: RunSpec, data: Data) -> dict[str, Any]:
    """Return everything that determines the outcome of a run: the spec and the data."""
    return {**spec.to_json(), "task": task_record(data.task), "data": _data(data)}


def predict_splits(predict: Predict, data: Data, splits: tuple[str, ...]) -> pa.Table:
    """Return the predictions of some splits as a table with the columns split, row, prediction and task."""
    parts = []
    for split in splits:
        if split in data.splits:
            table = data.splits[split]
            n = table.num_rows
            names = {"split": [split] * n, "row": table["row"], "prediction": predict(table["question"])}
            parts.append(pa.table({**names, "task": [data.task.name] * n}))
    if not parts:
        raise InputError(f"the data contains none of the splits {', '.join(splits)}.")
    return pa.concat_tables(parts)


def with_ids(predictions: pa.Table, data: Data) -> pa.Table:
    """Add the column id, the name of each predicted row, to predictions for some data."""
    ids = pa.nulls(predictions.num_rows, pa.string())
    for split in data.splits:
        names = row_ids(data.task, split, data.seed, predictions["row"].to_numpy())
        ids = pc.if_else(pc.equal(predictions["split"], split), names, ids)
    return predictions.append_column(ID, ids)


def write_predictions(path: Path, predictions: pa.Table) -> str:
    """Write predictions as Parquet atomically, and return the SHA-256 of the file."""
    buffer = io.BytesIO()
    pq.write_table(predictions, buffer, compression="zstd")
    atomic.write(path, buffer.getvalue())
    return "sha256:" + hashlib.sha256(buffer.getvalue()).hexdigest()


def _result(
    spec: RunSpec,
    data: Data,
    options: RunOptions,
    fitted: FitResult,
    scores: Mapping[str, SplitScore],
    sha256: str,
) -> Result:
    floors, ceiling = score_shortcuts(data)
    commit, dirty = provenance.commit()
    record = spec.to_json()
    return Result(
        baseline=record["baseline"],
        framework=record["framework"],
        recipe=record["recipe"],
        encoding=fitted.encoding,
        task=task_record(data.task),
        data=_data(data),
        seed=spec.seed,
        command=options.command,
        commit=commit,
        dirty=dirty,
        versions=provenance.versions(spec.framework)
        | (spec.baseline.origin.versions if spec.baseline.origin else {}),
        hardware=provenance.hardware(fitted.device, options.device_config.threads, world()),
        parameters=fitted.parameters,
        timings=fitted.timings,
        best=fitted.best,
        scores={split: score.to_json() for split, score in scores.items()},
        floors=floors,
        ceiling=ceiling,
        predictions_sha256=sha256,
        supervision=spec.supervision(data.task),
        budget=_budget(options) if spec.trained else {},
        weights=_weights(spec, fitted.parameters),
        tournament=fitted.tournament,
        generations=fitted.generations,
        history=fitted.history,
        reached=fitted.reached,
        extended=record.get("extended", []),
    )


def _weights(spec: RunSpec, trained: int) -> dict[str, Any]:
    """Return the number of trained weights beside what is fixed by hand; empty where nothing is."""
    fixed = spec.settings.fixed_by_hand if spec.settings else ()
    return {"trained": trained, "fixed_by_hand": list(fixed)} if fixed else {}


def _budget(options: RunOptions) -> dict[str, float]:
    seconds = {"wall_s": options.budget, "cpu_s": options.cpu_budget}
    return {name: limit for name, limit in seconds.items() if math.isfinite(limit)}


def task_record(task: Task) -> dict[str, Any]:
    """Return a task as a run records it: a part of its identity."""
    return {"id": task.id, "name": task.name, "parameters": task.parameters}


def _data(data: Data) -> dict[str, Any]:
    sizes = {split: table.num_rows for split, table in data.splits.items()}
    return {"seed": data.seed, "sizes": sizes, "digest": data.digest}


def _check(spec: RunSpec, data: Data) -> None:
    for split in ("train", "validation"):
        if split not in data.splits or not data.splits[split].num_rows:
            raise InputError(f"a run requires rows of {split}, but the data contains none.")
    check_applies(spec.baseline, data.task)
