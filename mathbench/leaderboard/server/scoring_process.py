"""The checker in a separate process, so that no submission can block or crash the server."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

from mathbench.certificates.document import MAX_BYTES
from mathbench.errors import InputError
from mathbench.families import SCHOOL_MODULES
from mathbench.leaderboard.check import CheckResult, check_submission
from mathbench.leaderboard.server import work_estimate
from mathbench.leaderboard.submission import Manifest, Submission, build_submission
from mathbench.scores import strict_json
from mathbench.scores.untrusted import MAX_FILE, read_limited

# a fork server that has imported everything starts a process in a few milliseconds
_CONTEXT: Any = multiprocessing.get_context("forkserver")
# pyarrow looks for pandas on first use, and school mathematics is many modules: without them here, every process would
# spend 0.4 s on the one and 2 s on the other
PRELOAD = [
    __name__,
    "mathbench.leaderboard.rounds.answers",
    "pandas",
    "pyarrow.pandas_compat",
    "mathbench.solvers.deepmind",
    *(f"mathbench.generators.deepmind.{area}" for area in SCHOOL_MODULES),
]

SHORT_SECONDS = 1.0  # CPU time of a short job, by its estimate
# a job whose estimate was too small is stopped here, and scored again as a long one
SHORT_MAX = 4.0
# long jobs wait for short ones that need the same core, so they may take longer for the same CPU time
LONG_NICENESS = 10
LONG_PATIENCE = 10

T = TypeVar("T")


@dataclass(frozen=True)
class WorkLimits:
    """The limits of one job.

    Args:
        seconds: of time.
        work: seconds of CPU time.
    """

    seconds: float
    work: float


@dataclass(frozen=True)
class Scored:
    """A scored submission.

    Args:
        submission: the submission.
        checked: its scores.
    """

    submission: Submission
    checked: CheckResult


@dataclass(frozen=True)
class Long:
    """A submission that was read but not scored, because that takes longer than short jobs may."""


@dataclass(frozen=True)
class Outcome:
    """What a process returned.

    Args:
        found: the result of its function, or why there is none.
        work: seconds of CPU time that it used.
    """

    found: Any
    work: float


@dataclass(frozen=True)
class Rejected:
    """A refused submission, with the reason as one line."""

    why: str


class _OutOfWork(Exception):
    """A process used all of the CPU time that it was allowed."""


def warm_up() -> None:
    """Start the fork server before the first submission needs it."""
    _CONTEXT.set_forkserver_preload(PRELOAD)
    forkserver.ensure_running()


def check_short(folder: Path, limits: WorkLimits) -> Outcome:
    """Read the submission in a folder, and score it if that does not take long.

    Args:
        folder: holds the manifest, the predictions and, where the manifest names one, the certificate.
        limits: of the whole job.

    Returns:
        `Scored`, `Long` or `Rejected`, with the work.
    """
    short = min(SHORT_MAX, limits.work)
    try:
        return _run(_check_short, folder, limits.work, limits=WorkLimits(limits.seconds, short))
    except _OutOfWork:
        return Outcome(Long() if short < limits.work else Rejected(_too_much(limits.work)), short)


def check_long(folder: Path, limits: WorkLimits) -> Outcome:
    """As `check_short`, for a submission that takes long: `Scored` or `Rejected`."""
    try:
        patient = WorkLimits(limits.seconds * LONG_PATIENCE, limits.work)
        return _run(_check_long, folder, limits=patient)
    except _OutOfWork:
        return Outcome(Rejected(_too_much(limits.work)), limits.work)


def in_subprocess(work: Callable[..., T], *args: Any, seconds: float) -> T:
    """Call a function in a separate process.

    Args:
        work: a function at the top level of a module.
        args: its arguments.
        seconds: the time limit.

    Raises:
        InputError: when the function raises it, takes longer, or crashes the process.
    """
    try:
        found: T | Rejected = _run(work, *args, limits=WorkLimits(seconds, seconds)).found
    except _OutOfWork:
        raise InputError(_too_slow(seconds)) from None
    if isinstance(found, Rejected):
        raise InputError(found.why)
    return found


def _run(work: Callable[..., Any], *args: Any, limits: WorkLimits) -> Outcome:
    """Call a function in a separate process; a refusal is `Rejected`.

    Raises:
        _OutOfWork: when it used its CPU time.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_work, args=(theirs, limits.work, work, args), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(limits.seconds):
            return Outcome(Rejected(_too_slow(limits.seconds)), limits.work)
        found: Outcome = ours.recv()
        return found
    except EOFError:
        process.join()
        if process.exitcode == -signal.SIGXCPU:
            raise _OutOfWork from None
        why = "the upload cannot be read: the process that read it ended unexpectedly."
        return Outcome(Rejected(why), limits.work)
    finally:
        process.kill()
        process.join()
        ours.close()


def _too_slow(seconds: float) -> str:
    return f"processing the upload takes more than {seconds:g} seconds. Send fewer or smaller rows."


def _too_much(work: float) -> str:
    return f"scoring must take at most {work:g} seconds of CPU time. Received: more. Request fewer rows."


def _work(to: Connection, seconds: float, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    most = ceil(process_time() + seconds)
    # at the first of these limits a process gets SIGXCPU, at the second one SIGKILL
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    found: Any
    try:
        found = work(*args)
    except InputError as error:
        found = Rejected(str(error))
    to.send(Outcome(found, process_time()))


def _check_short(folder: Path, work: float) -> Scored | Long:
    submission = _read(folder)
    estimated = work_estimate.estimate(submission, SHORT_SECONDS, work)
    return Long() if estimated.seconds > SHORT_SECONDS else Scored(submission, check_submission(submission))


def _check_long(folder: Path) -> Scored:
    os.nice(LONG_NICENESS)
    submission = _read(folder)
    return Scored(submission, check_submission(submission))


def _read(folder: Path) -> Submission:
    """Read the files of a submission; the manifest names the format of the predictions."""
    document = strict_json.parse(read_limited(folder / "manifest", strict_json.MAX_BYTES), "the manifest")
    file = folder / "certificate"
    certificate = read_limited(file, MAX_BYTES) if file.is_file() else None
    return build_submission(Manifest(document), read_limited(folder / "predictions", MAX_FILE), certificate)
