"""TOML files that come with mathbench or that users write: found by name or path, read, and checked key by key."""

import os
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mathbench.errors import InputError, did_you_mean
from mathbench.storage.location import local_path

_WORDS: dict[Any, str] = {
    str: "text",
    int: "an integer",
    bool: "true or false",
    dict: "a table",
    list: "a list",
    datetime: "a time such as 2026-12-01T00:00:00Z",
    (int, str): "an integer or text",
    (int, float): "a number",
    (int, list): "an integer or a list",
    (str, list): "text or a list",
    (str, dict): "text or a table",
}


def names_in(folder: Path) -> list[str]:
    """Return the names of the TOML files in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def find_file(kind: str, name: str, folder: Path) -> Path:
    """Return a file: that of a path that ends in .toml, or one of a folder by its name.

    Args:
        kind: what the file describes, such as season.
        name: the path or the name.
        folder: with the files that come with mathbench.

    Raises:
        InputError: when there is no such file.
    """
    if name.endswith(".toml"):
        path = local_path(name)
        if not os.path.isfile(path):
            raise InputError(f"the {kind} file {name} does not exist.")
        return path
    known = names_in(folder)
    if name not in known:
        raise InputError(f"unknown {kind} '{name}'. {did_you_mean(name, known)} Or give a FILE.toml.")
    return folder / f"{name}.toml"


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        InputError: for a file that is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None


def parse(text: str, file: str) -> dict[str, Any]:
    """Return the content of the text of a file.

    Args:
        text: the text.
        file: the name of the file, for errors.

    Raises:
        InputError: for text that is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not valid TOML: {error}.") from None


def check_table(where: str, content: Any, kinds: Mapping[str, Any], required: tuple[str, ...] = ()) -> None:
    """Check the keys of a table and the types of their values.

    Args:
        where: the table in words, for errors.
        content: the table.
        kinds: the type of each key, or several types; true and false are no integers.
        required: keys that must be there.

    Raises:
        InputError: for anything that is no table, an unknown key, a value of another type, and a missing key.

    >>> check_table("rows", {"train": True}, {"train": int})
    Traceback (most recent call last):
    ...
    mathbench.errors.InputError: train of rows must be an integer. Received: True.
    """
    if not isinstance(content, dict):
        raise InputError(f"{where} must be a table. Received: {content!r:.100}.")
    for key, value in content.items():
        if key not in kinds:
            raise InputError(f"unknown key '{key}' in {where}. {did_you_mean(key, kinds)}")
        is_flag = isinstance(value, bool) and kinds[key] is not bool
        if is_flag or not isinstance(value, kinds[key]):
            raise InputError(f"{key} of {where} must be {_WORDS[kinds[key]]}. Received: {value!r:.100}.")
    if missing := [key for key in required if key not in content]:
        raise InputError(f"{where} needs {' and '.join(missing)}.")
