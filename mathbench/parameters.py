"""Parameters declared on dataclass fields: their limits, checks, parsing from text and descriptions."""

import dataclasses
from collections.abc import Mapping
from dataclasses import Field
from typing import Any

from mathbench.errors import InputError, did_you_mean


def parameter(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
    always: bool = False,
    value_only: bool = False,
    kw_only: bool = False,
) -> Any:
    """Declare a parameter.

    Args:
        default: the default, which also fixes the type.
        help: a phrase for listings.
        low, high: the smallest and the largest value allowed.
        choices: the only values allowed.
        always: part of the task's name even at its default.
        value_only: the task's name has the value without the parameter's name.
        kw_only: keyword-only, so that subclasses may declare parameters without a default.
    """
    limits = {"help": help, "low": low, "high": high, "choices": choices}
    naming = {"always": always, "value_only": value_only}
    return dataclasses.field(default=default, metadata={**limits, **naming}, kw_only=kw_only)


def allowed(field: Field[Any]) -> str:
    """Describe the values that a parameter may have, such as ``"an integer from 2 to 36"``."""
    limits = field.metadata
    if limits["choices"]:
        return "one of " + ", ".join(map(str, limits["choices"]))
    kind = {int: "an integer", float: "a number", str: "text"}[type(field.default)]
    if limits["low"] is None:
        return kind
    return (
        f"{kind} from {limits['low']} to {limits['high']}"
        if limits["high"]
        else f"{kind} of {limits['low']} or more"
    )


def check(instance: Any, name: str) -> None:
    """Check every parameter of a dataclass instance.

    Raises:
        InputError: names the parameter, the values allowed and the value received.
    """
    for field in dataclasses.fields(instance):
        value, limits = getattr(instance, field.name), field.metadata
        valid = isinstance(value, type(field.default)) or (
            isinstance(field.default, float) and isinstance(value, int)
        )
        valid = valid and not isinstance(value, bool)
        if valid and limits["low"] is not None:
            valid = limits["low"] <= value and (limits["high"] is None or value <= limits["high"])
        if not valid or (limits["choices"] and value not in limits["choices"]):
            raise InputError(f"{name}: {field.name} must be {allowed(field)}. Received: {value!r}.")


def parse(cls: Any, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Convert text (or values) to the arguments of a parameter dataclass.

    Raises:
        InputError: for an unknown parameter, with the nearest known one, or for text of the wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}
    arguments = {}
    for key, value in options.items():
        field = fields.get(key.replace("-", "_"))
        if field is None:
            raise InputError(f"{name} has no parameter '{key}'. {did_you_mean(key, fields)}")
        kind: Any = type(field.default)
        try:
            arguments[field.name] = kind(value) if isinstance(value, str) else value
        except ValueError:
            raise InputError(f"{name}: {field.name} must be {allowed(field)}. Received: {value!r}.") from None
    return arguments
