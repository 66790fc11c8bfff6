"""The hyperparameters of a guest's network: those of every network, and its own."""

import dataclasses
from dataclasses import MISSING, Field
from typing import Any, TypeVar

from mathbench.baselines import auxiliary
from mathbench.baselines.settings import OPTIONAL, EncodingOptions, TrainingSettings
from mathbench.errors import InputError, did_you_mean
from mathbench.parameters import parameter

KINDS = (int, float, str)
# what a settings class says about its network, in plain class attributes; of some, names that are allowed
NAMES = {"uses": OPTIONAL, "auxiliaries": tuple(auxiliary.KINDS)}
SAID = ("fixed_width", "question_alphabet", "columns", *NAMES)
T = TypeVar("T", bound=TrainingSettings)


def complete_settings(
    given: object,
    base: type[T],
    fixed_width: bool = False,
    uses: tuple[str, ...] = (),
    auxiliaries: tuple[str, ...] = (),
) -> type[T]:
    """Return the dataclass of all hyperparameters of a guest's network.

    Args:
        given: the guest's own dataclass, a subclass of `base` or one with further fields. Fields declared by
            `parameter` have limits and a help text, others a default, whose type they take.
        base: the hyperparameters of every network of this kind.
        fixed_width: whether the network reads questions of one width only.
        uses: choices that some networks only use (see `TrainingSettings.uses`), where the class does not name any.
        auxiliaries: kinds of auxiliary labels (see `TrainingSettings.auxiliaries`), where the class does not name any.

    Raises:
        InputError: when it is no dataclass, a field has no default that is an integer, a number or text, or a name in
            ``uses`` or ``auxiliaries`` is unknown.

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
    _check_names(given)
    _check_fields(given, base)
    further = issubclass(given, base)
    # all fields of a class of its own, of a subclass those that need limits
    fields = [f for f in dataclasses.fields(given) if not further or "kind" not in f.metadata]
    flags = _flags(given, base, fixed_width, {"uses": uses, "auxiliaries": auxiliaries})
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


def _check_fields(given: type, base: type[TrainingSettings]) -> None:
    """Check that no field has a name that means something else."""
    choices = {field.name for field in dataclasses.fields(EncodingOptions)}
    settings = {field.name for field in dataclasses.fields(base)}
    for field in dataclasses.fields(given):
        where = f"settings: {given.__name__}.{field.name}"
        if field.name == "lr":
            raise InputError(f"{where}: the learning rate is called rate, which every network has.")
        taken = field.name in choices or field.name == "name" or field.name.startswith("_")
        if taken or (hasattr(TrainingSettings, field.name) and field.name not in settings):
            raise InputError(f"{where}: the name is taken. Give the setting another one.")


def _check_names(given: type) -> None:
    """Check the class attributes that say what the network can do."""
    fields = {field.name for field in dataclasses.fields(given)}
    for name in SAID:
        where = f"settings: {given.__name__}.{name}"
        if name in fields:
            raise InputError(f"{where} is not a setting. Write it without a type, or as a ClassVar.")
        value = getattr(given, name, () if name in NAMES else False)
        if name not in NAMES:
            if not isinstance(value, bool):
                raise InputError(f"{where} must be True or False. Received: {value!r:.60}.")
            continue
        if not isinstance(value, tuple | list) or not all(isinstance(one, str) for one in value):
            raise InputError(f"{where} must be a tuple of names. Received: {value!r:.60}.")
        for one in value:
            if one not in NAMES[name]:
                raise InputError(f"{where}: unknown name '{one}'. {did_you_mean(one, NAMES[name])}")


def _flags(
    given: type, base: type[TrainingSettings], fixed_width: bool, names: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Return the class attributes that differ from those of a class. Names that the class gives itself stay."""
    own = {key: tuple(getattr(given, key, getattr(base, key))) for key in names}
    changed = {
        key: names[key]
        for key in names
        if names[key] and own[key] == getattr(base, key) and key not in vars(given)
    }
    widths = fixed_width and not getattr(given, "fixed_width", False)
    return {**({"fixed_width": True} if widths else {}), **changed}


def _declared(field: Field[Any], known: Field[Any] | None, owner: str) -> tuple[str, Any, Any]:
    """Return name, type and declaration of a field; a common setting keeps its limits."""
    declared = field if "kind" in field.metadata else known
    if type(field.default) not in KINDS and "kind" not in field.metadata:
        raise InputError(
            f"settings: {owner}.{field.name} must have a default that is an integer, a number or text. "
            f"Received: {_named(field.default)}."
        )
    if declared is None:
        if field.type in (float, "float") and type(field.default) is int:
            return field.name, float, parameter(float(field.default), str(field.metadata.get("help", "")))
        return field.name, type(field.default), parameter(field.default, str(field.metadata.get("help", "")))
    return field.name, field.type, dataclasses.field(default=field.default, metadata=declared.metadata)


def _members(given: type, base: type[TrainingSettings]) -> dict[str, Any]:
    """Return what a class that is no subclass of the common settings has besides fields, with what it inherits."""
    fields = {field.name for field in dataclasses.fields(given)}
    inherited = {name: value for kind in reversed(given.__mro__[:-1]) for name, value in vars(kind).items()}
    members: dict[str, Any] = {
        name: tuple(value) if name in NAMES else value
        for name, value in inherited.items()
        if not name.startswith("__") and name not in fields
    }
    if check := inherited.get("__post_init__"):

        def both(self: Any) -> None:
            base.__post_init__(self)
            check(self)

        members["__post_init__"] = both
    if "hidden" not in fields:
        # the size of mathbench's own networks, which this one does not read
        members["unused"] = classmethod(lambda cls: base.unused.__func__(cls) | {"hidden"})  # type: ignore[attr-defined]
    return members


def _named(value: object) -> str:
    if value is MISSING:
        return "no default"
    return value.__name__ if isinstance(value, type) else f"{value!r:.60}"
