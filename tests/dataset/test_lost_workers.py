"""How often a shard is tried again when its worker is lost; the workers are objects of this process."""

import pytest

from mathbench.engine import processes
from mathbench.engine.worker_process import Lost
from mathbench.errors import WorkerLost


class Part:
    """A job, as far as the engine looks at it."""

    advice = "run the same command again: complete shards are kept"

    def __init__(self, title):
        self.title = title


class Failing:
    """A worker that is lost at its first shard, as long as the test says so."""

    made, losses = 0, 0

    def __init__(self):
        Failing.made += 1

    def run(self, job, unit, progress):
        progress(7)
        if Failing.losses:
            Failing.losses -= 1
            raise Lost
        return f"made by {Failing.made}"

    def exit_status(self):
        return "killed by signal 9"

    def stop(self):
        pass

    wait = stop


@pytest.fixture
def failing(monkeypatch):
    monkeypatch.setattr(processes, "WorkerProcess", Failing)
    monkeypatch.setattr(Failing, "made", 0)
    return monkeypatch


def run(progress=lambda rows: None):
    """Let one worker do one shard; this process joins when it has given up or is done."""
    pool = processes._WorkerPool(None, [Part("theirs")], progress, [])
    with pool:
        pool.start_worker()
        for thread in pool._threads:
            thread.join()
        pool.work_along()
    return pool.results


def test_three_lost_workers_are_the_end(failing):
    failing.setattr(Failing, "losses", 9)
    with pytest.raises(
        WorkerLost, match=r"^3 worker processes were lost at theirs, the last one killed by signal 9"
    ):
        run()
    assert Failing.made == 3 and Failing.losses == 6


def test_two_lost_workers_are_not_and_their_rows_count_once(failing):
    failing.setattr(Failing, "losses", 2)
    told = []
    assert run(told.append) == {"theirs": "made by 3"}
    assert Failing.made == 3 and told == [7, -7, 7, -7, 7]
