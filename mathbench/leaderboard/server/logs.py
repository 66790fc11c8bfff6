"""The log of a server: one line per request, without secrets, client addresses and queries."""

import logging
import sys
from time import monotonic
from typing import Any

from mathbench.leaderboard.store.tokens import redact_tokens

LOG = logging.getLogger("mathbench.server")


class Redact(logging.Formatter):
    """Formats log lines and hides whatever looks like a token, including in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_tokens(super().format(record))


def to_stderr() -> None:
    """Send the logs of this server and of uvicorn to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redact("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    for name, level in (("mathbench.server", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


class RequestLog:
    """ASGI middleware that logs method, path, status, time and the name of the token, but no query."""

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = monotonic(), 500

        async def send_and_note(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            token = scope.get("state", {}).get("token") or "-"
            words = (scope["method"], ascii(scope["path"])[1:-1][:200], status, token)
            LOG.info("%s %s %d %s %.0f ms", *words, (monotonic() - start) * 1000)
