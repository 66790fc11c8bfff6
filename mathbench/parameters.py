"""Parameters declared on dataclass fields: their limits, checks, parsing from text and descriptions."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import Field
from typing import Any

from mathbench.errors import InputError, did_you_mean, shown
from mathbench.integers import as_integer, parse_integer, parse_number


def parameter(
    default: Any,
    help: str,
    *,
    kind: type | None = None,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
    always: bool = False,
    value_only: bool = False,
    kw_only: bool = False,
    added: bool = False,
    optional: bool = False,
) -> Any:
    """Declare a parameter.

    Args:
        default: the default, which also fixes the type: an integer, a number, text, or a class that has a method
            `parse` for text, which `str` converts back, and an attribute `allowed_text`. None for a parameter that need
            not be given.
        help: a phrase for listings.
        kind: the type of a parameter whose default is None.
        low, high: the smallest and the largest value allowed.
        choices: the only values allowed.
        always: part of the task's name even at its default.
        value_only: the task's name has the value without the parameter's name.
        kw_only: keyword-only, so that subclasses may declare parameters without a default.
        added: added to a family that had been released: at its default it is not stored, as before.
        optional: whether None is allowed too, which text calls ``none``.
    """
    limits = {"help": help, "kind": kind or type(default), "low": low, "high": high, "choices": choices}
    limits["optional"] = optional
    naming = {"always": always, "value_only": value_only, "added": added}
    return dataclasses.field(default=default, metadata={**limits, **naming}, kw_only=kw_only)


NONE = "none"  # a parameter without a value, as text
_KINDS = {int: "an integer", float: "a number", str: "text"}


def allowed(field: Field[Any]) -> str:
    """Describe the values that a parameter may have, such as ``"an integer from 2 to 36"``."""
    return _allowed_values(field) + (f", or {NONE}" if field.metadata["optional"] else "")


def _allowed_values(field: Field[Any]) -> str:
    """Describe the values of a parameter besides None."""
    limits = field.metadata
    if limits["choices"]:
        return "one of " + ", ".join(map(str, limits["choices"]))
    kind = _KINDS.get(limits["kind"]) or str(getattr(field.default, "allowed_text", ""))
    if limits["low"] is None:
        return kind
    return (
        f"{kind} from {_limit_text(limits['low'])} to {_limit_text(limits['high'])}"
        if limits["high"]
        else f"{kind} of {limits['low']} or more"
    )


def _limit_text(limit: float) -> str:
    """A limit as text, of 2^60 and above as a power of 2."""
    exact = isinstance(limit, int) and abs(limit) >= 1 << 60 and abs(limit).bit_count() == 1
    return f"{'-' * (limit < 0)}2^{int(abs(limit)).bit_length() - 1}" if exact else str(limit)


def default_text(field: Field[Any]) -> str:
    """Describe the default of a parameter: ``"none"`` where it need not be given."""
    return NONE if field.default is None else str(field.default)


def check(instance: Any, name: str) -> None:
    """Check every parameter of a dataclass instance, and store values of NumPy as those of Python.

    Raises:
        InputError: names the parameter, the values allowed and the value received.
    """
    for field in dataclasses.fields(instance):
        given, limits = getattr(instance, field.name), field.metadata
        if given is None and (field.default is None or limits["optional"]):
            continue
        value = _plain(given, limits["kind"])
        valid = value is not None
        if valid and limits["low"] is not None:
            valid = limits["low"] <= value and (limits["high"] is None or value <= limits["high"])
        if not valid or (limits["choices"] and value not in limits["choices"]):
            raise InputError(f"{name}: {field.name} must be {allowed(field)}. Received: {shown(given)}.")
        object.__setattr__(instance, field.name, value)


def _plain(value: Any, kind: type) -> Any:
    """Return a value as one of Python's own types; None when it is not of the kind of the parameter."""
    if kind not in _KINDS:
        return value if isinstance(value, kind) else None
    if kind is str:
        return str(value) if isinstance(value, str) else None
    if kind is float and isinstance(value, float):
        return float(value)
    return as_integer(value)


def check_integer(what: str, value: object, low: int) -> int:
    """Return an integer of any type as a Python integer.

    Raises:
        InputError: for anything else, and below `low`.

    >>> check_integer("workers", 3, 1)
    3
    """
    number = as_integer(value)
    if number is None or number < low:
        raise InputError(f"{what} must be an integer of {low} or more. Received: {shown(value)}.")
    if number >= 1 << 63:
        raise InputError(f"{what} must be an integer below 2^63. Received: {shown(value)}.")
    return number


def check_flag(what: str, value: object) -> bool:
    """Return a truth value of Python or NumPy. A word such as "no", which Python takes for true, is refused.

    Raises:
        InputError: for anything else.
    """
    if type(value).__name__ not in ("bool", "bool_"):
        raise InputError(f"{what} must be True or False. Received: {shown(value)}.")
    return bool(value)


def parse(cls: Any, name: str, options: Mapping[str, Any], others: Sequence[str] = ()) -> dict[str, Any]:
    """Convert text (or values) to the arguments of a parameter dataclass.

    Args:
        cls: the dataclass.
        name: its name in messages.
        options: text or values by name.
        others: names that are options too but are read elsewhere, for hints.

    Raises:
        InputError: for an unknown parameter, with the nearest known one, or for text of the wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}
    arguments = {}
    for key, value in options.items():
        field = fields.get(key.replace("-", "_")) if isinstance(key, str) else None
        if field is None:
            raise InputError(f"{name} has no parameter {shown(key)}. {did_you_mean(key, [*fields, *others])}")
        try:
            arguments[field.name] = _parsed(value, field.metadata) if isinstance(value, str) else value
        except ValueError:
            raise InputError(
                f"{name}: {field.name} must be {allowed(field)}. Received: {shown(value)}."
            ) from None
    return arguments


def _parsed(text: str, limits: Mapping[str, Any]) -> Any:
    """Convert text to the kind of a parameter."""
    kind = limits["kind"]
    if limits["optional"] and text == NONE:
        return None
    if kind is str:
        return text
    if kind not in _KINDS:
        return kind.parse(text)
    return parse_integer(text) if kind is int else parse_number(text)


def as_json(value: Any) -> Any:
    """The value of a parameter as JSON has it: a number or text, from which `parse` makes the value again."""
    return value if type(value) in _KINDS else str(value)
