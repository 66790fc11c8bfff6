"""What every command shares: data to stdout, words to stderr, task parameters from free options."""

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mathbench.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from mathbench.task import Task

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

FREE_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}


def say(message: str) -> None:
    """Print words for the user, on stderr."""
    err.print(message, soft_wrap=True)


def emit(value: Any) -> None:
    """Print data as JSON, on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def free_options(arguments: list[str], known: tuple[str, ...] = ()) -> dict[str, str]:
    """Read task parameters given as options.

    Args:
        arguments: what the command line parser left over, such as ``["--k", "7", "--base=2"]``.
        known: the command's own options, for hints.

    Raises:
        InputError: for anything that is not an option with a value.

    >>> free_options(["--k", "7", "--base=2"])
    {'k': '7', 'base': '2'}
    """
    options, rest = {}, list(arguments)
    while rest:
        word = rest.pop(0)
        match = re.fullmatch(r"--([a-z][\w-]*)(?:=(.*))?", word, re.DOTALL)
        if not match:
            raise InputError(f"unexpected argument '{word}'. Task parameters are given as --name value.")
        name, value = match.groups()
        if value is None:
            if not rest:
                hint = f" {did_you_mean(name, known)}" if known else ""
                raise InputError(f"option --{name} needs a value.{hint}")
            value = rest.pop(0)
        options[name.replace("-", "_")] = value
    return options


def task_of(name: str | None, arguments: list[str], known: tuple[str, ...] = ()) -> "Task":
    """The task that a command line asks for."""
    from mathbench.generators import task

    if name is None:
        raise InputError("which task? Give --task NAME; `mathbench tasks` lists them.")
    return task(name, **free_options(arguments, known))
