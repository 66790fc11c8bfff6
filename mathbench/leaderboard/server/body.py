"""JSON as it leaves the server: one line in which no name from a stranger can begin a tag."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Response

JSON = "application/json"
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}  # these occur inside strings only


def as_json(value: Any) -> bytes:
    r"""One line of JSON in ASCII.

    >>> as_json({"model": "<b>é"})
    b'{"model":"\\u003cb\\u003e\\u00e9"}\n'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED).encode() + b"\n"


def answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = JSON
) -> Response:
    """A reply with this body, which a browser must not take for anything but what it is."""
    safe = {"X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(body, status, media_type=kind, headers=safe)
