"""Faults in a guest's code as one line, with the guest's file and line where it raised."""

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from mathbench.errors import InputError, raised_in


@contextmanager
def guest_code(kind: type, what: str) -> Iterator[None]:
    """Turn any exception of a guest's code in the context into one line. What it prints goes to stderr.

    Args:
        kind: the class of the guest.
        what: what its code does, such as ``"build"``.

    Raises:
        InputError: for any exception. One of mathbench keeps its text.

    >>> with guest_code(int, "build"):
    ...     raise ValueError("hidden must be even")
    Traceback (most recent call last):
    ...
    mathbench.errors.InputError: int: build failed: ValueError: hidden must be even.
    """
    try:
        # stdout has answers and JSON only
        with redirect_stdout(sys.stderr):
            yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # a guest may raise anything
        raise InputError(
            f"{title_of(kind)}: {what} failed: {raised_in(error, source_file(kind))}."
        ) from error


def source_file(kind: type) -> str:
    """Return the file of a class; an empty text where it has none."""
    try:
        return inspect.getsourcefile(kind) or ""
    except (TypeError, OSError):
        return ""


def title_of(kind: type) -> str:
    """Return the name of a class in messages, with its file where it has one.

    >>> title_of(dict)
    'dict'
    """
    file = os.path.basename(source_file(kind))
    return f"{file}:{kind.__name__}" if file else kind.__name__


def check_class_method(kind: type, name: str) -> None:
    """Check that a method of a class, if it has it, is called on the class itself.

    Raises:
        InputError: for a plain function.
    """
    if inspect.isfunction(inspect.getattr_static(kind, name, None)):
        raise InputError(f"{title_of(kind)}: {name} must be a class method. Add @classmethod.")


def check_arguments(kind: Any, name: str, count: int) -> None:
    """Check that a method of a class can be called with `count` arguments, besides ``self`` of a plain function.

    Raises:
        InputError: when it takes others.
    """
    plain = inspect.isfunction(inspect.getattr_static(kind, name))
    try:
        inspect.signature(getattr(kind, name)).bind(*[None] * (count + plain))
    except TypeError as error:
        raise InputError(f"{title_of(kind)}: {name} must take {count} arguments: {error}.") from None
    except ValueError:  # a callable without a signature
        return
