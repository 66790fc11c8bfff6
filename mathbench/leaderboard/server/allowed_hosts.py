"""A check of the Host header against DNS rebinding.

A foreign page may point its own host name at this machine. Its scripts, in a browser that runs here, then reach a
server on loopback. Such a request has that host name in its Host header, and is refused.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from mathbench.errors import InputError
from mathbench.leaderboard.server import errors

NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")
# [IPv6] or a name, and a port
HEADER = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::\d{1,5})?")


LOOPBACK = ("127.0.0.1", "::1")


class AllowedHosts:
    """ASGI middleware that refuses requests for a host that is neither loopback nor allowed.

    Args:
        app: the application for all other requests.
        allowed: names and addresses in lower case, without ports.
    """

    def __init__(self, app: Any, allowed: frozenset[str]):
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or self._allows(host := _host_header(scope)):
            await self._app(scope, receive, send)
            return
        why = f"the host {ascii(host)[:100]} is not allowed. The operator can allow it: `serve --allow-host NAME`."
        await errors.error_response(400, why)(scope, receive, send)

    def _allows(self, header: str) -> bool:
        if not (parts := HEADER.fullmatch(header)):
            return False
        name = (parts[1] or parts[2]).lower().removesuffix(".")
        return name in self._allowed or is_loopback(name)


def _host_header(scope: Any) -> str:
    """The Host header of a request; empty when it is missing or repeated."""
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return found[0] if len(found) == 1 else ""


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only.

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
    """The allowed names in lower case; None for an empty list.

    Raises:
        InputError: for anything but a name or an address, such as a URL.
    """
    for name in names:
        if not NAME.fullmatch(name) and not _is_address(name):
            example = "such as board.example.org or 192.0.2.1"
            raise InputError(
                f"a host must be a name or an address without a port, {example}. Received: {name!a}."
            )
    return frozenset(name.lower() for name in names) or None


def parse_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """Addresses or networks, as text.

    Raises:
        InputError: for anything else.

    >>> parse_addresses(["192.0.2.1", "10.0.0.0/8"])
    ('192.0.2.1', '10.0.0.0/8')
    """
    for address in addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            raise InputError(
                f"a proxy must be an address or a network, such as 192.0.2.1 or 10.0.0.0/8. Received: {address!a}."
            ) from None
    return tuple(addresses)


def effective_names(host: str, allowed: frozenset[str] | None) -> frozenset[str] | None:
    """The names that requests to a server may be for, besides loopback; None for any.

    Args:
        host: the address that it listens on. A server on a public address without allowed names accepts any.
        allowed: the names that its owner allows.
    """
    return frozenset() if allowed is None and is_loopback(host) else allowed


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
