"""Studies as TOML files: those that come with mathbench, and those of users."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mathbench.dataset import suite as suites
from mathbench.dataset.data import DEFAULT_SIZES
from mathbench.dataset.manifest import check_sizes
from mathbench.dataset.question_lists import requested_task
from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.seasons.files import load_season
from mathbench.parameters import check_integer
from mathbench.registry import builtin_folder
from mathbench.storage import toml_file
from mathbench.storage.toml_file import check_table
from mathbench.studies.file_values import check_name, read_lengths, read_seeds
from mathbench.studies.learner_file import read_learners, read_settings
from mathbench.studies.study import SOLVED, Learner, Study, StudyTask

FOLDER = "studies"
_KEYS: dict[str, Any] = {
    "name": str,
    "title": str,
    "description": str,
    "season": str,
    "suite": str,
    "seeds": (int, list),
    "threads": int,
    "solved": (int, float),
    "sizes": dict,
    "settings": dict,
    "long": list,
    "tasks": list,
    "learners": list,
}
_TASK_KEYS: dict[str, Any] = {
    "name": str,
    "task": str,
    "seed": int,
    "sizes": dict,
    "long": list,
    "group": str,
}


def available() -> list[str]:
    """The names of the studies that come with mathbench.

    >>> "number-theory" in available()
    True
    """
    return toml_file.names_in(builtin_folder(FOLDER))


def load_study(name: str) -> Study:
    """Read a study by its name or from a TOML file.

    Raises:
        InputError: for an unknown study, a file that is not valid TOML, and an unknown or invalid key.

    >>> load_study("number-theory").task("even-base3").task.parameters["base"]
    3
    """
    path = toml_file.find_file("study", name, builtin_folder(FOLDER))
    return parse_study(toml_file.read_text(path), path)


def parse_study(text: str, path: Path, folder: Path | None = None) -> Study:
    """Read a study from the text of its TOML file.

    Args:
        text: the text.
        path: of the file, for errors.
        folder: the folder to which files that it names are relative; None for that of the file.

    Raises:
        InputError: as `load_study`.
    """
    content = toml_file.parse(text, path.name)
    try:
        return _study(content, text, path.parent if folder is None else folder)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def _study(content: Mapping[str, Any], text: str, folder: Path) -> Study:
    check_table("the study", content, _KEYS, required=("name", "learners"))
    check_name(content["name"], "a study")
    tasks = _tasks(content, folder)
    names = [task.name for task in tasks]
    _check_distinct("task", names)
    learners = read_learners(
        content["learners"], read_settings("the study", content.get("settings", {})), names
    )
    _check_cells(tasks, learners)
    solved = float(content.get("solved", SOLVED))
    if not 0 <= solved <= 1:
        raise InputError(f"solved must be an exact match from 0 to 1. Received: {solved}.")
    return Study(
        content["name"],
        content.get("title", content["name"]),
        content.get("description", ""),
        tasks,
        learners,
        read_seeds(content.get("seeds", 3)),
        check_integer("threads", content.get("threads", 1), 1),
        solved,
        text,
        folder,
    )


def _check_distinct(what: str, names: list[str]) -> None:
    if not names:
        raise InputError(f"the study has no {what}s.")
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"two {what}s have the name '{twice[0]}'.")


def _check_cells(tasks: Sequence[StudyTask], learners: Sequence[Learner]) -> None:
    """Check that there are learners, and that those of one name have different tasks."""
    _check_distinct("learner", list(dict.fromkeys(learner.name for learner in learners)))
    for task in tasks:
        names = [learner.name for learner in learners if learner.learns(task)]
        if twice := [name for name in names if names.count(name) > 1]:
            raise InputError(f"two learners of {task.name} have the name '{twice[0]}'.")


def _tasks(content: Mapping[str, Any], folder: Path) -> tuple[StudyTask, ...]:
    """Return the tasks: those of the season or suite, of which the entries of [[tasks]] choose some, or new ones."""
    sizes, long = check_sizes("the study", content.get("sizes", {})), read_lengths(content.get("long", []))
    known = {
        task.name: task for task in (*_of_season(content, sizes, long), *_of_suite(content, sizes, long))
    }
    entries = content.get("tasks", [])
    found: list[StudyTask] = []
    for entry in entries:
        found += _of_entry(entry, known, sizes, long, folder)
    return tuple(found) if entries else tuple(known.values())


def _of_season(
    content: Mapping[str, Any], sizes: Mapping[str, int], long: tuple[int, ...]
) -> list[StudyTask]:
    """Return the tasks of the season. Test splits have the rows of the season, so that every run can enter it."""
    if "season" not in content:
        return []
    return [
        StudyTask(
            found.name,
            found.task,
            found.seed,
            {**DEFAULT_SIZES, **sizes, **found.rows},
            long,
            found.group,
        )
        for found in load_season(content["season"]).tasks
    ]


def _of_suite(content: Mapping[str, Any], sizes: Mapping[str, int], long: tuple[int, ...]) -> list[StudyTask]:
    if "suite" not in content:
        return []
    if "season" in content:
        raise InputError("a study has the tasks of a season or of a suite. Received: both.")
    found = suites.load(content["suite"], sizes=dict(sizes) or None)
    # those of the suite are capped at what each split holds
    asked = [(config, {**config.sizes, **sizes}) for config in found.configs]
    return [StudyTask(config.name, config.task, config.seed, rows, long) for config, rows in asked]


def _of_entry(
    entry: Any, known: Mapping[str, StudyTask], sizes: Mapping[str, int], long: tuple[int, ...], folder: Path
) -> list[StudyTask]:
    """Return the tasks of an entry: known ones by a pattern of their names, or a new one with its parameters."""
    if not isinstance(entry, dict) or "name" not in entry:
        raise InputError(f"every entry of [[tasks]] needs a name. Received: {entry!r:.100}.")
    own = {key: value for key, value in entry.items() if key in _TASK_KEYS}
    check_table(f"the task {entry['name']!r:.60}", own, _TASK_KEYS)
    parameters = {key: value for key, value in entry.items() if key not in _TASK_KEYS}
    if "task" in entry:
        check_name(entry["name"], "a task")
        task = requested_task(entry["task"], parameters, relative_to=folder)
        seed = check_seed(entry.get("seed", 0))
        chosen = [StudyTask(entry["name"], task, seed, {**DEFAULT_SIZES, **sizes}, long)]
    else:
        chosen = [task for name, task in known.items() if fnmatchcase(name, entry["name"])]
        if not chosen:
            raise InputError(f"no task is named '{entry['name']}'. {did_you_mean(entry['name'], known)}")
        if parameters or "seed" in entry:
            key = next(iter(parameters), "seed")
            raise InputError(f"the task {entry['name']} is given: its {key} cannot be changed.")
    more = check_sizes(entry["name"], entry.get("sizes", {}))
    changes: dict[str, Any] = {"group": entry["group"]} if "group" in entry else {}
    if "long" in entry:
        changes["long"] = read_lengths(entry["long"])
    return [replace(one, sizes={**one.sizes, **more}, **changes) for one in chosen]
