"""The engine of several processes on this machine: its workers take jobs from one queue.

Workers are fresh interpreters that communicate over pipes, not forks. They start clean whatever threads, accelerators
or open files this process has, need no guarded main module, and notice at once when this process is gone.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mathbench.engine.job import Job, JobFunction, Pool, Progress
from mathbench.engine.process_pool import ProcessPool
from mathbench.engine.retries import Retries
from mathbench.engine.worker_process import Lost, WorkerProcess

J = TypeVar("J", bound=Job)
T = TypeVar("T")


class _Stopped(Exception):
    """The pool is stopping, because another worker failed or the work was interrupted."""


@dataclass(frozen=True)
class Processes:
    """Does the work in several processes.

    Args:
        workers: the number of processes. For `run` they include this one, and no more than one per job is used; a
            `pool` leaves this one free.
    """

    workers: int
    _early: list[WorkerProcess] = field(default_factory=list, repr=False, compare=False)

    def start(self, module: str) -> None:
        """Start workers now, at most one per further CPU, so that they load while the caller prepares the work.

        Args:
            module: what they import at once.
        """
        further = min(self.workers, os.cpu_count() or 1) - 1
        self._early.extend(WorkerProcess(module) for _ in range(further))

    def run(self, function: JobFunction[J, T], jobs: Sequence[J], progress: Progress) -> dict[str, T]:
        with _WorkerPool(function, jobs, progress, self._early) as pool:
            for _ in range(min(self.workers, len(jobs)) - 1):
                pool.start_worker()
            pool.work_along()
        return pool.results

    def pool(
        self, function: JobFunction[J, T], progress: Callable[[J, Any], None]
    ) -> AbstractContextManager[Pool[J, T]]:
        return ProcessPool(function, progress, self.workers)


class _WorkerPool(Generic[J, T]):
    """The queue of jobs and the workers on it; each worker is driven by a thread of this process."""

    def __init__(
        self,
        function: JobFunction[J, T],
        jobs: Sequence[J],
        progress: Progress,
        early: list[WorkerProcess],
    ):
        self.results: dict[str, T] = {}
        self._function, self._remaining, self._progress = function, deque(jobs), progress
        self._retries = Retries()
        self._lock, self._stopped = threading.RLock(), False
        self._early = early
        self._workers: list[WorkerProcess] = []
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None

    def __enter__(self) -> "_WorkerPool[J, T]":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stopped = True
            self._workers += self._early
            self._early.clear()
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.wait()
        for thread in self._threads:
            thread.join()

    def start_worker(self) -> None:
        """Add one worker."""
        self._threads.append(threading.Thread(target=self._drive_worker, daemon=True))
        self._threads[-1].start()

    def work_along(self) -> None:
        """Do jobs in this process, wait for the workers, and raise the first error of any of them."""
        try:
            while job := self._next():
                self.results[job.title] = self._function(job, self._report)
        except _Stopped:
            pass
        for thread in self._threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _drive_worker(self) -> None:
        """Send jobs to a worker, replacing it when it is lost; the target of a thread."""
        try:
            while job := self._next():
                worker = self._new_worker()
                while job and self._run_on(worker, job):
                    job = self._next()
        except _Stopped:
            pass
        except BaseException as error:
            with self._lock:
                self._stopped, self._error = True, self._error or error

    def _run_on(self, worker: WorkerProcess, job: J) -> bool:
        """Run a job on a worker; return whether the worker is still alive."""
        reported = 0

        def report(rows: int) -> None:
            nonlocal reported
            self._report(rows)
            reported += rows

        try:
            self.results[job.title] = worker.run(self._function, job, report)
            return True
        except Lost:
            self._report(-reported)
            self._retries.count(job, worker.exit_status())
            with self._lock:
                self._remaining.appendleft(job)
            return False

    def _next(self) -> J | None:
        with self._lock:
            return self._remaining.popleft() if self._remaining and not self._stopped else None

    def _new_worker(self) -> WorkerProcess:
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._workers.append(self._early.pop() if self._early else WorkerProcess())
            return self._workers[-1]

    def _report(self, rows: int) -> None:
        """Report progress; raises `_Stopped` in threads that still work when the pool stops."""
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._progress(rows)
