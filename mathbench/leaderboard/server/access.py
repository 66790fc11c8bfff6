"""Checks that requests to the API pass first: the rate of requests, the board's file, and the token."""

from typing import Annotated

import anyio
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mathbench.leaderboard.server import errors
from mathbench.leaderboard.store.tokens import token_name

_BEARER = HTTPBearer(auto_error=False, description="A token from `mathbench leaderboard token create NAME`.")


async def admit(request: Request) -> None:
    """Refuse a request above the rate limit, or while the file of the board is missing."""
    if seconds := wait_of(request):
        raise errors.too_many_requests(seconds)
    request.app.state.presence.check()


def wait_of(request: Request) -> int:
    """Count a request, and return 0, or after how many seconds its address may send the next one."""
    return int(request.app.state.rates.request(request.client.host if request.client else ""))


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> str:
    """Return the name of a request's token, before anything of its body is read."""
    if credentials is None:
        raise _unauthorized("a token is required: the header 'Authorization: Bearer mb_...'.")
    name = await anyio.to_thread.run_sync(token_name, request.app.state.board, credentials.credentials)
    if name is None:
        raise _unauthorized("the token is unknown or was revoked.")
    request.state.token = name
    if seconds := await request.app.state.turns.submission(name):
        raise errors.too_many_requests(seconds)
    return name


def _unauthorized(why: str) -> HTTPException:
    return HTTPException(401, why, {"WWW-Authenticate": "Bearer"})
