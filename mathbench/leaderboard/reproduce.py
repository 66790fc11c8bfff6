"""Repeat a kept run from its recipe and see whether its score comes out again."""

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
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.results import Score


@dataclass(frozen=True)
class ReproduceResult:
    """What came of repeating a run.

    Args:
        digest: the submission that was repeated.
        again: the submission that the repetition is.
        same_predictions: whether every prediction is the same.
        scores: per split: the kept score, its interval, and the new score.
        holds: whether every new score lies inside the interval of the kept one.
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
    """Train a kept run again, score it, keep the repetition too, and set the badge of both when the score holds.

    Args:
        board: the board that keeps it.
        requested: how its digest begins.
        options: where and how to run; it stops at the step where the kept run stopped.

    Raises:
        InputError: when it has no recipe that mathbench can run, this version makes other rows, or the directory is
            not empty: a finished run in it would be read, not repeated.
    """
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise InputError(
            f"{options.out} is not empty; a run is repeated in a directory of its own. Give another --out."
        )
    kept = board.find(requested)
    first = recipe_of(kept)
    run(first.spec, first.data, replace(options, stop_step=first.steps))
    again = open_submission(options.out)
    checked = check_submission(again)
    scores = {
        split: (score.total, checked.scores[split].total)
        for split, score in kept.checked.scores.items()
        if split in checked.scores
    }
    holds = scores.keys() == kept.checked.scores.keys() and all(map(_in_interval, scores.values()))
    place = board.keep(again, checked, source=f"repeats {kept.digest[:8]}")
    for digest in (kept.digest, place.record.digest) if holds else ():
        board.set_badge(digest, "reproduced")
    same = again.predictions_digest == kept.predictions_digest
    return ReproduceResult(kept.digest, place.record.digest, same, scores, holds)


def recipe_of(record: SubmissionRecord) -> OriginalRun:
    """What a kept manifest says about how to run it again.

    Raises:
        InputError: when mathbench cannot run it.
    """
    said = record.manifest
    if not record.summary.runnable:
        raise InputError(
            f"{record.digest[:8]} came with a submission.json, which has no recipe to run again."
        )
    if said["baseline"] not in BASELINES:  # a path would be somebody's code
        raise InputError(f"{record.digest[:8]} is of a baseline that is not installed: {said['baseline']!a}.")
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / SPEC_FILE).write_text(json.dumps(_spec(said)))
        (folder / RESULT_FILE).write_text(json.dumps(said))
        return load_original(folder)


def _spec(said: Mapping[str, Any]) -> dict[str, Any]:
    names = ("baseline", "framework", "recipe", "seed", "task", "data")
    return {name: said[name] for name in names} | {"choices": said["encoding"].get("choices")}


def _in_interval(pair: tuple[Score, Score]) -> bool:
    """Whether the new share lies in the Wilson 95 % interval of the kept one."""
    low, high = pair[0].interval
    return low <= pair[1].exact_match <= high
