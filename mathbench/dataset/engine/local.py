"""The local engine: this process, one shard after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # not imported here, so that worker processes start first and load it in parallel
    from mathbench.dataset.engine.work import ShardFunction, ShardJob
    from mathbench.dataset.shard import Progress

T = TypeVar("T")


@dataclass(frozen=True)
class Local:
    """Does all work in this process."""

    def run(
        self, function: "ShardFunction[T]", jobs: "Sequence[ShardJob]", progress: "Progress"
    ) -> dict[str, T]:
        # the splits of one configuration in turn: they share draws
        in_turn = sorted(jobs, key=lambda job: job.config.name)
        return {job.shard.file: function(job, progress) for job in in_turn}
