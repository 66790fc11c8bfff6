"""Connections: no waiting for acknowledgements, headers in time, one length of a body."""

import asyncio
import http.client
import socket
from contextlib import closing
from time import monotonic

import anyio
import pytest
from starlette.testclient import TestClient

from mathbench.leaderboard.server import connections
from mathbench.leaderboard.server.fair_limiter import FairLimiter
from mathbench.leaderboard.server.serve import _listen


def test_answers_are_sent_at_once():
    """Each side of a kept connection would wait some 40 ms for the other one otherwise."""

    async def accepted():
        made = asyncio.get_running_loop().create_future()

        class Note(asyncio.Protocol):
            def connection_made(self, transport):
                made.set_result(
                    transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                )
                transport.close()

        listening = _listen("127.0.0.1", 0)
        server = await asyncio.get_running_loop().create_server(Note, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        try:
            return await made
        finally:
            writer.close()
            server.close()

    assert asyncio.run(accepted())


def connect(server):
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


@pytest.fixture
def hasty(monkeypatch):
    """A protocol whose headers must arrive within a moment, and its server."""
    monkeypatch.setattr(connections, "HEADER_TIMEOUT", 0.3)

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    import threading

    import uvicorn

    listening = _listen("127.0.0.1", 0)
    config = uvicorn.Config(answer, http=connections.TimedConnection, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join(30)


def test_headers_that_do_not_end_close_the_connection(hasty):
    with closing(socket.create_connection(hasty, timeout=30)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        assert slow.recv(100) == b""


def test_a_kept_connection_is_closed_when_its_next_headers_do_not_end(hasty):
    connection = http.client.HTTPConnection(*hasty, timeout=30)
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
    connection.sock.sendall(b"GET / HT")
    start = monotonic()
    assert connection.sock.recv(100) == b""
    assert monotonic() - start < 4  # before the time-out of idle connections


def test_two_lengths_are_refused_and_the_connection_is_closed(serve, board):
    server = serve(board)
    with closing(connect(server)) as smuggler:
        smuggler.sendall(
            b"POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        received = b""
        while part := smuggler.recv(65_536):
            received += part
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400")
    assert b"Received: both" in received


def test_a_client_with_many_jobs_does_not_keep_others_waiting():
    order = []

    async def job(limiter, client):
        async with limiter.turn(client) as jobs, jobs:
            order.append(client)
            await anyio.sleep(0.001)

    async def all_jobs():
        limiter = FairLimiter(1)
        async with anyio.create_task_group() as group:
            for client in [*["greedy"] * 20, "a", "b", "c"]:
                group.start_soon(job, limiter, client)
        assert not limiter._clients and not limiter._waiting

    anyio.run(all_jobs)
    assert order.count("greedy") == 20
    assert max(map(order.index, "abc")) <= 6


def test_jobs_of_one_client_run_one_at_a_time():
    running, most = 0, 0

    async def job(limiter):
        nonlocal running, most
        async with limiter.turn("one") as jobs, jobs:
            running += 1
            most = max(most, running)
            await anyio.sleep(0.001)
            running -= 1

    async def all_jobs():
        limiter = FairLimiter(8)
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(job, limiter)

    anyio.run(all_jobs)
    assert most == 1


def test_the_application_itself_refuses_two_lengths(client: TestClient):
    headers = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    answer = client.request("POST", "/api/v1/submissions", headers=headers, content=b"12345")
    assert answer.status_code == 400 and answer.headers["connection"] == "close"
