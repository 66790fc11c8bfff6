"""What the host of a round does: open, challenge, answer, close, reveal. The folder can be published at any time."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench import files
from mathbench.errors import InputError
from mathbench.leaderboard import predictions, schema
from mathbench.leaderboard.rounds import log, sealed
from mathbench.leaderboard.rounds.rules import Entry, Round
from mathbench.leaderboard.store import default_path
from mathbench.task import Task

ANSWERS = "answers"


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
    if (folder / log.FILE).exists():
        raise InputError(f"'{folder}' holds a round already.")
    if not tasks or len({task.name for task in tasks}) < len(tasks):
        raise InputError("a round needs at least one task, and each once.")
    if closes <= now:
        raise InputError(f"a round must close after it opens. Received: {closes:{log.FORM}}.")
    seed, salt = secrets.token_hex(32), secrets.token_hex(32)
    opened = log.following(
        [],
        "open",
        now,
        name=folder.resolve().name,
        commitment=sealed.commitment(seed, salt),
        tasks=[{"id": t.id, "name": t.name, "parameters": t.parameters} for t in tasks],
        sizes=dict(sizes),
        closes=closes.strftime(log.FORM),
        answer_seconds=answer_seconds,
    )
    found = Round([opened])
    sealed.questions(
        found, seed, "00" * 32
    )  # a task with too few rows is refused now, not to the first entrant
    _keep_secret(folder, secret or secret_of(opened["commitment"]), seed, salt)
    files.make(folder)
    log.write(folder, [opened])
    return found


def secret_of(commitment: str) -> Path:
    """Where seed and salt are kept until the round is revealed."""
    return default_path().parent / "rounds" / f"{commitment[:16]}.json"


def _keep_secret(folder: Path, path: Path, seed: str, salt: str) -> None:
    """Write seed and salt where only the host reads them."""
    if path.resolve().is_relative_to(folder.resolve()):
        raise InputError("the secret must not lie in the folder of the round, which is published.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(f"'{path}' is there already; a secret is never written over.") from None
    with os.fdopen(handle, "w") as file:
        json.dump({"seed": seed, "salt": salt}, file)


def _secret(found: Round, path: Path | None) -> tuple[str, str]:
    """Seed and salt, which must be those that the round was opened with."""
    place = path or secret_of(found.opened["commitment"])
    if not place.is_file():
        raise InputError(f"seed and salt of this round are not at '{place}'; give --secret FILE.")
    said = schema.parse(predictions.bounded(place, 10_000), place.name)
    schema.record({"seed": log.DIGEST, "salt": log.DIGEST})(said, place.name)
    if sealed.commitment(said["seed"], said["salt"]) != found.opened["commitment"]:
        raise InputError(f"'{place}' is the secret of another round.")
    return said["seed"], said["salt"]


def challenge(
    folder: Path, model: str, weights: Path, now: datetime, secret: Path | None = None
) -> tuple[Entry, pa.Table]:
    """Register a model by the digest of its weights, and only then make its questions.

    Returns:
        The entry, and its questions: split, row, question, task.

    Raises:
        InputError: when the round is closed, or these weights have had questions.
    """
    with files.only_writer(folder):
        found = Round(log.read(folder))
        seed, _ = _secret(found, secret)
        digest = sealed.sha256_of(weights)
        asked = sealed.questions(found, seed, digest)
        said = {"model": model, "weights_sha256": digest, "questions_digest": sealed.digest_of(asked)}
        name = found.next_name()
        _happen(folder, found, log.following(found.events, "challenge", now, entry=name, **said))
        return found.entry(name), asked


def answer(folder: Path, name: str, weights: Path, path: Path, now: datetime) -> Entry:
    """Take the answers of an entry, once and in time; no score is told.

    Args:
        folder: of the round.
        name: the entry.
        weights: the file that it was registered with, once more.
        path: Parquet or JSON lines with split, row, prediction, task.
        now: the time.

    Raises:
        InputError: when it is too late, the weights are others, or the answers are not to these questions.
    """
    if not path.is_file():
        raise InputError(f"there is no file '{path}'.")
    with files.only_writer(folder):
        found = Round(log.read(folder))
        table = predictions.read(
            predictions.bounded(path, predictions.MOST_FILE), path.name, predictions.NAMED
        )
        sealed.check_answers(found, table)
        packed = predictions.packed(table)
        said = {
            "weights_sha256": sealed.sha256_of(weights),
            "answers_sha256": hashlib.sha256(packed).hexdigest(),
        }
        event = log.following(found.events, "answer", now, entry=name, **said)
        found.apply(event)  # the rules speak before anything is written
        files.make(folder / ANSWERS)
        files.write(folder / ANSWERS / f"{name}.parquet", packed)
        log.write(folder, [*found.events, event])
        return found.entry(name)


def close(folder: Path, now: datetime) -> None:
    """Stop entries and answers.

    Raises:
        InputError: when the round is closed already.
    """
    with files.only_writer(folder):
        found = Round(log.read(folder))
        _happen(folder, found, log.following(found.events, "close", now))


def reveal(folder: Path, now: datetime, secret: Path | None = None) -> dict[str, Any]:
    """Publish seed, salt and the scores.

    Returns:
        n and correct per entry, task and split.

    Raises:
        InputError: when the round is not closed, or the secret is another's.
    """
    with files.only_writer(folder):
        found = Round(log.read(folder))
        seed, salt = _secret(found, secret)
        scores = {
            name: sealed.scores(found, seed, entry.weights, answers_of(folder, entry))
            for name, entry in found.entries.items()
        }
        said = {"seed": seed, "salt": salt, "scores": scores}
        _happen(folder, found, log.following(found.events, "reveal", now, **said))
        return scores


def answers_of(folder: Path, entry: Entry) -> pa.Table | None:
    """The answers of an entry; None when it gave none.

    Raises:
        InputError: when the file is missing or not the one that the log names.
    """
    if entry.answer is None:
        return None
    path = folder / ANSWERS / f"{entry.name}.parquet"
    if not path.is_file():
        raise InputError(f"{entry.name}: its answers are missing.")
    data = predictions.bounded(path, predictions.MOST_FILE)
    if hashlib.sha256(data).hexdigest() != entry.answer["answers_sha256"]:
        raise InputError(f"{entry.name}: its answers are not those that were handed in.")
    return predictions.read(data, path.name, predictions.NAMED)


def _happen(folder: Path, found: Round, event: log.Event) -> None:
    """Write an event down, if the rules allow it."""
    found.apply(event)
    log.write(folder, [*found.events, event])
