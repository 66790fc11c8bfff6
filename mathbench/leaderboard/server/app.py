"""The addresses of a served board."""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi import Path as InPath
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.render import tables_json
from mathbench.leaderboard.server import (
    errors,
    queries,
    responses,
    routes_pages,
    routes_rounds,
    scoring_process,
    temporary_folders,
    uploads,
)
from mathbench.leaderboard.server.allowed_hosts import AllowedHosts
from mathbench.leaderboard.server.caching import ResponseCache, etag_response, json_bytes, response
from mathbench.leaderboard.server.current_board import CurrentBoard
from mathbench.leaderboard.server.logs import RequestLog
from mathbench.leaderboard.server.rate_limits import RateLimits
from mathbench.leaderboard.server.round_folders import RoundFolders
from mathbench.leaderboard.server.store_presence import StorePresence
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tokens import redact_tokens, token_name
from mathbench.leaderboard.submit import make_receipt
from mathbench.scores.untrusted import MAX_ROWS
from mathbench.version import __version__


@dataclass(frozen=True)
class ServerLimits:
    """What a server puts up with.

    Args:
        largest: bytes of a request body.
        requests: of any kind per minute, from everybody together.
        submissions: per minute, from everybody together.
        per_token: submissions per minute with one token.
        seconds: how long scoring one submission may take.
        at_once: submissions that are scored at the same time.
        hosts: the names that requests may be for, beside loopback; None for any.
    """

    largest: int = 10 << 20
    requests: int = 6_000
    submissions: int = 600
    per_token: int = 60
    seconds: float = 60
    at_once: int = os.cpu_count() or 1
    hosts: frozenset[str] | None = None


async def _let_in(request: Request) -> None:
    if seconds := request.app.state.rates.requests.retry_after():
        raise errors.too_many_requests(seconds)
    request.app.state.presence.check()


_BEARER = HTTPBearer(auto_error=False, description="A token from `mathbench leaderboard token create NAME`.")
_WORD = Query(max_length=200)
_DIGEST = InPath(pattern="^[0-9a-f]{64}$", examples=[responses.EXAMPLE_DIGEST])

api = APIRouter(prefix="/api/v1", dependencies=[Depends(_let_in)])


async def _token(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> str:
    """The name of the token that a request came with; nothing of its body has been read yet."""
    if credentials is None:
        why = "a token is needed: the header 'Authorization: Bearer mb_...'."
        raise HTTPException(401, why, {"WWW-Authenticate": "Bearer"})
    name = await anyio.to_thread.run_sync(token_name, request.app.state.board, credentials.credentials)
    if name is None:
        raise HTTPException(
            401, "this token is not known, or it was revoked.", {"WWW-Authenticate": "Bearer"}
        )
    request.state.token = name
    if seconds := request.app.state.rates.submission(name):
        raise errors.too_many_requests(seconds)
    return name


@api.get(
    "/health",
    response_model=responses.HealthReply,
    responses=responses.refusals(),
    summary="Whether the server works",
)
def health(request: Request) -> Any:
    """Also what it takes: sizes, rows and rates."""
    state = request.app.state
    return {
        "status": "ok",
        "version": __version__,
        "board": state.name,
        "submissions": queries.count(state.board),
        "limits": {
            "largest_body": state.limits.largest,
            "most_rows": MAX_ROWS,
            "per_minute": state.limits.submissions,
            "per_minute_and_token": state.limits.per_token,
            "scoring_seconds": state.limits.seconds,
        },
    }


@api.get(
    "/board",
    response_model=responses.TablesReply,
    responses=responses.SAME | responses.refusals(422),
    summary="All tables",
)
def board(
    request: Request,
    task: Annotated[str | None, _WORD] = None,
    framework: Annotated[str | None, _WORD] = None,
    split: Annotated[str | None, _WORD] = None,
    sort: Annotated[str, _WORD] = "score",
) -> Response:
    """One table per task and split, with ranks, intervals, floors and the exact solver.

    The answer has an ETag; with `If-None-Match` it is 304 while the board has not changed.
    """
    state, filters = request.app.state, (task, framework, split, sort)
    site = state.current.site()
    made = state.tables.get(
        site, filters, lambda: json_bytes(tables_json(site.snapshot.listed(*filters), state.name))
    )
    return etag_response(request, made)


@api.get(
    "/submissions/{digest}",
    response_model=responses.SubmissionReply,
    responses=responses.SAME | responses.refusals(404, 422),
    summary="One submission",
)
def submission(request: Request, digest: Annotated[str, _DIGEST]) -> Response:
    """Its manifest, what it claims, and what was recomputed; the predictions are not given out."""
    return etag_response(request, json_bytes(queries.submission(request.app.state.board, digest)))


@api.get(
    "/attempts",
    response_model=responses.AttemptsReply,
    responses=responses.SAME | responses.refusals(422),
    summary="All attempts",
)
def attempts(
    request: Request,
    digest: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
    before: Annotated[int | None, Query(ge=1, le=(1 << 31) - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Kept, repeated and refused ones, newest first; `before` is an id, for the next page."""
    return etag_response(
        request, json_bytes(queries.attempts(request.app.state.board, digest, before, limit))
    )


@api.post(
    "/submissions",
    response_model=responses.ReceiptReply,
    status_code=201,
    responses={
        200: {"model": responses.ReceiptReply, "description": "The board had this content already."},
        **responses.refusals(401, 408, 413, 415, 422),
    },
    openapi_extra={"requestBody": {"required": True, "content": uploads.FORM}},
    summary="Submit a run",
)
async def submit(request: Request, token: Annotated[str, Depends(_token)]) -> Response:
    """The predictions are scored before this answers. The same content again is the same submission."""
    state = request.app.state
    with tempfile.TemporaryDirectory(dir=state.folder) as folder:
        await uploads.save_form(request, Path(folder), state.limits.largest)
        body, new = await anyio.to_thread.run_sync(_keep, state, Path(folder), token, limiter=state.scorers)
    return response(body, 201 if new else 200)


def _keep(state: Any, folder: Path, token: str) -> tuple[bytes, bool]:
    """Score what lies in a folder and keep it; a refusal leaves its trace."""
    try:
        sent, checked = scoring_process.check_folder(folder, state.limits.seconds)
    except InputError as error:
        state.board.refuse(redact_tokens(str(error)), token)
        raise
    place = state.board.keep(sent, checked, source="server", token=token)
    state.presence.check()  # what is answered for is on the board
    given = make_receipt(sent, checked, state.name, place.new, place.attempts)
    return json_bytes(given.to_json()), place.new


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    app.state.scorers = anyio.CapacityLimiter(app.state.limits.at_once)
    app.state.comparers = anyio.CapacityLimiter(1)  # who asks for many comparisons waits, and nobody else
    await anyio.to_thread.run_sync(scoring_process.warm_up)
    site = await anyio.to_thread.run_sync(app.state.current.site)
    await anyio.to_thread.run_sync(site.warm_up)
    with temporary_folders.server_folder() as app.state.folder:
        yield


def make_app(
    board: Board, limits: ServerLimits | None = None, rounds: Path | None = None, secrets: Path | None = None
) -> FastAPI:
    """The application for a board.

    Args:
        board: where submissions go.
        limits: what it puts up with.
        rounds: holds the folders of sealed rounds; None: it has none.
        secrets: holds NAME.json with seed and salt of each round; None: where `round open` puts them.
    """
    limits = limits or ServerLimits()
    app = FastAPI(
        title="mathbench leaderboard",
        version=__version__,
        description="Submissions are predictions; their scores are recomputed before the answer comes.",
        lifespan=_life,
        redoc_url=None,
    )
    app.state.board, app.state.limits, app.state.name = board, limits, board.public_name
    app.state.presence = StorePresence(board)
    app.state.current, app.state.tables, app.state.pages = (
        CurrentBoard(board, rounds),
        ResponseCache(),
        ResponseCache(),
    )
    app.state.rates = RateLimits(limits.requests, limits.submissions, limits.per_token)
    app.include_router(api)
    if rounds is not None:
        routes_rounds.add_routes(app, RoundFolders(rounds, secrets), _let_in, _token)
    app.include_router(routes_pages.pages)  # last: it takes every address that is left
    errors.add_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    if limits.hosts is not None:
        app.add_middleware(AllowedHosts, limits.hosts)
    app.add_middleware(RequestLog)
    return app
