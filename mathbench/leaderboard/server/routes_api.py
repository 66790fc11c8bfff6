"""The routes of the JSON API, apart from those of sealed rounds."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as InPath

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables
from mathbench.leaderboard.ranking.render import tables_json
from mathbench.leaderboard.server import queries, responses, uploads
from mathbench.leaderboard.server.access import admit, authenticate
from mathbench.leaderboard.server.caching import etag_response, json_bytes, response
from mathbench.leaderboard.server.scoring_process import (
    Long,
    Rejected,
    Scored,
    WorkLimits,
    check_long,
    check_short,
)
from mathbench.leaderboard.server.token_turns import Turn
from mathbench.leaderboard.store.database import DatabaseUnreachable
from mathbench.leaderboard.store.tokens import redact_tokens
from mathbench.leaderboard.submit import make_receipt
from mathbench.scores.untrusted import MAX_ROWS
from mathbench.version import __version__

_WORD = Query(max_length=200)
_DIGEST = InPath(pattern="^[0-9a-f]{64}$", examples=[responses.EXAMPLE_DIGEST])

api = APIRouter(prefix="/api/v1", dependencies=[Depends(admit)])


@api.get(
    "/health",
    response_model=responses.HealthReply,
    responses=responses.refusals(),
    summary="Whether the server works",
)
def health(request: Request) -> Any:
    """Also the limits of submissions: sizes, rows and rates."""
    state = request.app.state
    return {
        "status": "ok",
        "version": __version__,
        "board": state.name,
        "submissions": queries.count(state.board),
        "limits": {
            "largest_body": state.limits.max_body,
            "most_rows": MAX_ROWS,
            "per_minute": state.limits.submissions_per_minute,
            "per_minute_and_token": state.limits.submissions_per_token,
            "scoring_seconds": state.limits.scoring_seconds,
            "work": state.limits.work,
            "work_per_hour_and_token": state.limits.work_per_token,
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
    open_only: Annotated[bool, Query(alias="open")] = False,
) -> Response:
    """One table per task, split and supervision of the season, with ranks, intervals, floors and the exact solver.

    With `open=true` the open submissions instead, which have no ranks.

    The response has an ETag; with `If-None-Match` it is 304 while the board has not changed.
    """
    state, filters = request.app.state, TableFilters(task, framework, split, sort)
    site = state.current.site()
    snapshot = site.snapshot

    def make() -> bytes:
        tables = open_tables(snapshot.board.open, filters) if open_only else snapshot.filtered_tables(filters)
        return json_bytes(tables_json(tables, state.name))

    return etag_response(request, state.tables.get(site, (filters, open_only), make))


@api.get(
    "/submissions/{digest}",
    response_model=responses.SubmissionReply,
    responses=responses.SAME | responses.refusals(404, 422),
    summary="One submission",
)
def submission(request: Request, digest: Annotated[str, _DIGEST]) -> Response:
    """Its manifest with the claimed scores, and the recomputed scores; not its predictions."""
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
        200: {"model": responses.ReceiptReply, "description": "The board already had this content."},
        **responses.refusals(401, 408, 413, 415, 422),
    },
    openapi_extra={"requestBody": {"required": True, "content": uploads.FORM}},
    summary="Submit a run",
)
async def submit(request: Request, token: Annotated[str, Depends(authenticate)]) -> Response:
    """The response comes when the predictions are scored. The same content again is the same submission."""
    state = request.app.state
    with tempfile.TemporaryDirectory(dir=state.folder) as folder:
        optional = uploads.OPTIONAL_PARTS
        await uploads.save_form(request, Path(folder), state.limits.max_body, optional=optional)
        async with state.turns.turn(token) as turn:
            found = await _score(Path(folder), state.limits, turn)
            jobs = turn.limiter.jobs
            body, new = await anyio.to_thread.run_sync(_keep, state, found, token, limiter=jobs)
    return response(body, 201 if new else 200)


async def _score(folder: Path, limits: Any, turn: Turn) -> Scored | Rejected:
    """Score the submission in a folder, as a short job or, if that takes long, as a long one."""
    given = folder, WorkLimits(limits.scoring_seconds, limits.work)
    outcome = await anyio.to_thread.run_sync(check_short, *given, limiter=turn.limiter.jobs)
    turn.work = outcome.work
    if isinstance(outcome.found, Long):
        outcome = await anyio.to_thread.run_sync(check_long, *given, limiter=turn.limiter.long_jobs)
        turn.work += outcome.work
    found: Scored | Rejected = outcome.found
    return found


def _keep(state: Any, found: Scored | Rejected, token: str) -> tuple[bytes, bool]:
    """Store a scored submission; a refusal is recorded as an attempt."""
    if isinstance(found, Rejected):
        state.board.refuse(redact_tokens(found.why), token)
        raise InputError(found.why)
    try:
        stored = state.board.keep(found.submission, found.checked, source="server", token=token)
    except DatabaseUnreachable:
        raise
    except InputError as error:
        state.board.refuse(redact_tokens(str(error)), token)
        raise
    state.presence.check()  # a receipt is given only for what is on the board
    receipt = make_receipt(found.submission, found.checked, state.name, stored.new, stored.attempts)
    return json_bytes(receipt.to_json()), stored.new
