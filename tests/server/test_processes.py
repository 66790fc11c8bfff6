"""Several servers of one board behind a proxy, and a client that asks for too much."""

import asyncio
import http.client
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from time import monotonic

from sqlalchemy import func, select

from mathbench.leaderboard import client as remote
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tables import UseRow
from mathbench.leaderboard.store.uses import SUBMISSION, SharedLimits, TokenLimits

HEALTH = "/api/v1/health"
SUBMIT = "/api/v1/submissions"
NETWORK = ("127.0.0.2", "127.0.0.3")  # addresses of this machine that no server takes for a proxy


def address_of(server):
    host, port = server.url.removeprefix("http://").split(":")
    return host, int(port)


def status(address, source=NETWORK[0], headers=None, method="GET", path=HEALTH):
    """The status of one request from an address."""
    connection = http.client.HTTPConnection(*address, timeout=60, source_address=(source, 0))
    with closing(connection):
        connection.request(method, path, headers={"Host": "localhost"} | (headers or {}))
        return connection.getresponse().status


@contextmanager
def proxy(target):
    """A reverse proxy that adds the address of its client to X-Forwarded-For, as nginx and Caddy do."""

    async def forward(reader, writer):
        theirs, ours = await asyncio.open_connection(*target)
        start, *lines = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n").split(b"\r\n")
        known = [line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"x-forwarded")]
        chain = b", ".join([*known, writer.get_extra_info("peername")[0].encode()])
        kept = [line for line in lines if not line.lower().startswith((b"x-forwarded", b"connection"))]
        head = [start, *kept, b"Connection: close", b"X-Forwarded-For: " + chain]
        ours.write(b"\r\n".join(head) + b"\r\n\r\n")
        while part := await theirs.read(65_536):
            writer.write(part)
        for side in (writer, ours):
            side.close()

    async def main():
        server = await asyncio.start_server(forward, "127.0.0.1", 0)
        stop = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), stop, server.sockets[0].getsockname()))
        await stop.wait()
        server.close()

    started = Future()
    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    loop, stop, address = started.result(30)
    yield address
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)


def test_a_proxy_keeps_its_clients_apart(serve, board):
    server = serve(board, "--requests", 3)
    with proxy(address_of(server)) as front:
        codes = [[status(front, source) for _ in range(4)] for source in NETWORK]
    assert codes == [[200, 200, 200, 429]] * 2


def test_forged_addresses_are_ignored(serve, board):
    """Of a client that is no proxy, and of one behind a proxy, which names itself first."""
    server = serve(board, "--requests", 3)
    forged = [{"X-Forwarded-For": f"198.51.100.{i}", "X-Real-IP": f"198.51.100.{i}"} for i in range(4)]
    direct = address_of(server)
    assert [status(direct, NETWORK[0], headers) for headers in forged] == [200, 200, 200, 429]
    with proxy(direct) as front:
        assert [status(front, NETWORK[1], headers) for headers in forged] == [200, 200, 200, 429]


def test_a_limit_is_that_of_all_servers_together(serve, any_database):
    servers = [serve(any_database, "--per-token", 4) for _ in range(2)]
    headers = {"Authorization": f"Bearer {servers[0].token}", "Content-Type": "text/plain"}
    addresses = [address_of(server) for server in servers]
    with ThreadPoolExecutor(8) as pool:
        codes = list(
            pool.map(lambda i: status(addresses[i % 2], NETWORK[0], headers, "POST", SUBMIT), range(12))
        )
    assert sorted(codes) == [415] * 4 + [429] * 8
    other = {**headers, "Authorization": f"Bearer {servers[1].token}"}
    assert status(addresses[0], NETWORK[0], other, "POST", SUBMIT) == 415


def counted(board):
    with board.transaction() as session:
        return session.scalar(select(func.count()).where(UseRow.kind == SUBMISSION))


def test_a_token_has_one_job_on_all_servers(serve, any_database, run):
    """A job of another server is held here; the submission to this server waits for its end."""
    server, opened, path = serve(any_database), Board(any_database), run()
    (token,) = [token.name for token in tokens.all_tokens(opened)]
    elsewhere = SharedLimits(opened, TokenLimits(1, 1, 1))
    assert elsewhere.acquire(token)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(remote.send_submission, path, server.url, server.token)
        start = monotonic()
        while not counted(opened):
            assert monotonic() - start < 60
        assert not waiting.done() and opened.attempts() == {}
        elsewhere.release(token)
        assert waiting.result(60).new
    assert elsewhere.acquire(token)  # released after the job


def test_one_address_does_not_stop_others(serve, board):
    """Thousands of requests from one address are refused; another one is answered all the time."""
    server = serve(board, "--requests", 100)
    address, stop = address_of(server), threading.Event()

    def flood():
        codes = []
        while not stop.is_set():
            codes.append(status(address, NETWORK[0], path="/"))
        return codes

    with ThreadPoolExecutor(8) as pool:
        greedy = [pool.submit(flood) for _ in range(8)]
        while status(address, NETWORK[0]) != 429:
            pass
        codes = [status(address, NETWORK[1], path="/") for _ in range(90)]
        stop.set()
        refused = [code for codes in greedy for code in codes.result()]
    assert set(codes) == {200}
    assert refused.count(200) <= 100 and refused.count(429) > 100
