"""The client of sealed rounds on a server, for entrants and observers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard import client
from mathbench.leaderboard.rounds import answers, log, sealed
from mathbench.leaderboard.rounds.log import Event
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.times import parse_time
from mathbench.scores import untrusted
from mathbench.storage import atomic

ROUND_URL = re.compile(
    r"(?P<board>https?://.+?)(/api/v1)?/rounds/(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/?"
)
MAX_QUESTIONS = 256 << 20  # bytes of a response with a million questions
QUESTIONS = pa.schema(
    [(name, pa.int64() if name == "row" else pa.string()) for name in sealed.QUESTION_COLUMNS]
)


@dataclass(frozen=True)
class EntryReceipt:
    """A new entry with its questions.

    Args:
        entry: its name, such as e1.
        deadline: the time until which it may answer.
        receipt: the digest of its line in the log.
        questions: split, row, question, task.
    """

    entry: str
    deadline: datetime
    receipt: str
    questions: pa.Table


@dataclass(frozen=True)
class RemoteRound:
    """A round on a server.

    Args:
        board: the URL of the server, such as ``http://host:8000``.
        name: of the round.
    """

    board: str
    name: str

    def challenge(self, model: str, weights: str, token: str) -> EntryReceipt:
        """Register a model by the digest of its weights and get its questions; its time to answer starts.

        Raises:
            InputError: when the server refuses, or its response is inconsistent.
        """
        requested = json.dumps({"model": model, "weights_sha256": weights}).encode()
        kind = {"Content-Type": "application/json"}
        reply = self._parsed(self._ask("POST", "/challenge", requested, kind, token, maximum=MAX_QUESTIONS))
        try:
            receipt = _receipt(reply, "challenge", entry=reply["entry"], model=model, weights_sha256=weights)
            questions = pa.Table.from_pylist(reply["questions"], QUESTIONS)
            if sealed.questions_digest(questions) == reply["line"]["questions_digest"]:
                return EntryReceipt(reply["entry"], parse_time(reply["deadline"]), receipt, questions)
        except (KeyError, TypeError, ValueError, AttributeError, pa.ArrowException):
            pass
        raise InputError(
            f"the response of {self.board} is not an entry with a valid receipt and matching questions."
        )

    def answer(self, entry: str, weights: str, path: Path, token: str) -> str:
        """Hand in answers.

        Returns:
            The receipt.

        Raises:
            InputError: when the server refuses, or its response is not a receipt.
        """
        log.ENTRY(entry, "the entry")
        # unreadable files are not sent; compressed, a million answers stay below a server's limit
        compressed = untrusted.compress_predictions(answers.read_file(path))
        body, kind = client.multipart_body(
            {"answers": ("answers.parquet", compressed)}, {"weights_sha256": weights}
        )
        address = f"/entries/{entry}/answers"
        reply = self._parsed(self._ask("POST", address, body, {"Content-Type": kind}, token))
        try:
            return _receipt(reply, "answer", entry=entry, weights_sha256=weights)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError(f"the response of {self.board} is not a valid receipt.") from None

    def log(self) -> bytes:
        """The log on the server."""
        return self._ask("GET", "/log", maximum=log.MAX_BYTES)

    def fetch(self, folder: Path) -> None:
        """Download the round into a folder: its log, and all answers when it is revealed.

        Args:
            folder: new, empty, or one that this round was downloaded to before.

        Raises:
            InputError: when the folder has other content, or a log that the server's log does not continue.
        """
        found = self.log()
        _check_target(folder, found)
        atomic.make_folder(folder / answers.FOLDER)
        for entry in _available_answers(found):
            status, data = self._call("GET", f"/answers/{entry}", maximum=untrusted.MAX_FILE)
            if status not in (200, 404):
                raise client.refusal(status, data, self.board)
            if status == 200:  # answers that the server lacks are missing here too, which `verify` reports
                atomic.write(answers.answers_path(folder, entry), data)
        atomic.write(folder / log.LOG_FILE, found)

    def _call(self, method: str, address: str, *sent: Any, maximum: int) -> tuple[int, bytes]:
        return client.request(
            self.board, method, f"/api/v1/rounds/{self.name}{address}", *sent, maximum=maximum
        )

    def _ask(self, method: str, address: str, *sent: Any, maximum: int = client.MAX_RESPONSE) -> bytes:
        """The body of a response; a refusal is an error. `sent` is body, headers and token."""
        status, reply = self._call(method, address, *sent, maximum=maximum)
        if status not in (200, 201):
            raise client.refusal(status, reply, self.board)
        return reply

    def _parsed(self, body: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(body)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise InputError(f"the response of {self.board} is not a JSON object; is it a mathbench board?")
        return reply


def remote_round(target: str) -> RemoteRound | None:
    """The round at a URL; None for the path of a folder.

    Raises:
        InputError: for a URL of something else.

    >>> remote_round("http://127.0.0.1:8000/rounds/winter")
    RemoteRound(board='http://127.0.0.1:8000', name='winter')
    """
    if not target.lower().startswith(("http://", "https://")):
        return None
    if (found := ROUND_URL.fullmatch(target)) is None:
        raise InputError(
            f"the URL of a round must be like http://127.0.0.1:8000/rounds/winter. Received: {target!a}."
        )
    return RemoteRound(found["board"], found["name"])


def _receipt(reply: Mapping[str, Any], kind: str, **expected: str) -> str:
    """The receipt, which must be the digest of a line with the expected fields.

    Raises:
        ValueError: when it is not.
    """
    line = {name: reply["line"][name] for name in log.EVENTS[kind].fields if name in expected}
    receipt = Event(reply["line"]).digest
    if line != expected or reply["line"]["event"] != kind or receipt != reply["receipt"]:
        raise ValueError("the line or the receipt differs from the expected one")
    return receipt


def _available_answers(found: bytes) -> list[str]:
    """The entries of a revealed round with answers, which a server sends.

    None for an invalid log, whose problems `verify` reports.
    """
    try:
        read = Round(log.parse(found))
    except InputError:
        return []
    return [name for name, entry in read.entries.items() if read.reveal and entry.answer]


def _check_target(folder: Path, found: bytes) -> None:
    """Check that the folder has no other content, and that the log only grew since the last download."""
    path = folder / log.LOG_FILE
    if path.is_file():
        if not found.startswith(untrusted.read_limited(path, log.MAX_BYTES)):
            raise InputError(
                f"the log in '{folder}' does not match the downloaded one: it was rewritten, or is of another round."
            )
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"'{folder}' is neither a round nor an empty folder.")
