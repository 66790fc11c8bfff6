"""Connections of clients: headers must arrive in time, and must state the length of a body in one way."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mathbench.leaderboard.server import errors

HEADER_TIMEOUT = 20.0  # seconds until the headers of a request must be complete
IDLE_TIMEOUT = 30  # seconds that a connection may wait for its next request


class TimedConnection(H11Protocol):
    """An HTTP connection that is closed when the headers of a request do not arrive in time.

    A client that sends one byte now and then would hold a connection forever otherwise.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._start_deadline()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._start_deadline()
        else:
            self._stop_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        super().connection_lost(exc)

    def _start_deadline(self) -> None:
        """Set the time at which headers must be complete; one that is set already stays."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_TIMEOUT, self._close)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


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
