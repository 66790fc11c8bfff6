"""What engines are given to do in tests: work that goes wrong in a worker process and never in this one."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from mathbench.dataset.shard_jobs import write_shard
from mathbench.errors import InputError


def in_worker():
    return os.getpid() != int(os.environ["MATHBENCH_TEST_PROCESS"])


def wait_for_the_end(progress):
    """Be busy until the engine stops everybody."""
    for _ in range(6000):
        progress(0)
        time.sleep(0.01)


def killed_once(unit, progress):
    """The first worker to be at the middle of a shard is killed there."""

    def fatal(rows):
        progress(rows)
        if in_worker() and once(Path(unit.out) / ".killed"):
            os.kill(os.getpid(), signal.SIGKILL)

    while not in_worker() and not (Path(unit.out) / ".killed").exists():
        time.sleep(0.01)  # so that there is work left for the worker
    return write_shard(unit, fatal)


def once(file):
    try:
        file.touch(exist_ok=False)
        return True
    except FileExistsError:
        return False


def always_killed(unit, progress):
    if in_worker():
        os.kill(os.getpid(), signal.SIGKILL)
    wait_for_the_end(progress)


def refused(unit, progress):
    if in_worker():
        raise InputError("the disk is full")
    wait_for_the_end(progress)


def lacking(unit, progress):
    if in_worker():
        raise ModuleNotFoundError("No module named 'nosuch'")


class OddError(Exception):
    """Cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__(one + two)


def odd(unit, progress):
    if in_worker():
        raise OddError("od", "d")
    wait_for_the_end(progress)


def chatty(unit, progress):
    os.write(1, b"nobody should write here")
    print("nor here")
    return write_shard(unit, progress)


def elsewhere(unit, progress):
    """Write to a disk that nobody else sees."""
    return write_shard(replace(unit, out=unit.out + "-elsewhere"), progress)
