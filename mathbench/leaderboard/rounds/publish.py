"""A revealed round on a board: what each entry answered to each task becomes a checked submission."""

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
    """One submission that a round gave.

    Args:
        entry: of the round.
        board: the board's name.
        result: what became of it there.
    """

    entry: str
    board: str
    result: StoreResult


def publish(folder: Path, board: str | Path | None = None) -> list[PublishResult]:
    """Put the answers of a revealed round on a board; the same round again changes nothing there.

    Args:
        folder: of the round.
        board: a path, database URL or None, as for `Board`; it is opened when the round holds.

    Raises:
        InputError: when the round does not hold, or is not revealed yet.
    """
    if problems := audit(folder).problems:
        raise InputError(f"the round in '{folder}' does not hold: {problems[0]}")
    read = Round(log.read(folder))
    found, opened = list(submissions(folder, read)), Board(board)
    source = f"round {read.opened['name']}"
    return [
        PublishResult(
            entry, opened.name, opened.keep(submission, check_submission(submission), source=source)
        )
        for entry, submission in found
    ]


def submissions(folder: Path, round_: Round) -> Iterator[tuple[str, Submission]]:
    """What a revealed round gives: for each entry that answered, and each task, its name and its submission.

    Raises:
        InputError: when it is not revealed yet.
    """
    if round_.reveal is None:
        raise InputError("a round goes on a board when it is revealed; this one is not yet.")
    for entry in round_.entries.values():
        given = answers.read(folder, entry)
        if given is None:
            continue
        for task in round_.tasks:
            rows = sort_predictions(given.filter(pc.equal(given["task"], task.name)))
            said = manifest(round_, round_.reveal["seed"], entry, task)
            yield entry.name, Submission(Manifest(said), rows)


def manifest(round_: Round, seed: str, entry: Entry, task: Task) -> dict[str, Any]:
    """The submission.json of an entry that answered, and one task.

    It names the file that was handed in, by the SHA-256 in the log: so it is the same whoever makes it.
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
        # a round does not ask how a model was trained, so the board may not say that it was on this task alone
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
