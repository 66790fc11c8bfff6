"""The steps of a round's host: open, challenge, answer, close, reveal. The folder can be published at any time.

The steps take a clock instead of a time, and read it while they hold the lock of the folder.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds import answers, log, private, sealed
from mathbench.leaderboard.rounds.log import Clock
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.leaderboard.times import TIME_FORMAT, parse_time
from mathbench.storage import atomic
from mathbench.task import Task

ENTRIES_PER_SUBMITTER = 3
LOCK_TIMEOUT = 10.0  # seconds; a step holds the lock for far less


def open_round(
    folder: Path,
    tasks: Sequence[Task],
    sizes: Mapping[str, int],
    closes: datetime,
    answer_seconds: int,
    now: datetime,
    secret: Path | None = None,
    entries_per_submitter: int = ENTRIES_PER_SUBMITTER,
) -> Round:
    """Open a round: draw seed and salt, store them secretly, and publish a commitment to them.

    Args:
        folder: the folder of the new round.
        tasks: the tasks of the questions.
        sizes: questions per split, for every task.
        closes: the time after which there are no entries and no answers.
        answer_seconds: the time of an entry from its questions to its answers.
        now: the time.
        secret: the path for seed and salt; by default beside the user's own board.
        entries_per_submitter: the number of entries that one submitter may register.

    Raises:
        InputError: for a folder that holds a round, no task, too many questions or a closing time in the past.
    """
    seed, salt = secrets.token_hex(32), secrets.token_hex(32)
    fields = {
        "commitment": seal.commitment(seed, salt),
        "tasks": tasks_json(tasks),
        "sizes": dict(sizes),
        "closes": closes.strftime(TIME_FORMAT),
        "answer_seconds": answer_seconds,
        "entries_per_submitter": entries_per_submitter,
    }
    round_ = new_round(folder, fields, seed, now)
    path = private.secret_path(round_, secret)
    with atomic.new_folder(path.parent), atomic.new_folder(folder):
        private.save_secret(folder, path, seed, salt)
        try:
            log.write(folder, round_.events)
        except BaseException:
            path.unlink()
            raise
    return round_


def tasks_json(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Tasks as the log states them."""
    return [{"id": t.id, "name": t.name, "parameters": t.parameters} for t in tasks]


def new_round(folder: Path, fields: Mapping[str, Any], seed: str, now: datetime) -> Round:
    """Make a round without writing it.

    Args:
        folder: its folder, whose name is that of the round.
        fields: of the event `open`, except for the name.
        seed: the seed.
        now: the time.

    Raises:
        InputError: for a folder that holds a round, no task, too many questions or a closing time in the past.
    """
    if (folder / log.LOG_FILE).exists():
        raise InputError(f"'{folder}' already contains a round.")
    names = {task["name"] for task in fields["tasks"]}
    if not names or len(names) < len(fields["tasks"]):
        raise InputError("a round requires at least one task, each only once.")
    if parse_time(fields["closes"]) <= now:
        raise InputError(f"a round must close after it opens. Received: {fields['closes']}.")
    round_ = Round([log.next_event([], "open", now, name=folder.resolve().name, **fields)])
    # a task with too few rows is refused now, not when the first entrant comes
    sealed.draw_questions(round_, seed, seal.NO_WEIGHTS)
    return round_


def challenge(
    folder: Path, model: str, weights: str, now: Clock, secret: Path | None = None, token: str | None = None
) -> tuple[Entry, pa.Table]:
    """Register a model by the digest of its weights, and draw its questions afterwards.

    Args:
        folder: the folder of the round.
        model: its name.
        weights: SHA-256 of its weights file.
        now: the clock.
        secret: the path of seed and salt.
        token: the name of the entrant's token; None for entries that the host registers. It stands in the log, except
            in logs of earlier versions, where it is stored beside the secret.

    Returns:
        The entry, and its questions: split, row, question, task.

    Raises:
        InputError: when the round is closed, these weights are registered already, the name of the model is not
            allowed or belongs to another submitter, or the submitter has too many entries.
    """
    round_ = Round(log.read(folder))
    seed, _ = private.read_secret(round_, secret)
    fields: dict[str, Any] = {"model": model, "weights_sha256": weights}
    fields["questions_digest"] = log.GENESIS_DIGEST
    if round_.limit is not None:
        fields["submitter"] = token
    # a model that is refused is refused before its questions are drawn
    round_.apply(_challenge_event(round_, now(), fields))
    questions = sealed.draw_questions(round_, seed, weights)
    fields["questions_digest"] = sealed.questions_digest(questions)
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        round_ = Round(log.read(folder))
        event = _challenge_event(round_, now(), fields)
        round_.apply(event)
        if token is not None and round_.limit is None:
            private.assign_token(private.secret_path(round_, secret), event.digest, token)
        log.write(folder, [*round_.events, event])
        return round_.entry(event["entry"]), questions


def _challenge_event(round_: Round, now: datetime, fields: Mapping[str, Any]) -> log.Event:
    return log.next_event(round_.events, "challenge", now, entry=round_.next_name(), **fields)


def answer(folder: Path, name: str, weights: str, path: Path, now: Clock) -> Entry:
    """Store the answers of an entry, once and in time, without scoring them.

    Args:
        folder: the folder of the round.
        name: the entry.
        weights: SHA-256 of the weights file that it was registered with.
        path: Parquet or JSON lines with split, row, prediction, task.
        now: the clock.

    Raises:
        InputError: when it is too late, the weights differ, or the answers are to other questions.
    """
    return store_answers(folder, name, weights, answers.checked_bytes(Round(log.read(folder)), path), now)


def store_answers(folder: Path, name: str, weights: str, checked: bytes, now: Clock) -> Entry:
    """Store answers that have been checked, as `answer` does.

    Args:
        folder: the folder of the round.
        name: the entry.
        weights: SHA-256 of its weights file.
        checked: from `answers.checked_bytes`.
        now: the clock.
    """
    fields = {"weights_sha256": weights, "answers_sha256": hashlib.sha256(checked).hexdigest()}
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        round_ = Round(log.read(folder))
        event = log.next_event(round_.events, "answer", now(), entry=name, **fields)
        round_.apply(event)  # before anything is written
        atomic.make_folder(folder / answers.FOLDER)
        atomic.write(answers.answers_path(folder, name), checked)
        log.write(folder, [*round_.events, event])
        return round_.entry(name)


def close(folder: Path, now: Clock) -> None:
    """Close a round for entries and answers.

    Raises:
        InputError: when the round is already closed.
    """
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        round_ = Round(log.read(folder))
        _append(folder, round_, log.next_event(round_.events, "close", now()))


def reveal(folder: Path, now: Clock, secret: Path | None = None) -> dict[str, Any]:
    """Publish seed, salt and the scores.

    Returns:
        n and correct per entry, task and split.

    Raises:
        InputError: when the round is not closed, or the secret is that of another round.
    """
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        round_ = Round(log.read(folder))
        seed, salt = private.read_secret(round_, secret)
        scores = {
            name: sealed.score_answers(round_, seed, entry.weights, answers.read(folder, entry))
            for name, entry in round_.entries.items()
        }
        fields = {"seed": seed, "salt": salt, "scores": scores}
        _append(folder, round_, log.next_event(round_.events, "reveal", now(), **fields))
        return scores


def _append(folder: Path, round_: Round, event: log.Event) -> None:
    """Append an event to the log if the rules allow it."""
    round_.apply(event)
    log.write(folder, [*round_.events, event])
