"""Every error as one line of JSON, ``{"error": "..."}``, without tracebacks and without unescaped input."""

import http
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from mathbench.errors import InputError
from mathbench.leaderboard.server import caching
from mathbench.leaderboard.server.logs import LOG
from mathbench.leaderboard.store.database import DatabaseUnreachable
from mathbench.leaderboard.store.tokens import redact_tokens


def error_response(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """The response for an error, without tokens."""
    line = redact_tokens(" ".join(why.split()))
    return caching.response(caching.json_bytes({"error": line}), status, headers)


def too_many_requests(seconds: int) -> HTTPException:
    """The error for too many requests, with the seconds to wait."""
    why = f"too many requests; try again in {seconds} seconds."
    return HTTPException(429, why, {"Retry-After": str(seconds)})


def board_unreachable() -> HTTPException:
    """The error for a database that does not respond."""
    return HTTPException(503, "the board is temporarily unavailable; try again later.", {"Retry-After": "10"})


def add_handlers(app: FastAPI) -> None:
    """Make all errors of an app responses of this form."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(InputError, _wrong)
    app.add_exception_handler(DatabaseUnreachable, _failed)
    app.add_exception_handler(Exception, _broken)


def _invalid(_: Request, error: Any) -> Response:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return error_response(
        422, f"{ascii(where)[1:-1]}: {first['msg']}. Received: {ascii(first.get('input'))[:60]}."
    )


def _refused(request: Request, error: Any) -> Response:
    why = error.detail if error.detail != http.HTTPStatus(error.status_code).phrase else ""
    if error.status_code == 404 and not why:
        why = f"the path {ascii(request.url.path)[:100]} does not exist; /docs lists all paths."
    return error_response(error.status_code, why or http.HTTPStatus(error.status_code).phrase, error.headers)


def _wrong(_: Request, error: Any) -> Response:
    return error_response(422, str(error))


def _failed(request: Request, error: Any) -> Response:
    LOG.error("%s", " ".join(str(error).split()))
    return _refused(request, board_unreachable())


def _broken(_: Request, __: Any) -> Response:
    return error_response(500, "internal error; the server's log has the details.")
