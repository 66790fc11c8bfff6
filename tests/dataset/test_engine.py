"""Engines: the same dataset whoever writes it, whatever happens to them; parts, and how they are merged."""

import json
import os
import pickle
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

import pytest

import mathbench
from mathbench.dataset import manifest, shard_reader, write
from mathbench.dataset.manifest import Config, share_columns
from mathbench.dataset.read import open_dataset
from mathbench.dataset.request import requested_configs
from mathbench.dataset.shard_jobs import ShardJob, ShardPart, shard_jobs
from mathbench.dataset.verify import verify
from mathbench.dataset.write import generate, generate_part, merge
from mathbench.engine import make_engine
from mathbench.engine.processes import Processes
from mathbench.errors import CheckFailed, InputError, WorkerLost
from mathbench.families import task
from mathbench.generators.gcd import Gcd
from mathbench.storage import atomic
from tests.dataset import jobs

SIZES = {"train": 950, "validation": 40, "interpolate": 150, "extrapolate": 60}


def configs(**changes):
    made = [task("divisible", k=7), task("addition", digits=2)]
    return [Config(t.name, t, 3, {**SIZES, **changes}) for t in made]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(manifest, "SHARD_ROWS", 100)
    monkeypatch.setenv("MATHBENCH_TEST_PROCESS", str(os.getpid()))


OTHERS = set()  # processes that earlier tests have left in this one, such as a resource tracker


@pytest.fixture(autouse=True)
def others():
    """Leave processes of earlier tests out of account."""
    OTHERS.clear()
    OTHERS.update(children(os.getpid()))


@pytest.fixture
def expected(tmp_path, others):
    return generate(configs(), tmp_path / "expected")


def whole(folder):
    return all(c.passed for c in verify(open_dataset(folder), None)) and not list(folder.rglob(".*"))


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_workers_started_early_do_the_work_and_end_with_it(tmp_path, expected, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    early = make_engine(workers=3, early="mathbench.dataset.shard_jobs")
    (started,) = children(os.getpid())
    seen = set()
    made = generate(
        configs(), tmp_path / "ds", engine=early, progress=lambda _: seen.update(children(os.getpid()))
    )
    assert made == expected and started in seen and not children(os.getpid())


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_number_of_workers_makes_the_same_files(tmp_path, expected, workers):
    told = []
    made = generate(configs(), tmp_path / "ds", engine=make_engine(workers=workers), progress=told.append)
    assert made == expected and sum(told) == 2 * sum(SIZES.values())
    assert files(tmp_path / "ds") == files(tmp_path / "expected")


def test_a_unit_is_a_small_value(tmp_path):
    for unit in shard_jobs(configs(), str(tmp_path)):
        again = pickle.loads(pickle.dumps(unit))
        assert again == unit and isinstance(again, ShardJob) and len(pickle.dumps(unit)) < 1000


def test_the_largest_shards_come_first_and_parts_cover_all(tmp_path):
    work = shard_jobs(configs(), str(tmp_path))
    assert [u.rows for u in work] == sorted((u.rows for u in work), reverse=True)
    for of in (1, 2, 3, 7, len(work), 100):
        parts = [ShardPart(i + 1, of).select(work) for i in range(of)]
        assert sorted(id(unit) for part in parts for unit in part) == sorted(map(id, work))
        rows = [sum(u.rows for u in part) for part in parts]
        assert max(rows) - min(rows) <= 100


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "1/0", "0/0", "-1/4", "1", "1/", "/4", "a/b", "1/4/4", "", "1.0/4", "²/4"]
)
def test_a_wrong_part_is_refused(text):
    with pytest.raises(InputError, match="a part must be i/N with i from 1 to N"):
        ShardPart.parse(text)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_a_wrong_number_of_workers_is_refused(workers):
    with pytest.raises(InputError, match="workers must be an integer of 1 or more"):
        make_engine(workers=workers)


def test_wrong_engines_are_refused():
    with pytest.raises(InputError, match="Did you mean 'ray'"):
        make_engine("rays")
    with pytest.raises(InputError, match="requires --engine ray"):
        make_engine(address="here:1")


def test_a_killed_worker_is_replaced(tmp_path, expected, monkeypatch, caplog):
    monkeypatch.setattr(write, "write_shard", jobs.killed_once)
    told = []
    made = generate(configs(), tmp_path / "ds", engine=Processes(2), progress=told.append)
    (tmp_path / "ds" / ".killed").unlink()
    assert made == expected and whole(tmp_path / "ds") and sum(told) == 2 * sum(SIZES.values())
    (said,) = [r.getMessage() for r in caplog.records]
    assert "killed by signal 9" in said and min(told) < 0


@pytest.mark.parametrize(
    "job, error, message",
    [
        (
            jobs.always_killed,
            WorkerLost,
            "3 worker processes were lost at .*, the last one killed by signal 9",
        ),
        (jobs.refused, InputError, "^the disk is full$"),
        (jobs.odd, RuntimeError, "OddError: odd"),
    ],
)
def test_what_goes_wrong_in_a_worker_is_told_once_and_leaves_a_resumable_folder(
    tmp_path, expected, monkeypatch, job, error, message
):
    before = threading.active_count()
    monkeypatch.setattr(write, "write_shard", job)
    with pytest.raises(error) as raised:
        generate(configs(), tmp_path / "ds", engine=Processes(2))
    assert re.search(message, str(raised.value))
    assert threading.active_count() == before and not children(os.getpid())
    monkeypatch.undo()
    monkeypatch.setattr(manifest, "SHARD_ROWS", 100)
    assert generate(configs(), tmp_path / "ds", engine=Processes(2)) == expected


def test_an_error_of_ours_ends_the_workers(tmp_path):
    def progress(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(configs(), tmp_path / "ds", engine=Processes(3), progress=progress)
    assert not children(os.getpid()) and not list((tmp_path / "ds").rglob("*.tmp"))


def test_a_task_that_workers_cannot_load_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Gcd, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Gcd", Gcd, raising=False)
    with pytest.raises(InputError, match=r"a worker process cannot load the task: .*'Gcd'"):
        generate([Config("x", task("gcd"), 0, {"train": 2000})], tmp_path / "ds", engine=Processes(2))
    assert not children(os.getpid())


def test_workers_may_print(tmp_path, expected, monkeypatch):
    monkeypatch.setattr(write, "write_shard", jobs.chatty)
    assert generate(configs(), tmp_path / "ds", engine=Processes(2)) == expected


def test_workers_keep_what_is_whole(tmp_path, expected):
    half = shard_jobs(configs(), str(tmp_path / "ds"))[::2]
    generate_part(configs(), tmp_path / "ds", ShardPart(1, 2))
    kept = {u.shard.file: (tmp_path / "ds" / u.shard.file).stat().st_mtime_ns for u in half}
    assert generate(configs(), tmp_path / "ds", engine=Processes(2)) == expected
    assert {f: (tmp_path / "ds" / f).stat().st_mtime_ns for f in kept} == kept


def test_python_and_a_script_without_a_guard(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "import mathbench\n"
        "sizes = dict(train=1_000_001, validation=0, interpolate=5, extrapolate=0)\n"
        "made = mathbench.generate('division', 'ds', workers=2, **sizes)\n"
        "print(len(made.contents))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("3\n", "")


# A finished dataset


def test_a_finished_dataset_stays_finished_while_it_is_checked_again(tmp_path, expected):
    folder = tmp_path / "expected"
    seen, before = [], (folder / manifest.MANIFEST_FILE).stat().st_mtime_ns
    generate(configs(), folder, progress=lambda rows: seen.append(open_dataset(folder).manifest))
    assert seen and all(m == expected for m in seen)
    assert (folder / manifest.MANIFEST_FILE).stat().st_mtime_ns == before and whole(folder)


@pytest.mark.parametrize("again", [generate, lambda c, f, **k: generate_part(c, f, ShardPart(1, 1), **k)])
def test_a_damaged_shard_of_a_finished_dataset_is_made_again(tmp_path, expected, again):
    folder = tmp_path / "expected"
    path = next((folder / "data").glob("train-00003*-divisible-7-base10.parquet"))
    other = next((folder / "data").glob("train-00004*-divisible-7-base10.parquet"))
    path.write_bytes(b"nonsense")
    seen = []
    again(configs(), folder, progress=lambda rows: seen.append((folder / manifest.MANIFEST_FILE).is_file()))
    assert all(seen) and open_dataset(folder).manifest == expected and whole(folder)
    path.write_bytes(other.read_bytes())  # whole, of as many rows, and not what the manifest says
    again(configs(), folder)
    assert open_dataset(folder).manifest == expected and whole(folder)


def test_a_wrong_manifest_is_mended(tmp_path, expected):
    folder = tmp_path / "expected"
    stated = json.loads((folder / manifest.MANIFEST_FILE).read_text())
    file = next(iter(stated["configs"]["divisible-7-base10"]["files"].values()))
    file["strata"] = {"another": file["rows"]}
    (folder / manifest.MANIFEST_FILE).write_text(json.dumps(stated))
    assert generate(configs(), folder) == expected == open_dataset(folder).manifest


# Parts


def test_parts_and_merge_make_the_same_dataset(tmp_path, expected):
    for i in (3, 1, 2, 2):
        contents = generate_part(configs(), tmp_path / "ds", ShardPart(i, 3))
        assert contents.items() <= expected.contents.items()
        with pytest.raises(InputError, match="interrupted"):
            open_dataset(tmp_path / "ds")
    assert mathbench.merge(tmp_path / "ds", workers=2) == expected
    assert files(tmp_path / "ds") == files(tmp_path / "expected")
    assert merge(tmp_path / "ds") == expected  # once more changes nothing
    assert files(tmp_path / "ds") == files(tmp_path / "expected")


def test_generate_completes_parts(tmp_path, expected):
    generate_part(configs(), tmp_path / "ds", ShardPart(2, 3))
    assert generate(configs(), tmp_path / "ds") == expected and whole(tmp_path / "ds")


def test_there_are_no_more_workers_than_shards(tmp_path, monkeypatch):
    few = [Config("x", task("gcd"), 0, {"train": 150})]
    most = []
    made = generate(
        few, tmp_path / "ds", engine=Processes(50), progress=lambda _: most.append(len(children(os.getpid())))
    )
    assert made == generate(few, tmp_path / "other") and max(most) <= 1


def test_more_parts_than_shards(tmp_path):
    few = [Config("x", task("gcd"), 0, {"train": 150})]
    assert [len(generate_part(few, tmp_path / "ds", ShardPart(i, 4))) for i in (1, 2, 3, 4)] == [1, 1, 0, 0]
    assert merge(tmp_path / "ds") == generate(few, tmp_path / "other")


def test_merge_names_what_is_missing_and_how_to_make_it(tmp_path, expected):
    folder = tmp_path / "my ds"
    generate_part(configs(), folder, ShardPart(1, 1))
    work = shard_jobs(configs(), str(folder))
    (folder / work[4].shard.file).unlink()
    (folder / work[7].shard.file).write_bytes(b"nonsense")
    with pytest.raises(CheckFailed) as refused:
        merge(folder)
    said = str(refused.value)
    assert "2 of 28 shards are missing or damaged" in said and "\n" not in said
    assert work[4].shard.file in said and work[7].shard.file in said
    assert f"mathbench generate --out {shlex.quote(str(folder))} " in said
    assert "--shard 5/28" in said and "--shard 8/28" in said
    assert not (folder / manifest.MANIFEST_FILE).exists()
    for part in (ShardPart(5, 28), ShardPart(8, 28)):
        generate_part(requested_configs(folder), folder, part)
    assert merge(folder) == expected


def test_merge_of_a_finished_dataset_that_lost_a_shard_leaves_the_manifest(tmp_path, expected):
    folder = tmp_path / "expected"
    (folder / "data" / "train-00003-of-00010-divisible-7-base10.parquet").unlink()
    with pytest.raises(CheckFailed, match="1 of 28 shards"):
        merge(folder)
    assert open_dataset(folder).manifest == expected


def test_merge_refuses_what_is_no_dataset(tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(InputError, match="contains neither a finished nor an unfinished dataset"):
            merge(folder)
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="does not contain a mathbench dataset"):
        merge(tmp_path)
    with pytest.raises(InputError, match="is a file, not a folder"):
        merge(tmp_path / "thesis.tex")


@pytest.mark.parametrize(
    "request_, error",
    [
        ("{", CheckFailed),
        ("[]", CheckFailed),
        ("{}", CheckFailed),
        ('{"configs": 3}', CheckFailed),
        ('{"configs": {"x": {}}}', CheckFailed),
        ('{"configs": {"x": {"task": "gcd", "parameters": {}, "seed": 0, "sizes": {}}}}', CheckFailed),
        (
            '{"schema_version": 2, '
            '"configs": {"x": {"task": "nosuch", "parameters": {}, "seed": 0, "sizes": {}}}}',
            InputError,
        ),
        ('{"schema_version": 2, "configs": {}}', InputError),
        ('{"schema_version": 99, "configs": {}}', InputError),
    ],
)
def test_a_damaged_or_foreign_request_is_one_line(tmp_path, request_, error):
    (tmp_path / manifest.UNFINISHED_FILE).write_text(request_)
    with pytest.raises((error, InputError)) as refused:
        merge(tmp_path)
    assert "\n" not in str(refused.value) and not (tmp_path / manifest.MANIFEST_FILE).exists()


def test_a_part_of_another_dataset_is_refused(tmp_path):
    generate_part(configs(), tmp_path / "ds", ShardPart(1, 3))
    for other in (configs(train=850), [Config("x", task("gcd"), 0, {"train": 5})]):
        with pytest.raises(InputError, match="contains another dataset"):
            generate_part(other, tmp_path / "ds", ShardPart(2, 3))


def test_parts_write_together_and_others_wait(tmp_path, expected):
    folder = tmp_path / "ds"

    def meanwhile(rows):
        generate_part(configs(), folder, ShardPart(2, 2))
        for alone in (lambda: generate(configs(), folder), lambda: merge(folder)):
            with pytest.raises(InputError, match="another process is writing"):
                alone()

    generate_part(configs(), folder, ShardPart(1, 2), progress=meanwhile)
    with atomic.folder_lock(folder), pytest.raises(InputError, match="another process is writing"):
        generate_part(configs(), folder, ShardPart(1, 2))
    assert merge(folder) == expected


def test_of_two_requests_at_once_one_wins(tmp_path, monkeypatch):
    """The other one comes between the look into the folder and the writing of the request."""
    create = atomic.create

    def late(path, content):
        monkeypatch.setattr(atomic, "create", create)
        generate_part(configs(train=850), tmp_path, ShardPart(1, 9))
        return create(path, content)

    monkeypatch.setattr(atomic, "create", late)
    with pytest.raises(InputError, match="contains another dataset"):
        generate_part(configs(), tmp_path, ShardPart(1, 9))
    assert requested_configs(tmp_path) == share_columns(configs(train=850))


def test_many_processes_write_the_same_part(tmp_path, expected):
    program = (
        "import sys; from pathlib import Path; from mathbench.dataset import manifest, write as dataset; "
        "from tests.dataset.test_engine import configs; from mathbench.dataset.shard_jobs import ShardPart; "
        "manifest.SHARD_ROWS = 100; "
        "dataset.generate_part(configs(), sys.argv[1], ShardPart(1, 1))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", program, str(tmp_path / "ds")]
    parts = [subprocess.Popen(command, env=environment) for _ in range(4)]
    assert [part.wait() for part in parts] == [0] * 4
    assert merge(tmp_path / "ds") == expected and whole(tmp_path / "ds")


# Signals


def children(process):
    """Processes that a process has started and that are still there."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True)
    return [pid for pid in map(int, found.stdout.split()) if alive(pid) and pid not in OTHERS]


def alive(pid):
    """Whether a process is there and no zombie."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(shown.strip()) and not shown.startswith("Z")


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


LONG = ["generate", "--task", "addition", "--digits", "6", "--train", "3000000", "--workers", "2", "--json"]


@pytest.fixture
def running(tmp_path):
    """A generation by two processes that are both at work on a shard, and the worker."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-m", "mathbench", *LONG, "--out", str(tmp_path / "ds")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(
        command, env=environment, start_new_session=True, preexec_fn=default_interrupt, **pipes
    )
    assert until(lambda: len(list(tmp_path.glob("ds/*/.*.tmp"))) == 2 or process.poll() is not None)
    yield process, children(process.pid)
    process.kill()
    process.communicate()


def default_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whatever the tests were started with


def test_ctrl_c_leaves_a_resumable_folder_and_nobody_behind(tmp_path, running):
    process, workers = running
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130 and said.splitlines() == ["interrupted; finished work is kept"]
    assert len(workers) == 1 and not alive(workers[0])
    assert not list(tmp_path.rglob("*.tmp")) and (tmp_path / "ds" / manifest.UNFINISHED_FILE).is_file()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_tidily_with_a_killed_program(tmp_path, running, how):
    process, workers = running
    process.send_signal(how)
    process.wait()
    assert len(workers) == 1 and until(lambda: not alive(workers[0]))
    assert len(list(tmp_path.rglob("*.tmp"))) == 1  # that of the killed program itself


def test_a_worker_killed_on_the_command_line_is_one_line_and_no_loss(tmp_path, running):
    process, workers = running
    os.kill(workers[0], signal.SIGKILL)
    shown, said = process.communicate()
    assert process.returncode == 0 and len(said.splitlines()) == 1 and "killed by signal 9" in said
    digests = {c["digest"] for spec in json.loads(shown)["configs"].values() for c in spec["files"].values()}
    assert digests == {shard_reader.read_content(path).digest for path in tmp_path.glob("ds/*/*.parquet")}
    assert not list(tmp_path.rglob("*.tmp"))
