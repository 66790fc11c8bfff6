"""Connections: no waiting for acknowledgements, headers in time, one length of a body."""

import asyncio
import http.client
import select
import socket
import threading
from contextlib import ExitStack, closing, contextmanager
from time import monotonic

import anyio
import pytest
import uvicorn
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


LARGE = 32 << 20  # bytes, more than the system keeps for a connection


async def answer(scope, receive, send):
    """An application with one small and one large response."""
    body = b"ok" if scope["path"] == "/" else bytes(LARGE)
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(proxies=()):
    """The application, served by a thread."""
    listening = _listen("127.0.0.1", 0)
    kind = connections.timed_connection(proxies)
    server = uvicorn.Server(uvicorn.Config(answer, http=kind, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join(30)
    assert not kind._open


@pytest.fixture
def hasty(monkeypatch):
    """A server whose headers must arrive, and whose responses must be read, within a moment."""
    monkeypatch.setattr(connections, "HEADER_TIMEOUT", 0.3)
    monkeypatch.setattr(connections, "READ_TIMEOUT", 0.3)
    with served() as address:
        yield address


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


def test_a_response_that_is_not_read_closes_the_connection(hasty):
    with closing(socket.create_connection(hasty, timeout=30)) as slow:
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        start = monotonic()
        with pytest.raises(ConnectionError):  # the server gives up, and more requests are of no use
            while monotonic() - start < 20:
                slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")


def test_a_body_that_comes_after_the_answer_must_end(hasty):
    """A byte now and then would keep the connection open."""
    with closing(socket.create_connection(hasty, timeout=30)) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        start = monotonic()
        with pytest.raises(ConnectionError):
            while monotonic() - start < 20:
                slow.sendall(b"x")
                select.select([], [], [], 0.01)


def test_a_response_that_is_read_slowly_arrives(hasty):
    """In more time than is allowed without progress."""
    connection = http.client.HTTPConnection(*hasty, timeout=30)
    connection.request("GET", "/large")
    reply, start, received = connection.getresponse(), monotonic(), 0
    while part := reply.read(1 << 20):
        received += len(part)
        while monotonic() - start < 1.2 * received / LARGE:
            select.select([], [], [], 0.01)
    assert received == LARGE and monotonic() - start >= 1.2


@pytest.mark.parametrize("proxies", [(), ("127.0.0.0/8",)])
def test_an_address_has_some_connections_and_a_proxy_any_number(monkeypatch, proxies):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    with served(proxies) as address, ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(3)]
        assert status(address, "127.0.0.1") == (200 if proxies else None)
        assert status(address, "127.0.0.2") == 200
        idle.pop().close()
        start = monotonic()
        while status(address, "127.0.0.1") is None:
            assert monotonic() - start < 20


def status(address, source):
    """The status of a request from a loopback address; None when the server hangs up."""
    with closing(http.client.HTTPConnection(*address, timeout=30, source_address=(source, 0))) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        except (ConnectionError, http.client.HTTPException):
            return None


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
