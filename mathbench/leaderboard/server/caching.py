"""Responses: one line of JSON, ETags, and a cache for one version of the board."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar

from fastapi import Request, Response

from mathbench.leaderboard.site.page_set import PageSet

JSON = "application/json"
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}  # they occur inside strings only


def json_bytes(value: Any) -> bytes:
    r"""One line of JSON in ASCII.

    >>> json_bytes({"model": "<b>é"})
    b'{"model":"\\u003cb\\u003e\\u00e9"}\n'
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED).encode() + b"\n"


def response(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = JSON
) -> Response:
    """A response whose content type browsers must not guess."""
    safe = {"X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(body, status, media_type=kind, headers=safe)


MAX_CACHED = 256  # values in one cache

Value = TypeVar("Value")


class _SingleFlight(Generic[Value]):
    """A value computed once; concurrent requests wait for the first."""

    def __init__(self, make: Callable[[], Value]):
        self._lock, self._make = Lock(), make
        self._made: list[Value] = []

    def get(self) -> Value:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class ResponseCache(Generic[Value]):
    """The values computed for one version of a board; a new version clears them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._site: PageSet | None = None
        self._made: OrderedDict[Hashable, _SingleFlight[Value]] = OrderedDict()

    def get(self, site: PageSet, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the cached value of a key, computed by `make` at the first request."""
        with self._lock:
            if site is not self._site:
                self._made.clear()
                self._site = site
            once = self._made.setdefault(key, _SingleFlight(make))
            self._made.move_to_end(key)
            while len(self._made) > MAX_CACHED:
                self._made.popitem(last=False)
        return once.get()


def etag_response(
    request: Request, body: bytes, kind: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with its ETag, or 304 when the client has this content."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {"Cache-Control": "no-cache", **(headers or {}), "ETag": tag}
    known = request.headers.get("if-none-match", "").split(",")
    if {tag, "*"} & {other.strip().removeprefix("W/") for other in known}:
        return Response(status_code=304, headers=sent)
    return response(body, headers=sent, kind=kind)
