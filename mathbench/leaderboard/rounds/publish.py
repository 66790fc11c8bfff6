"""Publish a revealed round on a board: the answers of each entry to each task become a submission.

Entries without answers are published too, with all answers wrong: every registered entry counts.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.leaderboard import seal
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.rounds import answers, log
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.entrants import EntryNumber, entry_numbers
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.leaderboard.rounds.sealed_seasons import check_season_of
from mathbench.leaderboard.store.board import Board, StoreResult
from mathbench.leaderboard.store.database import DatabaseUnreachable
from mathbench.leaderboard.submission import Manifest, Submission, sort_predictions
from mathbench.scores.predictions import COLUMNS_WITH_TASK
from mathbench.task import Task

NO_ANSWERS = hashlib.sha256(b"").hexdigest()  # stands for the file of an entry without answers


@dataclass(frozen=True)
class PublishResult:
    """One submission made from a round.

    Args:
        entry: the entry of the round.
        board: the board's name.
        result: the outcome on the board; None when it was refused.
        problem: why the board refused it; empty when it did not.
    """

    entry: str
    board: str
    result: StoreResult | None
    problem: str = ""


def publish(folder: Path, board: str | Path | None = None) -> list[PublishResult]:
    """Store the answers of a revealed round on a board; publishing the round again changes nothing.

    An entry whose name belongs to another submitter on the board is left out, and reported.

    Args:
        folder: the folder of the round.
        board: a path, database URL or None, as for `Board`; opened after the round was verified.

    Raises:
        InputError: when the round is invalid, or is not revealed yet; when it is that of a season that the board does
            not have, or has without its seed.
    """
    if problems := audit(folder).problems:
        raise InputError(f"the round in '{folder}' fails verification: {problems[0]}")
    round_ = Round(log.read(folder))
    found, opened = list(submissions(folder, round_)), Board(board)
    if round_.season is not None:
        _check_season(round_, opened)
    return [_published(round_, round_.entry(name), submission, opened) for name, submission in found]


def _check_season(round_: Round, board: Board) -> None:
    """Check that a board can rank the season of a round."""
    known = {season.name: season for season in board.seasons()}
    add = "Add its file with the seed: `mathbench leaderboard season add FILE`."
    if (season := known.get(round_.season or "")) is None:
        raise InputError(f"the board has no season {round_.season}. {add}")
    check_season_of(round_, season)
    if season.sealed is None or season.sealed.seed is None:
        raise InputError(f"the season {season.name} is sealed on the board. {add}")


def _published(round_: Round, entry: Entry, submission: Submission, board: Board) -> PublishResult:
    source, checked = f"round {round_.opened['name']}", check_submission(submission)
    try:
        result = board.keep(submission, checked, source, token=entry.submitter, from_round=True)
    except InputError as error:
        if isinstance(error, DatabaseUnreachable):
            raise
        return PublishResult(entry.name, board.name, None, str(error))
    return PublishResult(entry.name, board.name, result)


def submissions(folder: Path, round_: Round) -> Iterator[tuple[str, Submission]]:
    """The submissions of a revealed round, one per entry and task.

    Yields:
        The name of the entry, and the submission.

    Raises:
        InputError: when the round is not revealed yet.
    """
    if round_.reveal is None:
        raise InputError("only a revealed round can be added to a board; this one is not revealed yet.")
    numbers = entry_numbers(round_)
    for entry in round_.entries.values():
        given = answers.read(folder, entry)
        if given is None:
            given = _nothing()
        for task in round_.tasks:
            rows = sort_predictions(given.filter(pc.equal(given["task"], task.name)))
            document = manifest(round_, entry, numbers[entry.name], task)
            yield entry.name, Submission(Manifest(document), rows)


def _nothing() -> pa.Table:
    """A table of answers without rows."""
    kinds = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string(), "task": pa.string()}
    return pa.table({name: pa.array([], kinds[name]) for name in COLUMNS_WITH_TASK})


def manifest(round_: Round, entry: Entry, number: EntryNumber, task: Task) -> dict[str, Any]:
    """The submission.json of an entry for one task.

    It names the file of answers by the SHA-256 in the log, so that it is the same whoever makes it. The answers of
    rounds of earlier versions have the manifest that those versions made.
    """
    common = _manifest(round_, entry, task)
    if round_.limit is None:
        about = {"round": round_.opened["name"], "entry": entry.name, "receipt": entry.challenge.digest}
        return {**common, "schema_version": 1, "environment": about}
    own = {"name": round_.opened["name"], "entry": entry.name, "receipt": entry.challenge.digest}
    return {
        **common,
        "schema_version": 3,
        "supervision": None,
        "season": round_.season,
        "environment": {},
        "round": {**own, **vars(number)},
    }


def _manifest(round_: Round, entry: Entry, task: Task) -> dict[str, Any]:
    """What the manifests of all versions share."""
    seed = round_.reveal["seed"] if round_.reveal else ""
    return {
        "model": {
            "name": entry.model,
            "revision": None,
            "weights_sha256": entry.weights,
            "framework": None,
            "parameters": None,
        },
        # unknown in a round; so the board must not claim that it was trained on this task only
        "training": {"seeds": [], "data_digest": None, "budget": None, "external_data": True},
        "task": {"id": task.id, "name": task.name, "parameters": task.parameters},
        "data": {"seed": seal.entry_seed(seed, entry.weights), "sizes": round_.rows(task)},
        "command": None,
        "commit": None,
        "predictions": {
            "file": f"{entry.name}.parquet",
            "sha256": entry.answer["answers_sha256"] if entry.answer else NO_ANSWERS,
        },
    }
