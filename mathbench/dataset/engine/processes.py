"""Several processes on this machine: this one and its workers, which share one list of shards.

Workers are fresh interpreters that talk over pipes, not forks: they start clean whatever threads, accelerators or
open files this process has, need no guarded main module, and see at once when this process is gone.
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

if TYPE_CHECKING:  # what a worker loads meanwhile
    from mathbench.dataset.engine.work import ShardFunction, ShardJob
    from mathbench.dataset.shard import Progress

MAX_RETRIES = 3  # for a shard whose worker is lost
T = TypeVar("T")

_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "import mathbench.dataset.engine.work; from mathbench.dataset.engine.worker import serve; serve()"
)
_log = logging.getLogger("mathbench")


class _Lost(Exception):
    """A worker process is not there any more."""


class _Stopped(Exception):
    """Somebody else failed, so nobody goes on."""


@dataclass(frozen=True)
class Processes:
    """Does the work in several processes.

    Args:
        workers: how many; one of them is this process. There are never more than shards.
    """

    workers: int
    _early: list["_Worker"] = field(default_factory=list, repr=False, compare=False)

    def start(self) -> None:
        """Start workers now, one per further CPU at most: they load while the caller prepares the work."""
        self._early.extend(_Worker() for _ in range(min(self.workers, os.cpu_count() or 1) - 1))

    def run(self, job: "ShardFunction[T]", units: "Sequence[ShardJob]", progress: "Progress") -> dict[str, T]:
        with _WorkerPool(job, units, progress, self._early) as crew:
            for _ in range(min(self.workers, len(units)) - 1):
                crew.start_worker()
            crew.work_along()
        return crew.results


class _WorkerPool(Generic[T]):
    """The list of shards, and everybody who works on it; each worker is driven by a thread of ours."""

    def __init__(
        self,
        job: "ShardFunction[T]",
        units: "Sequence[ShardJob]",
        progress: "Progress",
        early: list["_Worker"],
    ):
        self.results: dict[str, T] = {}
        self._job, self._remaining, self._progress = job, deque(units), progress
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
        """Let one more worker take part."""
        self._threads.append(threading.Thread(target=self._employ, daemon=True))
        self._threads[-1].start()

    def work_along(self) -> None:
        """Take part, wait for the others, and raise what stopped any of them."""
        try:
            while unit := self._next():
                self.results[unit.shard.file] = self._job(unit, self._tell)
        except _Stopped:
            pass
        for thread in self._threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _employ(self) -> None:
        """What a thread does: hand units to a worker, a new one when it is lost."""
        try:
            while unit := self._next():
                worker = self._worker()
                while unit and self._handed(worker, unit):
                    unit = self._next()
        except _Stopped:
            pass
        except BaseException as error:
            with self._lock:
                self._stopped, self._error = True, self._error or error

    def _handed(self, worker: "_Worker", unit: "ShardJob") -> bool:
        """Let a worker do a unit; whether it is still there after it."""
        told = 0

        def tell(rows: int) -> None:
            nonlocal told
            self._tell(rows)
            told += rows

        try:
            self.results[unit.shard.file] = worker.run(self._job, unit, tell)
            return True
        except _Lost:
            self._tell(-told)
            self._again(unit, worker.exit_status())
            return False

    def _again(self, unit: "ShardJob", fate: str) -> None:
        """Put the shard of a lost worker back on the list, unless it has happened too often."""
        file = unit.shard.file
        self._retries[file] += 1
        if self._retries[file] == MAX_RETRIES:
            raise WorkerLost(
                f"{MAX_RETRIES} workers were lost at {file}, the last one {fate}. Is there enough memory? "
                "Run the same command again: whole shards are kept."
            )
        _log.warning("a worker was %s at %s; another one does it again", fate, file)
        with self._lock:
            self._remaining.appendleft(unit)

    def _next(self) -> "ShardJob | None":
        with self._lock:
            return self._remaining.popleft() if self._remaining and not self._stopped else None

    def _worker(self) -> "_Worker":
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._workers.append(self._early.pop() if self._early else _Worker())
            return self._workers[-1]

    def _tell(self, rows: int) -> None:
        """Pass progress on; this is where those who still work learn that all is over."""
        with self._lock:
            if self._stopped:
                raise _Stopped
            self._progress(rows)


class _Worker:
    """A process that does one unit at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C is for us; we tell the workers
        )
        self._asking: Any = self._process.stdin
        self._said: Any = self._process.stdout
        with suppress(_Lost):  # the first unit finds it out
            self._send(sys.path)

    def run(self, job: "ShardFunction[T]", unit: "ShardJob", progress: "Progress") -> T:
        """Do one unit there; raises what it raises, and `_Lost` when the process is lost."""
        self._send((job, unit))
        while True:
            kind, value = self._heard()
            if kind == "rows":
                progress(value)
            elif kind == "failed":
                raise value
            else:
                return value

    def stop(self) -> None:
        """Tell the process to end; of what it has not finished it leaves no trace."""
        with suppress(OSError):  # it may be gone without having read everything
            self._asking.close()

    def wait(self) -> None:
        """Wait until the process has ended."""
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def exit_status(self) -> str:
        """How a lost process ended."""
        code = self._process.wait()
        return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def _send(self, message: Any) -> None:
        try:
            pickle.dump(message, self._asking)
            self._asking.flush()
        except (OSError, ValueError):  # it is gone, or dismissed
            raise _Lost from None

    def _heard(self) -> Any:
        try:
            return pickle.load(self._said)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise _Lost from None
