"""The answers of a run to the rows of a season: those that it has not given yet are predicted and stored."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from mathbench.baselines.language_models import make_asker, open_model, stored_asking
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import Predict, load_predictor, skip_unknown_characters, stored_spec
from mathbench.baselines.prompted.journal import Journal
from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.baselines.run import predict_splits, write_predictions
from mathbench.dataset.data import Data
from mathbench.errors import InputError, did_you_mean
from mathbench.families import from_spec
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.rows import open_rows
from mathbench.scores.predictions import PREDICTIONS, read_predictions, score_table
from mathbench.storage import atomic
from mathbench.task import Task

FOLDER = "seasons"  # in a run directory

OpenPredictor = Callable[[SeasonTask, Path], Predict]


@dataclass(frozen=True)
class Evaluation:
    """The answers of a run to one task of a season.

    Args:
        task: the task.
        folder: what to submit: the run directory itself, where its own rows include those of the season.
        predicted: rows that were predicted now; the others were there.
    """

    task: SeasonTask
    folder: Path
    predicted: int


def season_tasks(run: Path, season: Season, names: Sequence[str] = ()) -> list[SeasonTask]:
    """The tasks of a season that a run answers: those asked for, else its own; of a language model all.

    Raises:
        InputError: for an unknown task, or when the season has none of the run's.
    """
    if names:
        return [season.task(name) for name in dict.fromkeys(names)]
    result, spec = Result.load(run), stored_spec(run)
    if spec.prompting is not None:
        return list(season.tasks)
    own = _task_of(result).plain
    found = [task for task in season.tasks if task.task == own]
    if not found:
        family = [task.name for task in season.tasks if task.task.family == own.family]
        hint = did_you_mean(own.name, family or [task.name for task in season.tasks])
        raise InputError(
            f"the season {season.name} has no task {own.name}. {hint} Give --task NAME for another one that the run "
            "can answer."
        )
    return found


def evaluate(
    run: Path,
    season: Season,
    tasks: Sequence[SeasonTask],
    device_config: DeviceConfig,
    console: Console | None = None,
) -> Iterator[Evaluation]:
    """Answer the rows of some tasks of a season with a finished run.

    Args:
        run: the run directory.
        season: the season.
        tasks: from `season_tasks`.
        device_config: device and threads.
        console: where the progress of a language model is shown.

    Yields:
        What was answered, task by task; each is stored before the next one is begun.

    Raises:
        InputError: when the run is not finished, cannot answer again, or its format does not exist for a task.
    """
    if season.sealed is not None:
        raise InputError(
            f"the rows of the season {season.name} are sealed. Enter its round: "
            "`mathbench leaderboard round challenge`."
        )
    result = Result.load(run)
    waiting = []
    for task in tasks:
        if (found := _answered(run, result, season, task)) is not None:
            yield found
        else:
            waiting.append(task)
    if waiting:
        with _opened(run, result, device_config, console) as open_predictor:
            for task in waiting:
                yield _answer(run, result, season, task, open_predictor)


def _task_of(result: Result) -> Task:
    return from_spec(result.task["id"], result.task["parameters"])


def _answered(run: Path, result: Result, season: Season, task: SeasonTask) -> Evaluation | None:
    """The answers that are there: in the run itself, or from an earlier evaluation."""
    if _own_rows(result, task) == dict(task.rows):
        return Evaluation(task, run, 0)
    folder = run / FOLDER / season.name / task.name
    if (folder / RESULT_FILE).is_file() and (folder / PREDICTIONS).is_file():
        stored = json.loads((folder / RESULT_FILE).read_text(encoding="utf-8"))
        # a run that was fitted again has other answers
        if stored.get("evaluation", {}).get("data") == _data(task) and _origin(stored) == _origin(
            result.to_json()
        ):
            return Evaluation(task, folder, 0)
    return None


def _origin(result: dict[str, Any]) -> tuple[Any, ...]:
    return result["predictions_sha256"], result["seed"], result["baseline"]


def _own_rows(result: Result, task: SeasonTask) -> dict[str, int]:
    """The rows of a season that are among a run's own, per split."""
    if task.task != _task_of(result).plain or str(result.data["seed"]) != str(task.seed):
        return {}
    sizes = result.data["sizes"]
    return {split: min(n, sizes.get(split, 0)) for split, n in task.rows.items()}


def _data(task: SeasonTask) -> dict[str, Any]:
    return {"seed": task.seed, "sizes": dict(task.rows)}


@contextmanager
def _opened(
    run: Path, result: Result, device_config: DeviceConfig, console: Console | None
) -> Iterator[OpenPredictor]:
    """Open a run once, for all tasks."""
    spec = stored_spec(run)
    if spec.prompting is None:
        predict, stored = load_predictor(run, device_config)
        own = _task_of(result).plain

        def of_network(task: SeasonTask, folder: Path) -> Predict:
            return predict if task.task == own else skip_unknown_characters(predict, stored["encoding"])

        yield of_network
        return
    with open_model(spec, stored_asking(run), device_config) as (model, opened):
        if opened.prompting != spec.prompting:
            raise InputError(f"{stored_asking(run).source} is another model than that of {run}.")

        def of_model(task: SeasonTask, folder: Path) -> Predict:
            def predict(questions: Any) -> Any:
                with Journal(folder) as journal:
                    asker = make_asker(spec, task.task, task.seed, model, journal, console)
                    return asker.predict(questions)

            return predict

        yield of_model


def _answer(
    run: Path, result: Result, season: Season, task: SeasonTask, open_predictor: OpenPredictor
) -> Evaluation:
    """Predict the rows that are missing, and store them with the others."""
    folder = run / FOLDER / season.name / task.name
    atomic.make_folder(folder)
    written = _in_format(task, result)
    given = _own_rows(result, task)
    parts = [_own_predictions(run, given)] if any(given.values()) else []
    data = _rows(written, task, given)
    if predicted := sum(table.num_rows for table in data.splits.values()):
        parts.append(predict_splits(open_predictor(task, folder), data, tuple(data.splits)))
    table = _named(
        pa.concat_tables([part.select(["split", "row", "prediction"]) for part in parts]), written.name
    )
    whole = _rows(written, task, {})
    sha256 = write_predictions(folder / PREDICTIONS, table)
    evaluation = {
        "season": season.name,
        "task": {"id": written.id, "name": written.name, "parameters": written.parameters},
        "data": _data(task),
        "scores": {split: score.to_json() for split, score in score_table(table, whole).items()},
        "predictions_sha256": sha256,
    }
    text = json.dumps({**result.to_json(), "evaluation": evaluation}, indent=1, allow_nan=False)
    atomic.write(folder / RESULT_FILE, text + "\n")
    return Evaluation(task, folder, predicted)


def _in_format(task: SeasonTask, result: Result) -> Task:
    """The task in the format that a run reads."""
    return replace(task.task, format=_task_of(result).format)


def _rows(written: Task, task: SeasonTask, given: dict[str, int]) -> Data:
    """The rows of a season from the given ones on."""
    splits = {
        split: open_rows(written, split, task.seed).batch(range(given.get(split, 0), n))
        for split, n in task.rows.items()
        if given.get(split, 0) < n
    }
    return Data(written, task.seed, splits)


def _own_predictions(run: Path, given: dict[str, int]) -> pa.Table:
    """The predictions of a run for the first rows of its splits."""
    table = read_predictions(run / PREDICTIONS)
    parts = [
        table.filter(pc.and_(pc.equal(table["split"], split), pc.less(table["row"], n)))
        for split, n in given.items()
    ]
    return pa.concat_tables(parts)


def _named(table: pa.Table, name: str) -> pa.Table:
    """Predictions ordered by split and row, with the name of their task, without rows that have none."""
    table = table.drop_null()
    table = table.take(pc.sort_indices(table, [("split", "ascending"), ("row", "ascending")]))
    return table.append_column("task", pa.array([name] * table.num_rows, pa.string()))
