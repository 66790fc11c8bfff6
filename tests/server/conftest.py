"""A real PostgreSQL where one is installed, and a served board.

PostgreSQL is found on the PATH, in the folders where Debian puts it, or in MATHBENCH_POSTGRES (a folder with
initdb and pg_ctl). The server listens on a socket in a temporary folder only. Its programs refuse to run as
root, so root gives the folder to the user "nobody". MATHBENCH_POSTGRES_URL names a server that already runs.
Without any of them these tests are skipped; with MATHBENCH_SERVICES=1, as in CI, they fail.
"""

import multiprocessing
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from multiprocessing import forkserver
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from mathbench.families import SCHOOL_MODULES
from mathbench.leaderboard import client as remote
from mathbench.leaderboard.server import scoring_process
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from tests.conftest import absent
from tests.leaderboard import conftest as runs

board, run, task, core_run = runs.board, runs.run, runs.task, runs.core_run  # the same run directories


def _programs():
    """The folder with PostgreSQL's programs; None where it is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = Path(shutil.which("pg_ctl") or "/none").parent
    for folder in (os.environ.get("MATHBENCH_POSTGRES"), *debian, on_path):
        if folder and (Path(folder) / "initdb").exists() and (Path(folder) / "pg_ctl").exists():
            return Path(folder)
    return None


def _call(*command, user):
    result = subprocess.run(list(map(str, command)), user=user, cwd="/", capture_output=True, timeout=120)
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()


@pytest.fixture(scope="session", autouse=True)
def warm_processes():
    """Processes that these tests start are forked from one that has imported everything, pytest too."""
    context = multiprocessing.get_context("forkserver")
    school = [f"mathbench.generators.deepmind.{area}" for area in SCHOOL_MODULES]
    others = ["pytest", "psycopg", "mathbench.leaderboard.store.migrations", "mathbench.solvers.deepmind"]
    context.set_forkserver_preload([*scoring_process.PRELOAD, *others, *school])
    forkserver.ensure_running()


@pytest.fixture(scope="session")
def postgres_server():
    """The URL of a PostgreSQL server that lives as long as the tests."""
    if given := os.environ.get("MATHBENCH_POSTGRES_URL"):
        yield given
        return
    programs = _programs()
    if programs is None:
        absent("PostgreSQL is not installed (scripts/install-services)")
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    # not pytest's folder: its parents are closed to other users, and sockets need a short path
    place = Path(tempfile.mkdtemp(prefix="mb-pg-"))
    try:
        if user is not None:
            os.chown(place, user, -1)
        data = place / "data"
        _call(programs / "initdb", "-D", data, "-U", "board", "--auth=trust", "-E", "UTF8", user=user)
        options = f"-k {place} -c listen_addresses= -c fsync=off -c max_connections=100"
        control = (programs / "pg_ctl", "-D", data, "-w")
        _call(*control, "-o", options, "-l", place / "log", "start", user=user)
        try:
            yield f"postgresql+psycopg://board@/postgres?host={place}"
        finally:
            _call(*control, "-m", "immediate", "stop", user=user)
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server):
    """The URL of an empty database."""
    if not find_spec("psycopg"):
        absent("the driver psycopg is not installed")
    name = f"board_{uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield admin.url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request, tmp_path):
    """The URL of a database without tables, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'board.sqlite'}"
    return request.getfixturevalue("postgres")


class Served:
    """A server in a process of its own, with a token."""

    def __init__(self, target, place, *options):
        self.target, self.place = str(target), place
        self.token = tokens.create(Board(target), f"tester-{uuid4().hex[:8]}")
        self.start(*options)

    def start(self, *options):
        self.log = self.place / f"server-{uuid4().hex[:8]}.log"
        command = [sys.executable, "-m", "mathbench", "leaderboard", "serve", "--port", "0"]
        command += ["--board", self.target, *map(str, options)]
        environment = os.environ | {"COLUMNS": "300", "TMPDIR": str(self.place)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)
        deadline = monotonic() + 120
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self.text())):
            assert self.process.poll() is None and monotonic() < deadline, self.text()
            sleep(0.05)
        self.url = found[0]

    def text(self):
        return self.log.read_text()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def submit(self, run):
        return remote.send_submission(run, self.url, self.token)


@pytest.fixture
def serve(tmp_path):
    """Start servers; they are stopped at the end."""
    started = []

    def start(target, *options):
        started.append(Served(target, tmp_path, *options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def client(board):
    """A client inside this process, and a board with a token; `client.board`, `client.secret`."""
    from starlette.testclient import TestClient

    opened = Board(board)
    secret = tokens.create(opened, "ada")
    limits = ServerLimits(
        max_body=200_000, submissions_per_minute=1000, submissions_per_token=1000, requests_per_minute=10_000
    )
    with TestClient(make_app(opened, limits), raise_server_exceptions=False) as made:
        made.board, made.secret = opened, secret
        made.headers["Authorization"] = f"Bearer {secret}"
        yield made
