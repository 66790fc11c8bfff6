"""Worker processes that stay for several sequences of jobs, each job with an outcome of its own.

This process only coordinates. Each worker is driven by a thread, and everything that this process learns from its
workers comes through one queue, so that the caller's code runs in the caller's thread.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from mathbench.engine.gpus import gpu_of
from mathbench.engine.job import Job, JobFunction, Outcome
from mathbench.engine.retries import Retries
from mathbench.engine.worker_process import Lost, WorkerProcess
from mathbench.errors import WorkerLost

PATIENCE = (
    60.0  # seconds that an interrupted job has, such as a training to finish a step and keep a checkpoint
)
LIFETIME = 50  # jobs of a worker: TensorFlow never gives the memory of a network back
J = TypeVar("J", bound=Job)
T = TypeVar("T")


class ProcessPool(Generic[J, T]):
    """Workers, of which each is started when it has something to do.

    Args:
        function: what is applied to each job.
        progress: called with a job and what the function reports about it.
        workers: the largest number of processes, besides this one.
    """

    def __init__(self, function: JobFunction[J, T], progress: Callable[[J, Any], None], workers: int):
        self._function, self._progress = function, progress
        self._slots: list[WorkerProcess | None] = [None] * workers
        self._lock, self._stopped = threading.Lock(), False
        self._threads: list[threading.Thread] = []
        self._news: queue.SimpleQueue[Outcome[J, T] | BaseException | tuple[J, Any]] = queue.SimpleQueue()

    def __enter__(self) -> "ProcessPool[J, T]":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stopped = True
            workers = [worker for worker in self._slots if worker is not None]
        for worker in workers:
            worker.stop()
        try:
            for worker in workers:
                worker.wait()
        except KeyboardInterrupt:  # a second one: nothing is waited for
            for worker in workers:
                worker.kill()
            raise
        for thread in self._threads:
            thread.join()

    def outcomes(self, jobs: Sequence[J]) -> Iterator[Outcome[J, T]]:
        """See `mathbench.engine.job.Pool`."""
        remaining, retries = deque(jobs), Retries()
        self._threads = [
            threading.Thread(target=self._drive, args=(slot, remaining, retries), daemon=True)
            for slot in range(min(len(self._slots), len(jobs)))
        ]
        for thread in self._threads:
            thread.start()
        finished = 0
        while finished < len(jobs):
            news = self._news.get()
            if isinstance(news, Outcome):
                finished += 1
                yield news
            elif isinstance(news, BaseException):
                raise news
            else:
                self._progress(*news)
        for thread in self._threads:
            thread.join()

    def _drive(self, slot: int, remaining: deque[J], retries: Retries) -> None:
        """Do jobs with the worker of a slot, replacing it when it is lost; the target of a thread."""
        try:
            while (job := self._next(remaining)) and (worker := self._worker(slot)):
                try:
                    self._news.put(self._outcome(worker, job))
                    self._retire(slot, worker)
                except Lost:
                    self._slots[slot] = None
                    self._retry(job, worker, remaining, retries)
        except BaseException as error:  # raised in the thread of the caller, which would wait for ever
            self._news.put(error)

    def _outcome(self, worker: WorkerProcess, job: J) -> Outcome[J, T]:
        try:
            return Outcome(job, worker.run(self._function, job, lambda news: self._news.put((job, news))))
        except Lost:
            raise
        except Exception as error:
            return Outcome(job, error=error)

    def _retry(self, job: J, worker: WorkerProcess, remaining: deque[J], retries: Retries) -> None:
        """Put the job of a lost worker behind the others, unless it has been retried too often."""
        if self._stopped:
            return
        try:
            retries.count(job, worker.exit_status())
        except WorkerLost as error:
            self._news.put(Outcome(job, error=error))
        else:
            remaining.append(job)

    def _next(self, remaining: deque[J]) -> J | None:
        with self._lock:
            return remaining.popleft() if remaining and not self._stopped else None

    def _retire(self, slot: int, worker: WorkerProcess) -> None:
        """End a worker that has done many jobs; the slot gets another one for its next job."""
        if worker.jobs >= LIFETIME:
            self._slots[slot] = None
            worker.stop()
            worker.wait()

    def _worker(self, slot: int) -> WorkerProcess | None:
        """Return the worker of a slot, started if there is none; None when the pool stops."""
        with self._lock:
            if self._stopped:
                return None
            worker = self._slots[slot]
            if worker is None:
                worker = self._slots[slot] = WorkerProcess(patience=PATIENCE, gpu=gpu_of(slot))
            return worker
