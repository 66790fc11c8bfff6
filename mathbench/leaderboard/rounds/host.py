"""What the host of a round does: open, challenge, answer, close, reveal. The folder can be published at any time.

Every step takes a clock instead of a time: it is looked at when the step has the folder for itself.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import answers, log, private, sealed
from mathbench.leaderboard.rounds.log import Clock
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.storage import atomic
from mathbench.task import Task

LOCK_TIMEOUT = 10.0  # seconds that one who writes waits for another; a step holds the folder for far less


def open_round(
    folder: Path,
    tasks: Sequence[Task],
    sizes: Mapping[str, int],
    closes: datetime,
    answer_seconds: int,
    now: datetime,
    secret: Path | None = None,
) -> Round:
    """Open a round: draw seed and salt, keep them to oneself, and publish what binds the host to them.

    Args:
        folder: of the round; it must not be one yet.
        tasks: what is asked.
        sizes: questions per split, of every task.
        closes: no entry and no answer after it.
        answer_seconds: how long an entry may take from its questions to its answers.
        now: the time.
        secret: where seed and salt are kept; by default beside the user's own board.

    Raises:
        InputError: for a folder that holds a round, no task, too many questions or a deadline that is past.
    """
    if (folder / log.LOG_FILE).exists():
        raise InputError(f"'{folder}' holds a round already.")
    if not tasks or len({task.name for task in tasks}) < len(tasks):
        raise InputError("a round needs at least one task, and each once.")
    if closes <= now:
        raise InputError(f"a round must close after it opens. Received: {closes:{log.TIME_FORMAT}}.")
    seed, salt = secrets.token_hex(32), secrets.token_hex(32)
    opened = log.next_event(
        [],
        "open",
        now,
        name=folder.resolve().name,
        commitment=sealed.commitment(seed, salt),
        tasks=[{"id": t.id, "name": t.name, "parameters": t.parameters} for t in tasks],
        sizes=dict(sizes),
        closes=closes.strftime(log.TIME_FORMAT),
        answer_seconds=answer_seconds,
    )
    found = Round([opened])
    # a task with too few rows is refused now, not to the first entrant
    sealed.draw_questions(found, seed, "00" * 32)
    private.save_secret(folder, private.secret_path(found, secret), seed, salt)
    atomic.make_folder(folder)
    log.write(folder, [opened])
    return found


def challenge(
    folder: Path, model: str, weights: str, now: Clock, secret: Path | None = None, token: str | None = None
) -> tuple[Entry, pa.Table]:
    """Register a model by the digest of its weights, and only then make its questions.

    Args:
        folder: of the round.
        model: its name.
        weights: SHA-256 of its file of weights.
        now: the clock.
        secret: where seed and salt are kept.
        token: the name of the token that it comes with; it is noted beside the secret, not in the log.

    Returns:
        The entry, and its questions: split, row, question, task.

    Raises:
        InputError: when the round is closed, or these weights have had questions.
    """
    found = Round(log.read(folder))
    seed, _ = private.read_secret(found, secret)
    said = {"model": model, "weights_sha256": weights, "questions_digest": log.GENESIS_DIGEST}
    found.apply(_challenge_event(found, now(), said))  # who is refused gets no questions drawn
    requested = sealed.draw_questions(found, seed, weights)
    said["questions_digest"] = sealed.questions_digest(requested)
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        found = Round(log.read(folder))
        event = _challenge_event(found, now(), said)
        found.apply(event)
        if token is not None:
            private.assign_token(private.secret_path(found, secret), event.digest, token)
        log.write(folder, [*found.events, event])
        return found.entry(event["entry"]), requested


def _challenge_event(found: Round, now: datetime, said: Mapping[str, Any]) -> log.Event:
    return log.next_event(found.events, "challenge", now, entry=found.next_name(), **said)


def answer(folder: Path, name: str, weights: str, path: Path, now: Clock) -> Entry:
    """Take the answers of an entry, once and in time; no score is told.

    Args:
        folder: of the round.
        name: the entry.
        weights: SHA-256 of the file that it was registered with, once more.
        path: Parquet or JSON lines with split, row, prediction, task.
        now: the clock.

    Raises:
        InputError: when it is too late, the weights are others, or the answers are not to these questions.
    """
    return store_answers(folder, name, weights, answers.checked_bytes(Round(log.read(folder)), path), now)


def store_answers(folder: Path, name: str, weights: str, packed: bytes, now: Clock) -> Entry:
    """Take answers that have been read: see `answer`.

    Args:
        folder: of the round.
        name: the entry.
        weights: SHA-256 of its file of weights.
        packed: what `answers.packed` made.
        now: the clock.
    """
    said = {"weights_sha256": weights, "answers_sha256": hashlib.sha256(packed).hexdigest()}
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        found = Round(log.read(folder))
        event = log.next_event(found.events, "answer", now(), entry=name, **said)
        found.apply(event)  # the rules speak before anything is written
        atomic.make_folder(folder / answers.FOLDER)
        atomic.write(answers.answers_path(folder, name), packed)
        log.write(folder, [*found.events, event])
        return found.entry(name)


def close(folder: Path, now: Clock) -> None:
    """Stop entries and answers.

    Raises:
        InputError: when the round is closed already.
    """
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        found = Round(log.read(folder))
        _append(folder, found, log.next_event(found.events, "close", now()))


def reveal(folder: Path, now: Clock, secret: Path | None = None) -> dict[str, Any]:
    """Publish seed, salt and the scores.

    Returns:
        n and correct per entry, task and split.

    Raises:
        InputError: when the round is not closed, or the secret is another's.
    """
    with atomic.folder_lock(folder, timeout=LOCK_TIMEOUT):
        found = Round(log.read(folder))
        seed, salt = private.read_secret(found, secret)
        scores = {
            name: sealed.score_answers(found, seed, entry.weights, answers.read(folder, entry))
            for name, entry in found.entries.items()
        }
        said = {"seed": seed, "salt": salt, "scores": scores}
        _append(folder, found, log.next_event(found.events, "reveal", now(), **said))
        return scores


def _append(folder: Path, found: Round, event: log.Event) -> None:
    """Write an event down, if the rules allow it."""
    found.apply(event)
    log.write(folder, [*found.events, event])
