"""The addresses of sealed rounds: everybody reads, who has a token takes part, the host's steps stay commands."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi import Path as InPath

from mathbench.leaderboard.rounds import answers, entering, log, private
from mathbench.leaderboard.rounds.log import Event
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.server import errors, scoring_process, uploads
from mathbench.leaderboard.server import responses as replies
from mathbench.leaderboard.server import responses as said
from mathbench.leaderboard.server.caching import etag_response, json_bytes, response
from mathbench.leaderboard.server.round_folders import NAME, RoundFolders
from mathbench.scores import strict_json
from mathbench.scores.schema import DIGEST
from mathbench.scores.untrusted import MAX_FILE, read_limited
from mathbench.storage import atomic

MAX_CHALLENGE = 10_000  # bytes of what registers a model
LINES, PARQUET = "application/x-ndjson", "application/vnd.apache.parquet"

FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["weights_sha256", "answers"],
            "additionalProperties": False,
            "properties": {
                "weights_sha256": DIGEST.json_schema(),
                "answers": {
                    "type": "string",
                    "contentMediaType": "application/octet-stream",
                    "description": "Parquet or JSON lines, also gzipped: split, row, prediction, task.",
                },
            },
        }
    }
}

Name = Annotated[str, InPath(pattern=f"^{NAME}$", examples=["winter"])]
Entry = Annotated[str, InPath(pattern="^e[1-9][0-9]{0,8}$", examples=["e1"])]


def _binary(kind: str) -> replies.Responses:
    return {200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


reading = APIRouter(prefix="/api/v1/rounds")
taking_part = APIRouter(prefix="/api/v1/rounds")


@reading.get(
    "",
    response_model=said.RoundsReply,
    responses=replies.SAME | replies.refusals(422),
    summary="All sealed rounds",
)
def rounds(request: Request) -> Response:
    """Their tasks and times, and how many take part; a round whose time is over counts as closed."""
    return etag_response(request, json_bytes({"rounds": request.app.state.shelf.summaries()}))


@reading.get(
    "/{name}",
    response_model=said.WholeRoundReply,
    responses=replies.SAME | replies.refusals(404, 422),
    summary="One round",
)
def one(request: Request, name: Name) -> Response:
    """With all events of its log."""
    shelf: RoundFolders = request.app.state.shelf
    events = [dict(event.fields) for event in shelf.round(name).events]
    return etag_response(request, json_bytes({**shelf.summary(name), "events": events}))


@reading.get(
    "/{name}/log",
    response_class=Response,
    responses=replies.SAME | replies.refusals(404, 422) | _binary(LINES),
    summary="Its log",
)
def log_of(request: Request, name: Name) -> Response:
    """The file as it is: every line has the SHA-256 of the one before."""
    path = request.app.state.shelf.folder(name) / log.LOG_FILE
    return etag_response(request, read_limited(path, log.MAX_BYTES), LINES)


@reading.get(
    "/{name}/answers/{entry}",
    response_class=Response,
    responses=replies.SAME | replies.refusals(403, 404, 422) | _binary(PARQUET),
    summary="The answers of an entry",
)
def answers_of(request: Request, name: Name, entry: Entry) -> Response:
    """Of a revealed round only, as the file lies there: whether it is the one in the log is for `verify` to say."""
    shelf: RoundFolders = request.app.state.shelf
    found = shelf.round(name)
    if found.reveal is None:
        raise HTTPException(403, "answers are given out when the round is revealed.")
    path = answers.answers_path(shelf.folder(name), entry)
    if _entered(found, entry).entries[entry].answer is None or not path.is_file():
        raise HTTPException(404, f"there are no answers of {entry}.")
    return etag_response(request, read_limited(path, MAX_FILE), PARQUET)


@taking_part.post(
    "/{name}/challenge",
    response_model=said.EnteredReply,
    status_code=201,
    responses={
        200: {"model": said.EnteredReply, "description": "The same questions once more."},
        **replies.refusals(400, 401, 404, 408, 409, 413, 415, 422),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": log.CHALLENGE.json_schema()}},
        }
    },
    summary="Register a model and get its questions",
)
async def challenge(request: Request, name: Name) -> Response:
    """The questions are drawn when the weights are named, and the time to answer them begins.

    Asked again with the same token, model and weights before it has answered, an entry gets the same questions,
    until the same deadline.
    """
    document = strict_json.parse(await uploads.read_json_body(request, MAX_CHALLENGE), "the request")
    log.CHALLENGE(document, "the request")
    state = request.app.state
    body, new = await anyio.to_thread.run_sync(
        _enter, state.shelf, name, document, request.state.token, limiter=state.scorers
    )
    return response(body, 201 if new else 200)


def _enter(shelf: RoundFolders, name: str, document: dict[str, str], token: str) -> tuple[bytes, bool]:
    weights = document["weights_sha256"]
    place = shelf.folder(name), document["model"], weights, shelf.now, shelf.secret(name), token
    entry, requested, new = entering.create_entry(*place)
    told = {
        "entry": entry.name,
        "deadline": entry.deadline.strftime(log.TIME_FORMAT),
        **_line(entry.challenge),
    }
    return json_bytes({**told, "questions": requested.to_pylist()}), new


@taking_part.post(
    "/{name}/entries/{entry}/answers",
    response_model=said.AnsweredReply,
    status_code=201,
    responses={
        200: {"model": said.AnsweredReply, "description": "These answers had been handed in already."},
        **replies.refusals(400, 401, 403, 404, 408, 413, 415, 422),
    },
    openapi_extra={"requestBody": {"required": True, "content": FORM}},
    summary="Hand in the answers of an entry",
)
async def hand_in(request: Request, name: Name, entry: Entry) -> Response:
    """Once and in time, with the token that asked for the questions; nothing is told about the score."""
    state, token = request.app.state, request.state.token
    await anyio.to_thread.run_sync(_check_holder, state.shelf, name, entry, token)
    with tempfile.TemporaryDirectory(dir=state.folder) as folder:
        form = ("answers",), ("weights_sha256",)
        sent = await uploads.save_form(request, Path(folder), state.limits.largest, *form)
        DIGEST(sent["weights_sha256"], "weights_sha256")
        given = name, entry, sent["weights_sha256"], Path(folder) / "answers"
        body, new = await anyio.to_thread.run_sync(_take, state, *given, limiter=state.scorers)
    return response(body, 201 if new else 200)


def _check_holder(shelf: RoundFolders, name: str, entry: str, token: str) -> None:
    entering.check_token(_entered(shelf.round(name), entry), entry, shelf.secret(name), token)


def _take(state: Any, name: str, entry: str, weights: str, path: Path) -> tuple[bytes, bool]:
    """Read the answers in a process of its own, and keep them."""
    shelf: RoundFolders = state.shelf
    folder = shelf.folder(name)
    packed = scoring_process.in_subprocess(
        answers.checked_bytes_in, folder, path, seconds=state.limits.seconds
    )
    found, new = entering.submit_answers(folder, entry, weights, packed, shelf.now)
    return json_bytes({"entry": entry, **_line(found.answer)}), new


def _entered(found: Round, entry: str) -> Round:
    if entry not in found.entries:
        raise HTTPException(404, f"the round has no entry {entry}.")
    return found


def _line(event: Event | None) -> dict[str, Any]:
    return {"receipt": event.digest, "line": dict(event.fields)} if event else {}


def add_routes(
    app: FastAPI, shelf: RoundFolders, let_in: Callable[..., Any], token: Callable[..., Any]
) -> None:
    """Add these addresses to an app.

    Args:
        app: the server.
        shelf: its rounds.
        let_in: looks at the rate of all requests.
        token: looks at the token and its rate, and notes its name in the request.
    """
    app.state.shelf = shelf
    app.include_router(reading, dependencies=[Depends(let_in)])
    app.include_router(taking_part, dependencies=[Depends(let_in), Depends(token)])
    app.add_exception_handler(entering.WrongToken, lambda _, error: errors.error_response(403, str(error)))
    app.add_exception_handler(private.SecretMissing, _not_here)
    app.add_exception_handler(atomic.Locked, _busy)


def _not_here(_: Request, __: Exception) -> Response:
    """The host runs the round elsewhere, and the place of the secret is nobody's business."""
    return errors.error_response(
        409, "this round takes no entries over HTTP: its seed is not kept with the server."
    )


def _busy(_: Request, __: Exception) -> Response:
    again = errors.too_many_requests(1)
    return errors.error_response(again.status_code, str(again.detail), again.headers)
