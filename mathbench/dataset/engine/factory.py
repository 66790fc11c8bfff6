"""The `Engine` protocol, and the function that makes an engine by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from mathbench.dataset.engine.local import Local
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.parameters import check_integer

if TYPE_CHECKING:  # not imported here, so that worker processes start first and load it in parallel
    from mathbench.dataset.engine.work import ShardFunction, ShardJob
    from mathbench.dataset.shard import Progress

ENGINES = ("local", "ray")
T = TypeVar("T")


class Engine(Protocol):
    """Applies a function to a sequence of jobs."""

    def run(
        self, function: "ShardFunction[T]", jobs: "Sequence[ShardJob]", progress: "Progress"
    ) -> dict[str, T]:
        """Call `function(job, progress)` once for every job, in any order and in any process.

        Args:
            function: a function of a module, so that it can be pickled by its name.
            jobs: the jobs.
            progress: called, from any thread, with the rows finished since its last call; negative when a shard
                has to be done again.

        Returns:
            The results of the function, by the file of the job's shard.

        Raises:
            WorkerLost: when a process was lost repeatedly.
            MathbenchError: any error of the function; all other jobs are then stopped.
        """


def make_engine(
    name: str = "local", workers: int | None = None, address: str | None = None, early: bool = False
) -> Engine:
    """Make an engine.

    Args:
        name: ``"local"`` or ``"ray"``.
        workers: local: the number of processes, by default 1; ray: the maximum number of shards in progress, by
            default twice the CPUs of the cluster.
        address: the address of a Ray cluster.
        early: start worker processes now, so that they load while the caller prepares the work; `run` must follow.

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
        from mathbench.dataset.engine.ray import Ray

        return Ray(workers, address)
    if address is not None:
        raise InputError("--address requires --engine ray.")
    if workers is None or workers == 1:
        return Local()
    from mathbench.dataset.engine.processes import Processes

    processes = Processes(workers)
    if early:
        processes.start()
    return processes
