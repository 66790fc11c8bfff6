"""Temporary files of a server that was killed are removed by the next one, those of a running one by nobody."""

import os
import subprocess
import sys
import tempfile

import pytest

from mathbench.leaderboard.server import temporary_folders, uploads

from .test_api import SUBMIT, form

WAIT = """
import sys, tempfile
from mathbench.leaderboard.server import temporary_folders
with temporary_folders.server_folder() as place:
    print(tempfile.mkdtemp(dir=place), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def parent(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def process(parent):
    """Processes that use a folder of their own; `made` is what they made in it."""
    started = []

    def start():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        environment = os.environ | {"TMPDIR": str(parent)}
        started.append(subprocess.Popen([sys.executable, "-c", WAIT], env=environment, **pipes))
        started[-1].made = started[-1].stdout.readline().strip()
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def test_a_folder_lasts_as_long_as_its_server(parent):
    with temporary_folders.server_folder() as place:
        assert place.parent == parent and place.stat().st_mode & 0o077 == 0
        (place / "something").touch()
    assert list(parent.iterdir()) == []


def test_submissions_lie_in_it_while_they_are_scored(parent, client, run, monkeypatch):
    places = []
    monkeypatch.setattr(uploads, "_write", lambda part, file, folder: places.append(folder))
    assert client.post(SUBMIT, files=form(run())).status_code == 422  # nothing was written
    (folder,) = set(places)
    assert folder.parent.name.startswith(temporary_folders.PREFIX) and folder.parent.parent == parent
    assert folder.parent.is_dir() and not folder.exists()


def test_the_next_server_removes_what_a_killed_one_left(parent, process):
    running, killed = process(), process()
    killed.kill()
    killed.wait()
    assert os.path.isdir(killed.made) and os.path.isdir(running.made)
    with temporary_folders.server_folder() as place:
        assert not os.path.exists(os.path.dirname(killed.made)) and os.path.isdir(running.made)
        process()  # a third one leaves both of us alone
        assert place.is_dir() and os.path.isdir(running.made)
    running.communicate("")
    assert running.returncode == 0 and not os.path.exists(running.made)


def test_what_is_not_a_servers_folder_stays(parent, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").touch()
    (parent / f"{temporary_folders.PREFIX}link").symlink_to(elsewhere)
    (parent / f"{temporary_folders.PREFIX}file").touch()
    (parent / "other").mkdir()
    temporary_folders.remove_stale(parent)
    assert len(list(parent.iterdir())) == 3 and (elsewhere / "kept").exists()


def test_a_folder_that_is_taken_for_stale_too_early_is_made_again(parent, monkeypatch):
    made, mkdtemp = [], tempfile.mkdtemp

    def taken_at_once(**options):
        made.append(mkdtemp(**options))
        if len(made) == 1:
            temporary_folders.remove_stale(parent)
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", taken_at_once)
    with temporary_folders.server_folder() as place:
        assert len(made) == 2 and str(place) == made[1] and place.is_dir()
