"""Suites: named, versioned lists of tasks with sizes and a seed, as TOML files that users copy and edit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mathbench.dataset.data import DEFAULT_SIZES, all_sizes, capped_sizes
from mathbench.dataset.manifest import Config, check_name, check_sizes
from mathbench.dataset.question_lists import requested_task
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.hashing import check_seed
from mathbench.parameters import check_flag
from mathbench.registry import builtin_folder
from mathbench.reserve import SPLITS
from mathbench.rows import ID
from mathbench.storage import toml_file

_KEYS = ("name", "version", "description", "seed", "sizes", "ids", "questions", "tasks")
_TYPE_NAMES: dict[type, str] = {
    int: "an integer",
    str: "text",
    bool: "true or false",
    dict: "a table",
    list: "a list of tables ([[tasks]])",
}


@dataclass(frozen=True)
class Suite:
    """A named list of configurations.

    Args:
        name: the suite's name.
        version: raised whenever its rows change.
        description: one sentence.
        configs: the configurations.
        questions: questions in plain text that `mathbench probe` asks besides rows; no dataset contains them.
    """

    name: str
    version: int
    description: str
    configs: list[Config]
    questions: tuple[str, ...] = ()


def available() -> list[str]:
    """Names of the suites that come with mathbench.

    >>> "hofstadter" in available()
    True
    """
    return toml_file.names_in(builtin_folder("generators"))


def load(
    name: str,
    sizes: Mapping[str, int] | None = None,
    seed: int | str | None = None,
    strict: bool = False,
    ids: bool = False,
) -> Suite:
    """Read a suite by name or from a TOML file.

    Args:
        name: a name from :func:`available`, or a path that ends in ``.toml``.
        sizes: rows per split that override those of the file.
        seed: a seed that overrides the one of the file.
        strict: raise an error where a task has no rows in a split, instead of a warning.
        ids: add a column with the name of each row, as the key `ids` of the file does.

    Raises:
        InputError: for an unknown suite, a file that is not valid TOML, or an unknown or invalid key.

    >>> [config.name for config in load("classic").configs][:2]
    ['sums-0-999', 'addition-rnn']
    """
    path, content = _read(name)
    check_sizes(str(path), {} if sizes is None else sizes)
    default_sizes = {**DEFAULT_SIZES, **_sizes(path, "sizes", content.get("sizes", {}))}
    default_seed = content.get("seed", 0) if seed is None else seed
    configs = [
        _config(path, entry, default_sizes, sizes or {}, default_seed, strict)
        for entry in content.get("tasks", [])
    ]
    if not configs:
        raise InputError(f"{path}: the suite lists no [[tasks]].")
    if check_flag("ids", ids) or content.get("ids", False):
        configs = [replace(config, columns=(ID,)) for config in configs]
    questions = tuple(content.get("questions", ()))
    return Suite(
        content["name"], content.get("version", 1), content.get("description", ""), configs, questions
    )


def description(name: str) -> str:
    """Return the description of a suite without making its tasks.

    Args:
        name: as for :func:`load`.

    Raises:
        InputError: as :func:`load`, except for errors in the tasks.

    >>> description("deepmind").startswith("School mathematics")
    True
    """
    return str(_read(name)[1].get("description", ""))


def _read(name: str) -> tuple[Path, dict[str, Any]]:
    """Return the path of a suite and its content, with the keys of the suite itself checked."""
    if not isinstance(name, str):
        raise InputError(f"a suite must be given by its name or as FILE.toml. Received: {shown(name)}.")
    path = toml_file.find_file("suite", name, builtin_folder("generators"))
    content = toml_file.parse(toml_file.read_text(path), str(path))
    _check_keys(path, "the suite", content, _KEYS)
    _check_types(path, content)
    try:
        check_name(content["name"], "a suite")
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return path, content


def _check_keys(path: Path, where: str, content: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in content:
        if key not in known:
            raise InputError(f"{path}: unknown key '{key}' in {where}. {did_you_mean(key, known)}")


def _check_types(path: Path, content: Mapping[str, Any]) -> None:
    if not isinstance(content.get("name"), str):
        raise InputError(f"{path}: the suite needs a name, as text.")
    for key, kind in (
        ("version", int),
        ("description", str),
        ("sizes", dict),
        ("ids", bool),
        ("tasks", list),
    ):
        if key in content and not isinstance(content[key], kind):
            raise InputError(f"{path}: {key} must be {_TYPE_NAMES[kind]}. Received: {content[key]!r}.")
    questions = content.get("questions", [])
    if not isinstance(questions, list) or not all(isinstance(question, str) for question in questions):
        raise InputError(f"{path}: questions must be a list of texts. Received: {questions!r}.")


def _sizes(path: Path, where: str, sizes: Any) -> dict[str, int]:
    if not isinstance(sizes, dict):
        raise InputError(f"{path}: {where} must be a table. Received: {sizes!r}.")
    _check_keys(path, where, sizes, SPLITS)
    for split, rows in sizes.items():
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
            raise InputError(f"{path}: {where}.{split} must be an integer of 0 or more. Received: {rows!r}.")
    return dict(sizes)


def _config(
    path: Path,
    entry: Any,
    defaults: Mapping[str, int],
    overrides: Mapping[str, int],
    seed: int | str,
    strict: bool,
) -> Config:
    """Parse an entry: `task`, optional `name`, `sizes`, `seed`; every other key is a parameter of the task."""
    if not isinstance(entry, dict) or not isinstance(entry.get("task"), str):
        raise InputError(f'{path}: every entry of [[tasks]] needs task = "NAME". Received: {entry!r}.')
    parameters = {k: v for k, v in entry.items() if k not in ("task", "name", "sizes", "seed")}
    try:
        task = requested_task(entry["task"], parameters, relative_to=path.parent)
        name, seed = entry.get("name", task.name), check_seed(entry.get("seed", seed))
        own = _sizes(path, f"sizes of {name}", entry.get("sizes", {}))
        # The sizes of an entry are exact. Defaults, and sizes for all tasks of a suite, are capped at what each holds.
        given = {**own, **capped_sizes(task, overrides, seed)}
        return Config(name, task, seed, all_sizes(task, given, defaults, seed, strict))
    except InputError as error:
        message = str(error)
        raise InputError(message if message.startswith(str(path)) else f"{path}: {message}") from None
