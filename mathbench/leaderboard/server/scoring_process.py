"""The checker in a separate process, so that no submission can block or crash the server."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from mathbench.certificates.document import MAX_BYTES
from mathbench.errors import InputError
from mathbench.leaderboard.check import CheckResult, check_submission
from mathbench.leaderboard.submission import Manifest, Submission, build_submission
from mathbench.scores import strict_json
from mathbench.scores.untrusted import MAX_FILE, read_limited

# a fork server that has imported everything starts a process in a few milliseconds
_CONTEXT: Any = multiprocessing.get_context("forkserver")
# pyarrow looks for pandas on first use; without it here, every process would spend 0.4 s on that
PRELOAD = [__name__, "mathbench.leaderboard.rounds.answers", "pandas", "pyarrow.pandas_compat"]

T = TypeVar("T")


@dataclass(frozen=True)
class Rejected:
    """A refused submission, with the reason as one line."""

    why: str


def warm_up() -> None:
    """Start the fork server before the first submission needs it."""
    _CONTEXT.set_forkserver_preload(PRELOAD)
    forkserver.ensure_running()


def check_folder(folder: Path, seconds: float) -> tuple[Submission, CheckResult]:
    """Read and score the submission in a folder.

    Args:
        folder: holds the manifest, the predictions and, where the manifest names one, the certificate.
        seconds: the time limit.

    Raises:
        InputError: when it is refused, takes longer, or crashes the process.
    """
    return in_subprocess(_check, folder, seconds=seconds)


def in_subprocess(work: Callable[..., T], *args: Any, seconds: float) -> T:
    """Call a function in a separate process.

    Args:
        work: a function at the top level of a module.
        args: its arguments.
        seconds: the time limit.

    Raises:
        InputError: when the function raises it, takes longer, or crashes the process.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_work, args=(theirs, work, args), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise InputError(
                f"processing the upload takes more than {seconds:g} seconds. Send fewer or smaller rows."
            )
        found = ours.recv()
    except EOFError:
        raise InputError("the upload cannot be read: the process that read it ended unexpectedly.") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if isinstance(found, Rejected):
        raise InputError(found.why)
    return found


def _work(to: Connection, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        to.send(work(*args))
    except InputError as error:
        to.send(Rejected(str(error)))


def _check(folder: Path) -> tuple[Submission, CheckResult]:
    submission = _read(folder)
    return submission, check_submission(submission)


def _read(folder: Path) -> Submission:
    """Read the files of a submission; the manifest names the format of the predictions."""
    document = strict_json.parse(read_limited(folder / "manifest", strict_json.MAX_BYTES), "the manifest")
    file = folder / "certificate"
    certificate = read_limited(file, MAX_BYTES) if file.is_file() else None
    return build_submission(Manifest(document), read_limited(folder / "predictions", MAX_FILE), certificate)
