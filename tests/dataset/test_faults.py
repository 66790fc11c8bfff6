"""What goes wrong while a dataset is written: kills, full disks, places that cannot be written, two writers."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from mathbench.dataset import manifest, shard_reader
from mathbench.dataset.digest import difference
from mathbench.dataset.manifest import share_columns
from mathbench.dataset.read import open_dataset
from mathbench.dataset.request import dataset_request
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.dataset.write import generate
from mathbench.errors import InputError
from tests.dataset import small_shards

KILLS = 50  # at least; more until they have met more than SPREAD numbers of finished shards
SPREAD = 8
UNFLUSHED = (
    "import os; os.fsync = lambda file: None"  # what is flushed matters to power failures, not to kills
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")


@pytest.fixture(scope="module")
def run():
    generations = small_shards.Generations()
    yield generations
    generations.close()


@pytest.fixture(scope="module")
def run_beside(run):
    """A second process, so that two generate at a time."""
    generations = small_shards.Generations()
    yield generations
    generations.close()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    small_shards.shrink(monkeypatch.setattr)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, run):
    folder = tmp_path_factory.mktemp("undisturbed") / "ds"
    status, seconds, _ = min(run(folder.with_name(f"ds{i}"), code=UNFLUSHED) for i in range(2))
    folder.with_name("ds1").rename(folder)
    assert status == 0
    return folder, seconds


def contents(folder):
    return open_dataset(folder).manifest.contents


def whole(folder):
    """Check every shard that is in place, row by row; how many there are."""
    parts = [(config, part) for config in share_columns(small_shards.configs()) for part in config.shards()]
    there = [(config, part) for config, part in parts if (folder / part.file).exists()]
    for config, part in there:
        made = shard_reader.expected(config.rows(part.split), range(part.start, part.stop))
        assert not difference(pa.concat_tables(shard_reader.read_tables(folder / part.file)), made), part.file
    return len(there)


def is_finished(folder):
    """Whether a folder is taken for a finished dataset; then every row must be right."""
    try:
        opened = open_dataset(folder)
    except InputError as error:
        assert (
            "interrupted" in str(error)
            or "not a mathbench dataset" in str(error)
            or "not exist" in str(error)
        )
        return False
    assert all(check.passed for check in verify(opened, VerifyOptions(10, regenerate_all=True)))
    return True


def test_fifty_kills_at_random_moments_leave_nothing_wrong(tmp_path, run, undisturbed):
    """Some folders are killed once and some again and again, so that resumed generations are killed too."""
    right, seconds = undisturbed
    rng, killed, found = random.Random(20261122), 0, []
    folder = tmp_path / "0"
    while killed < KILLS or (len(set(found)) <= SPREAD and killed < 4 * KILLS):
        status, *_ = run(folder, after=rng.uniform(0, seconds), code=UNFLUSHED)
        assert status in (0, -9)
        killed += status == -9
        found.append(whole(folder))
        finished = is_finished(folder)
        assert finished or status == -9
        if finished or rng.random() < 0.3:
            if not finished:
                assert run(folder)[0] == 0
            assert contents(folder) == contents(right)
            assert not list(folder.rglob("*.tmp"))
            shutil.rmtree(folder)
    run(folder)
    assert contents(folder) == contents(right)
    assert len(set(found)) > SPREAD, "the kills did not spread over the generation"


@pytest.mark.parametrize("size", [0, 2000, 8000])
def test_a_limit_to_the_size_of_files_is_one_line_and_leaves_no_half_file(tmp_path, run, undisturbed, size):
    """With 0 nothing fits, with 2,000 the request, with 8,000 some shards."""
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    status, _, said = run(tmp_path / "ds", code=code)
    assert status == 2 and "cannot be written: File too large" in said
    assert not list((tmp_path / "ds").rglob("*.tmp")) and not is_finished(tmp_path / "ds")
    assert run(tmp_path / "ds")[0] == 0 and contents(tmp_path / "ds") == contents(undisturbed[0])


@pytest.fixture
def mounted(tmp_path):
    """Mount a file system of its own with some options, where the tests may."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip(f"may not mount: {done.stderr.decode().strip()}")
        return folder

    if not shutil.which("mount"):
        pytest.skip("no mount here")
    yield mount
    subprocess.run(["umount", folder], capture_output=True)


@pytest.mark.parametrize("size", ["8k", "60k"])
def test_a_full_disk_is_one_line_and_what_is_whole_is_kept(run, mounted, undisturbed, size):
    folder = mounted(f"size={size}")
    status, _, said = run(folder)
    assert status == 2 and "No space left on device" in said
    assert not list(folder.rglob("*.tmp")) and not is_finished(folder)
    kept = whole(folder)
    assert kept > 0 or size == "8k"
    subprocess.run(["mount", "-o", "remount,size=100m", folder], check=True)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    assert len(before) == kept and run(folder)[0] == 0
    assert contents(folder) == contents(undisturbed[0])
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_a_disk_that_may_only_be_read_is_one_line(run, mounted):
    folder = mounted("ro")
    for place in (folder, folder / "ds"):
        status, _, said = run(place)
        assert status == 2 and "Read-only file system" in said


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become somebody else; others have a test of their own"
)
def test_a_folder_of_somebody_else_is_one_line(run):
    """Root may write anywhere, so the generation becomes nobody after everything has been imported."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        warm = "import mathbench.dataset.write as d, tests.dataset.small_shards as s, tempfile, os;"
        code = f"{warm} d.generate(s.configs(), tempfile.mkdtemp(dir={str(folder)!r})); os.setuid(65534)"
        status, _, said = run(folder / "ds", code=code)
        assert status == 2 and "Permission denied" in said and not (folder / "ds").exists()
    finally:
        shutil.rmtree(folder)


def test_two_generators_in_one_folder_do_not_spoil_each_other(tmp_path, run, run_beside, undisturbed):
    """Whichever begins first goes on; the other is refused, or finds the dataset finished."""
    for i in range(4):
        folder = tmp_path / str(i)
        for process in (run, run_beside):
            process.ask(folder)
        ended = sorted(process.answer()[0] for process in (run, run_beside))
        assert ended in ([0, 0], [0, 2])
        assert is_finished(folder) and contents(folder) == contents(undisturbed[0])


def test_two_generators_of_different_datasets_in_one_folder(tmp_path, run, run_beside):
    """One of them wins, and its dataset is whole."""
    other = "import tests.dataset.small_shards as s; s.configs = lambda of=s.configs: of(seed=4)"
    for i in range(4):
        folder = tmp_path / str(i)
        run.ask(folder)
        run_beside.ask(folder, code=other)
        assert sorted(process.answer()[0] for process in (run, run_beside)) == [0, 2]
        assert is_finished(folder)


def test_a_shard_left_by_another_generation_is_not_kept(tmp_path, undisturbed):
    """Files under the right name with a digest that is right for what they hold: another seed, another range."""
    right, _ = undisturbed
    generate(small_shards.configs(seed=4), tmp_path / "other")
    folder = tmp_path / "ds"
    shutil.copytree(right, folder)
    train = [folder / "data" / f"train-{i:05d}-of-00005-addition-base10-digits4.parquet" for i in range(5)]
    shutil.copy(tmp_path / "other" / "data" / train[0].name, train[0])
    train[1].rename(tmp_path / "kept")
    train[2].rename(train[1])
    (tmp_path / "kept").rename(train[2])
    (folder / manifest.MANIFEST_FILE).rename(folder / manifest.UNFINISHED_FILE)  # as if unfinished
    (folder / manifest.UNFINISHED_FILE).write_text(
        json.dumps(dataset_request(share_columns(small_shards.configs())))
    )
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    generate(small_shards.configs(), folder)
    assert contents(folder) == contents(right)
    assert {path for path, time in before.items() if path.stat().st_mtime_ns != time} == set(train[:3])
