"""The turns of tokens: one running job per token on all servers of a board, and the work of jobs counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio

from mathbench.leaderboard.server.fair_limiter import FairLimiter
from mathbench.leaderboard.store.uses import LEASE_SECONDS, SharedLimits

POLL_SECONDS = 0.1  # between two attempts to get the lease that another server has

T = TypeVar("T")


@dataclass
class Turn:
    """The turn of a token.

    Args:
        limiter: the limits under which its job runs.
        work: seconds of CPU time that its job has used.
    """

    limiter: FairLimiter
    work: float = 0.0


class TokenTurns:
    """Lets tokens take turns, and counts their submissions and work in the board's database.

    Args:
        limiter: the limits of jobs in this server.
        limits: the limits of tokens in all servers of the board.
    """

    def __init__(self, limiter: FairLimiter, limits: SharedLimits):
        self._limiter, self._limits = limiter, limits
        # one at a time, so that counting never takes the threads of pages, nor waits for itself in the database
        self._counting = anyio.CapacityLimiter(1)

    async def submission(self, token: str) -> int:
        """As `SharedLimits.submission`."""
        return await self._call(self._limits.submission, token)

    @asynccontextmanager
    async def turn(self, token: str) -> AsyncIterator[Turn]:
        """Wait for the turn of a token, here and on the other servers of the board."""
        async with self._limiter.turn(token):
            while not await self._call(self._limits.acquire, token):
                await anyio.sleep(POLL_SECONDS)
            renewal = asyncio.create_task(self._renew(token))
            turn = Turn(self._limiter)
            try:
                yield turn
            finally:
                renewal.cancel()
                with anyio.CancelScope(shield=True):
                    await self._call(self._limits.release, token, turn.work)

    async def _renew(self, token: str) -> None:
        while True:
            await anyio.sleep(LEASE_SECONDS / 3)
            await self._call(self._limits.acquire, token)

    async def _call(self, function: Callable[..., T], *args: Any) -> T:
        return await anyio.to_thread.run_sync(function, *args, limiter=self._counting)
