"""Repeat a run of a board from its recipe and compare the scores."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mathbench.baselines.repeat import OriginalRun, load_original
from mathbench.baselines.result import RESULT_FILE
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.run_directory import SPEC_FILE
from mathbench.baselines.table import BASELINES
from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.seasons.evaluate import evaluate
from mathbench.leaderboard.seasons.standing import answered_task
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submission_manifest import PROMPTED
from mathbench.leaderboard.submission_record import REPRODUCED, SubmissionRecord
from mathbench.scores.results import Score


@dataclass(frozen=True)
class ReproduceResult:
    """The outcome of repeating a run.

    Args:
        digest: the original submission.
        folder: what was answered again.
        same_predictions: whether all predictions are equal.
        scores: the original and the new score, per split.
        holds: whether every new score lies in the interval of the original one.
    """

    digest: str
    folder: Path
    same_predictions: bool
    scores: dict[str, tuple[Score, Score]]
    holds: bool

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        scores = {s: {"kept": a.to_json(), "again": b.to_json()} for s, (a, b) in self.scores.items()}
        return {**vars(self), "folder": str(self.folder), "scores": scores}


def reproduce(board: Board, requested: str, options: RunOptions) -> ReproduceResult:
    """Train a run of a board again, and set its badge when the score holds.

    The repetition stays in its directory: on the board it would count as another attempt of the submitter.

    Args:
        board: the board.
        requested: the first digits of the run's digest.
        options: where and how to run; training stops at the step where the original stopped.

    Raises:
        InputError: when it has no recipe that mathbench can run, this version generates other rows, or the directory
            is not empty: a finished run in it would be read instead of repeated.
    """
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise InputError(
            f"the directory '{options.out}' is not empty. Give a new or empty directory with --out."
        )
    record = board.find(requested)
    original = recipe_of(record)
    run(original.spec, original.data, replace(options, stop_step=original.steps))
    folder = _answered(board, record, options)
    again = open_submission(folder)
    checked = check_submission(again)
    scores = {
        split: (score.total, checked.scores[split].total)
        for split, score in record.checked.scores.items()
        if split in checked.scores
    }
    holds = scores.keys() == record.checked.scores.keys() and all(map(_in_interval, scores.values()))
    if holds:
        board.set_badge(record.digest, REPRODUCED)
    same = again.predictions_digest == record.predictions_digest
    return ReproduceResult(record.digest, folder, same, scores, holds)


def _answered(board: Board, record: SubmissionRecord, options: RunOptions) -> Path:
    """The directory of a repeated run with answers to the rows of a submission: its own, or those of a season.

    Raises:
        InputError: when the board does not have this season any more.
    """
    if "evaluation" not in record.manifest:
        return options.out
    season = next((season for season in board.seasons() if season.name == record.summary.season), None)
    task = None if season is None else answered_task(record.summary, season)
    if season is None or task is None:
        raise InputError(f"{record.digest[:8]} has answers to rows of a season that the board does not have.")
    (found,) = evaluate(options.out, season, [task], options.device_config)
    return found.folder


def recipe_of(record: SubmissionRecord) -> OriginalRun:
    """The recipe and the data of a submission, as read from a run directory.

    Raises:
        InputError: when mathbench cannot run it.
    """
    result = record.manifest
    if not record.summary.runnable:
        raise InputError(
            f"{record.digest[:8]} was submitted with a submission.json, which contains no recipe to reproduce."
        )
    if "certificate" in result:
        raise InputError(
            f"{record.digest[:8]} is certified: its recipe trains the run before that, with other weights. "
            "`mathbench leaderboard verify` checks its certificate again."
        )
    if record.summary.supervision == PROMPTED:
        raise InputError(
            f"{record.digest[:8]} is a language model: it was asked, and no recipe trains it again."
        )
    if result["baseline"] not in BASELINES:  # a path would run foreign code
        raise InputError(
            f"{record.digest[:8]} requires the baseline {result['baseline']!a}, which is not part of mathbench, and "
            "code of others is not run. `mathbench run-baseline --from RUN` repeats a run of yours."
        )
    with TemporaryDirectory() as path:
        folder = Path(path)
        (folder / SPEC_FILE).write_text(json.dumps(_spec(result)))
        # what a submission adds to the result of a run
        own = {name: value for name, value in result.items() if name not in ("name", "evaluation")}
        (folder / RESULT_FILE).write_text(json.dumps(own))
        return load_original(folder)


def _spec(result: Mapping[str, Any]) -> dict[str, Any]:
    names = ("baseline", "framework", "recipe", "seed", "task", "data")
    extended = {"extended": result["extended"]} if "extended" in result else {}
    return {name: result[name] for name in names} | {"choices": result["encoding"].get("choices")} | extended


def _in_interval(pair: tuple[Score, Score]) -> bool:
    """Whether the new share lies in the Wilson 95 % interval of the original one."""
    low, high = pair[0].interval
    return low <= pair[1].exact_match <= high
