"""Responses: JSON on one line, ETags, and a cache that holds for one version of the board."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar

from fastapi import Request, Response

from mathbench.leaderboard.site.page_set import PageSet

JSON = "application/json"
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}  # these occur inside strings only


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
    """A reply with this body, which a browser must not take for anything but what it is."""
    safe = {"X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(body, status, media_type=kind, headers=safe)


MAX_CACHED = 256  # answers that are kept ready

Answer = TypeVar("Answer")


class _SingleFlight(Generic[Answer]):
    """One answer; who comes while it is made waits for it."""

    def __init__(self, make: Callable[[], Answer]):
        self._lock, self._make = Lock(), make
        self._made: list[Answer] = []

    def get(self) -> Answer:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class ResponseCache(Generic[Answer]):
    """Answers made from one moment of a board; with the next moment they are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._site: PageSet | None = None
        self._made: OrderedDict[Hashable, _SingleFlight[Answer]] = OrderedDict()

    def get(self, site: PageSet, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """What `make` makes, kept ready for who asks next."""
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
    """A body with its ETag, or 304 for somebody who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {"Cache-Control": "no-cache", **(headers or {}), "ETag": tag}
    words = request.headers.get("if-none-match", "").split(",")
    if {tag, "*"} & {word.strip().removeprefix("W/") for word in words}:
        return Response(status_code=304, headers=sent)
    return response(body, headers=sent, kind=kind)
