"""What a result.json may hold: the whole schema, written out, and the few checks that it is made of.

A check takes a value and the words for where it stands, and raises `InputError` with one line. Everything
that is not allowed is refused: unknown and missing keys, other types, numbers that are not finite, text that
is too long or that holds control characters (they could forge a line of a table).
"""

import json
import math
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from mathbench.errors import InputError, did_you_mean
from mathbench.reserve import SPLITS

Check = Callable[[Any, str], None]

MAX_BYTES = 1_000_000  # of a result.json
MAX_KEYS = 2_000  # of one object: more strata than any task has
DEEPEST = 6  # levels of free-form objects such as recipes
INT64 = (1 << 63) - 1

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 60


def refuse(where: str, allowed: str, value: object) -> NoReturn:
    """Say in one line what is wrong."""
    raise InputError(f"{where} must be {allowed}. Received: {_shown(value)}.")


def _shown(value: object) -> str:
    return ascii(_brief.repr(value))[1:-1] if isinstance(value, str | list | dict) else _brief.repr(value)


def text(limit: int = 200, pattern: str = "", empty: bool = False) -> Check:
    """Printable text of at most `limit` characters, which may have to match a pattern."""
    allowed = f"printable text of at most {limit} characters" + (f" like {pattern}" if pattern else "")

    def check(value: Any, where: str) -> None:
        right = (
            isinstance(value, str)
            and len(value) <= limit
            and value.isprintable()
            and (empty or value.strip())
        )
        if not right or (pattern and not re.fullmatch(pattern, value)):
            refuse(where, allowed, value)

    return check


def whole(low: int = 0, high: int = INT64) -> Check:
    """An integer from `low` to `high`."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            refuse(where, f"an integer from {low} to {high}", value)

    return check


def number(low: float = -math.inf, high: float = math.inf) -> Check:
    """A finite number from `low` to `high`."""
    allowed = "a finite number" if math.isinf(low) else f"a number from {low:g} to {high:g}"

    def check(value: Any, where: str) -> None:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right or not low <= value <= high or math.isinf(value):
            refuse(where, allowed, value)

    return check


def flag(value: Any, where: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        refuse(where, "true or false", value)


def nothing(value: Any, where: str) -> None:
    """Null."""
    if value is not None:
        refuse(where, "null", value)


def either(*checks: Check) -> Check:
    """What any of the checks accepts; the first one words the refusal."""

    def check(value: Any, where: str) -> None:
        for option in checks[1:]:
            try:
                return option(value, where)
            except InputError:
                continue
        return checks[0](value, where)

    return check


def listing(of: Check, maximum: int = MAX_KEYS) -> Check:
    """A list of values of one kind."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) > maximum:
            refuse(where, f"a list of at most {maximum}", value)
        for i, item in enumerate(value):
            of(item, f"{where}[{i}]")

    return check


def table(of: Check, keys: tuple[str, ...] | None = None) -> Check:
    """An object whose values are of one kind; its keys are short text, or some of `keys`."""
    name = text(200)

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict) or len(value) > MAX_KEYS:
            refuse(where, f"an object of at most {MAX_KEYS} keys", value)
        for key, item in value.items():
            name(key, f"a key of {where}")
            if keys is not None and key not in keys:
                raise InputError(f"{where} has the unknown key {_shown(key)}. {did_you_mean(key, keys)}")
            of(item, f"{where}.{key}")

    return check


def record(fields: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these keys; the optional ones may be left out."""
    known = {**fields, **(optional or {})}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            refuse(where, "an object", value)
        for key in value:
            if key not in known:
                raise InputError(f"{where} has the unknown key {_shown(key)}. {did_you_mean(key, known)}")
        for key, of in known.items():
            if key in value:
                of(value[key], f"{where}.{key}")
            elif key in fields:
                raise InputError(f"{where} lacks the key '{key}'.")

    return check


def free(value: Any, where: str, depth: int = DEEPEST) -> None:
    """Any JSON value of a few levels; its text and numbers are checked like all others."""
    if not depth:
        raise InputError(f"{where} is nested more than {DEEPEST} levels deep.")
    if isinstance(value, dict):
        table(lambda item, at: free(item, at, depth - 1))(value, where)
    elif isinstance(value, list):
        listing(lambda item, at: free(item, at, depth - 1))(value, where)
    else:
        SCALAR(value, where)


def counted(of: Check) -> Check:
    """An object of which no more is correct than there is."""

    def check(value: Any, where: str) -> None:
        of(value, where)
        if value["correct"] > value["n"]:
            refuse(f"{where}.correct", f"at most n, which is {value['n']}", value["correct"])

    return check


SCALAR = either(text(2_000, empty=True), number(), flag, nothing)
OBJECT = table(lambda value, where: free(value, where, DEEPEST - 1))
SEED = either(whole(-INT64 - 1, 2 * INT64 + 1), text(200))
SHARE = number(0, 1)
COUNT_FIELDS: dict[str, Check] = {
    "n": whole(1),
    "correct": whole(),
    "exact_match": SHARE,
    "low": SHARE,
    "high": SHARE,
}
CHARACTERS = either(SHARE, nothing)
COUNT = counted(record(COUNT_FIELDS, {"characters": CHARACTERS}))
SCORE = counted(record(COUNT_FIELDS, {"characters": CHARACTERS, "steps": COUNT, "strata": table(COUNT)}))

TASK = record({"id": text(100), "name": text(), "parameters": table(SCALAR)})

RESULT = record(
    {
        "schema_version": whole(1, 1),
        "id": text(),
        "baseline": text(),
        "framework": either(text(50), nothing),
        "recipe": OBJECT,
        "encoding": OBJECT,
        "task": TASK,
        "data": record({"seed": SEED, "sizes": table(whole(), SPLITS), "digest": either(text(), nothing)}),
        "seed": SEED,
        "command": either(text(10_000, empty=True), listing(text(10_000, empty=True)), nothing),
        "commit": either(text(100, empty=True), nothing),
        "dirty": either(flag, nothing),
        "versions": OBJECT,
        "hardware": OBJECT,
        "parameters": either(whole(), nothing),
        "timings": OBJECT,
        "best": either(OBJECT, nothing),
        "scores": table(SCORE, SPLITS),
        "floors": table(table(SCORE, SPLITS)),
        "ceiling": table(SCORE, SPLITS),
        "predictions_sha256": text(71, "(sha256:)?[0-9a-f]{64}"),
    }
)


def parse(data: bytes, name: str = "result.json") -> Any:
    """JSON without its loopholes: no NaN, no key twice, no broken text, no endless nesting.

    Raises:
        InputError: one line with the reason.

    >>> parse(b'{"a": 1}')
    {'a': 1}
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES:,} bytes. Received: {len(data):,}.")
    try:
        return json.loads(data.decode(), parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
    except RecursionError:
        raise InputError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        raise InputError(f"{name} is not valid JSON: {_shown(str(error))}.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key appears twice in one object")
    return table
