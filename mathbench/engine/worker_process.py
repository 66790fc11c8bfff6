"""A worker process as the engine sees it: it does one job at a time, and may be lost at any."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mathbench.engine.worker import TIMEOUT

_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from importlib import import_module; [import_module(name) for name in {modules!r}]; "
    "from mathbench.engine.worker import serve; serve({patience!r})"
)


class Lost(Exception):
    """A worker process exited unexpectedly."""


class WorkerProcess:
    """A process that does one job at a time.

    Args:
        module: a module that it imports at once.
        patience: seconds that an interrupted job has to keep what it has.
        gpu: the only GPU that it sees; None for all.

    Attributes:
        jobs: the number of jobs that it was given.
    """

    def __init__(self, module: str = "", patience: float = TIMEOUT, gpu: str | None = None) -> None:
        self._patience, self.jobs = patience, 0
        own = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START.format(modules=[module] if module else [], patience=patience)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C reaches this process only, which then stops the workers
            env={**os.environ, **own},
        )
        self._stdin: Any = self._process.stdin
        self._stdout: Any = self._process.stdout
        with suppress(Lost):  # noticed by the first job
            self._send(sys.path)

    def run(self, function: Any, job: Any, progress: Callable[[Any], None]) -> Any:
        """Run one job there; raises the error of the function, and `Lost` when the process is lost."""
        self.jobs += 1
        self._send((function, job))
        while True:
            kind, value = self._receive()
            if kind == "progress":
                progress(value)
            elif kind == "failed":
                raise value
            else:
                return value

    def stop(self) -> None:
        """Make the process exit; it removes its unfinished file, or keeps a checkpoint."""
        with suppress(OSError):  # it may have exited without reading everything
            self._stdin.close()

    def wait(self) -> None:
        """Wait until the process has exited, and kill it after a time."""
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            self.kill()
        self._stdout.close()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()

    def exit_status(self) -> str:
        """How a lost process ended, in words."""
        code = self._process.wait()
        return f"killed by signal {-code}" if code < 0 else f"exited with code {code}"

    def _send(self, message: Any) -> None:
        content = pickle.dumps(message)  # whole, so that nothing is sent of what cannot be pickled
        try:
            self._stdin.write(content)
            self._stdin.flush()
        except (OSError, ValueError):  # it has exited, or was stopped
            raise Lost from None

    def _receive(self) -> Any:
        try:
            return pickle.load(self._stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            raise Lost from None
