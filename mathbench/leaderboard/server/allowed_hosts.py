"""Which names a server answers to.

A page from elsewhere may point its own name at this machine (DNS rebinding): its scripts then reach a server on
loopback from a browser that runs here. Such a request names that page's host, by which it is refused.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from mathbench.errors import InputError
from mathbench.leaderboard.server import errors

NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")
HEADER = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?"
)  # [IPv6] or a name, and a port


class AllowedHosts:
    """ASGI middleware that refuses requests for a host that is neither loopback nor allowed.

    Args:
        app: what answers the others.
        allowed: names and addresses in lower case, without ports.
    """

    def __init__(self, app: Any, allowed: frozenset[str]):
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or self._allows(told := _forwarded(scope)):
            await self._app(scope, receive, send)
            return
        why = (
            f"this server is not {ascii(told)[:100]}; its owner can allow a name: `serve --allow-host NAME`."
        )
        await errors.error_response(400, why)(scope, receive, send)

    def _allows(self, header: str) -> bool:
        if not (parts := HEADER.fullmatch(header)):
            return False
        name = (parts[1] or parts[2]).lower().removesuffix(".")
        return name in self._allowed or is_loopback(name)


def _forwarded(scope: Any) -> str:
    """The Host header of a request; nothing where it is missing or given twice."""
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return found[0] if len(found) == 1 else ""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_names(names: Iterable[str]) -> frozenset[str] | None:
    """Names that an owner allows, in lower case; None for none.

    Raises:
        InputError: for something else than a name or an address, such as a URL.
    """
    for name in names:
        if not NAME.fullmatch(name) and not _is_address(name):
            example = "such as board.example.org or 192.0.2.1"
            raise InputError(f"a host is a name or an address without a port, {example}. Received: {name!a}.")
    return frozenset(name.lower() for name in names) or None


def effective_names(host: str, allowed: frozenset[str] | None) -> frozenset[str] | None:
    """The names that a server answers to beside loopback; None for any.

    Args:
        host: the address that it listens on. Who listens for others without naming a host is not held to one.
        allowed: what its owner allows.
    """
    return frozenset() if allowed is None and is_loopback(host) else allowed


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
