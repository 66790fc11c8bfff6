"""Seasons as TOML files: those that come with mathbench, and those of a host."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mathbench.errors import InputError
from mathbench.hashing import check_seed
from mathbench.leaderboard.seal import commitment
from mathbench.leaderboard.seasons.season import SEASON_SPLITS, Sealed, Season, SeasonTask
from mathbench.registry import builtin_folder
from mathbench.scores.schema import DIGEST
from mathbench.scores.untrusted import MAX_ROWS
from mathbench.storage import toml_file
from mathbench.storage.toml_file import check_table

FOLDER = "seasons"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_TASKS = 200

_KEYS = {
    "name": str,
    "title": str,
    "description": str,
    "seed": (int, str),
    "opens": datetime,
    "closes": datetime,
    "rows": dict,
    "rules": dict,
    "sealed": dict,
    "tasks": list,
}
_TASK_KEYS = {
    "name": str,
    "group": str,
    "task": str,
    "seed": (int, str),
    "rows": dict,
    "weight": (int, float),
}
_RULES = {"training": str, "external_data": bool}
_SEAL = {"commitment": str, "seed": str, "salt": str}


def available() -> list[str]:
    """The names of the seasons that come with mathbench.

    >>> "core-1" in available()
    True
    """
    return toml_file.names_in(builtin_folder("leaderboard") / FOLDER)


def check_new_season(season: Season, known: Iterable[Season]) -> None:
    """Check that a season may be added: the name is free, or the season is there already, maybe without its seed.

    Raises:
        InputError: when another season has its name, or the board knows its seed and the season does not.
    """
    for other in known:
        if other.name == season.name and other.digest != season.digest:
            raise InputError(
                f"the board has another season {season.name}; a season never changes. Give the new one another name."
            )
        if other.name == season.name and is_revealed(other) and not is_revealed(season):
            raise InputError(
                f"the board has the season {season.name} with its seed. Received: its file without."
            )


def is_revealed(season: Season) -> bool:
    """Whether a season is sealed, and its seed is public."""
    return season.sealed is not None and season.sealed.seed is not None


def season_path(name: str) -> Path:
    """The file of a season: a path that ends in .toml, or the name of one that comes with mathbench.

    Raises:
        InputError: when there is no such season.
    """
    return toml_file.find_file("season", name, builtin_folder("leaderboard") / FOLDER)


def load_season(name: str) -> Season:
    """Read a season by its name or from a TOML file.

    Raises:
        InputError: for an unknown season, a file that is not valid TOML, or an unknown or invalid key.

    >>> load_season("core-1").task("even-base3").task.parameters["base"]
    3
    """
    path = season_path(name)
    return parse_season(toml_file.read_text(path), path.name)


def parse_season(text: str, file: str) -> Season:
    """Read a season from the text of a TOML file.

    Args:
        text: the text.
        file: its name, for errors.

    Raises:
        InputError: as `load_season`.
    """
    content = toml_file.parse(text, file)
    try:
        return _season(content)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _season(content: Mapping[str, Any]) -> Season:
    check_table("the season", content, _KEYS, required=("name", "tasks"))
    name, rules = content["name"], content.get("rules", {})
    if not NAME.fullmatch(name):
        raise InputError(
            f"the name of a season must be up to 40 lower-case letters, digits and hyphens. Received: {name!a}."
        )
    check_table("rules", rules, _RULES)
    tasks = tuple(_task(entry, content) for entry in content["tasks"])
    _check_tasks(tasks)
    sealed = _sealed(content.get("sealed"))
    if sealed is not None:
        _check_sealed_tasks(content, tasks)
    return Season(
        name=name,
        title=content.get("title", name),
        description=content.get("description", ""),
        tasks=tasks,
        training=rules.get("training", ""),
        external_data=rules.get("external_data", True),
        **_times(content),
        sealed=sealed,
    )


def _task(entry: Any, content: Mapping[str, Any]) -> SeasonTask:
    """One task: the keys of `_TASK_KEYS`, and parameters."""
    if not isinstance(entry, dict):
        raise InputError(f"every entry of [[tasks]] must be a table. Received: {entry!r:.100}.")
    own = {key: value for key, value in entry.items() if key in _TASK_KEYS}
    where = f"the task {own.get('name', own.get('task', ''))!a}"
    check_table(where, own, _TASK_KEYS, required=("task",))
    parameters = {key: value for key, value in entry.items() if key not in _TASK_KEYS}
    if not re.search(r"-v\d+$", own["task"]):
        raise InputError(f"{where} must name its version, such as addition-v1. Received: {own['task']!a}.")
    rows = {**content.get("rows", {}), **own.get("rows", {})}
    _check_rows(where, rows)
    if not (weight := own.get("weight", 1)) > 0:
        raise InputError(f"weight of {where} must be above 0. Received: {weight}.")
    try:
        found = SeasonTask(
            name=own.get("name", ""),
            group=own.get("group", "all"),
            id=own["task"],
            parameters=parameters,
            seed=check_seed(own.get("seed", content.get("seed", 0))),
            rows={split: rows[split] for split in SEASON_SPLITS if rows.get(split)},
            weight=float(weight),
        )
        _check_plain(found)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return found if found.name else replace(found, name=found.task.name)


def _check_plain(found: SeasonTask) -> None:
    """Check that a task is in plain text: a season fixes rows, and models choose how these are written."""
    if found.task.plain is not found.task:
        raise InputError(f"a season has tasks in plain text. Received: format={found.task.format}.")
    if found.task.exclude:
        raise InputError("a task of a season must have no list of excluded questions.")


def _check_rows(where: str, rows: Mapping[str, Any]) -> None:
    check_table(f"rows of {where}", rows, dict.fromkeys(SEASON_SPLITS, int))
    if not any(rows.values()) or not all(0 <= n <= MAX_ROWS for n in rows.values()):
        raise InputError(f"{where} must have from 1 to {MAX_ROWS:,} rows in a split. Received: {dict(rows)}.")


def _check_tasks(tasks: tuple[SeasonTask, ...]) -> None:
    if not 1 <= len(tasks) <= MAX_TASKS:
        raise InputError(f"a season must have from 1 to {MAX_TASKS} tasks. Received: {len(tasks)}.")
    for what, values in (("name", [t.name for t in tasks]), ("task and seed", [t.key for t in tasks])):
        if twice := [value for value in values if values.count(value) > 1]:
            raise InputError(f"two tasks have one {what}: {twice[0]}.")


def _check_sealed_tasks(content: Mapping[str, Any], tasks: tuple[SeasonTask, ...]) -> None:
    """Check that the seal alone determines the rows, of each task once."""
    if any("seed" in table for table in (content, *content["tasks"])):
        raise InputError("a sealed season has no seed beside [sealed]; each model gets rows of its own.")
    names = [task.task.name for task in tasks]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"a sealed season has each task once. Received: {twice[0]} twice.")


def _times(content: Mapping[str, Any]) -> dict[str, datetime | None]:
    """The times in UTC."""
    found = {key: content.get(key) for key in ("opens", "closes")}
    for key, time in found.items():
        if time is not None and time.tzinfo is None:
            raise InputError(f"{key} must have a time zone, such as 2026-12-01T00:00:00Z. Received: {time}.")
    opens, closes = (time.astimezone(UTC) if time else None for time in found.values())
    if opens and closes and closes <= opens:
        raise InputError(f"the season must close after it opens. Received: {closes} and {opens}.")
    return {"opens": opens, "closes": closes}


def _sealed(content: Mapping[str, Any] | None) -> Sealed | None:
    if content is None:
        return None
    check_table("sealed", content, _SEAL, required=("commitment",))
    for key, value in content.items():
        DIGEST(value, f"sealed.{key}")
    if ("seed" in content) != ("salt" in content):
        raise InputError("a revealed season has seed and salt. Received: one of them.")
    found = Sealed(content["commitment"], content.get("seed"), content.get("salt"))
    if found.seed and found.salt and commitment(found.seed, found.salt) != found.commitment:
        raise InputError("the revealed seed and salt do not match the commitment of the season.")
    return found
