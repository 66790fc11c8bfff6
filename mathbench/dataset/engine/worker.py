"""The other end of a worker process: reads units from stdin, does them, tells rows and results on stdout.

It ends when stdin ends, at once and tidily, so that no worker outlives the process that started it.
"""

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO

from mathbench.errors import InputError

TIMEOUT = 10.0  # seconds that an interrupted shard has to remove its temporary file


def serve() -> None:
    """Work until there is no more to do."""
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand between our messages
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `command &` would have it ignored
    requested: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requested), daemon=True).start()
    try:
        while (order := requested.get()) is not None:
            _send(said, ("failed", order) if isinstance(order, InputError) else _done(said, *order))
    except (KeyboardInterrupt, OSError):  # nobody listens any more
        pass
    os._exit(0)


def _listen(asking: BinaryIO, requested: "queue.SimpleQueue[Any]") -> None:
    """Pass orders on; when the other side is gone, interrupt what is being done."""
    try:
        while True:
            requested.put(pickle.load(asking))
    except (EOFError, OSError):
        pass
    except Exception as error:  # whatever the import of a foreign module raises
        requested.put(
            InputError(f"a worker process cannot load the task: {error}. Put it into a module of its own.")
        )
        asking.read()
    requested.put(None)
    signal.raise_signal(signal.SIGINT)
    time.sleep(TIMEOUT)
    os._exit(1)


def _done(said: BinaryIO, job: Any, unit: Any) -> tuple[str, Any]:
    try:
        return "done", job(unit, lambda rows: _send(said, ("rows", rows)))
    except Exception as error:
        error.add_note(traceback.format_exc())
        return "failed", _portable(error)


def _portable(error: Exception) -> Exception:
    """An error that survives the way to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever the pickling of a foreign error raises
        return RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
    return error


def _send(said: BinaryIO, message: tuple[str, Any]) -> None:
    pickle.dump(message, said)
    said.flush()
