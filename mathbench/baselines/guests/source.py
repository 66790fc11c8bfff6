"""Where the class of a guest comes from: a file, a module, an entry point, or an object of this process."""

import hashlib
import os
import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mathbench.baselines.guests.answerers import check_answerer_class
from mathbench.baselines.guests.faults import source_file
from mathbench.baselines.guests.network import GuestNetwork, check_network_class
from mathbench.errors import InputError, raised_in
from mathbench.registry import load, provide


@dataclass(frozen=True)
class Origin:
    """The code of a guest.

    Args:
        file: its file, absolute; empty where it has none.
        versions: the version of its package, or the SHA-256 of its file, by name.
    """

    file: str = ""
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Guest:
    """A class of a third party that can be run as a baseline.

    Args:
        kind: the class, whose methods are checked.
        target: where `mathbench.registry.load` finds it.
        origin: its code.
    """

    kind: Any
    target: str
    origin: Origin

    @property
    def network(self) -> bool:
        """Whether mathbench trains it."""
        return issubclass(self.kind, GuestNetwork)

    @property
    def summary(self) -> str:
        """The first line of the docstring of the class; an empty text without one."""
        return next(iter((vars(self.kind).get("__doc__") or "").strip().splitlines()), "").rstrip(".")


def open_guest(name: str, file: str = "") -> Guest:
    """Return the guest of ``FILE.py:CLASS`` or ``MODULE:CLASS``.

    Args:
        name: its name.
        file: the file to take instead of the one that is named, such as its absolute path.

    Raises:
        InputError: when it cannot be imported, or its class cannot be a baseline.
    """
    source, _, attribute = name.rpartition(":")
    if source.endswith(".py"):
        source = file or os.path.realpath(os.path.expanduser(source))
    target = f"{source}:{attribute}"
    kind = _imported(target, name, "")
    return _checked(kind, target, _file_origin(kind, source))


def open_point(point: EntryPoint) -> Guest:
    """Return the guest of an entry point.

    Raises:
        InputError: when it cannot be imported, or its class cannot be a baseline.
    """
    package = point.dist.name if point.dist else point.module
    kind = _imported(point.value.partition("[")[0].strip(), point.name, package)
    versions = {package: point.dist.version if point.dist else ""}
    return _checked(kind, point.value, Origin(source_file(kind), versions))


def name_class(kind: type) -> str:
    """Return a name for a class of this process, under which it is found from now on.

    A class of a file or of a module that can be imported has the name that other processes know it by too. That of
    another one, of a notebook, a script or a function, begins with ``__main__:``.
    """
    file, module = source_file(kind), kind.__module__
    if module == "__main__" or "<locals>" in kind.__qualname__:
        name = target = f"__main__:{kind.__name__}"
    elif "." not in module and file and "site-packages" not in Path(file).parts:
        path = os.path.relpath(file)
        name = f"{file if path.startswith('..') else './' + path}:{kind.__name__}"
        target = f"{os.path.realpath(file)}:{kind.__name__}"
    else:
        name = target = f"{module}:{kind.__name__}"
    provide(target, kind)
    return name


def _imported(target: str, name: str, package: str) -> Any:
    """Import a class; whatever its module raises becomes one line."""
    label = f"the baseline '{name}' of the package {package}" if package else name
    source = target.rpartition(":")[0]
    if source == "__main__":
        return _of_this_process(target)
    _prepare_keras(source if source.endswith(".py") else _module_file(source))
    try:
        with redirect_stdout(sys.stderr):
            return load(target)
    except InputError as error:
        # a file is shown as it is named
        reason = str(error).replace(source, name.rpartition(":")[0]) if source.endswith(".py") else str(error)
        raise InputError(f"{label} cannot be loaded: {reason}" if package else reason) from None
    except ModuleNotFoundError as error:
        missing = error.name and source.startswith(error.name)
        reason = f"there is no module {error.name}" if missing else raised_in(error, _module_file(source))
        raise InputError(f"{label} cannot be loaded: {reason}.") from None
    except (Exception, SystemExit) as error:  # a foreign module may raise anything
        raise InputError(f"{label} cannot be loaded: {raised_in(error, _module_file(source))}.") from None


def _prepare_keras(file: str) -> None:
    """Import Keras first for a file that will import it, so that it starts quietly and finds its backend."""
    try:
        uses = "keras" not in sys.modules and re.search(
            rb"^\s*(import|from) keras\b", Path(file).read_bytes(), re.M
        )
    except OSError:
        return
    if uses and find_spec("keras"):
        from mathbench.baselines.models.keras.backend import load_keras

        load_keras()


def _of_this_process(target: str) -> Any:
    try:
        return load(target)
    except InputError:
        raise InputError(
            f"the class {target.rpartition(':')[2]} was defined in a script, a notebook or a function, so another "
            "process cannot load it. Give the class itself, mathbench.open_run(RUN, CLASS), or put it into a file."
        ) from None


def _module_file(source: str) -> str:
    """Return the file of a module that may have failed to import."""
    try:
        spec = find_spec(source)
    except Exception:  # a parent package may raise anything
        return ""
    return (spec.origin or "") if spec else ""


def _file_origin(kind: Any, source: str) -> Origin:
    """Return the origin of a class of a file or a module."""
    file = source if source.endswith(".py") else source_file(kind) if isinstance(kind, type) else ""
    if not file or not os.path.isfile(file):
        return Origin()
    name = os.path.basename(file) if source.endswith(".py") or source == "__main__" else source
    return Origin(os.path.realpath(file), {name: sha256_of(file)})


def sha256_of(file: str) -> str:
    """Return the SHA-256 of a file."""
    return "sha256:" + hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _checked(kind: Any, target: str, origin: Origin) -> Guest:
    if not isinstance(kind, type):
        raise InputError(f"{target.rpartition(os.sep)[2]} must be a class. Received: {type(kind).__name__}.")
    if issubclass(kind, GuestNetwork):
        check_network_class(kind)
    else:
        check_answerer_class(kind)
    return Guest(kind, target, origin)
