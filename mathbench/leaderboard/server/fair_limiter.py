"""A limit of jobs at a time that no client can use up alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


class FairLimiter:
    """Runs some jobs at a time, one of each client; clients whose jobs wait take turns.

    The other jobs of a client wait for its first one, before they wait with those of other clients. Long jobs have a
    limit of their own, so that short ones do not wait for them.

    Args:
        total: the number of short jobs at a time.
        long: the number of long jobs at a time.
    """

    def __init__(self, total: int, long: int = 1):
        self.jobs, self.long_jobs = anyio.CapacityLimiter(total), anyio.CapacityLimiter(long)
        self._clients: dict[str, anyio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[anyio.CapacityLimiter]:
        """Wait for the turn of a client. Yields the limit under which its job runs in a thread."""
        lock = self._clients.setdefault(client, anyio.Lock())
        self._waiting[client] = self._waiting.get(client, 0) + 1
        try:
            async with lock:
                yield self.jobs
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._clients[client], self._waiting[client]
