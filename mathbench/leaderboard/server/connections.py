"""Connections of clients: headers must arrive in time, and must state the length of a body in one way."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mathbench.leaderboard.server import errors
from mathbench.leaderboard.server.rate_limits import client_network

Network = IPv4Network | IPv6Network

HEADER_TIMEOUT = 20.0  # seconds until the headers of a request must be complete
IDLE_TIMEOUT = 30  # seconds that a connection may wait for its next request
READ_TIMEOUT = 30.0  # seconds in which a client must read MIN_READ bytes of what waits to be sent
MIN_READ = 1 << 14
MAX_CONNECTIONS = 256  # of one address at a time


class TimedConnection(H11Protocol):
    """An HTTP connection that is closed when headers do not arrive, or a response is not read, in time.

    A client that sends or reads one byte now and then would hold a connection forever otherwise. One address, or one
    network of IPv6, has only some connections, unless it is that of a proxy.
    """

    proxies: ClassVar[tuple[Network, ...]] = ()
    _open: ClassVar[Counter[str]] = Counter()
    _deadline: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None
    _client: str | None = None

    def connection_made(self, transport: Any) -> None:
        address = (transport.get_extra_info("peername") or ("",))[0]
        super().connection_made(transport)
        self._start_deadline()
        if not is_within(address, self.proxies):
            self._client = client_network(address)
            self._open[self._client] += 1
            if self._open[self._client] > MAX_CONNECTIONS:
                transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_reading()
        if self.conn.their_state is h11.SEND_BODY:  # of a request that was answered without it
            self._lingering = self.loop.call_later(HEADER_TIMEOUT, self._end_body, self.cycle)

    def _end_body(self, answered: Any) -> None:
        if self.cycle is answered and self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._start_deadline()
        else:
            self._stop_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        self._stop_reading()
        if self._lingering is not None:
            self._lingering.cancel()
        if self._client is not None:
            self._open[self._client] -= 1
            if not self._open[self._client]:
                del self._open[self._client]
        super().connection_lost(exc)

    def _start_deadline(self) -> None:
        """Set the time at which headers must be complete; one that is set already stays."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_TIMEOUT, self._close)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _watch_reading(self) -> None:
        """Check after a while how much was read; a check that is set already stays."""
        if self._reading is None and (waiting := self.transport.get_write_buffer_size()):
            self._reading = self.loop.call_later(READ_TIMEOUT, self._check_reading, waiting)

    def _check_reading(self, waiting: int) -> None:
        self._reading = None
        if (left := self.transport.get_write_buffer_size()) and waiting - left < MIN_READ:
            self.transport.abort()
        else:
            self._watch_reading()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _close(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


def timed_connection(proxies: Sequence[str]) -> type[TimedConnection]:
    """The class of a server's connections.

    Args:
        proxies: addresses and networks that may have any number of connections.
    """
    networks = tuple(ip_network(proxy) for proxy in proxies)
    return type("ServerConnection", (TimedConnection,), {"proxies": networks, "_open": Counter()})


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of some networks.

    >>> is_within("10.1.2.3", [ip_network("10.0.0.0/8")]), is_within("a.socket", [ip_network("::1")])
    (True, False)
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


class OneLength:
    """ASGI middleware that refuses a request with both Content-Length and Transfer-Encoding, and closes its connection.

    A proxy in front may read another length than this server, and then takes the rest of the body for a request of
    somebody else (RFC 9112, section 6.1).
    """

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if scope["type"] == "http" and {b"content-length", b"transfer-encoding"} <= names:
            why = "a request must have one of Content-Length and Transfer-Encoding. Received: both."
            await errors.error_response(400, why, {"Connection": "close"})(scope, receive, send)
        else:
            await self._app(scope, receive, send)
