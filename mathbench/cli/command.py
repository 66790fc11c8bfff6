"""The class of all commands, with the checks that every command line has to pass before the command runs."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from mathbench.errors import InputError, shown
from mathbench.integers import parse_integer, parse_number

_NUMBERS: dict[type, tuple[Callable[[str], float], str]] = {
    int: (parse_integer, "an integer"),
    float: (parse_number, "a number"),
}


class CommandGroup(typer.Typer):
    """A group of commands, all of the class `Command`.

    Args:
        settings: of the group, as for `typer.Typer`.
    """

    def __init__(self, **settings: Any):
        super().__init__(no_args_is_help=True, rich_markup_mode="rich", **{"cls": Group, **settings})

    def command(self, name: str | None = None, **settings: Any) -> Any:
        """Return the decorator that adds a command."""
        return super().command(name, cls=Command, **settings)


class Group(TyperGroup):
    """A group whose help respects NO_COLOR."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _respect_no_color()
        super().format_help(ctx, formatter)


class Command(TyperCommand):
    """A command that refuses repeated options and numbers in other digits, and expands ``~`` in paths."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _respect_no_color()
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line into `ctx.params`; return the words that are left over.

        Raises:
            InputError: for what no command accepts.
        """
        words, _, order = self.make_parser(ctx).parse_args(args=list(args))
        kinds = get_type_hints(self.callback)
        # the help is printed whatever else is given
        if "help" not in words:
            _check_repeated(order)
            for parameter in self.params:
                _check_word(parameter, words.get(parameter.name), _kind(kinds.get(parameter.name)))
        rest = super().parse_args(ctx, args)
        for name, value in ctx.params.items():
            if value is not None and _kind(kinds.get(name)) is Path:
                ctx.params[name] = _local_path(value)
        return rest


def check_words(words: Sequence[str]) -> None:
    """Check that a command line is text.

    Raises:
        InputError: names the first word that is not.
    """
    for word in words:
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in word):
            raise InputError(f"every argument must be valid UTF-8 without NUL. Received: {shown(word)}.")


def _kind(hint: Any) -> type | None:
    """Return the type that is checked of a parameter or of each of a list: an integer, a number or a path; else None.

    >>> _kind(list[int] | None), _kind(float), _kind(bool)
    (<class 'int'>, <class 'float'>, None)
    """
    if hint in (int, float, Path):
        return hint
    return next(filter(None, map(_kind, get_args(hint))), None)


def _check_repeated(order: Sequence[Any]) -> None:
    """Check that no option is given twice that takes one value. `order` is the parameter of each use."""
    for option, uses in Counter(order).items():
        if uses > 1 and option.param_type_name == "option" and not option.multiple:
            names = "/".join([*option.opts, *option.secondary_opts])
            raise InputError(f"option {names} may be given once. Received: {uses} times.")


def _check_word(parameter: Any, word: object, kind: type | None) -> None:
    """Check that numbers have the digits 0 to 9 only, and paths some characters; limits are checked later."""
    for one in word if isinstance(word, list | tuple) else [word]:
        if kind is Path and one == "":
            raise InputError(f"{parameter.opts[0]} must be a path. Received: ''.")
        if isinstance(one, str) and kind in _NUMBERS:
            _check_number(parameter, one, *_NUMBERS[kind])


def _check_number(parameter: Any, word: str, read: Callable[[str], float], what: str) -> None:
    """Check that a word is a number within the limits of a parameter."""
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    try:
        number = read(word)
    except ValueError:
        number = None
    if number is None or not _within(number, low, high):
        received = shown(word) if number is None else word
        raise InputError(f"{parameter.opts[0]} must be {what}{_limits(low, high)}. Received: {received}.")


def _within(number: float, low: float | None, high: float | None) -> bool:
    """Whether a number is within limits; NaN is within none."""
    return (low is None or number >= low) and (high is None or number <= high)


def _limits(low: float | None, high: float | None) -> str:
    """The limits of a number in words.

    >>> _limits(0, None), _limits(1, 65535), _limits(None, None)
    (' of 0 or more', ' from 1 to 65535', '')
    """
    if low is None:
        return "" if high is None else f" of {high} or less"
    return f" of {low} or more" if high is None else f" from {low} to {high}"


def _local_path(value: object) -> Path | list[Path]:
    """Return a path, or several, with ``~`` expanded."""
    from mathbench.storage.location import local_path

    return [local_path(one) for one in value] if isinstance(value, list | tuple) else local_path(value)


def _respect_no_color() -> None:
    """Without this, the help has no colour under NO_COLOR, but bold text."""
    if os.environ.get("NO_COLOR"):
        from typer import rich_utils

        rich_utils.COLOR_SYSTEM = None
