"""The types that schemas of JSON values are built from.

A schema checks a value with `schema(value, where)` and describes itself with `schema.json_schema()`. A check raises
`InputError` with one line. Everything that is not allowed is refused: unknown and missing keys, other types, numbers
that are not finite, and text that is too long or holds control characters (they could forge a line of a table).
"""

import math
import re
import reprlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from mathbench.errors import InputError, did_you_mean

_LINES = str.maketrans("", "", "\n\t")
MAX_KEYS = 2_000  # of one object: more strata than any task has
MAX_DEPTH = 6  # levels of free-form objects such as recipes
MAX_SHOWN_BITS = 10_000  # of an integer in an error
INT64 = (1 << 63) - 1


class _Short(reprlib.Repr):
    """Short descriptions whose cost is bounded too."""

    def repr_int(self, x: int, level: int) -> str:
        """An integer; `repr` refuses those of more than 4,300 digits."""
        bits = x.bit_length()
        return super().repr_int(x, level) if bits < MAX_SHOWN_BITS else f"an integer of {bits:,} bits"

    def repr_bytes(self, x: bytes, level: int) -> str:
        """Bytes, cut before they are described."""
        return repr(x[: self.maxother]) + ("..." if len(x) > self.maxother else "")


_short = _Short()
_short.maxstring = _short.maxother = 60


def refuse(where: str, allowed: str, value: object) -> NoReturn:
    """Raise the error for a value that is not allowed.

    Raises:
        InputError: always.
    """
    raise InputError(f"{where} must be {allowed}. Received: {shorten(value)}.")


def shorten(value: object) -> str:
    """A value for an error message, cut to one short line."""
    return ascii(_short.repr(value))[1:-1] if isinstance(value, str | list | dict) else _short.repr(value)


class Schema(ABC):
    """The allowed values of one kind."""

    @abstractmethod
    def __call__(self, value: Any, where: str) -> None:
        """Check a value.

        Args:
            value: the value, as parsed from JSON.
            where: the name of its position, for error messages.

        Raises:
            InputError: when the value is not allowed.
        """

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """The same rules as JSON Schema (draft 2020-12), which OpenAPI 3.1 uses."""


@dataclass(frozen=True)
class Text(Schema):
    """Printable text.

    Args:
        max_length: in characters.
        pattern: a regular expression that must match the whole text; empty for none.
        empty: whether blank text is allowed.
        lines: whether line ends and tabs are allowed, as in prompts.
    """

    max_length: int = 200
    pattern: str = ""
    empty: bool = False
    lines: bool = False

    def __call__(self, value: Any, where: str) -> None:
        valid = (
            isinstance(value, str)
            and len(value) <= self.max_length
            and (value.translate(_LINES) if self.lines else value).isprintable()
            and (self.empty or value.strip())
        )
        if not valid or (self.pattern and not re.fullmatch(self.pattern, value)):
            like = f" like {self.pattern}" if self.pattern else ""
            refuse(where, f"printable text of at most {self.max_length} characters{like}", value)

    def json_schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "string", "maxLength": self.max_length}
        if not self.empty:
            found["minLength"] = 1
        return found | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


@dataclass(frozen=True)
class Choice(Schema):
    """One of some texts."""

    options: tuple[str, ...]

    def __call__(self, value: Any, where: str) -> None:
        if not isinstance(value, str) or value not in self.options:
            word = value[:60] if isinstance(value, str) else ""
            hint = did_you_mean(word, self.options)
            raise InputError(f"{where} must be an allowed word. Received: {shorten(value)}. {hint}")

    def json_schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@dataclass(frozen=True)
class Integer(Schema):
    """An integer from `minimum` to `maximum`."""

    minimum: int = 0
    maximum: int = INT64

    def __call__(self, value: Any, where: str) -> None:
        valid = isinstance(value, int) and not isinstance(value, bool)
        if not valid or not self.minimum <= value <= self.maximum:
            refuse(where, f"an integer from {self.minimum} to {self.maximum}", value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True)
class Number(Schema):
    """A finite number from `minimum` to `maximum`."""

    minimum: float = -math.inf
    maximum: float = math.inf

    def __call__(self, value: Any, where: str) -> None:
        valid = isinstance(value, int | float) and not isinstance(value, bool)
        # compared, not converted: an integer may be too large for a float
        if not valid or not self.minimum <= value <= self.maximum or abs(value) > sys.float_info.max:
            bounds = f"a number from {self.minimum:g} to {self.maximum:g}"
            refuse(where, "a finite number" if math.isinf(self.minimum) else bounds, value)

    def json_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {"type": "number"} | {name: value for name, value in bounds.items() if math.isfinite(value)}


@dataclass(frozen=True)
class Boolean(Schema):
    """True or false."""

    def __call__(self, value: Any, where: str) -> None:
        if not isinstance(value, bool):
            refuse(where, "true or false", value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Null(Schema):
    """Null."""

    def __call__(self, value: Any, where: str) -> None:
        if value is not None:
            refuse(where, "null", value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "null"}


@dataclass(frozen=True)
class OneOf(Schema):
    """A value that one of the options allows; the first option words the error."""

    options: tuple[Schema, ...]

    def __call__(self, value: Any, where: str) -> None:
        for option in self.options[1:]:
            try:
                return option(value, where)
            except InputError:
                continue
        return self.options[0](value, where)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [option.json_schema() for option in self.options]}


def nullable(schema: Schema) -> Schema:
    """The same values, or null."""
    return OneOf((schema, Null()))


@dataclass(frozen=True)
class ListOf(Schema):
    """A list of at most `max_items` values of one kind."""

    items: Schema
    max_items: int = MAX_KEYS

    def __call__(self, value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) > self.max_items:
            refuse(where, f"a list of at most {self.max_items}", value)
        for i, item in enumerate(value):
            self.items(item, f"{where}[{i}]")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.items.json_schema(), "maxItems": self.max_items}


@dataclass(frozen=True)
class MapOf(Schema):
    """An object of at most `max_keys` keys, short text or some of `keys`, whose values are of one kind."""

    values: Schema
    keys: tuple[str, ...] | None = None
    max_keys: int = MAX_KEYS

    def __call__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict) or len(value) > self.max_keys:
            refuse(where, f"an object of at most {self.max_keys} keys", value)
        for key, item in value.items():
            Text()(key, f"a key of {where}")
            if self.keys is not None and key not in self.keys:
                raise InputError(
                    f"{where} has the unknown key {shorten(key)}. {did_you_mean(key, self.keys)}"
                )
            self.values(item, f"{where}.{key}")

    def json_schema(self) -> dict[str, Any]:
        names = Text().json_schema() if self.keys is None else {"enum": list(self.keys)}
        values = self.values.json_schema()
        return {
            "type": "object",
            "additionalProperties": values,
            "propertyNames": names,
            "maxProperties": self.max_keys,
        }


@dataclass(frozen=True)
class Record(Schema):
    """An object with exactly these keys; the optional ones may be missing."""

    fields: Mapping[str, Schema]
    optional: Mapping[str, Schema] = field(default_factory=dict)

    @property
    def all_fields(self) -> dict[str, Schema]:
        """The schema of every key, required or not."""
        return {**self.fields, **self.optional}

    def __call__(self, value: Any, where: str) -> None:
        known = self.all_fields
        if not isinstance(value, dict):
            refuse(where, "an object", value)
        for key in value:
            if key not in known:
                raise InputError(f"{where} has the unknown key {shorten(key)}. {did_you_mean(key, known)}")
        for key, schema in known.items():
            if key in value:
                schema(value[key], f"{where}.{key}")
            elif key in self.fields:
                raise InputError(f"{where} is missing the key '{key}'.")

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {key: schema.json_schema() for key, schema in self.all_fields.items()},
            "required": list(self.fields),
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class CountRecord(Record):
    """A record with `n` and `correct`, of which `correct` is at most `n`; JSON Schema cannot say the latter."""

    def __call__(self, value: Any, where: str) -> None:
        super().__call__(value, where)
        if value["correct"] > value["n"]:
            refuse(f"{where}.correct", f"at most n, which is {value['n']}", value["correct"])


@dataclass(frozen=True)
class JsonValue(Schema):
    """Any JSON value of a few levels, whose text and numbers keep to the usual limits."""

    max_depth: int = MAX_DEPTH

    def __call__(self, value: Any, where: str) -> None:
        if not self.max_depth:
            raise InputError(f"{where} is nested more than {MAX_DEPTH} levels deep.")
        inner = JsonValue(self.max_depth - 1)
        if isinstance(value, dict):
            MapOf(inner)(value, where)
        elif isinstance(value, list):
            ListOf(inner)(value, where)
        else:
            SCALAR(value, where)

    def json_schema(self) -> dict[str, Any]:
        return {}  # without the limits of nested values


@dataclass(frozen=True)
class Unchecked(Schema):
    """A value that is checked elsewhere."""

    def __call__(self, value: Any, where: str) -> None:
        pass

    def json_schema(self) -> dict[str, Any]:
        return {}


SCALAR = OneOf((Text(10_000, empty=True, lines=True), Number(), Boolean(), Null()))
OBJECT = MapOf(JsonValue(MAX_DEPTH - 1))
