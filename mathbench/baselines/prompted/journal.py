"""The replies of a language model in its run directory, kept as they come, so that no question is asked twice."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from mathbench.baselines.prompted.model import Question, Reply, repaired
from mathbench.errors import InputError

REPLIES_FILE = "replies.jsonl"


class Journal:
    """The replies to some questions, in a file with one JSON object per line: what was asked, and the reply.

    A line that a killed process left unfinished is removed.

    Args:
        folder: the run directory; None keeps replies in memory only.

    Raises:
        InputError: when the file is damaged otherwise.
    """

    def __init__(self, folder: Path | None):
        self._path = None if folder is None else folder / REPLIES_FILE
        self._known: dict[str, Reply] = {}
        self._file: IO[bytes] | None = None
        if self._path is not None and self._path.is_file():
            _remove_unfinished_line(self._path)
            self._read(self._path)

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("ab")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        """The number of replies."""
        return len(self._known)

    @property
    def replies(self) -> list[Reply]:
        """All replies, without their reasoning."""
        return list(self._known.values())

    def find(self, question: Question) -> Reply | None:
        """The reply to a question, without its reasoning; None where there is none yet."""
        return self._known.get(_key(question))

    def add(self, question: Question, reply: Reply, **place: Any) -> Reply:
        """Keep a reply; halves of surrogate pairs in it, which no file can hold, become U+FFFD.

        Args:
            question: what was asked.
            reply: the reply.
            place: further fields of the line, such as split and row.

        Returns:
            The reply without its reasoning.
        """
        reply = reply._replace(text=repaired(reply.text), reasoning=repaired(reply.reasoning))
        if self._file is not None:
            self._write(self._file, question, reply, place)
        self._known[_key(question)] = kept = reply._replace(reasoning="")
        return kept

    def _write(self, file: IO[bytes], question: Question, reply: Reply, place: dict[str, Any]) -> None:
        asked = {name: value for name, value in asdict(question).items() if value}
        line = {**place, "asked": asked, **{k: v for k, v in reply._asdict().items() if v or k == "text"}}
        try:
            file.write(_encoded(line) + b"\n")
            file.flush()
        except OSError as error:
            raise InputError(f"{self._path} cannot be written: {error.strerror}.") from None

    def _read(self, path: Path) -> None:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    found = json.loads(line)
                    asked = found.pop("asked")
                    question = Question(asked.get("text", ""), tuple(asked.get("turns", ())))
                    reply = Reply(**{name: found[name] for name in Reply._fields if name in found})
                except (ValueError, KeyError, TypeError, AttributeError):
                    raise InputError(
                        f"{path}, line {number} is damaged. Delete it, or give --force to start over."
                    ) from None
                self._known[_key(question)] = reply._replace(reasoning="")


def _key(question: Question) -> str:
    """A digest of a question."""
    return hashlib.sha256(_encoded(asdict(question))).hexdigest()


def _encoded(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _remove_unfinished_line(path: Path) -> None:
    """Cut a file after its last end of line."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65_536)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        file.truncate(end)
