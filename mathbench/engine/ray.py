"""The engine of a Ray cluster: one Ray task is one job, done again elsewhere when its process or node is lost.

Every node needs mathbench in the driver's version, and must see the folders of the jobs under the same names.
"""

import os
import platform
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mathbench.engine.job import Job, JobFunction, Outcome, Pool, Progress
from mathbench.engine.process_pool import LIFETIME, PATIENCE
from mathbench.engine.ray_cluster import connected, first_line, import_ray
from mathbench.errors import InputError, WorkerLost
from mathbench.version import __version__

MAX_RETRIES = 3  # of a job whose process or node is lost
TIMEOUT = 10.0  # seconds that interrupted shards have to remove their temporary files
POLL = 0.2  # seconds between looks for news of jobs
J = TypeVar("J", bound=Job)
T = TypeVar("T")


@dataclass(frozen=True)
class Ray:
    """Does the work on a Ray cluster.

    Args:
        workers: the maximum number of jobs in progress; by default twice the CPUs of the cluster.
        address: the address of the cluster, as `ray.init` takes it; by default the variable RAY_ADDRESS, or else a
            local cluster that is shut down after the work. A program that is already connected uses its cluster.

    Raises:
        InputError: when Ray is not installed.
    """

    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        import_ray()

    def run(self, function: JobFunction[J, T], jobs: Sequence[J], progress: Progress) -> dict[str, T]:
        ray = import_ray()
        with connected(ray, self.address):
            task = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_run_job)
            waiting, running = deque(jobs), dict[Any, J]()
            results: dict[str, T] = {}
            limit = self._limit(ray)
            try:
                while waiting or running:
                    while waiting and len(running) < limit:
                        job = waiting.popleft()
                        running[task.remote(function, job, __version__)] = job
                    (ready,), _ = ray.wait(list(running))
                    job = running.pop(ready)
                    results[job.title], rows = _result(ray, ready, job)
                    progress(rows)
            finally:
                _cancel(ray, list(running), TIMEOUT)
        return results

    def pool(
        self, function: JobFunction[J, T], progress: Callable[[J, Any], None]
    ) -> AbstractContextManager[Pool[J, T]]:
        return self._pool(function, progress)

    @contextmanager
    def _pool(self, function: JobFunction[J, T], progress: Callable[[J, Any], None]) -> Iterator[Pool[J, T]]:
        ray = import_ray()
        from ray.util.queue import Queue

        with connected(ray, self.address):
            news = Queue(actor_options={"num_cpus": 0})
            pool = _RayPool(ray, function, progress, self._limit(ray), news)
            try:
                yield pool
            finally:
                pool.cancel()
                news.shutdown(force=True)

    def _limit(self, ray: Any) -> int:
        return self.workers or 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))


class _RayPool(Generic[J, T]):
    """Tasks of a cluster. Its processes stay, so that what a job has imported is there for the next one.

    Args:
        ray: the package.
        function: what is applied to each job.
        progress: called with a job and what the function reports about it.
        limit: the largest number of jobs in progress.
        news: the queue through which functions report.
    """

    def __init__(
        self, ray: Any, function: JobFunction[J, T], progress: Callable[[J, Any], None], limit: int, news: Any
    ):
        self._ray, self._function, self._progress = ray, function, progress
        self._limit, self._news = limit, news
        self._running: dict[Any, J] = {}
        self._task = ray.remote(num_cpus=1, max_retries=MAX_RETRIES, max_calls=LIFETIME)(_run_reporting)

    def outcomes(self, jobs: Sequence[J]) -> Iterator[Outcome[J, T]]:
        """See `mathbench.engine.job.Pool`."""
        waiting, by_title = deque(jobs), {job.title: job for job in jobs}
        while waiting or self._running:
            while waiting and len(self._running) < self._limit:
                self._start(waiting.popleft())
            ready, _ = self._ray.wait(list(self._running), timeout=POLL)
            for title, report in self._reports():
                self._progress(by_title[title], report)
            for task in ready:
                yield self._outcome(task, self._running.pop(task))

    def cancel(self) -> None:
        """Interrupt what is in progress, and wait until it has kept what it has."""
        _cancel(self._ray, list(self._running), PATIENCE)

    def _start(self, job: J) -> None:
        task = self._task.options(num_gpus=job.gpus)
        self._running[task.remote(self._function, job, __version__, self._news, os.getcwd())] = job

    def _reports(self) -> list[tuple[str, Any]]:
        count = self._news.qsize()
        return self._news.get_nowait_batch(count) if count else []

    def _outcome(self, task: Any, job: J) -> Outcome[J, T]:
        try:
            return Outcome(job, _result(self._ray, task, job))
        except Exception as error:
            return Outcome(job, error=error)


def _run_job(function: JobFunction[J, T], job: J, version: str) -> tuple[T, int]:
    """Run a job on a node; return its result and the number of rows it reported."""
    _check_version(version)
    reported: list[int] = []
    return function(job, reported.append), sum(reported)


def _run_reporting(function: JobFunction[J, T], job: J, version: str, news: Any, folder: str) -> T:
    """Run a job on a node, in the folder of the driver, to which paths may be relative."""
    _check_version(version)
    try:
        os.chdir(folder)
    except OSError:
        raise InputError(
            f"{platform.node()} does not see {folder}. Start the command in a folder that all machines share."
        ) from None
    try:
        return function(job, lambda report: news.put_nowait((job.title, report)))
    except Exception as error:
        error.add_note(traceback.format_exc())
        raise


def _check_version(version: str) -> None:
    if version != __version__:
        raise InputError(f"{platform.node()} has mathbench {__version__}, the driver has {version}.")


def _result(ray: Any, ready: Any, job: Job) -> Any:
    """The result of a Ray task; an error of the function is raised again."""
    try:
        return ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ModuleNotFoundError | ray.exceptions.RayError):
            raise InputError(
                f"a node of the Ray cluster cannot run the job: {first_line(error.cause)}. "
                f"Every node needs mathbench {__version__} and its dependencies."
            ) from None
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise WorkerLost(
            f"worker processes were lost {MAX_RETRIES + 1} times at {job.title}: {first_line(error)} "
            f"{job.advice[0].upper()}{job.advice[1:]}."
        ) from None


def _cancel(ray: Any, running: list[Any], patience: float) -> None:
    """Interrupt tasks, and wait a limited time until they have kept or removed what they have begun."""
    for task in running:
        ray.cancel(task)
    if running:
        ray.wait(running, num_returns=len(running), timeout=patience)
