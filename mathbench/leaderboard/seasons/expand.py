"""Answers to all tasks of a season in one file, split into one submission per task."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError, did_you_mean
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.leaderboard.seasons.standing import answered_task
from mathbench.leaderboard.submission import (
    Manifest,
    Submission,
    check_digest,
    manifest_path,
    sort_predictions,
)
from mathbench.leaderboard.submission_manifest import SUBMISSION, predictions_entry
from mathbench.scores import strict_json
from mathbench.scores.predictions import COLUMNS_WITH_TASK
from mathbench.scores.schema_types import OBJECT, Record, Text
from mathbench.scores.untrusted import MAX_FILE, read_limited, read_untrusted
from mathbench.storage.location import local_path

MANIFEST_FILE, PREDICTIONS_FILE = "submission.json", "predictions.jsonl"  # of the submission to one task
_OF_ONE_TASK = ("task", "data")
# submission.json of version 3 without a task: it names a season, and its predictions name the tasks
SEASON_SUBMISSION = Record(
    {name: kind for name, kind in SUBMISSION.fields.items() if name not in _OF_ONE_TASK}
    | {"season": Text(40, "[a-z0-9][a-z0-9-]*")},
    {"prompting": OBJECT},
)


def read_season_manifest(path: str | Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The manifest of answers to a whole season, with its path; None where it is a manifest of another kind.

    Args:
        path: a run directory, a directory with submission.json, or that file.

    Raises:
        InputError: where there is no manifest or one that is not valid.
    """
    file = manifest_path(local_path(path))
    document = strict_json.parse(read_limited(file, strict_json.MAX_BYTES), file.name)
    if not isinstance(document, dict) or "model" not in document or any(n in document for n in _OF_ONE_TASK):
        return None
    SEASON_SUBMISSION(document, file.name)
    return file, document


def expand_file(file: Path, document: Mapping[str, Any], season: Season) -> list[Submission]:
    """The submissions of a manifest of answers to a whole season, which names the file of predictions.

    Raises:
        InputError: as `expand`, and for predictions that are missing, too large or not those of the manifest.
    """
    predictions = file.with_name(document["predictions"]["file"])
    if not predictions.is_file():
        raise InputError(
            f"'{file.parent}' is incomplete: it must contain {file.name} and {predictions.name}."
        )
    return expand(document, read_limited(predictions, MAX_FILE), season)


def expand(document: Mapping[str, Any], data: bytes, season: Season) -> list[Submission]:
    """Split answers to a season into one submission per task that was answered, in the order of the season.

    The same answers always give the same submissions, so that sending them again changes nothing on a board.

    Args:
        document: a valid manifest of the schema `SEASON_SUBMISSION`.
        data: the bytes of the file of predictions: split, row, prediction and task, which is the name of a task in
            the season, or the name that the task has itself.
        season: the season that the manifest names.

    Raises:
        InputError: for predictions that cannot be read, are not those of the manifest, or name an unknown task.
    """
    name, expected = predictions_entry(document)
    check_digest(name, data, expected)
    table = read_untrusted(data, name, COLUMNS_WITH_TASK)
    if not table.num_rows:
        raise InputError(f"{name} has no predictions.")
    of_row = _tasks_of_rows(table["task"], season, name)
    return [
        _submission(document, season.tasks[i], table.filter(pa.array(of_row == i))) for i in np.unique(of_row)
    ]


def _tasks_of_rows(names: pa.ChunkedArray, season: Season, file: str) -> np.ndarray[Any, Any]:
    """The index in the season of the task of each row, int64 (n,)."""
    index = _names(season)
    encoded = pc.dictionary_encode(names.combine_chunks())
    given = encoded.dictionary.to_pylist()
    if unknown := [name for name in given if name not in index]:
        rows = pc.sum(pc.is_in(names, pa.array(unknown))).as_py()
        raise InputError(
            f"{file} has {rows:,} rows of tasks that are not in the season {season.name}. "
            f"Received: {', '.join(map(ascii, unknown[:3]))}. {did_you_mean(unknown[0], index)}"
        )
    places = np.array([index[name] for name in given], dtype=np.int64)
    return np.asarray(places[encoded.indices.to_numpy()])


def _names(season: Season) -> dict[str, int]:
    """The tasks by their names in the season, and by their own names where these belong to one task alone."""
    own = [task.task.name for task in season.tasks]
    alone = {name: i for i, name in enumerate(own) if own.count(name) == 1}
    return alone | {task.name: i for i, task in enumerate(season.tasks)}


def _submission(document: Mapping[str, Any], task: SeasonTask, answers: pa.Table) -> Submission:
    """The submission to one task."""
    table = sort_predictions(answers)
    sha256 = hashlib.sha256(predictions_lines(table)).hexdigest()
    own = {
        "task": {"id": task.id, "name": task.task.name, "parameters": dict(task.task.parameters)},
        "data": {"seed": task.seed, "sizes": dict(task.rows)},
        "predictions": {"file": PREDICTIONS_FILE, "sha256": sha256},
    }
    return Submission(Manifest({**document, **own}), table)


def predictions_lines(table: pa.Table) -> bytes:
    """Predictions as JSON lines, whose bytes do not depend on the version of a library."""
    sink = io.BytesIO()
    sink.writelines(json.dumps(row).encode() + b"\n" for row in table.to_pylist())
    return sink.getvalue()


def submission_parts(submission: Submission) -> dict[str, tuple[str, bytes]]:
    """The files of the submission to one task, by their part of the form of a server."""
    manifest = json.dumps(dict(submission.manifest.document)).encode()
    return {
        "manifest": (MANIFEST_FILE, manifest),
        "predictions": (PREDICTIONS_FILE, predictions_lines(submission.predictions)),
    }


def tasks_without_answers(submissions: Sequence[Submission], season: Season) -> list[str]:
    """The names of the tasks of a season that no submission answers."""
    answered = [answered_task(submission.manifest.summary, season) for submission in submissions]
    return [task.name for task in season.tasks if task not in answered]
