"""The routes of sealed rounds: anybody may read, entrants need a token, and the host's steps stay commands."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi import Path as InPath

from mathbench.leaderboard import times
from mathbench.leaderboard.rounds import answers, entering, log, private
from mathbench.leaderboard.rounds.log import Event
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.server import errors, responses, scoring_process, uploads
from mathbench.leaderboard.server.access import admit, authenticate
from mathbench.leaderboard.server.caching import etag_response, json_bytes, response
from mathbench.leaderboard.server.round_folders import NAME, RoundFolders
from mathbench.scores import strict_json
from mathbench.scores.schema import DIGEST
from mathbench.scores.untrusted import MAX_FILE, read_limited
from mathbench.storage import atomic

MAX_CHALLENGE = 10_000  # bytes of a request that registers a model
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


def _binary(kind: str) -> responses.Responses:
    return {200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


reading = APIRouter(prefix="/api/v1/rounds", dependencies=[Depends(admit)])
entrants = APIRouter(prefix="/api/v1/rounds", dependencies=[Depends(admit), Depends(authenticate)])


@reading.get(
    "",
    response_model=responses.RoundsReply,
    responses=responses.SAME | responses.refusals(422),
    summary="All sealed rounds",
)
def rounds(request: Request) -> Response:
    """Their tasks, times and numbers of entries; a round past its closing time counts as closed."""
    return etag_response(request, json_bytes({"rounds": _folders(request).summaries()}))


@reading.get(
    "/{name}",
    response_model=responses.WholeRoundReply,
    responses=responses.SAME | responses.refusals(404, 422),
    summary="One round",
)
def one(request: Request, name: Name) -> Response:
    """With all events of its log."""
    folders = _folders(request)
    events = [dict(event.fields) for event in folders.round(name).events]
    return etag_response(request, json_bytes({**folders.summary(name), "events": events}))


@reading.get(
    "/{name}/log",
    response_class=Response,
    responses=responses.SAME | responses.refusals(404, 422) | _binary(LINES),
    summary="Its log",
)
def log_of(request: Request, name: Name) -> Response:
    """The file as it is: every line has the SHA-256 of the one before."""
    path = _folders(request).folder(name) / log.LOG_FILE
    return etag_response(request, read_limited(path, log.MAX_BYTES), LINES)


@reading.get(
    "/{name}/answers/{entry}",
    response_class=Response,
    responses=responses.SAME | responses.refusals(403, 404, 422) | _binary(PARQUET),
    summary="The answers of an entry",
)
def answers_of(request: Request, name: Name, entry: Entry) -> Response:
    """Of a revealed round only. The file is sent unchecked: `verify` compares it with the log."""
    folders = _folders(request)
    round_ = folders.round(name)
    if round_.reveal is None:
        raise HTTPException(403, "answers are available only after the round is revealed.")
    path = answers.answers_path(folders.folder(name), entry)
    if _check_entry(round_, entry).entries[entry].answer is None or not path.is_file():
        raise HTTPException(404, f"{entry} has no answers.")
    return etag_response(request, read_limited(path, MAX_FILE), PARQUET)


@entrants.post(
    "/{name}/challenge",
    response_model=responses.EnteredReply,
    status_code=201,
    responses={
        200: {"model": responses.EnteredReply, "description": "The same questions again."},
        **responses.refusals(400, 401, 404, 408, 409, 413, 415, 422),
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

    A repeated request with the same token, model and weights, before the entry has answered, gets the same questions
    with the same deadline.
    """
    document = strict_json.parse(await uploads.read_json_body(request, MAX_CHALLENGE), "the request")
    log.CHALLENGE(document, "the request")
    given = _folders(request), name, document, request.state.token
    async with request.app.state.turns.turn(request.state.token) as turn:
        body, new = await anyio.to_thread.run_sync(_enter, *given, limiter=turn.limiter.jobs)
    return response(body, 201 if new else 200)


def _enter(folders: RoundFolders, name: str, document: dict[str, str], token: str) -> tuple[bytes, bool]:
    folder, secret, weights = folders.folder(name), folders.secret(name), document["weights_sha256"]
    entry, questions, new = entering.create_entry(
        folder, document["model"], weights, folders.now, secret, token
    )
    deadline = entry.deadline.strftime(times.TIME_FORMAT)
    found = {"entry": entry.name, "deadline": deadline, **_line(entry.challenge)}
    return json_bytes({**found, "questions": questions.to_pylist()}), new


@entrants.post(
    "/{name}/entries/{entry}/answers",
    response_model=responses.AnsweredReply,
    status_code=201,
    responses={
        200: {"model": responses.AnsweredReply, "description": "These answers had already been submitted."},
        **responses.refusals(400, 401, 403, 404, 408, 413, 415, 422),
    },
    openapi_extra={"requestBody": {"required": True, "content": FORM}},
    summary="Submit the answers of an entry",
)
async def hand_in(request: Request, name: Name, entry: Entry) -> Response:
    """Once and in time, with the token that registered the entry. The response does not contain the score."""
    state, token = request.app.state, request.state.token
    await anyio.to_thread.run_sync(_check_token, _folders(request), name, entry, token)
    with tempfile.TemporaryDirectory(dir=state.folder) as folder:
        form = ("answers",), ("weights_sha256",)
        sent = await uploads.save_form(request, Path(folder), state.limits.max_body, *form)
        DIGEST(sent["weights_sha256"], "weights_sha256")
        given = name, entry, sent["weights_sha256"], Path(folder) / "answers"
        async with state.turns.turn(token) as turn:
            jobs = turn.limiter.jobs
            body, new = await anyio.to_thread.run_sync(_store_answers, state, *given, limiter=jobs)
    return response(body, 201 if new else 200)


def _check_token(folders: RoundFolders, name: str, entry: str, token: str) -> None:
    entering.check_token(_check_entry(folders.round(name), entry), entry, folders.secret(name), token)


def _store_answers(state: Any, name: str, entry: str, weights: str, path: Path) -> tuple[bytes, bool]:
    """Read the answers in a process of its own, and store them."""
    folders: RoundFolders = state.round_folders
    folder = folders.folder(name)
    checked = scoring_process.in_subprocess(
        answers.checked_bytes_in, folder, path, seconds=state.limits.scoring_seconds
    )
    found, new = entering.submit_answers(folder, entry, weights, checked, folders.now)
    return json_bytes({"entry": entry, **_line(found.answer)}), new


def _check_entry(round_: Round, entry: str) -> Round:
    if entry not in round_.entries:
        raise HTTPException(404, f"the round has no entry {entry}.")
    return round_


def _line(event: Event | None) -> dict[str, Any]:
    return {"receipt": event.digest, "line": dict(event.fields)} if event else {}


def _folders(request: Request) -> RoundFolders:
    folders: RoundFolders = request.app.state.round_folders
    return folders


def add_routes(app: FastAPI, folders: RoundFolders) -> None:
    """Add the routes of some rounds to an app, with the responses to their errors."""
    app.state.round_folders = folders
    app.include_router(reading)
    app.include_router(entrants)
    app.add_exception_handler(entering.WrongToken, lambda _, error: errors.error_response(403, str(error)))
    app.add_exception_handler(private.SecretMissing, _secret_missing)
    app.add_exception_handler(atomic.Locked, _locked)


def _secret_missing(_: Request, __: Exception) -> Response:
    """The host runs the round elsewhere. The path of the secret is not disclosed."""
    why = "this round does not accept entries over HTTP: its seed is not on the server."
    return errors.error_response(409, why)


def _locked(_: Request, __: Exception) -> Response:
    retry = errors.too_many_requests(1)
    return errors.error_response(retry.status_code, str(retry.detail), retry.headers)
