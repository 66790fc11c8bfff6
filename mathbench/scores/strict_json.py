"""JSON as the leaderboard reads it: without NaN, repeated keys, invalid text and endless nesting."""

import json
from typing import Any, NoReturn

from mathbench.errors import InputError
from mathbench.scores.schema_types import shorten

MAX_BYTES = 1_000_000  # of a manifest


def parse(data: bytes, name: str = "result.json") -> Any:
    """Parse JSON strictly.

    Args:
        data: UTF-8 text, at most `MAX_BYTES` long.
        name: the name of the file, for error messages.

    Raises:
        InputError: one line with the reason.

    >>> parse(b'{"a": 1}')
    {'a': 1}
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES:,} bytes. Received: {len(data):,}.")
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise InputError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        raise InputError(f"{name} is not valid JSON: {shorten(str(error))}.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("a key appears twice in one object")
    return unique
