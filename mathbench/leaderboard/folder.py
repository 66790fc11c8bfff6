"""A board as a folder in git: one small JSON file per submission, without the predictions."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from mathbench import files
from mathbench.errors import InputError
from mathbench.leaderboard import schema
from mathbench.leaderboard.kept import Kept
from mathbench.leaderboard.store import Board
from mathbench.leaderboard.submission import Manifest


def file_name(entry: Kept) -> str:
    """A readable name that says what is inside; strangers choose the words, so only plain ones are kept."""
    words = f"{entry.facts.task['name']} {entry.facts.model} {entry.facts.framework or ''}"
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:100].strip("-")
    return f"{plain}-{entry.digest[:12]}.json"


def export(kept: Iterable[Kept], folder: Path) -> list[Path]:
    """Write one file per submission; files of other people's submissions stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for entry in kept:
        path = folder / file_name(entry)
        files.write(path, json.dumps(entry.to_json(), indent=1, sort_keys=True, allow_nan=False) + "\n")
        paths.append(path)
    return paths


def read(folder: Path) -> list[Kept]:
    """All submissions of a folder, in the order in which they came.

    Raises:
        InputError: names the file that is not a result, and why.
    """
    files = folder / "results" if (folder / "results").is_dir() else folder
    kept = []
    for path in sorted(files.glob("*.json")):
        try:
            entry = Kept.of(schema.parse(path.read_bytes(), path.name))
            Manifest(entry.manifest)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        kept.append(entry)
    return sorted(kept, key=lambda entry: (entry.submitted, entry.digest))


def kept_on(target: str | Path | None) -> tuple[str, list[Kept]]:
    """The name and the submissions of any board: a folder, a file or a database URL."""
    named = target or os.environ.get("MATHBENCH_BOARD")
    if named and "://" not in str(named) and Path(named).is_dir():
        return str(named), read(Path(named))
    board = Board(named, create=False)
    return board.name, board.kept()
