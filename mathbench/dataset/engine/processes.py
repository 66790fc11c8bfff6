"""The engine of several processes on this machine: this process and its workers take shards from one queue.

Workers are fresh interpreters that communicate over pipes, not forks. They start clean whatever threads, accelerators
or open files this process has, need no guarded main module, and notice at once when this process is gone.
"""

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mathbench.dataset.engine.worker import TIMEOUT
from mathbench.errors import WorkerLost

if TYPE_CHECKING:  # not imported here, so that worker processes start first and load it in parallel
    from mathbench.dataset.engine.work import ShardFunction, ShardJob
    from mathbench.dataset.shard import Progress

MAX_RETRIES = 3  # of a shard whose worker is lost
T = TypeVar("T")

_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "import mathbench.dataset.engine.work; from mathbench.dataset.engine.worker import serve; serve()"
)
_log = logging.getLogger("mathbench")


class _Lost(Exception):
    """A worker process exited unexpectedly."""


class _Stopped(Exception):
    """The pool is stopping, because another worker failed or the work was interrupted."""


@dataclass(frozen=True)
class Processes:
    """Does the work in several processes.

    Args:
        workers: the number of processes, including this one. No more than one per shard is used.
    """

    workers: int
    _early: list["_Worker"] = field(default_factory=list, repr=False, compare=False)

    def start(self) -> None:
        """Start workers now, at most one per further CPU, so that they load while the caller prepares the work."""
        self._early.extend(_Worker() for _ in range(min(self.workers, os.cpu_count() or 1) - 1))

    def run(
        self, function: "ShardFunction[T]", jobs: "Sequence[ShardJob]", progress: "Progress"
    ) -> dict[str, T]:
        with _WorkerPool(function, jobs, progress, self._early) as pool:
            for _ in range(min(self.workers, len(jobs)) - 1):
                pool.start_worker()
            pool.work_along()
        return pool.results


class _WorkerPool(Generic[T]):
    """The queue of jobs and the workers on it; each worker is driven by a thread of this process."""

    def __init__(
        self,
        function: "ShardFunction[T]",
        jobs: "Sequence[ShardJob]",
        progress: "Progress",
        early: list["_Worker"],
    ):
        self.results: dict[str, T] = {}
        self._function, self._remaining, self._progress = function, deque(jobs), progress
        self._retries: Counter[str] = Counter()
        self._lock, self._stopped = threading.RLock(), False
        self._early = early
        self._workers: list[_Worker] = []
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None

    def __enter__(self) -> "_WorkerPool[T]":
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
                self.results[job.shard.file] = self._function(job, self._report)
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

    def _run_on(self, worker: "_Worker", job: "ShardJob") -> bool:
        """Run a job on a worker; return whether the worker is still alive."""
        reported = 0

        def report(rows: int) -> None:
            nonlocal reported
            self._report(rows)
            reported += rows

        try:
            self.results[job.shard.file] = worker.run(self._function, job, report)
            return True
        except _Lost:
            self._report(-reported)
            self._retry(job, worker.exit_status())
            return False

    def _retry(self, job: "ShardJob", exit_status: str) -> None:
        """Put the job of a lost worker back into the queue, unless it has been retried too often."""
        file = job.shard.file
        self._retries[file] += 1
        if self._retries[file] == MAX_RETRIES:
            raise WorkerLost(
                f"{MAX_RETRIES} worker processes were lost at {file}, the last one {exit_status}. "
                "Check the available memory and run the same command again: complete shards are kept."
            )
        _log.warning("a worker process was lost at %s (%s); retrying with another one", file, exit_status)
        with self._lock:
            self._remaining.appendleft(job)

    def _next(self) -> "ShardJob | None":
        with self._lock:
            return self._remaining.popleft() if self._remaining and not self._stopped else None

    def _new_worker(self) -> "_Worker":
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._workers.append(self._early.pop() if self._early else _Worker())
            return self._workers[-1]

    def _report(self, rows: int) -> None:
        """Report progress; raises `_Stopped` in threads that still work when the pool stops."""
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._progress(rows)


class _Worker:
    """A process that does one job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C reaches this process only, which then stops the workers
        )
        self._stdin: Any = self._process.stdin
        self._stdout: Any = self._process.stdout
        with suppress(_Lost):  # noticed by the first job
            self._send(sys.path)

    def run(self, function: "ShardFunction[T]", job: "ShardJob", progress: "Progress") -> T:
        """Run one job there; raises the error of the function, and `_Lost` when the process is lost."""
        self._send((function, job))
        while True:
            kind, value = self._receive()
            if kind == "rows":
                progress(value)
            elif kind == "failed":
                raise value
            else:
                return value

    def stop(self) -> None:
        """Make the process exit; it removes its unfinished file."""
        with suppress(OSError):  # it may have exited without reading everything
            self._stdin.close()

    def wait(self) -> None:
        """Wait until the process has exited, and kill it after a time."""
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()

    def exit_status(self) -> str:
        """How a lost process ended, in words."""
        code = self._process.wait()
        return f"killed by signal {-code}" if code < 0 else f"exited with code {code}"

    def _send(self, message: Any) -> None:
        try:
            pickle.dump(message, self._stdin)
            self._stdin.flush()
        except (OSError, ValueError):  # it has exited, or was stopped
            raise _Lost from None

    def _receive(self) -> Any:
        try:
            return pickle.load(self._stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise _Lost from None
