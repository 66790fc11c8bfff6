"""Registries: tables of unique names, objects given as ``"module:name"``, and the folders of built-in content."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from mathbench.errors import InputError, did_you_mean

T = TypeVar("T")


def unique_table(what: str, entries: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Make a dict of entries by name. A dict literal would silently drop a repeated name.

    Raises:
        RuntimeError: when two entries have one name.

    >>> unique_table("colours", [("red", 1), ("blue", 2)])
    {'red': 1, 'blue': 2}
    """
    table: dict[str, T] = {}
    for name, entry in entries:
        if name in table:
            raise RuntimeError(f"two {what} are called {name}")
        table[name] = entry
    return table


_PACKAGE = Path(__file__).resolve().parent


def builtin_folder(name: str) -> Path:
    """The folder `generators`, `baselines` or `leaderboard` of suites, recipes or results.

    >>> (builtin_folder("generators") / "classic.toml").is_file()
    True
    """
    packed = _PACKAGE / "_catalog"
    return (packed if packed.is_dir() else _PACKAGE.parent) / name


def load(target: str) -> Any:
    """Import an object given as ``"module:name"`` or ``"path/to/file.py:name"``.

    Raises:
        InputError: when the file or the name in it does not exist.

    >>> load("mathbench.baselines.shortcuts.floors:Constant").__name__
    'Constant'
    """
    source, _, name = target.rpartition(":")
    module = (
        _from_file(Path(os.path.expanduser(source)))
        if source.endswith(".py")
        else importlib.import_module(source)
    )
    if not hasattr(module, name):
        public = [word for word in vars(module) if not word.startswith("_")]
        raise InputError(f"{source} has no '{name}'. {did_you_mean(name, public)}")
    return getattr(module, name)


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    spec = importlib.util.spec_from_file_location(f"mathbench_baseline_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module by name
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a user's file may raise anything
        raise InputError(f"{path} cannot be imported: {type(error).__name__}: {error}.") from None
    return module
