"""Many at once, and a server that is killed in the middle: nothing lost, nothing double."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard import client
from mathbench.leaderboard.server import temporary_folders
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.verify import verify

MANY = ("--per-token", 100_000, "--per-minute", 100_000)
SMALL = {"train": 10, "validation": 10, "interpolate": 20, "extrapolate": 20}


def sizes(kind):
    """A few clients with one kind of database; 64 with both where there is time."""
    many = [pytest.param(database, 64, marks=pytest.mark.slow) for database in ("sqlite", "postgresql")]
    return pytest.mark.parametrize(("any_database", "clients"), [(kind, 4), *many], indirect=["any_database"])


@pytest.fixture
def small(run):
    """Different runs of a few rows."""

    def make(count):
        from tests.leaderboard.conftest import make_task, right

        answers = right(make_task("addition", digits=2), SMALL)
        return [run(predictions=answers, sizes=SMALL, seed=i) for i in range(count)]

    return make


@sizes("postgresql")
def test_clients_that_submit_at_once(any_database, serve, small, clients):
    """Each sends a run of its own and one that all of them send."""
    server = serve(any_database, *MANY)
    shared, *own = small(clients + 1)
    gate = Barrier(clients)

    def submit(path):
        gate.wait()
        return [server.submit(shared), server.submit(path), server.submit(path)]

    with ThreadPoolExecutor(clients) as pool:
        receipts = [receipt for found in pool.map(submit, own) for receipt in found]
    opened = Board(any_database)
    assert len({receipt.digest for receipt in receipts}) == len(opened.records()) == clients + 1
    assert sum(receipt.new for receipt in receipts) == clients + 1
    assert opened.attempts() == {"kept": clients + 1, "repeated": 2 * clients - 1}
    assert verify(opened) == (clients + 1, [])
    # the status comes after the address; a line may also end in "500 ms"
    statuses = re.findall(r" [A-Z]+ /\S* (\d+) ", server.text())
    assert {"200", "201"} >= {*statuses} and len(statuses) >= 3 * clients
    assert "Traceback" not in server.text()


@pytest.mark.slow
@sizes("sqlite")
def test_a_server_that_is_killed(any_database, serve, small, clients, monkeypatch):
    """What was answered for is on the board; the rest can be sent again; the board verifies at once."""
    monkeypatch.setattr(client, "PAUSE", 0.01)
    server = serve(any_database, *MANY)
    paths = small(3 * clients)
    answered, enough = [], Event()

    def submit(path):
        with suppress(InputError):
            answered.append(server.submit(path).digest)
            if len(answered) >= clients:
                enough.set()

    with ThreadPoolExecutor(clients) as pool:
        waiting = [pool.submit(submit, path) for path in paths]
        assert enough.wait(120)
        server.kill()
        for future in waiting:
            future.result()
    opened = Board(any_database)
    kept = [entry.digest for entry in opened.records()]
    assert clients <= len(answered) < len(paths) and set(answered) <= set(kept)
    assert verify(opened) == (len(kept), [])
    server.start(*MANY)
    assert (
        len(list(server.place.glob(f"{temporary_folders.PREFIX}*"))) == 1
    )  # the killed one's folder is gone
    receipts = [server.submit(path) for path in paths]
    assert {receipt.digest for receipt in receipts if not receipt.new} == set(kept)
    assert verify(opened) == (len(paths), [])
