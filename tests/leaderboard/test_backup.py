"""Copies of a board that is in use."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.store.backup import back_up
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify
from tests.commands import run as command
from tests.server.conftest import any_database, postgres, postgres_server  # noqa: F401


def test_a_copy_holds_what_is_in_the_log_of_an_open_board(run, board, tmp_path):
    opened = Board(board)
    for wrong in range(3):
        submit_run(run(wrong=wrong), board)
    with opened.transaction():
        assert board.with_name(f"{board.name}-wal").stat().st_size  # a plain copy would lack it
        plain = tmp_path / "plain.sqlite"
        shutil.copy(board, plain)
        assert back_up(board, tmp_path / "copy.sqlite") == 3
    copy = Board(tmp_path / "copy.sqlite", create=False)
    assert verify(copy) == (3, [])
    assert copy.attempts() == opened.attempts()
    assert [record.to_json() for record in copy.records()] == [
        record.to_json() for record in opened.records()
    ]


def test_every_database_is_copied_with_all_tables(any_database, run, tmp_path):  # noqa: F811
    from mathbench.leaderboard.store import tokens

    submit_run(run(), any_database)
    secret = tokens.create(Board(any_database), "ada")
    assert back_up(any_database, tmp_path / "copy.sqlite") == 1
    copy = Board(tmp_path / "copy.sqlite", create=False)
    assert tokens.token_name(copy, secret) == "ada"
    assert verify(copy) == (1, [])
    submit_run(run(wrong=1), tmp_path / "copy.sqlite")  # ids of attempts go on
    assert copy.attempts() == {"kept": 2}


def test_a_copy_is_whole_while_others_write(run, board, tmp_path):
    paths = [run(seed=i) for i in range(12)]
    submit_run(paths[0], board)
    stop = Event()

    def copies():
        made = []
        while not stop.is_set() or not made:
            path = tmp_path / f"copy{len(made)}.sqlite"
            made.append((path, back_up(board, path)))
        return made

    with ThreadPoolExecutor(1) as pool:
        copying = pool.submit(copies)
        for path in paths[1:]:
            submit_run(path, board)
        stop.set()
        made = copying.result()
    for path, count in made:
        copy = Board(path, create=False)
        assert len(copy.records()) == count == copy.attempts()["kept"]


def test_what_exists_is_replaced_only_when_asked_for(run, board, tmp_path):
    submit_run(run(), board)
    target = tmp_path / "copy.sqlite"
    target.write_text("precious")
    for force in (False, True):
        with pytest.raises(InputError, match="is no copy of a board"):
            back_up(board, target, force)
    assert target.read_text() == "precious"
    target.unlink()
    back_up(board, target)
    submit_run(run(wrong=1), board)
    with pytest.raises(InputError, match="exists already"):
        back_up(board, target)
    assert back_up(board, target, force=True) == 2
    with pytest.raises(InputError, match="is the board itself"):
        back_up(board, board, force=True)
    assert verify(Board(board)) == (2, [])


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000])
def test_what_is_no_board_is_one_line_and_leaves_nothing(tmp_path, content):
    (tmp_path / "no.sqlite").write_bytes(content)
    with pytest.raises(InputError) as refused:
        back_up(tmp_path / "no.sqlite", tmp_path / "copy.sqlite")
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["no.sqlite"]
    with pytest.raises(InputError, match="no board at"):
        back_up(tmp_path / "missing.sqlite", tmp_path / "copy.sqlite")


def test_an_older_board_is_copied_as_it_is(tmp_path):
    """Before an upgrade, which other versions cannot read."""
    with sqlite3.connect(tmp_path / "old.sqlite") as old:
        old.execute("CREATE TABLE board (key, value)")
        old.execute("CREATE TABLE submissions (digest)")
        old.execute("INSERT INTO board VALUES ('version', '1')")
    assert back_up(tmp_path / "old.sqlite", tmp_path / "copy.sqlite") == 0
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT value FROM board").fetchone() == ("1",)


def test_the_command(run, board, tmp_path):
    submit_run(run(), board)
    done = command("leaderboard", "backup", tmp_path / "copy.sqlite", "--board", board)
    assert done.returncode == 0 and "1 submissions in" in done.stderr
    again = command("leaderboard", "backup", tmp_path / "copy.sqlite", "--board", board)
    assert again.returncode == 2 and "exists already" in again.stderr
