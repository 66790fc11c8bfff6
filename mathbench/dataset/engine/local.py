"""The engine without parts: this process, one shard after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # what a worker loads meanwhile
    from mathbench.dataset.engine.work import ShardFunction, ShardJob
    from mathbench.dataset.shard import Progress

T = TypeVar("T")


@dataclass(frozen=True)
class Local:
    """Does all work in this process."""

    def run(self, job: "ShardFunction[T]", units: "Sequence[ShardJob]", progress: "Progress") -> dict[str, T]:
        return {unit.shard.file: job(unit, progress) for unit in units}
