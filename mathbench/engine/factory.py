"""The `Engine` protocol, and the function that makes an engine by name."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from mathbench.engine.job import Job, JobFunction, Pool, Progress
from mathbench.engine.local import Local
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.parameters import check_integer

ENGINES = ("local", "ray")
J = TypeVar("J", bound=Job)
T = TypeVar("T")


class Engine(Protocol):
    """Applies a function to a sequence of jobs."""

    def run(self, function: JobFunction[J, T], jobs: Sequence[J], progress: Progress) -> dict[str, T]:
        """Call `function(job, progress)` once for every job, in any order and in any process.

        Args:
            function: a function of a module, so that it can be pickled by its name.
            jobs: the jobs.
            progress: called, from any thread, with the size of what was finished since its last call; negative when a
                job has to be done again.

        Returns:
            The results of the function, by the title of the job.

        Raises:
            WorkerLost: when a process was lost repeatedly.
            MathbenchError: any error of the function; all other jobs are then stopped.
        """

    def pool(
        self, function: JobFunction[J, T], progress: Callable[[J, Any], None]
    ) -> AbstractContextManager[Pool[J, T]]:
        """Return workers that stay while the context is open, and hand on every outcome, errors included.

        A job whose worker is lost is done again by another one; the function must be able to continue it. When the
        context is left early, for example by Ctrl-C, jobs in progress are interrupted (`KeyboardInterrupt` in the
        function, or its handler of SIGINT) and have some time to keep what they have.

        Args:
            function: a function of a module, so that it can be pickled by its name.
            progress: called in this process with a job and what the function reports about it.
        """


def make_engine(
    name: str = "local",
    workers: int | None = None,
    address: str | None = None,
    early: str = "",
) -> Engine:
    """Make an engine.

    Args:
        name: ``"local"`` or ``"ray"``.
        workers: local: the number of processes, by default 1; ray: the maximum number of jobs in progress, by
            default twice the CPUs of the cluster.
        address: the address of a Ray cluster.
        early: start worker processes now, which import this module while the caller prepares the work; `run` or
            `pool` must follow.

    Raises:
        InputError: for an unknown name, a number below 1, an address without Ray, or Ray that is not installed.

    >>> make_engine()
    Local()
    >>> make_engine(workers=4)
    Processes(workers=4)
    """
    if not isinstance(name, str) or name not in ENGINES:
        raise InputError(f"unknown engine {shown(name)}. {did_you_mean(name, ENGINES)}")
    if workers is not None:
        workers = check_integer("workers", workers, 1)
    if not isinstance(address, str | None):
        raise InputError(f"address must be text. Received: {shown(address)}.")
    if name == "ray":
        from mathbench.engine.ray import Ray

        return Ray(workers, address)
    if address is not None:
        raise InputError("--address requires --engine ray.")
    if workers is None or workers == 1:
        return Local()
    from mathbench.engine.processes import Processes

    processes = Processes(workers)
    if early:
        processes.start(early)
    return processes
