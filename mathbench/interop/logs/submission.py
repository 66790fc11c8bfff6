"""Submissions from logs: the answers are checked against regenerated rows and graded again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench.errors import InputError, shown
from mathbench.interop.logs.model_log import ModelLog, Sample, SplitLog
from mathbench.interop.origin import Origin
from mathbench.rows import open_rows
from mathbench.scores.extraction import WHOLE, extraction
from mathbench.scores.grading import Grader, Grades
from mathbench.scores.untrusted import compress_predictions, fits_prediction

PREDICTIONS_FILE = "predictions.parquet"
SUBMISSION_FILE = "submission.json"
MAX_TOLD = 3  # rows named in an error


@dataclass(frozen=True)
class ImportOptions:
    """What a log does not state, or states otherwise.

    Args:
        model: the name of the model; empty: that of the log.
        revision: of the model; empty: that of the log.
        extract: the name of the extraction that reads the answers.
        epoch: the repetition to take of several; 0: there must be one.
        trained_on: what is known of the training data.
    """

    model: str = ""
    revision: str = ""
    extract: str = WHOLE
    epoch: int = 0
    trained_on: str = ""


@dataclass(frozen=True)
class SplitResult:
    """The answers to one split, graded.

    Attributes:
        origin: the rows.
        n: the number of rows that count; rows without an answer are wrong.
        grades: of the rows that were answered.
        rows: their numbers.
        failed: the number of samples without an answer.
        too_long: the number of answers that no submission can hold; they are wrong.
    """

    origin: Origin
    n: int
    grades: Grades
    rows: list[int]
    failed: int
    too_long: int

    def to_json(self) -> dict[str, Any]:
        """Numbers for people."""
        correct = int(self.grades.right.sum())
        return {
            "n": self.n,
            "correct": correct,
            "exact_match": correct / self.n,
            "answered": len(self.rows),
            "failed": self.failed,
            "too_long": self.too_long,
            **self.grades.beside,
        }


def grade_log(log: ModelLog, options: ImportOptions) -> dict[str, list[SplitResult]]:
    """Check and grade the answers of a log.

    Returns:
        The results by configuration.

    Raises:
        InputError: for rows that do not exist or are answered twice, or samples that are not the rows of the task.
    """
    found: dict[str, list[SplitResult]] = {}
    for split in log.splits:
        results = found.setdefault(split.origin.config, [])
        if any(other.origin.split == split.origin.split for other in results):
            raise InputError(
                f"the log has {split.origin.split} of {split.origin.config} twice. Import one log at a time."
            )
        if results and _rows_of(results[0].origin) != _rows_of(split.origin):
            raise InputError(
                f"the splits of {split.origin.config} in the log are of different tasks or seeds."
            )
        results.append(_grade_split(split, options))
    return found


def _rows_of(origin: Origin) -> tuple[object, ...]:
    return origin.task, dict(origin.parameters), origin.seed


def _grade_split(split: SplitLog, options: ImportOptions) -> SplitResult:
    origin, samples = split.origin, _one_epoch(split, options.epoch)
    if not samples:
        raise InputError(f"the log has no samples of {origin.split} of {origin.config}.")
    _check_rows(origin, samples)
    n = len(samples) if split.limited and _is_start(samples) else origin.rows
    answered = [sample for sample in samples if sample.text is not None]
    questions, answers = [s.question for s in answered], [s.answer for s in answered]
    texts = [_text(sample) for sample in answered]
    grades = Grader(origin.made, options.extract).grade(texts, answers, questions)
    if grades.unread == len(grades):
        raise InputError(
            f"{grades.extraction} reads nothing in the {len(grades):,} answers to {origin.split} of {origin.config}. "
            "Give another --extract."
        )
    short = [fits_prediction(text or "") for text in grades.answers]
    right = grades.right & short
    grades = Grades(right, grades.equal, grades.answers, grades.extraction)
    return SplitResult(
        origin, n, grades, [s.row for s in answered], len(samples) - len(answered), short.count(False)
    )


def _text(sample: Sample) -> str:
    """The text of a model, which may have characters that are no text."""
    return (sample.text or "").encode("utf-8", "replace").decode("utf-8")


def _one_epoch(split: SplitLog, epoch: int) -> list[Sample]:
    """The samples of one repetition, by row.

    Raises:
        InputError: for rows answered twice.
    """
    epochs = sorted({sample.epoch for sample in split.samples})
    if len(epochs) > 1 and not epoch:
        raise InputError(
            f"the log has {len(epochs)} answers to each row of {split.origin.split}. Give --epoch, one of "
            f"{epochs[0]} to {epochs[-1]}."
        )
    if epoch and epochs and epoch not in epochs:
        raise InputError(f"the log has no epoch {epoch}. Allowed: {', '.join(map(str, epochs[:20]))}.")
    samples = sorted((s for s in split.samples if not epoch or s.epoch == epoch), key=lambda s: s.row)
    twice = [one.row for one, two in pairwise(samples) if one.row == two.row]
    if twice:
        raise InputError(
            f"{split.origin.split}: each row may be answered once. Received: {len(twice):,} repeated, the first: "
            f"{', '.join(map(str, twice[:MAX_TOLD]))}."
        )
    return samples


def _is_start(samples: list[Sample]) -> bool:
    """Whether the samples are the first rows of their split."""
    return [sample.row for sample in samples] == list(range(len(samples)))


def _check_rows(origin: Origin, samples: list[Sample]) -> None:
    """Compare the questions and right answers of samples with regenerated rows.

    Raises:
        InputError: for rows that do not exist, or others.
    """
    unknown = [s.row for s in samples if not 0 <= s.row < origin.rows]
    if unknown:
        raise InputError(
            f"{origin.split}: rows must be from 0 to {origin.rows - 1}. Received: {len(unknown):,} others, the first: "
            f"{', '.join(map(str, unknown[:MAX_TOLD]))}."
        )
    rows = open_rows(origin.made, origin.split, origin.seed)
    rows.require(origin.rows)
    truth = rows.batch([sample.row for sample in samples])
    for column in ("question", "answer"):
        for sample, right in zip(samples, truth[column].to_pylist(), strict=True):
            if getattr(sample, column) != right:
                raise InputError(
                    f"the log is of other rows than it names: row {sample.row} of {origin.split} has the {column} "
                    f"{shown(right)}. Received: {shown(getattr(sample, column))}."
                )


def write_submission(
    folder: Path, log: ModelLog, results: list[SplitResult], options: ImportOptions, command: str
) -> dict[str, Any]:
    """Write the submission of one configuration; return its manifest.

    Args:
        folder: an empty folder.
        log: the log.
        results: of the splits of the configuration.
        options: as for :func:`grade_log`.
        command: the command line.

    Raises:
        InputError: for a model without a name or a revision.
    """
    data = compress_predictions(_predictions(results))
    (folder / PREDICTIONS_FILE).write_bytes(data)
    document = _manifest(log, results, options, command, hashlib.sha256(data).hexdigest())
    (folder / SUBMISSION_FILE).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document


def _predictions(results: list[SplitResult]) -> pa.Table:
    """What was read from the answers; where nothing was found, there is no prediction."""
    columns: dict[str, list[Any]] = {"split": [], "row": [], "prediction": []}
    for result in results:
        for row, text in zip(result.rows, result.grades.answers, strict=True):
            if text is not None and fits_prediction(text):
                columns["split"].append(result.origin.split)
                columns["row"].append(row)
                columns["prediction"].append(text)
    types = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string()}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


def _manifest(
    log: ModelLog, results: list[SplitResult], options: ImportOptions, command: str, sha256: str
) -> dict[str, Any]:
    origin, task = results[0].origin, results[0].origin.made
    return {
        "schema_version": 2,
        "supervision": "prompted",
        "model": {
            "name": _stated("name", options.model or log.model, "--model"),
            "revision": _stated("revision", options.revision or log.revision, "--revision"),
            "weights_sha256": None,
            "framework": None,
            "parameters": None,
        },
        "training": {
            "seeds": [],
            "data_digest": options.trained_on or None,
            "budget": None,
            "external_data": True,
        },
        "task": {"id": task.id, "name": task.name, "parameters": task.parameters},
        "data": {"seed": origin.seed, "sizes": {result.origin.split: result.n for result in results}},
        "environment": {"tool": log.tool, **_plain(log.environment)},
        "command": command,
        "commit": None,
        "predictions": {"file": PREDICTIONS_FILE, "sha256": sha256},
        "scores": {
            result.origin.split: {"n": result.n, "correct": int(result.grades.right.sum())}
            for result in results
        },
        "prompting": _prompting(log, extraction(options.extract).id),
    }


def _prompting(log: ModelLog, read_by: str) -> dict[str, Any]:
    """How the model was asked and read; boards tell entries apart by `words` and `extract`."""
    shots = log.asked.get("shots") or 0
    words = f"{log.asked['harness']}, {shots} shots"
    return {"words": words, **_plain(log.asked), "extract": read_by}


def _stated(what: str, value: str | None, option: str) -> str:
    if not value:
        raise InputError(f"the log states no {what} of the model: give {option}.")
    return value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values as logs have them, without those that are missing."""
    return {key: value for key, value in values.items() if value is not None}
