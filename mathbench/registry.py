"""Registries: tables of unique names, objects given as ``"module:name"``, and the folders of built-in content."""

import hashlib
import importlib
import importlib.machinery
import os
import re
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from mathbench.errors import InputError, did_you_mean, raised_in

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


def folded_name(name: str) -> str:
    """The form in which names are compared: without case, and with all that is no letter or digit as one hyphen.

    >>> folded_name("LSTM_Seq2Seq") == folded_name("lstm-seq2seq")
    True
    """
    return re.sub(r"[^a-z0-9+]+", "-", name.lower()).strip("-")


_PACKAGE = Path(__file__).resolve().parent


def builtin_folder(name: str) -> Path:
    """The folder `generators`, `baselines`, `leaderboard` or `studies` of suites, recipes, results or studies.

    >>> (builtin_folder("generators") / "classic.toml").is_file()
    True
    """
    packed = _PACKAGE / "_catalog"
    return (packed if packed.is_dir() else _PACKAGE.parent) / name


def load(target: str) -> Any:
    """Import an object given as ``"module:name"`` or ``"path/to/file.py:name"``; the name may have dots.

    A file is executed once, and again after it has changed. Modules beside it can be imported by it.

    Raises:
        InputError: when the file or the name in it does not exist, or the file raises an exception, with its line.

    >>> load("mathbench.baselines.shortcuts.floors:Constant").__name__
    'Constant'
    """
    source, _, name = target.rpartition(":")
    first, *rest = name.split(".")
    provided = f"{source}:{first}"
    found = _PROVIDED[provided] if provided in _PROVIDED else _member(_module(source), source, first)
    for part in rest:
        found = _member(found, f"{source}:{first}", part)
    return found


def provide(target: str, found: Any) -> None:
    """Make an object that exists in this process only the one that `load` returns for a target."""
    _PROVIDED[target] = found


# objects that are defined in a notebook or inside a function
_PROVIDED: dict[str, Any] = {}
# modules of files by path and content
_MODULES: dict[tuple[str, str], Any] = {}


def _member(owner: Any, label: str, name: str) -> Any:
    if not hasattr(owner, name):
        public = [word for word in vars(owner) if not word.startswith("_")]
        home = getattr(owner, "__name__", None)
        # what a module imports is not what it offers
        own = [word for word in public if getattr(getattr(owner, word), "__module__", home) == home]
        hint = did_you_mean(name, own) if own else "It defines nothing."
        raise InputError(f"{label} has no '{name}'. {hint}")
    return getattr(owner, name)


def _module(source: str) -> Any:
    if not source.endswith(".py"):
        return importlib.import_module(source)
    path = os.path.realpath(os.path.expanduser(source))
    if not os.path.isfile(path):
        raise InputError(f"there is no file {source}.")
    code = Path(path).read_bytes()
    digest = hashlib.sha256(code).hexdigest()
    if (path, digest) not in _MODULES:
        name = f"mathbench_file_{Path(path).stem}_{digest[:12]}"
        _MODULES[path, digest] = _executed(importlib.machinery.SourceFileLoader(name, path), code, source)
    return _MODULES[path, digest]


def _executed(loader: importlib.machinery.SourceFileLoader, code: bytes, source: str) -> Any:
    """Execute the code of a file as a module, without a cache: its times are too coarse to notice a change."""
    path = loader.path
    module = types.ModuleType(loader.name)
    module.__file__, module.__loader__ = path, loader
    sys.modules[module.__name__] = module  # dataclasses look up their module by name
    folder = os.path.dirname(path)
    if folder not in sys.path:
        # behind all others, so that a file beside it hides no installed package
        sys.path.append(folder)
    try:
        exec(loader.source_to_code(code, path), vars(module))
    except (Exception, SystemExit) as error:  # a user's file may raise anything
        del sys.modules[module.__name__]
        raise InputError(f"{source} cannot be imported: {raised_in(error, path)}.") from error
    return module
