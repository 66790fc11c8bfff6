"""Ray: two nodes on this machine, a worker killed at work, nodes that cannot do it."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

pytest.importorskip("ray")

import ray
from ray.cluster_utils import Cluster

from mathbench.baselines import checkpoint
from mathbench.baselines.jobs import run_all as run_all_module
from mathbench.baselines.jobs.run_all import run_all
from mathbench.baselines.jobs.source import StoredRows
from mathbench.dataset import manifest, write
from mathbench.dataset.manifest import single_config
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import verify
from mathbench.dataset.write import generate
from mathbench.engine import make_engine
from mathbench.engine.ray_cluster import OBJECT_STORE_BYTES, connected
from mathbench.errors import InputError, WorkerLost
from mathbench.families import task
from tests.baselines import run_faults, test_jobs
from tests.dataset import jobs
from tests.dataset.test_engine import SIZES, configs, files


def started(tries=3):
    """Two nodes; Ray gives a node 30 seconds to start, which a busy machine may miss."""
    options = {"num_cpus": 1, "object_store_memory": OBJECT_STORE_BYTES}
    cluster = Cluster()
    try:
        for head in ({"include_dashboard": False}, {}):
            cluster.add_node(**options, **head)
        return cluster
    except Exception:
        cluster.shutdown()
        if tries == 1:
            raise
        return started(tries - 1)


@pytest.fixture(scope="module")
def nodes():
    """The address of a cluster of two nodes with one CPU each, whose workers find what this process finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
        patch.setenv("MATHBENCH_TEST_PROCESS", str(os.getpid()))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster = started()
        cluster.connect()  # once for all tests of this file that run in this process
        yield cluster.address
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(manifest, "SHARD_ROWS", 100)


def test_a_worker_killed_on_a_cluster_of_two_nodes_changes_nothing(tmp_path, nodes, monkeypatch):
    expected, told = generate(configs(), tmp_path / "expected"), []
    monkeypatch.setattr(write, "write_shard", jobs.killed_once)
    made = generate(
        configs(), tmp_path / "ds", engine=make_engine("ray", address=nodes), progress=told.append
    )
    assert (tmp_path / "ds" / ".killed").exists()
    assert made == expected and sum(told) == 2 * sum(SIZES.values())
    (tmp_path / "ds" / ".killed").unlink()
    assert files(tmp_path / "ds") == files(tmp_path / "expected")
    assert all(c.passed for c in verify(open_dataset(tmp_path / "ds"), None))


@pytest.mark.parametrize(
    "job, error, message",
    [
        (jobs.always_killed, WorkerLost, "worker processes were lost 4 times at "),
        (jobs.refused, InputError, "^the disk is full$"),
        (
            jobs.lacking,
            InputError,
            "cannot run the job: No module named 'nosuch'. Every node needs mathbench",
        ),
        (jobs.elsewhere, InputError, "another machine has written .* Give an --out that all machines share"),
    ],
)
def test_what_goes_wrong_on_a_node_is_one_line(tmp_path, nodes, monkeypatch, job, error, message):
    monkeypatch.setattr(write, "write_shard", job)
    with pytest.raises(error, match=message) as raised:
        generate(configs(), tmp_path / "ds", engine=make_engine("ray", 1, address=nodes))
    assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match="interrupted"):
        open_dataset(tmp_path / "ds")


def test_another_version_on_the_nodes_is_refused(tmp_path, nodes, monkeypatch):
    monkeypatch.setattr("mathbench.engine.ray.__version__", "9.9.9")
    with pytest.raises(InputError, match=r"has mathbench \d.*, the driver has 9\.9\.9"):
        generate(configs(), tmp_path / "ds", engine=make_engine("ray", address=nodes))


def test_runs_on_a_cluster_have_the_same_bits_and_go_on_after_a_kill(tmp_path, nodes, monkeypatch):
    monkeypatch.chdir(tmp_path)
    alone = {outcome.job.title: outcome.value for outcome in run_all(runs("alone"))}
    monkeypatch.setattr(run_all_module, "do_run", run_faults.killed_after_the_second_validation)
    told = []
    engine = make_engine("ray", address=nodes)
    outcomes = list(run_all(runs("there"), engine, lambda job, report: told.append((job.title, report.step))))
    assert [outcome.error for outcome in outcomes] == [None, None, None]
    assert len(list(tmp_path.glob("there*/killed"))) == 1 and {title for title, _ in told} == set("012")
    for outcome in outcomes:
        assert outcome.value.predictions_sha256 == alone[outcome.job.title].predictions_sha256
        assert outcome.value.timings["steps"] == 8


def test_an_interrupted_run_on_a_cluster_keeps_a_checkpoint(tmp_path, nodes, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def progress(job, report):
        if report.step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(
            run_all(
                runs("there", steps="100000", evaluate="50000")[:1],
                make_engine("ray", address=nodes),
                progress,
            )
        )
    assert 0 < checkpoint.read(tmp_path / "there0")[0]["step"] < 50_000


@pytest.mark.slow
def test_what_goes_wrong_with_runs_on_a_cluster_is_told_by_run(tmp_path, nodes, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_all_module, "do_run", run_faults.bad_is_always_killed)
    jobs = [
        replace(job, name=name) for job, name in zip(runs("x"), ("bad", "good", "elsewhere"), strict=True)
    ]
    jobs[2] = replace(jobs[2], source=StoredRows("nowhere"))
    errors = {
        outcome.job.title: outcome.error for outcome in run_all(jobs, make_engine("ray", address=nodes))
    }
    assert errors["good"] is None and isinstance(errors["elsewhere"], InputError)
    assert isinstance(errors["bad"], WorkerLost) and "lost 4 times at bad" in str(errors["bad"])


def runs(folder, **settings):
    specs = [test_jobs.network(seed=seed, **{"steps": "8", **settings}) for seed in range(3)]
    return [replace(test_jobs.job(spec, f"{folder}{spec.seed}"), name=str(spec.seed)) for spec in specs]


def test_the_command_line(tmp_path, nodes):
    command = [sys.executable, "-m", "mathbench", "generate", "--task", "gcd", "--json"]
    command += [word for split in SIZES for word in (f"--{split}", "50")]
    command += ["--engine", "ray", "--address", nodes, "--out", str(tmp_path / "ds")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert made.returncode == 0 and not made.stderr, made.stderr
    alone = generate([single_config(task("gcd"), dict.fromkeys(SIZES, 50))], tmp_path / "alone")
    specs = json.loads(made.stdout)["configs"]
    assert {name: spec["digest"] for name, spec in specs.items()} == {
        c.name: alone.digest(c) for c in alone.configs
    }


@pytest.mark.parametrize(
    "address, why",
    [
        ("127.0.0.1:1", "Connection refused"),
        ("ray://127.0.0.1:1", "Connection refused"),
        ("nosuch.invalid:6379", "nosuch"),
    ],
)
def test_an_address_where_nobody_listens_is_one_line_at_once(address, why):
    with (
        pytest.raises(InputError, match=f"there is no Ray cluster at {address}: .*") as raised,
        connected(FakeRay, address),
    ):
        pass
    assert why in str(raised.value) and "\n" not in str(raised.value)


class FakeRay:
    """Ray before it is connected; nothing else of it may be asked for."""

    @staticmethod
    def is_initialized():
        return False
