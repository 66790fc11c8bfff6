"""Engines: who writes the shards of a dataset. One process, several, or the nodes of a Ray cluster.

A unit of work is one shard, a small value that can be pickled; an engine calls one function on every unit and gives
back what each shard holds. Rows and digests are the same whoever writes them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from mathbench.dataset.engine.local import Local
from mathbench.errors import InputError, did_you_mean

if TYPE_CHECKING:  # what a worker loads meanwhile
    from mathbench.dataset.engine.work import ShardFunction, ShardJob
    from mathbench.dataset.shard import Progress

ENGINES = ("local", "ray")
T = TypeVar("T")


class Engine(Protocol):
    """Calls a function on units of work."""

    def run(self, job: "ShardFunction[T]", units: "Sequence[ShardJob]", progress: "Progress") -> dict[str, T]:
        """Call `job(unit, progress)` once for every unit, in any order and place.

        Args:
            job: a function of a module, so that it can be pickled by its name.
            units: the work.
            progress: called, from any thread, with the rows finished since its last call; negative when a shard
                has to be done again.

        Returns:
            What the job gave back, by the file of the unit's shard.

        Raises:
            WorkerLost: when a process was lost again and again.
            MathbenchError: whatever the job raised; then no unit goes on.
        """


def engine(
    name: str = "local", workers: int | None = None, address: str | None = None, early: bool = False
) -> Engine:
    """Make an engine.

    Args:
        name: ``"local"`` or ``"ray"``.
        workers: local: how many processes, by default 1; ray: how many shards may be in work at a time, by default
            twice the CPUs of the cluster.
        address: of a Ray cluster.
        early: start worker processes now, so that they load while the caller prepares the work; it must follow.

    Raises:
        InputError: for an unknown name, a number below 1, an address without Ray, or Ray that is not installed.

    >>> engine()
    Local()
    >>> engine(workers=4)
    Processes(workers=4)
    """
    if name not in ENGINES:
        raise InputError(f"unknown engine '{name}'. {did_you_mean(name, ENGINES)}")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise InputError(f"workers must be an integer of 1 or more. Received: {workers!r}.")
    if name == "ray":
        from mathbench.dataset.engine.ray import Ray

        return Ray(workers, address)
    if address is not None:
        raise InputError("--address goes with --engine ray.")
    if workers is None or workers == 1:
        return Local()
    from mathbench.dataset.engine.processes import Processes

    processes = Processes(workers)
    if early:
        processes.start()
    return processes


__all__ = ["ENGINES", "Engine", "engine"]
