"""The rounds that a server shows: one folder each, side by side in one folder."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import HTTPException

from mathbench.errors import InputError
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.rounds.log import Clock
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.server.logs import LOG

NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"  # of a folder that counts; nothing else ever becomes a path

State = tuple[int, int, int]  # of a file: another when the log was written


class RoundFolders:
    """Rounds by the names of their folders; what is read of a log is kept until the log changes.

    Args:
        folder: holds the folders of the rounds.
        secrets: holds NAME.json with seed and salt of each; by default each is where `round open` puts it.
        now: the clock of the rounds.

    Raises:
        InputError: when there is no such folder, or the secrets lie in it.
    """

    def __init__(self, folder: Path, secrets: Path | None = None, now: Clock = log.now):
        if not folder.is_dir():
            raise InputError(f"there is no folder '{folder}' of rounds.")
        if secrets is not None and secrets.resolve().is_relative_to(folder.resolve()):
            raise InputError("the secrets must not lie in the folder of the rounds.")
        self.now = now
        self._folder, self._secrets = folder, secrets
        self._lock = Lock()
        self._read: dict[str, tuple[State, Round]] = {}

    def __iter__(self) -> Iterator[str]:
        """The names of the rounds, in order."""
        for path in sorted(self._folder.iterdir()):
            if re.fullmatch(NAME, path.name) and (path / log.LOG_FILE).is_file():
                yield path.name

    def folder(self, name: str) -> Path:
        """Where a round lies.

        Raises:
            HTTPException: 404 when there is none.
        """
        if not re.fullmatch(NAME, name) or not (self._folder / name / log.LOG_FILE).is_file():
            raise HTTPException(404, f"there is no round {ascii(name)[:60]}.")
        return self._folder / name

    def secret(self, name: str) -> Path | None:
        """Where its seed and salt are; None for the place that follows from its commitment."""
        return self._secrets / f"{name}.json" if self._secrets else None

    def round(self, name: str) -> Round:
        """A round, to be read only.

        Raises:
            HTTPException: 404 when there is none.
            InputError: when its log does not hold.
        """
        path = self.folder(name) / log.LOG_FILE
        about = path.stat()
        state = (about.st_ino, about.st_mtime_ns, about.st_size)
        with self._lock:
            known = self._read.get(name)
        if known is None or known[0] != state:
            known = state, Round(log.read(path.parent))
            with self._lock:
                self._read[name] = known
        return known[1]

    def summary(self, name: str) -> dict[str, Any]:
        """What a list of rounds says about one."""
        found = self.round(name)
        opened = found.opened
        answered = sum(entry.answer is not None for entry in found.entries.values())
        return {
            "name": name,
            "state": found.state(self.now()),
            "opens": opened["at"],
            "closes": opened["closes"],
            "answer_seconds": opened["answer_seconds"],
            "tasks": opened["tasks"],
            "sizes": found.sizes,
            "commitment": opened["commitment"],
            "entries": len(found.entries),
            "answered": answered,
        }

    def summaries(self) -> list[dict[str, Any]]:
        """All rounds; one whose log does not hold is left out, and the server's own log says so."""
        found = []
        for name in self:
            try:
                found.append(self.summary(name))
            except InputError as error:
                LOG.warning("the round %s is not shown: %s", name, error)
        return found
