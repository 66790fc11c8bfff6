"""Run the server of a board."""

import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import uvicorn

from mathbench.errors import InputError, os_error_message
from mathbench.leaderboard.server import allowed_hosts, logs
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.server.connections import IDLE_TIMEOUT, timed_connection
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board

BACKLOG = 512  # connections that wait to be accepted


def serve(
    board: Board,
    host: str,
    port: int,
    limits: ServerLimits,
    ready: Callable[[str], None],
    rounds: Path | None = None,
    secrets: Path | None = None,
    season: str | None = None,
) -> None:
    """Serve a board until the process is stopped.

    Args:
        board: the board.
        host: the address to listen on; only loopback is allowed while the board has no token.
        port: the port; 0 for any free one.
        limits: of requests and submissions.
        ready: called with the URL when the socket accepts connections.
        rounds: as for `make_app`.
        secrets: as for `make_app`.
        season: as for `make_app`.

    Raises:
        InputError: when the address cannot be used, or may not be served without a token.
    """
    if not allowed_hosts.is_loopback(host) and not any(
        token.revoked is None for token in tokens.all_tokens(board)
    ):
        raise InputError(
            f"serving on {host}, which other machines can reach, requires a token: "
            "`mathbench leaderboard token create NAME`."
        )
    _allow_connections()
    logs.to_stderr()
    limits = replace(limits, hosts=allowed_hosts.effective_names(host, limits.hosts))
    listening = _listen(host, port)
    with listening:
        config = uvicorn.Config(
            make_app(board, limits, rounds, secrets, season),
            log_config=None,
            access_log=False,
            server_header=False,
            http=timed_connection(limits.proxies),
            forwarded_allow_ips=list(limits.proxies),
            timeout_keep_alive=IDLE_TIMEOUT,
            timeout_graceful_shutdown=30,
        )
        ready(_url(listening))
        uvicorn.Server(config).run(sockets=[listening])


def _allow_connections() -> None:
    """Raise the number of connections that may be open to what the system allows; the usual default is 1,024."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        created = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise InputError(f"cannot listen on {host} port {port}: {os_error_message(error)}.") from None
    # asyncio sends small packets at once (TCP_NODELAY) only on sockets that name the protocol: without it, each answer
    # on a kept connection waits some 40 ms for the client's acknowledgement
    return socket.socket(created.family, created.type, socket.IPPROTO_TCP, created.detach())


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
