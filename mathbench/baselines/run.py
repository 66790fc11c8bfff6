"""The runner: one baseline, one dataset, one seed, one directory to resume, repeat and submit."""

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
import pyarrow.parquet as pq
from rich.console import Console

from mathbench.baselines import provenance, run_directory
from mathbench.baselines.distributed import world
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import Predict
from mathbench.baselines.result import Result
from mathbench.baselines.shortcuts.answerer import applies_to
from mathbench.baselines.spec import RunSpec, check_applies
from mathbench.baselines.table import BASELINES
from mathbench.baselines.trainer import (
    FitResult,
    TrainingOptions,
    TrainingSetup,
    fit_answerer,
    fit_network,
    prepare,
)
from mathbench.baselines.training.tracking import Tracker, open_tracker, tracked
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.registry import load
from mathbench.scores import metrics, results
from mathbench.scores.predictions import PREDICTIONS, score_table
from mathbench.storage import atomic

SCORED = ("validation", "interpolate", "extrapolate")


@dataclass(frozen=True)
class RunOptions:
    """How to run, apart from what.

    Args:
        out: the run directory.
        resume: go on with an unfinished run.
        force: throw away what is there.
        budget: seconds of wall time for training.
        device_config: device and threads.
        command: the command line, for the record.
        console: where progress is shown; None for silence.
        track: trackers to tell, by name, besides TensorBoard.
        stop_step: the step to stop at before all are done; 0: none.
        trackers: trackers to tell besides those.
    """

    out: Path
    resume: bool = False
    force: bool = False
    budget: float = math.inf
    device_config: DeviceConfig = field(default_factory=DeviceConfig)
    command: str = ""
    console: Console | None = None
    track: tuple[str, ...] = ()
    stop_step: int = 0
    trackers: tuple[Tracker, ...] = ()


def run(spec: RunSpec, data: Data, options: RunOptions) -> Result:
    """Fit, predict, score and write everything down.

    Returns:
        The result, also in ``order.out / "result.json"``; that of a finished run is read, not made again.

    Raises:
        InputError: when the directory holds another run, or the baseline makes no sense on the task.
    """
    _check(spec, data)
    requested = run_identity(spec, data)
    if run_directory.is_finished(options.out, requested, options.resume, options.force):
        return Result.load(options.out)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    # what cannot work shows here, before the directory is touched
    ready = prepare(spec, data, options.device_config) if spec.trained else None
    names = ("tensorboard", *options.track) if spec.trained else options.track
    trackers = (*(open_tracker(name, options.out) for name in dict.fromkeys(names)), *options.trackers)
    with (
        run_directory.lock_run(options.out, requested, options.force),
        tracked(trackers, requested) as summary,
    ):
        result = _run(spec, data, options, ready, started, trackers)
        summary.update(
            {f"exact_match/{split}": score["exact_match"] for split, score in result.scores.items()}
        )
        return result


def _run(
    spec: RunSpec,
    data: Data,
    order: RunOptions,
    ready: TrainingSetup | None,
    started: str,
    trackers: tuple[Tracker, ...],
) -> Result:
    if ready is None:
        fitted = fit_answerer(spec, data, order.out)
    else:
        watched = TrainingOptions(order.console, trackers, order.budget, order.stop_step)
        fitted = fit_network(spec, data, ready, order.out, watched)
    start = time.perf_counter()
    predictions = predict_splits(fitted.predict, data, SCORED)
    seconds = time.perf_counter() - start
    sha256 = write_predictions(order.out / PREDICTIONS, predictions)
    timed = replace(fitted, timings={**fitted.timings, "predict_s": seconds, "started": started})
    result = _result(spec, data, order, timed, score_table(predictions, data), sha256)
    result.save(order.out)
    return result


def run_identity(spec: RunSpec, data: Data) -> dict[str, Any]:
    """What makes a run this run and no other: the spec and the data."""
    return {**spec.to_json(), "task": _task(data), "data": _data(data)}


def predict_splits(predict: Predict, data: Data, splits: tuple[str, ...]) -> pa.Table:
    """Predictions of some splits as a table: split, row, prediction, task."""
    parts = []
    for split in splits:
        if split in data.splits:
            table = data.splits[split]
            n = table.num_rows
            names = {"split": [split] * n, "row": table["row"], "prediction": predict(table["question"])}
            parts.append(pa.table({**names, "task": [data.task.name] * n}))
    if not parts:
        raise InputError(f"the data has none of the splits {', '.join(splits)}.")
    return pa.concat_tables(parts)


def write_predictions(path: Path, predictions: pa.Table) -> str:
    """Write predictions as Parquet under their final name only when complete; returns the file's SHA-256."""
    buffer = io.BytesIO()
    pq.write_table(predictions, buffer, compression="zstd")
    atomic.write(path, buffer.getvalue())
    return "sha256:" + hashlib.sha256(buffer.getvalue()).hexdigest()


def score_shortcuts(data: Data) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The scores of every floor that makes sense, per floor and split, and those of the exact solver.

    They read and write plain text, whatever format the data is in.
    """
    data, floors, ceiling = data.plain(), {}, {}
    for entry in BASELINES.values():
        if entry.kind == "network":
            continue
        kind = load(entry.target)
        if applies_to(kind, data.task):
            made = kind.fit(data.task, data.splits["train"], data.splits["validation"])
            scores = {
                split: _floor_score(made, data.splits[split]) for split in SCORED if split in data.splits
            }
            if entry.kind == "ceiling":
                ceiling = scores
            else:
                floors[entry.name] = scores
    return floors, ceiling


def _floor_score(made: Any, table: pa.Table) -> dict[str, Any]:
    given = pa.array(made.predict(table["question"].to_pylist()), pa.string())
    right = metrics.exact_match(given, table["answer"])
    return results.Score(len(right), int(right.sum())).to_json()


def _result(
    spec: RunSpec,
    data: Data,
    order: RunOptions,
    fitted: FitResult,
    scores: Mapping[str, results.SplitScore],
    sha256: str,
) -> Result:
    floors, ceiling = score_shortcuts(data)
    commit, dirty = provenance.commit()
    said = spec.to_json()
    return Result(
        baseline=said["baseline"],
        framework=said["framework"],
        recipe=said["recipe"],
        encoding=fitted.encoding,
        task=_task(data),
        data=_data(data),
        seed=spec.seed,
        command=order.command,
        commit=commit,
        dirty=dirty,
        versions=provenance.versions(spec.framework),
        hardware=provenance.hardware(fitted.device, order.device_config.threads, world()),
        parameters=fitted.parameters,
        timings=fitted.timings,
        best=fitted.best,
        scores={split: score.to_json() for split, score in scores.items()},
        floors=floors,
        ceiling=ceiling,
        predictions_sha256=sha256,
    )


def _task(data: Data) -> dict[str, Any]:
    return {"id": data.task.id, "name": data.task.name, "parameters": data.task.parameters}


def _data(data: Data) -> dict[str, Any]:
    sizes = {split: table.num_rows for split, table in data.splits.items()}
    return {"seed": data.seed, "sizes": sizes, "digest": data.digest}


def _check(spec: RunSpec, data: Data) -> None:
    for split in ("train", "validation"):
        if split not in data.splits or not data.splits[split].num_rows:
            raise InputError(f"a run needs rows of {split}; the data has none.")
    check_applies(spec.baseline, data.task)
