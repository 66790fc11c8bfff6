"""The nodes of a Ray cluster: one task is one shard, done again elsewhere when its process or node is lost.

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

RETRIES = 3  # of a shard whose process or node is lost
TIMEOUT = 10.0  # seconds to reach a cluster, and that interrupted shards have to remove their temporary files
STORE = 100_000_000  # bytes of shared memory of a cluster of our own: results are small, shards go to disk
T = TypeVar("T")

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True)
class Ray:
    """Does the work on a Ray cluster.

    Args:
        workers: how many shards may be in work at a time; by default twice the CPUs of the cluster.
        address: of the cluster, as `ray.init` takes it; by default what the variable RAY_ADDRESS says, or else a
            cluster of our own on this machine that ends with the work. A program that is connected stays so.

    Raises:
        InputError: when Ray is not installed.
    """

    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        _ray()

    def run(self, job: ShardFunction[T], units: Sequence[ShardJob], progress: Progress) -> dict[str, T]:
        ray = _ray()
        with _connected(ray, self.address):
            task = ray.remote(num_cpus=1, max_retries=RETRIES)(_do)
            waiting, running = deque(units), dict[Any, ShardJob]()
            results: dict[str, T] = {}
            limit = self.workers or 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
            try:
                while waiting or running:
                    while waiting and len(running) < limit:
                        unit = waiting.popleft()
                        running[task.remote(job, unit, __version__)] = unit
                    (ready,), _ = ray.wait(list(running))
                    unit = running.pop(ready)
                    results[unit.shard.file], rows = _result(ray, ready, unit)
                    progress(rows)
            finally:
                _cancel(ray, list(running))
        return results


def _do(job: ShardFunction[T], unit: ShardJob, version: str) -> tuple[T, int]:
    """The task: a job's result, and how many rows it told of."""
    if version != __version__:
        raise InputError(f"{platform.node()} has mathbench {__version__}, the driver has {version}.")
    told: list[int] = []
    return job(unit, told.append), sum(told)


def _result(ray: Any, ready: Any, unit: ShardJob) -> Any:
    """What a task gave back; what the job raised is raised again."""
    try:
        return ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ModuleNotFoundError | ray.exceptions.RayError):
            raise InputError(
                f"a node of the Ray cluster cannot do the work: {_first_line(error.cause)}. "
                f"Every node needs mathbench {__version__} and what it needs."
            ) from None
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise WorkerLost(
            f"workers were lost {RETRIES + 1} times at {unit.shard.file}: {_first_line(error)} "
            "Run the same command again: whole shards are kept."
        ) from None


def _first_line(error: BaseException) -> str:
    """Ray's messages are pages long."""
    return str(error).strip().splitlines()[0]


def _cancel(ray: Any, running: list[Any]) -> None:
    """Interrupt tasks and give them time to tidy up."""
    for task in running:
        ray.cancel(task)
    if running:
        ray.wait(running, num_returns=len(running), timeout=TIMEOUT)


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """A connection to a cluster."""
    if ray.is_initialized():
        yield
        return
    logging.getLogger("ray").setLevel(logging.ERROR)  # `ray.init` speaks before it reads its own setting
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = address or os.environ.get("RAY_ADDRESS")
    if address:
        _check_reachable(address)
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ours = {"include_dashboard": False, "object_store_memory": STORE, "_node_ip_address": "127.0.0.1"}
            ray.init(address="local", **ours, **quiet)
    except Exception as error:  # Ray raises a plain one when a node takes too long to start
        where = f"there is no Ray cluster at {address}" if address else "Ray cannot start on this machine"
        raise InputError(f"{where}: {_first_line(error)}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Check that somebody listens at HOST:PORT; Ray itself would try for a quarter of an hour."""
    found = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:(\d+)", address)
    if found is None:
        return
    try:
        socket.create_connection((found[1], int(found[2])), timeout=TIMEOUT).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"there is no Ray cluster at {address}: {why}.") from None


def _ray() -> Any:
    """Import Ray, which then keeps quiet and reports no usage."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise InputError('--engine ray needs Ray: pip install "mathbench-toolkit[ray]".') from None
    return ray
