"""The rounds of a server: subfolders of one folder."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import HTTPException

from mathbench.errors import InputError
from mathbench.leaderboard import times
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.rounds.log import Clock
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.server.logs import LOG

# the names of folders that are read; nothing else from a request becomes a path
NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"

FileState = tuple[int, int, int]  # inode, time and size of a file; changes when a log is written


class RoundFolders:
    """Rounds by the names of their folders; a parsed log is cached until the file changes.

    Args:
        folder: holds the folders of the rounds.
        secrets: holds NAME.json with seed and salt of each; by default the paths that `round open` uses.
        now: the clock.

    Raises:
        InputError: when there is no such folder, or the secrets lie in it.
    """

    def __init__(self, folder: Path, secrets: Path | None = None, now: Clock = times.now):
        if not folder.is_dir():
            raise InputError(f"the folder of rounds '{folder}' does not exist.")
        if secrets is not None and secrets.resolve().is_relative_to(folder.resolve()):
            raise InputError("the secrets must not be in the folder of the rounds.")
        self.now = now
        self._folder, self._secrets = folder, secrets
        self._lock = Lock()
        self._read: dict[str, tuple[FileState, Round]] = {}

    def __iter__(self) -> Iterator[str]:
        """The names of the rounds, in order."""
        for path in sorted(self._folder.iterdir()):
            if re.fullmatch(NAME, path.name) and (path / log.LOG_FILE).is_file():
                yield path.name

    def folder(self, name: str) -> Path:
        """The folder of a round.

        Raises:
            HTTPException: 404 when there is none.
        """
        if not re.fullmatch(NAME, name) or not (self._folder / name / log.LOG_FILE).is_file():
            raise HTTPException(404, f"there is no round {ascii(name)[:60]}.")
        return self._folder / name

    def secret(self, name: str) -> Path | None:
        """The path of its seed and salt; None for the path derived from its commitment."""
        return self._secrets / f"{name}.json" if self._secrets else None

    def round(self, name: str) -> Round:
        """A round, for reading only.

        Raises:
            HTTPException: 404 when there is none.
            InputError: when its log is invalid.
        """
        path = self.folder(name) / log.LOG_FILE
        stat = path.stat()
        state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            cached = self._read.get(name)
        if cached is None or cached[0] != state:
            cached = state, Round(log.read(path.parent))
            with self._lock:
                self._read[name] = cached
        return cached[1]

    def summary(self, name: str) -> dict[str, Any]:
        """One round as an item of the list of rounds."""
        found = self.round(name)
        opened = found.opened
        answered = sum(entry.answer is not None for entry in found.entries.values())
        return {
            "name": name,
            "state": found.state(self.now()),
            "opens": opened.get("opens", opened["at"]),
            "closes": opened["closes"],
            "answer_seconds": opened["answer_seconds"],
            "tasks": opened["tasks"],
            "sizes": opened["sizes"],
            "sizes_by_task": opened.get("sizes_by_task", {}),
            "season": found.season,
            "entries_per_submitter": found.limit,
            "commitment": opened["commitment"],
            "entries": len(found.entries),
            "answered": answered,
        }

    def summaries(self) -> list[dict[str, Any]]:
        """All rounds; one with an invalid log is left out and reported in the server's log."""
        found = []
        for name in self:
            try:
                found.append(self.summary(name))
            except InputError as error:
                LOG.warning("the round %s is not shown: %s", name, error)
        return found
