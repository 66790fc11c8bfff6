"""Places: paths, URLs of any protocol, and what is said when one cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest

import mathbench
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.errors import InputError
from mathbench.storage import atomic, location

FEW = {"train": 30, "validation": 4, "interpolate": 5, "extrapolate": 6}


def test_memory_and_file_urls_hold_the_same_dataset(tmp_path):
    made = [
        mathbench.generate("gcd", where, **FEW).contents
        for where in (tmp_path / "a", f"file://{tmp_path}/b c", "memory://here/ds")
    ]
    assert made[0] == made[1] == made[2]
    assert (tmp_path / "b c" / "manifest.json").is_file()
    for where in (f"file://{tmp_path}/b c", "memory://here/ds"):
        assert all(check.passed for check in verify(open_dataset(where), VerifyOptions(regenerate_all=True)))


@pytest.mark.parametrize("where", ["foo://x", "s3://", "memory://", Path("s3://bucket/ds")])
def test_a_place_that_is_none_is_refused(where):
    with pytest.raises(InputError, match=r"s3://bucket/folder|must be text"):
        location.storage_path(where)


def test_a_missing_extra_is_named_in_one_line(tmp_path):
    code = "import sys; sys.modules['s3fs'] = None; from mathbench.cli import main; main()"
    words = ["generate", "--task", "gcd", "--out", "s3://bucket/ds"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "pip install 'mathbench-toolkit[s3]'" in done.stderr


def test_a_file_where_a_folder_should_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("precious")
    for where in (tmp_path / "file", tmp_path / "file" / "ds"):
        with pytest.raises((InputError, OSError)):
            mathbench.generate("gcd", where, **FEW)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    atomic.write(tmp_path / "x", "old")
    with pytest.raises(KeyboardInterrupt), atomic.atomic_write(tmp_path / "x") as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_local_paths_load_no_library_for_urls():
    code = (
        "import sys; from mathbench.dataset import write; from mathbench.storage import location; "
        "location.storage_path('x'); print({'fsspec'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
