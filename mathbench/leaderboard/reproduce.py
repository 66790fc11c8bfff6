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
        again: the submission of the repeated run.
        same_predictions: whether all predictions are equal.
        scores: the original and the new score, per split.
        holds: whether every new score lies in the interval of the original one.
    """

    digest: str
    again: str
    same_predictions: bool
    scores: dict[str, tuple[Score, Score]]
    holds: bool

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        scores = {s: {"kept": a.to_json(), "again": b.to_json()} for s, (a, b) in self.scores.items()}
        return {**vars(self), "scores": scores}


def reproduce(board: Board, requested: str, options: RunOptions) -> ReproduceResult:
    """Train a run of a board again, submit the repetition, and set the badge of both when the score holds.

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
    again = open_submission(options.out)
    checked = check_submission(again)
    scores = {
        split: (score.total, checked.scores[split].total)
        for split, score in record.checked.scores.items()
        if split in checked.scores
    }
    holds = scores.keys() == record.checked.scores.keys() and all(map(_in_interval, scores.values()))
    repetition = board.keep(again, checked, source=f"repeats {record.digest[:8]}").record
    for digest in (record.digest, repetition.digest) if holds else ():
        board.set_badge(digest, REPRODUCED)
    same = again.predictions_digest == record.predictions_digest
    return ReproduceResult(record.digest, repetition.digest, same, scores, holds)


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
            f"{record.digest[:8]} requires the baseline {result['baseline']!a}, which is not installed."
        )
    with TemporaryDirectory() as path:
        folder = Path(path)
        (folder / SPEC_FILE).write_text(json.dumps(_spec(result)))
        (folder / RESULT_FILE).write_text(json.dumps(result))
        return load_original(folder)


def _spec(result: Mapping[str, Any]) -> dict[str, Any]:
    names = ("baseline", "framework", "recipe", "seed", "task", "data")
    return {name: result[name] for name in names} | {"choices": result["encoding"].get("choices")}


def _in_interval(pair: tuple[Score, Score]) -> bool:
    """Whether the new share lies in the Wilson 95 % interval of the original one."""
    low, high = pair[0].interval
    return low <= pair[1].exact_match <= high
