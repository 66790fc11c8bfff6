"""The engine of a Ray cluster: one Ray task is one shard, retried elsewhere when its process or node is lost.

Every node needs mathbench in the driver's version, and must see the dataset's folder under the same name.
"""

import logging
import os
import platform
import re
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from mathbench.dataset.engine.work import ShardFunction, ShardJob
from mathbench.dataset.shard import Progress
from mathbench.errors import InputError, WorkerLost
from mathbench.version import __version__

MAX_RETRIES = 3  # of a shard whose process or node is lost
TIMEOUT = 10.0  # seconds to reach a cluster, and that interrupted shards have to remove their temporary files
OBJECT_STORE_BYTES = 100_000_000  # shared memory of a local cluster: results are small, shards go to disk
T = TypeVar("T")

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True)
class Ray:
    """Does the work on a Ray cluster.

    Args:
        workers: the maximum number of shards in progress; by default twice the CPUs of the cluster.
        address: the address of the cluster, as `ray.init` takes it; by default the variable RAY_ADDRESS, or else a
            local cluster that is shut down after the work. A program that is already connected uses its cluster.

    Raises:
        InputError: when Ray is not installed.
    """

    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        _ray()

    def run(self, function: ShardFunction[T], jobs: Sequence[ShardJob], progress: Progress) -> dict[str, T]:
        ray = _ray()
        with _connected(ray, self.address):
            task = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_run_job)
            waiting, running = deque(jobs), dict[Any, ShardJob]()
            results: dict[str, T] = {}
            limit = self.workers or 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
            try:
                while waiting or running:
                    while waiting and len(running) < limit:
                        job = waiting.popleft()
                        running[task.remote(function, job, __version__)] = job
                    (ready,), _ = ray.wait(list(running))
                    job = running.pop(ready)
                    results[job.shard.file], rows = _result(ray, ready, job)
                    progress(rows)
            finally:
                _cancel(ray, list(running))
        return results


def _run_job(function: ShardFunction[T], job: ShardJob, version: str) -> tuple[T, int]:
    """Run a job on a node; return its result and the number of rows it reported."""
    if version != __version__:
        raise InputError(f"{platform.node()} has mathbench {__version__}, the driver has {version}.")
    reported: list[int] = []
    return function(job, reported.append), sum(reported)


def _result(ray: Any, ready: Any, job: ShardJob) -> Any:
    """The result of a Ray task; an error of the function is raised again."""
    try:
        return ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ModuleNotFoundError | ray.exceptions.RayError):
            raise InputError(
                f"a node of the Ray cluster cannot run the job: {_first_line(error.cause)}. "
                f"Every node needs mathbench {__version__} and its dependencies."
            ) from None
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise WorkerLost(
            f"worker processes were lost {MAX_RETRIES + 1} times at {job.shard.file}: {_first_line(error)} "
            "Run the same command again: complete shards are kept."
        ) from None


def _first_line(error: BaseException) -> str:
    """The first line of an error's message; Ray's are pages long."""
    return str(error).strip().splitlines()[0]


def _cancel(ray: Any, running: list[Any]) -> None:
    """Interrupt tasks, and wait a limited time until they have removed their temporary files."""
    for task in running:
        ray.cancel(task)
    if running:
        ray.wait(running, num_returns=len(running), timeout=TIMEOUT)


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to a cluster for the duration of the block, unless this process is connected already."""
    if ray.is_initialized():
        yield
        return
    logging.getLogger("ray").setLevel(logging.ERROR)  # `ray.init` logs before it applies its own setting
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = address or os.environ.get("RAY_ADDRESS")
    if address:
        _check_reachable(address)
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            local = {
                "include_dashboard": False,
                "object_store_memory": OBJECT_STORE_BYTES,
                "_node_ip_address": "127.0.0.1",
            }
            ray.init(address="local", **local, **quiet)
    except Exception as error:  # Ray raises a plain one when a node takes too long to start
        where = f"there is no Ray cluster at {address}" if address else "Ray cannot start on this machine"
        raise InputError(f"{where}: {_first_line(error)}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Check that HOST:PORT accepts connections; Ray itself would retry for a quarter of an hour."""
    match = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:(\d+)", address)
    if match is None:
        return
    try:
        socket.create_connection((match[1], int(match[2])), timeout=TIMEOUT).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"there is no Ray cluster at {address}: {reason}.") from None


def _ray() -> Any:
    """Import Ray with usage reports and warnings switched off."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise InputError('--engine ray needs Ray: pip install "mathbench-toolkit[ray]".') from None
    return ray
