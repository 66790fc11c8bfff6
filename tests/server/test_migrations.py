"""A board of version 1 is upgraded in place and ends with the tables of a fresh one."""

import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.database import VERSION
from mathbench.leaderboard.store.tables import Base
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify
from tests.leaderboard import proofs

# what version 1 of mathbench made
TABLES = """
CREATE TABLE board (key VARCHAR(50) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key));
CREATE TABLE submissions (digest VARCHAR(64) NOT NULL, submitted VARCHAR(32) NOT NULL,
 badge VARCHAR(20) NOT NULL, withdrawn TEXT, task_id VARCHAR(100) NOT NULL, task_name VARCHAR(200) NOT NULL,
 model VARCHAR(200) NOT NULL, framework VARCHAR(50), manifest JSON NOT NULL, differences JSON NOT NULL,
 predictions_digest VARCHAR(64) NOT NULL, packed {bytes}, PRIMARY KEY (digest));
CREATE TABLE scores (digest VARCHAR(64) NOT NULL, split VARCHAR(20) NOT NULL, position INTEGER NOT NULL,
 n INTEGER NOT NULL, correct INTEGER NOT NULL, solver_n INTEGER NOT NULL, solver_correct INTEGER NOT NULL,
 strata JSON NOT NULL, PRIMARY KEY (digest, split), FOREIGN KEY(digest) REFERENCES submissions (digest));
CREATE TABLE attempts (id {id} NOT NULL, at VARCHAR(32) NOT NULL, digest VARCHAR(64),
 outcome VARCHAR(20) NOT NULL, message TEXT NOT NULL, PRIMARY KEY (id));
INSERT INTO board VALUES ('version', '1');
"""
SUBMISSIONS = (
    "digest, submitted, badge, withdrawn, task_id, task_name, model, framework, manifest, differences, "
    "predictions_digest, packed"
)
SCORES = "digest, split, position, n, correct, solver_n, solver_correct, strata"
PROCESSES = 4
KINDS = {"sqlite": {"bytes": "BLOB", "id": "INTEGER"}, "postgresql": {"bytes": "BYTEA", "id": "SERIAL"}}


def old_board(url, kept_on=None):
    """A board as version 1 left it, with the rows of another board."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in TABLES.format(**KINDS[engine.dialect.name]).strip().split(";\n"):
            connection.execute(text(statement.rstrip(";")))
        if kept_on:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"ATTACH '{kept_on}' AS other")
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"INSERT INTO submissions SELECT {SUBMISSIONS} FROM other.submissions")
            connection.exec_driver_sql(f"INSERT INTO scores SELECT {SCORES} FROM other.scores")
            columns = "id, at, digest, outcome, message"
            connection.exec_driver_sql(f"INSERT INTO attempts SELECT {columns} FROM other.attempts")
    engine.dispose()


def test_an_old_board_keeps_everything(run, board, tmp_path):
    for wrong in (0, 3):
        submit_run(run(wrong=wrong), tmp_path / "other.sqlite")
    old_board(f"sqlite:///{board}", tmp_path / "other.sqlite")
    opened = Board(board, create=False)
    assert opened.records() == Board(tmp_path / "other.sqlite").records()
    assert opened.attempts() == {"kept": 2} and verify(opened) == (2, [])
    assert submit_run(run(wrong=4), board).new
    assert submit_run(proofs.write(tmp_path / "sent", proofs.content()), board).proof
    assert verify(opened) == (4, [])


def tables(url):
    """What a database holds, and how it differs from the tables in `store`."""
    engine = create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        version = connection.scalar(text("SELECT value FROM board WHERE key = 'version'"))
    engine.dispose()
    return version, differences


@pytest.mark.parametrize("upgraded", [False, True])
def test_both_ways_end_with_the_same_tables(any_database, upgraded):
    if upgraded:
        old_board(any_database)
    Board(any_database)
    assert tables(any_database) == (VERSION, [])
    Board(any_database)  # and opening it again changes nothing
    assert tables(any_database) == (VERSION, [])


def _open(url, gate):
    gate.wait()
    Board(url)


@pytest.mark.parametrize("upgraded", [False, True])
def test_processes_that_meet_a_board_together(any_database, upgraded):
    """One of them makes or upgrades the tables; the others wait for it."""
    if upgraded:
        old_board(any_database)
    context = multiprocessing.get_context("forkserver")
    gate = context.Barrier(PROCESSES)
    workers = [context.Process(target=_open, args=(any_database, gate)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    assert tables(any_database) == (VERSION, [])


def test_names_of_databases_are_not_passwords(postgres):
    url = make_url(postgres).set(password="hidden-word")
    assert "hidden-word" not in Board(url.render_as_string(hide_password=False)).name
