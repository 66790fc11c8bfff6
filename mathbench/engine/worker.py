"""The worker side of the process engine: reads jobs from stdin, runs them, sends progress and results to stdout.

It exits cleanly as soon as stdin closes, so that no worker outlives the process that started it.
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

TIMEOUT = 10.0  # seconds that an interrupted job has, such as a shard to remove its temporary file


def serve(patience: float = TIMEOUT) -> None:
    """Run jobs until there are no more.

    Args:
        patience: seconds that an interrupted job has.
    """
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # keeps anything that is printed out of the messages
    signal.signal(signal.SIGINT, signal.default_int_handler)  # `command &` would have it ignored
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests, patience), daemon=True).start()
    try:
        while (request := requests.get()) is not None:
            failed = isinstance(request, InputError)
            _send(output, ("failed", request) if failed else _run(output, *request))
    except (KeyboardInterrupt, OSError):  # nobody reads the results any more
        pass
    os._exit(0)


def _listen(stdin: BinaryIO, requests: "queue.SimpleQueue[Any]", patience: float) -> None:
    """Queue the requests; when the other side is gone, interrupt the job in progress."""
    try:
        while True:
            requests.put(pickle.load(stdin))
    except (EOFError, OSError):
        pass
    except Exception as error:  # any error that importing a foreign module raises
        requests.put(
            InputError(
                f"a worker process cannot load the task: {error}. Define it in a module that can be imported."
            )
        )
        stdin.read()
    requests.put(None)
    signal.raise_signal(signal.SIGINT)
    time.sleep(patience)
    os._exit(1)


def _run(output: BinaryIO, function: Any, job: Any) -> tuple[str, Any]:
    try:
        return "done", function(job, lambda news: _send(output, ("progress", news)))
    except Exception as error:
        error.add_note(traceback.format_exc())
        return "failed", _picklable(error)


def _picklable(error: Exception) -> Exception:
    """The error, or one with the same message if it cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # any error that pickling a foreign exception raises
        return RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
    return error


def _send(output: BinaryIO, message: tuple[str, Any]) -> None:
    pickle.dump(message, output)
    output.flush()
