"""ETags, and answers that are made once for each moment of the board."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Generic, TypeVar

from fastapi import Request, Response

from mathbench.leaderboard.server.body import JSON, answer
from mathbench.leaderboard.site.site import Site

MOST = 256  # answers that are kept ready

Answer = TypeVar("Answer")


class _Once(Generic[Answer]):
    """One answer; who comes while it is made waits for it."""

    def __init__(self, make: Callable[[], Answer]):
        self._lock, self._make = Lock(), make
        self._made: list[Answer] = []

    def get(self) -> Answer:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class Ready(Generic[Answer]):
    """Answers made from one moment of a board; with the next moment they are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._site: Site | None = None
        self._made: OrderedDict[Hashable, _Once[Answer]] = OrderedDict()

    def get(self, site: Site, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """What `make` makes, kept ready for who asks next."""
        with self._lock:
            if site is not self._site:
                self._made.clear()
                self._site = site
            once = self._made.setdefault(key, _Once(make))
            self._made.move_to_end(key)
            while len(self._made) > MOST:
                self._made.popitem(last=False)
        return once.get()


def reply(
    request: Request, body: bytes, kind: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """A body with its ETag, or 304 for somebody who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {"Cache-Control": "no-cache", **(headers or {}), "ETag": tag}
    words = request.headers.get("if-none-match", "").split(",")
    if {tag, "*"} & {word.strip().removeprefix("W/") for word in words}:
        return Response(status_code=304, headers=sent)
    return answer(body, headers=sent, kind=kind)
