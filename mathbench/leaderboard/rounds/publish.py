"""Publish a revealed round on a board: the answers of each entry to each task become a submission."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.rounds import answers, log, sealed
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.leaderboard.store.board import Board, StoreResult
from mathbench.leaderboard.submission import Manifest, Submission, sort_predictions
from mathbench.task import Task


@dataclass(frozen=True)
class PublishResult:
    """One submission made from a round.

    Args:
        entry: the entry of the round.
        board: the board's name.
        result: the outcome on the board.
    """

    entry: str
    board: str
    result: StoreResult


def publish(folder: Path, board: str | Path | None = None) -> list[PublishResult]:
    """Store the answers of a revealed round on a board; publishing the round again changes nothing.

    Args:
        folder: the folder of the round.
        board: a path, database URL or None, as for `Board`; opened after the round was verified.

    Raises:
        InputError: when the round is invalid, or is not revealed yet.
    """
    if problems := audit(folder).problems:
        raise InputError(f"the round in '{folder}' fails verification: {problems[0]}")
    round_ = Round(log.read(folder))
    found, opened = list(submissions(folder, round_)), Board(board)
    source = f"round {round_.opened['name']}"
    return [
        PublishResult(
            entry, opened.name, opened.keep(submission, check_submission(submission), source=source)
        )
        for entry, submission in found
    ]


def submissions(folder: Path, round_: Round) -> Iterator[tuple[str, Submission]]:
    """The submissions of a revealed round, one per entry with answers and task.

    Yields:
        The name of the entry, and the submission.

    Raises:
        InputError: when the round is not revealed yet.
    """
    if round_.reveal is None:
        raise InputError("only a revealed round can be added to a board; this one is not revealed yet.")
    for entry in round_.entries.values():
        given = answers.read(folder, entry)
        if given is None:
            continue
        for task in round_.tasks:
            rows = sort_predictions(given.filter(pc.equal(given["task"], task.name)))
            document = manifest(round_, round_.reveal["seed"], entry, task)
            yield entry.name, Submission(Manifest(document), rows)


def manifest(round_: Round, seed: str, entry: Entry, task: Task) -> dict[str, Any]:
    """The submission.json of an entry with answers, for one task.

    It names the file of answers by the SHA-256 in the log, so that it is the same whoever makes it.
    """
    handed_in = dict(entry.answer.fields if entry.answer else {})["answers_sha256"]
    return {
        "schema_version": 1,
        "model": {
            "name": entry.challenge["model"],
            "revision": None,
            "weights_sha256": entry.weights,
            "framework": None,
            "parameters": None,
        },
        # unknown in a round; so the board must not claim that it was trained on this task only
        "training": {"seeds": [], "data_digest": None, "budget": None, "external_data": True},
        "task": {"id": task.id, "name": task.name, "parameters": task.parameters},
        "data": {"seed": sealed.entry_seed(seed, entry.weights), "sizes": round_.sizes},
        "environment": {
            "round": round_.opened["name"],
            "entry": entry.name,
            "receipt": entry.challenge.digest,
        },
        "command": None,
        "commit": None,
        "predictions": {"file": f"{entry.name}.parquet", "sha256": handed_in},
    }
