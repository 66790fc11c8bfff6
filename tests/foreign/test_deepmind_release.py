"""The published text files of DeepMind's data: read from folders and archives, and refused when they are damaged."""

import gzip
import io
import json
import tarfile

import pyarrow.parquet as pq
import pytest

from mathbench.dataset.read import open_dataset
from mathbench.interop import untrusted_files
from mathbench.interop.deepmind_release import base_module
from tests.commands import run
from tests.foreign.layouts import MODULE, archive, release, sums, write_folder


def imported(path, *words, out="out"):
    """Import a release that is good; return the tables by split, as lists of rows."""
    done = run("import", "deepmind", path, "--out", path.parent / out, *words)
    assert done.returncode == 0, done.stderr
    data = open_dataset(path.parent / out).data(MODULE)
    return {split: table.to_pylist() for split, table in data.splits.items()}


def refused(path, *words, out="out"):
    """Import what is not a release; return the message. Nothing is left behind."""
    before = sorted(path.parent.rglob("*"))
    done = run("import", "deepmind", path, "--out", path.parent / out, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert sorted(path.parent.rglob("*")) == before
    return done.stderr


def test_a_folder_becomes_a_dataset(tmp_path):
    found = imported(write_folder(tmp_path / "release", release()), "--validation-share", 0.2)
    assert list(found) == ["train", "validation", "interpolate", "extrapolate"]
    train, validation = found["train"], found["validation"]
    assert len(train) + len(validation) == 120 and 10 < len(validation) < 40
    assert not {row["question"] for row in train} & {row["question"] for row in validation}
    # easy before medium before hard
    assert list(dict.fromkeys(row["stratum"] for row in train)) == ["easy", "medium", "hard"]
    assert [row["row"] for row in train] == list(range(len(train)))
    assert found["interpolate"][0] == {
        "question": "What is 10000 plus 10001?",
        "answer": "20001",
        "task": train[0]["task"],
        "stratum": "interpolate",
        "row": 0,
    }
    assert found["extrapolate"][19]["question"] == "What is 1000000019 plus 1000000020?"
    assert train[0]["task"].startswith(f"imported-{MODULE}-")


@pytest.mark.parametrize("compressed", [True, False])
def test_an_archive_has_the_rows_of_its_folder_in_any_order(tmp_path, compressed):
    files = release()
    folder = imported(write_folder(tmp_path / "release", files))
    path = tmp_path / "release.tar"
    path.write_bytes(archive(dict(reversed(files.items())), compressed=compressed))
    assert imported(path, out="other") == folder


def test_a_folder_around_the_release_is_entered(tmp_path):
    write_folder(tmp_path / "outer" / "mathematics_dataset-v1.0", release())
    assert len(imported(tmp_path / "outer")["interpolate"]) == 40


def test_each_module_is_a_configuration(tmp_path):
    folder = write_folder(tmp_path / "release", release() | release(module="numbers__gcd"))
    assert run("import", "deepmind", folder, "--out", tmp_path / "out").returncode == 0
    assert list(open_dataset(tmp_path / "out").configs) == [MODULE, "numbers__gcd"]
    chosen = run(
        "import", "deepmind", folder, "--module", "numbers__gcd", "--out", tmp_path / "one", "--json"
    )
    assert list(json.loads(chosen.stdout)["configs"]) == ["numbers__gcd"]


def test_limits_are_spread_over_the_levels(tmp_path):
    words = (
        "--validation-share",
        0.5,
        "--train",
        10,
        "--validation",
        4,
        "--interpolate",
        3,
        "--extrapolate",
        0,
    )
    found = imported(write_folder(tmp_path / "release", release()), *words)
    levels = [[row["stratum"] for row in found[split]] for split in ("train", "validation")]
    assert [[level.count(name) for name in ("easy", "medium", "hard")] for level in levels] == [
        [4, 3, 3],
        [2, 1, 1],
    ]
    assert len(found["interpolate"]) == 3 and "extrapolate" not in found


def test_the_module_of_a_test_set():
    names = ("numbers__place_value_big", "comparison__sort_more", "probability__swr_p_sequence_more_samples")
    assert [base_module(name) for name in names] == [
        "numbers__place_value",
        "comparison__sort",
        "probability__swr_p_sequence",
    ]
    assert base_module("arithmetic__mixed_longer") == "arithmetic__mixed"
    assert base_module("numbers__gcd_composed") == "numbers__gcd_composed"


def test_windows_lines_are_read(tmp_path):
    files = {name: content.replace(b"\n", b"\r\n") for name, content in release().items()}
    write_folder(tmp_path / "crlf", files)
    assert imported(tmp_path / "crlf") == imported(write_folder(tmp_path / "release", release()), out="lf")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (sums(0, 5).encode() + b"What is 1?\n", "must alternate. Received: 11 lines, an odd number."),
        (b"", "is empty."),
        (b"What is 1?\n\n", "line 2 is empty."),
        (b"What is \xff?\n1\n", "line 1 is not UTF-8 text."),
        (sums(0, 3).encode() + b"x" * 3000, "line 7 has more than 2,000 bytes."),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_damaged_text_is_refused(tmp_path, monkeypatch, content, message, packed):
    monkeypatch.setattr(untrusted_files, "MAX_LINE", 2000)
    files = release() | {f"train-hard/{MODULE}.txt": content}
    path = tmp_path / "release"
    if packed:
        path.write_bytes(archive(files))
    else:
        write_folder(path, files)
    error = refused(path)
    assert message in error and f"train-hard/{MODULE}.txt" in error


def test_a_line_without_end_is_refused_before_it_is_in_memory(tmp_path):
    path = tmp_path / "train-easy"
    path.mkdir()
    with (path / f"{MODULE}.txt").open("wb") as file:
        file.truncate(1 << 31)
    (tmp_path / "release").mkdir()
    path.rename(tmp_path / "release" / "train-easy")
    assert "line 1 has more than 1,048,576 bytes" in refused(tmp_path / "release")


@pytest.mark.parametrize(
    ("links", "prefix", "message"),
    [
        ({}, "../", "leads out of its folder"),
        ({}, "/", "leads out of its folder"),
        ({}, "a/../../", "leads out of its folder"),
        ({}, "C:", "leads out of its folder"),
        ({"x": (tarfile.SYMTYPE, "/etc/passwd")}, "r/", "is a link or a device, not a file"),
        ({"x": (tarfile.LNKTYPE, "r/a")}, "r/", "is a link or a device, not a file"),
        ({"x": (tarfile.CHRTYPE, "")}, "r/", "is a link or a device, not a file"),
        ({"x": (tarfile.FIFOTYPE, "")}, "r/", "is a link or a device, not a file"),
    ],
)
def test_an_archive_with_anything_but_files_in_its_folder_is_refused(tmp_path, links, prefix, message):
    path = tmp_path / "release.tar.gz"
    path.write_bytes(archive(release(), prefix=prefix, links=links))
    assert message in refused(path)


@pytest.mark.parametrize("compressed", [True, False])
def test_an_archive_that_is_cut_off_is_refused_wherever_it_ends(tmp_path, compressed):
    whole, path = archive(release(), compressed=compressed), tmp_path / "release.tar"
    # a plain archive ends with two blocks of zeros and padding, of which one block is enough
    stop = len(whole) if compressed else 9216 + 512
    for end in {*range(1, stop, stop // 25), *range(512, stop, 512), stop - 1}:
        path.write_bytes(whole[:end])
        error = refused(path)
        assert "cut off" in error or "not a tar archive" in error, (end, error)


def test_an_archive_that_ends_between_two_files_is_refused(tmp_path):
    path = tmp_path / "release.tar"
    whole = archive(release(), compressed=False)
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        last = tar.getmembers()[-1].offset
    path.write_bytes(whole[:last])
    assert "cut off" in refused(path)


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(untrusted_files, "FREE_BYTES", 1 << 16)
    path = tmp_path / "release.tar.gz"
    bomb = {f"train-easy/{MODULE}.txt": b"What is 1?\n1\n" * 100_000}
    path.write_bytes(gzip.compress(archive(bomb, compressed=False), 9, mtime=0))
    assert "expands to more than 200 times its size" in refused(path)


def test_a_name_of_any_length_is_not_read_into_memory(tmp_path):
    path = tmp_path / "release.tar"
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"a" * 10240)
    assert "has a name or comment of 1,099,511,627,776 bytes" in refused(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a tar archive, or is cut off or damaged: empty header"),
        (b"hello" * 1000, "is not a tar archive"),
        (gzip.compress(b"hello" * 1000, mtime=0), "is not a tar archive"),
        (archive({"README": b"x"}), "is not a release of the mathematics dataset"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "release.tar.gz"
    path.write_bytes(content)
    assert message in refused(path)


def test_other_places_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "is not a release of the mathematics dataset" in refused(tmp_path / "empty")
    assert "there is no file or folder" in refused(tmp_path / "missing")
    folder = write_folder(tmp_path / "release", release())
    assert "Did you mean 'arithmetic__add_or_sub'?" in refused(folder, "--module", "arithmetic__add_or_sum")


def test_a_file_that_is_there_twice_is_refused(tmp_path):
    path, files = tmp_path / "release.tar", release()
    path.write_bytes(archive(files | {f"more/{name}": content for name, content in files.items()}))
    assert f"has two files train-easy/{MODULE}.txt" in refused(path)


def test_a_folder_that_holds_something_is_kept(tmp_path):
    folder = write_folder(tmp_path / "release", release())
    write_folder(tmp_path / "out", {"mine.txt": b"x"})
    assert "is not empty" in refused(folder)
    assert "does not contain a mathbench dataset, and is not replaced" in refused(folder, "--force")
    (tmp_path / "file").write_text("x")
    assert "is a file, not a folder" in refused(folder, out="file")


def test_a_dataset_is_replaced_by_force_only(tmp_path):
    folder = write_folder(tmp_path / "release", release())
    imported(folder)
    assert "is not empty" in refused(folder)
    assert len(imported(folder, "--force", "--interpolate", 7)["interpolate"]) == 7
    assert not list(tmp_path.glob(".*"))


def test_a_dry_run_leaves_nothing(tmp_path):
    folder = write_folder(tmp_path / "release", release())
    before = sorted(tmp_path.rglob("*"))
    done = run("import", "deepmind", folder, "--out", tmp_path / "a" / "b", "--dry-run")
    assert done.returncode == 0 and "would write 180 rows" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_files_have_the_columns_of_every_dataset(tmp_path):
    imported(write_folder(tmp_path / "release", release()))
    schema = pq.read_schema(tmp_path / "out" / "data" / f"train-00000-of-00001-{MODULE}.parquet")
    assert schema.names == ["question", "answer", "task", "stratum", "row"]
