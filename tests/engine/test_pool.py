"""Pools: workers that stay, and the outcome of every job as it finishes."""

import os
import pickle
import threading
from pathlib import Path

import pytest

from mathbench.engine import make_engine, process_pool
from mathbench.engine.processes import Processes
from mathbench.errors import WorkerLost
from tests.engine.pool_jobs import Task, do


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATHBENCH_TEST_PROCESS", str(os.getpid()))


def ignore(job, news):
    pass


def test_workers_stay_for_the_next_jobs_and_end_with_the_pool():
    before = threading.active_count()
    with Processes(2).pool(do, ignore) as pool:
        first, second = ({o.value for o in pool.outcomes([Task(f"{k}{i}") for i in range(6)])} for k in "ab")
        assert len(first) == 2 and second <= first and os.getpid() not in first
        assert list(pool.outcomes([])) == []
    assert threading.active_count() == before
    for process in first:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_no_more_workers_are_started_than_there_are_jobs():
    with Processes(50).pool(do, ignore) as pool:
        assert len({outcome.value for outcome in pool.outcomes([Task("a")])}) == 1
        assert sum(worker is not None for worker in pool._slots) == 1


@pytest.mark.parametrize("engine", [make_engine(), Processes(2)], ids=["one", "two"])
def test_an_error_is_an_outcome_with_its_traceback(engine):
    told = []
    with engine.pool(do, lambda job, news: told.append((job.title, news))) as pool:
        outcomes = {outcome.job.title: outcome for outcome in pool.outcomes([Task("odd"), Task("good")])}
    assert sorted(told) == [("good", "begun"), ("odd", "begun")]
    assert outcomes["good"].error is None and outcomes["odd"].value is None
    error = outcomes["odd"].error
    assert isinstance(error, LookupError) and "pool_jobs.py" in error.__notes__[0]


def test_a_job_that_loses_every_worker_is_named_and_the_others_are_done(caplog):
    jobs = [Task(name) for name in ("killed", "good", "better")]
    with Processes(2).pool(do, ignore) as pool:
        outcomes = {outcome.job.title: outcome.error for outcome in pool.outcomes(jobs)}
    assert outcomes["good"] is outcomes["better"] is None and caplog.text.count("retrying") == 2
    assert isinstance(outcomes["killed"], WorkerLost)
    assert str(outcomes["killed"]) == (
        "3 worker processes were lost at killed, the last one killed by signal 9. "
        "Check the available memory and do it again."
    )


def test_workers_are_replaced_after_a_number_of_jobs(monkeypatch):
    monkeypatch.setattr(process_pool, "LIFETIME", 2)
    with Processes(2).pool(do, ignore) as pool:
        jobs = [Task(f"{i}") for i in range(5)]
        assert len({outcome.value for outcome in pool.outcomes(jobs[:1])}) == 1
        processes = [outcome.value for outcome in pool.outcomes(jobs)]
    assert len(set(processes)) >= 3 and max(map(processes.count, processes)) <= 2


def test_a_pool_that_is_left_interrupts_its_workers_and_waits_for_them():
    begun = []

    def progress(job, news):
        begun.append(job.title)
        if len(begun) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Processes(2).pool(do, progress) as pool:
        list(pool.outcomes([Task("slow0"), Task("slow1"), Task("next")]))
    assert sorted(path.name for path in Path().iterdir()) == ["slow0", "slow1"]


def test_what_cannot_be_sent_is_an_outcome_and_the_worker_stays():
    bad = Task("bad", group=threading.Lock())
    with Processes(2).pool(do, ignore) as pool:
        (outcome,) = pool.outcomes([bad])
        assert isinstance(outcome.error, TypeError | pickle.PicklingError)
        assert [outcome.error for outcome in pool.outcomes([Task("good")])] == [None]
