"""The hyperparameters of a guest's network: those of every network, and its own."""

import dataclasses
from dataclasses import MISSING, Field
from types import FunctionType
from typing import Any, TypeVar

from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.parameters import parameter

KINDS = (int, float, str)
T = TypeVar("T", bound=TrainingSettings)


def complete_settings(
    given: object, base: type[T], fixed_width: bool = False, uses: tuple[str, ...] = ()
) -> type[T]:
    """Return the dataclass of all hyperparameters of a guest's network.

    Args:
        given: the guest's own dataclass, a subclass of `base` or one with further fields. Fields declared by
            `parameter` have limits and a help text, others a default, whose type they take.
        base: the hyperparameters of every network of this kind.
        fixed_width: whether the network reads questions of one width only.
        uses: choices that some networks only use (see `TrainingSettings.uses`), where the class does not name any.

    Raises:
        InputError: when it is no dataclass, or a field has no default that is an integer, a number or text.

    >>> @dataclasses.dataclass
    ... class Own:
    ...     units: int = 5
    >>> complete_settings(Own, TrainingSettings)(units=7, steps=10).units
    7
    """
    if not (isinstance(given, type) and dataclasses.is_dataclass(given)):
        raise InputError(f"settings must be a dataclass. Received: {_named(given)}.")
    if "__dataclass_fields__" not in vars(given):
        raise InputError(f"settings must be a dataclass: {given.__name__} needs @dataclass(frozen=True).")
    further = issubclass(given, base)
    # all fields of a class of its own, of a subclass those that need limits
    fields = [f for f in dataclasses.fields(given) if not further or "kind" not in f.metadata]
    flags = _flags(given, base, fixed_width, uses)
    if issubclass(given, base) and not fields and not flags:
        return given
    known = {field.name: field for field in dataclasses.fields(base)}
    complete: type[T] = dataclasses.make_dataclass(
        given.__name__,
        [_declared(field, known.get(field.name), given.__name__) for field in fields],
        bases=(given if further else base,),
        namespace={
            **({} if further else _members(given, base)),
            **flags,
        },
        frozen=True,
    )
    complete.__doc__, complete.__module__ = given.__doc__, given.__module__
    return complete


def _flags(
    given: type, base: type[TrainingSettings], fixed_width: bool, uses: tuple[str, ...]
) -> dict[str, Any]:
    """Return the class attributes that differ from those of a class."""
    named = getattr(given, "uses", base.uses) != base.uses
    return {
        **({"fixed_width": True} if fixed_width and not getattr(given, "fixed_width", False) else {}),
        **({"uses": uses} if uses and not named and uses != base.uses else {}),
    }


def _declared(field: Field[Any], known: Field[Any] | None, owner: str) -> tuple[str, Any, Any]:
    """Return name, type and declaration of a field; a common setting keeps its limits."""
    declared = field if "kind" in field.metadata else known
    if type(field.default) not in KINDS and "kind" not in field.metadata:
        raise InputError(
            f"settings: {owner}.{field.name} must have a default that is an integer, a number or text. "
            f"Received: {_named(field.default)}."
        )
    if declared is None:
        return field.name, type(field.default), parameter(field.default, str(field.metadata.get("help", "")))
    return field.name, field.type, dataclasses.field(default=field.default, metadata=declared.metadata)


def _members(given: type, base: type[TrainingSettings]) -> dict[str, Any]:
    """Return the methods and properties of a class that is no subclass of the common settings."""
    own = {name: value for name, value in vars(given).items() if not name.startswith("__")}
    kinds = (FunctionType, property, classmethod, staticmethod)
    members: dict[str, Any] = {name: value for name, value in own.items() if isinstance(value, kinds)}
    if check := vars(given).get("__post_init__"):

        def both(self: Any) -> None:
            base.__post_init__(self)
            check(self)

        members["__post_init__"] = both
    return members


def _named(value: object) -> str:
    if value is MISSING:
        return "no default"
    return value.__name__ if isinstance(value, type) else f"{value!r:.60}"
