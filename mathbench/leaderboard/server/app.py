"""The application of a served board."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from mathbench.leaderboard.server import (
    errors,
    routes_pages,
    routes_rounds,
    scoring_process,
    temporary_folders,
)
from mathbench.leaderboard.server.allowed_hosts import LOOPBACK, AllowedHosts
from mathbench.leaderboard.server.caching import ResponseCache
from mathbench.leaderboard.server.connections import OneLength
from mathbench.leaderboard.server.current_board import CurrentBoard
from mathbench.leaderboard.server.fair_limiter import FairLimiter
from mathbench.leaderboard.server.logs import RequestLog
from mathbench.leaderboard.server.rate_limits import AddressRates
from mathbench.leaderboard.server.round_folders import RoundFolders
from mathbench.leaderboard.server.routes_api import api
from mathbench.leaderboard.server.store_presence import StorePresence
from mathbench.leaderboard.server.token_turns import TokenTurns
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.uses import SharedLimits, TokenLimits
from mathbench.version import __version__


@dataclass(frozen=True)
class ServerLimits:
    """The limits of a server.

    Args:
        max_body: bytes of a request body.
        requests_per_minute: of any kind, from one address.
        submissions_per_minute: from all clients together.
        submissions_per_token: per minute, with one token.
        scoring_seconds: for one submission.
        work: seconds of CPU time for scoring one submission.
        work_per_token: seconds of CPU time per hour, for the submissions with one token.
        max_concurrent: submissions that are scored at the same time.
        hosts: the names that requests may be for, besides loopback; None for any.
        proxies: the addresses that may name the client of a request.
    """

    max_body: int = 10 << 20
    requests_per_minute: int = 1_200
    submissions_per_minute: int = 600
    submissions_per_token: int = 60
    scoring_seconds: float = 60
    work: float = 30
    work_per_token: float = 600
    max_concurrent: int = os.cpu_count() or 1
    hosts: frozenset[str] | None = None
    proxies: tuple[str, ...] = LOOPBACK


def make_app(
    board: Board,
    limits: ServerLimits | None = None,
    rounds: Path | None = None,
    secrets: Path | None = None,
    season: str | None = None,
) -> FastAPI:
    """Make the application for a board.

    Args:
        board: stores the submissions.
        limits: by default `ServerLimits()`.
        rounds: holds the folders of sealed rounds; None for a server without rounds.
        secrets: holds NAME.json with seed and salt of each round; None for the paths that `round open` uses.
        season: the name of the season of the front page; None for the default one.

    Raises:
        InputError: when the board has no such season.
    """
    limits = limits or ServerLimits()
    app = FastAPI(
        title="mathbench leaderboard",
        version=__version__,
        description="Submissions contain predictions. Their scores are recomputed before the response is sent.",
        lifespan=_lifespan,
        docs_url=None,  # those of FastAPI load scripts and styles from another host
        redoc_url=None,
    )
    _set_state(app, board, limits, rounds, season)
    app.include_router(api)
    if rounds is not None:
        routes_rounds.add_routes(app, RoundFolders(rounds, secrets))
    app.include_router(routes_pages.pages)  # last: it matches every other path
    errors.add_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    if limits.hosts is not None:
        app.add_middleware(AllowedHosts, allowed=limits.hosts)
    app.add_middleware(OneLength)
    app.add_middleware(RequestLog)
    return app


def _set_state(
    app: FastAPI, board: Board, limits: ServerLimits, rounds: Path | None, season: str | None
) -> None:
    state = app.state
    state.board, state.limits, state.name = board, limits, board.public_name
    state.presence = StorePresence(board)
    state.current = CurrentBoard(board, rounds, season)
    state.tables, state.pages = ResponseCache(), ResponseCache()
    state.rates = AddressRates(limits.requests_per_minute)


def _token_turns(board: Board, limits: ServerLimits) -> TokenTurns:
    jobs = limits.max_concurrent
    tokens = TokenLimits(limits.submissions_per_minute, limits.submissions_per_token, limits.work_per_token)
    return TokenTurns(FairLimiter(jobs, long=max(1, jobs // 2)), SharedLimits(board, tokens))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.turns = _token_turns(app.state.board, app.state.limits)
    # comparisons are slow: several of them wait for each other, and nothing else waits for them
    app.state.comparers = anyio.CapacityLimiter(1)
    await anyio.to_thread.run_sync(scoring_process.warm_up)
    site = await anyio.to_thread.run_sync(app.state.current.site)
    await anyio.to_thread.run_sync(site.warm_up)
    with temporary_folders.server_folder() as app.state.folder:
        yield
