"""Folders are written whole or not at all, and replace nothing by accident."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mathbench.errors import InputError
from mathbench.interop.folder import EXPORT_FILE, whole_folder


def write(folder, text, force=False):
    with whole_folder(folder, {"kind": "x"}, force) as place:
        (place / "file").write_text(text)


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_folder_appears_with_a_note_of_what_it_is(tmp_path):
    write(tmp_path / "a" / "b", "one")
    assert content(tmp_path / "a" / "b") == {"file": "one", EXPORT_FILE: '{\n "kind": "x"\n}\n'}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_failure_leaves_nothing_not_even_parents(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "a" / "b", {}) as place:
        (place / "file").write_text("half")
        _ = 1 // 0
    assert not any(tmp_path.iterdir())


def test_a_failure_leaves_the_earlier_folder(tmp_path):
    write(tmp_path / "a", "one")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "a", {}, force=True):
        _ = 1 // 0
    assert content(tmp_path / "a")["file"] == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_earlier_folder_is_replaced_with_force_only(tmp_path):
    write(tmp_path / "a", "one")
    with pytest.raises(InputError, match=r"was written before\. Give another folder or --force"):
        write(tmp_path / "a", "two")
    write(tmp_path / "a", "two", force=True)
    assert content(tmp_path / "a")["file"] == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("force", [True, False])
def test_other_content_is_never_replaced(tmp_path, force):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine").write_text("1")
    with pytest.raises(InputError, match="not empty and was not written by this command"):
        write(tmp_path / "a", "one", force)
    (tmp_path / "b").write_text("1")
    with pytest.raises(InputError, match="is not a folder"):
        write(tmp_path / "b", "one", force)
    assert content(tmp_path / "a") == {"mine": "1"}


def test_what_another_process_wrote_meanwhile_stays(tmp_path):
    with (
        pytest.raises(InputError, match="was written before"),
        whole_folder(tmp_path / "a", {}),
    ):
        write(tmp_path / "a", "faster")
    assert content(tmp_path / "a")["file"] == "faster"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_store_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="a folder on this disk must be given"):
        write(Path("s3://bucket/folder"), "one")
    assert not any(tmp_path.iterdir())


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "a").mkdir()
    write(tmp_path / "a", "one")
    assert content(tmp_path / "a")["file"] == "one"


KILLED = """
import os, sys
from pathlib import Path
from mathbench.interop.folder import whole_folder
with whole_folder(Path(sys.argv[1]), {}) as place:
    (place / "file").write_text("half")
    os._exit(9)
"""


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")])
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".a.") and left.name.endswith(".tmp")
    with whole_folder(tmp_path / "a", {}) as outer:
        # that of a process at work is locked, and stays
        write(tmp_path / "a", "one")
        assert outer.is_dir() and not left.exists()
        (tmp_path / "a" / EXPORT_FILE).unlink()
        (tmp_path / "a" / "file").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        write(tmp_path / "a", "one")


def test_a_full_disk_is_one_line_with_the_name_of_the_folder(tmp_path):
    with pytest.raises(InputError) as error, whole_folder(tmp_path / "a", {}):
        raise OSError(28, "No space left on device", "/tmp/secret.tmp")
    assert str(error.value) == f"{tmp_path / 'a'} cannot be written: No space left on device."
