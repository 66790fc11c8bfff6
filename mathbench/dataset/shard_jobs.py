"""Shards as the jobs of an engine (`mathbench.engine`), and the functions that check and write one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, TypeVar

from mathbench.dataset import shard, shard_reader
from mathbench.dataset.manifest import Config, Shard, ShardContent
from mathbench.dataset.shard import Progress
from mathbench.errors import InputError
from mathbench.integers import parse_integer
from mathbench.parameters import check_integer
from mathbench.rows import Rows
from mathbench.storage.location import StoragePath, storage_path

NO_CONTENTS: Mapping[str, ShardContent] = MappingProxyType({})
T = TypeVar("T")


@dataclass(frozen=True)
class ShardJob:
    """One shard to write or to check: a small value that means the same in every process on every machine.

    Args:
        out: the dataset's folder, as text.
        config: the configuration that the shard belongs to.
        shard: the range of rows, and the file inside the folder.
        stated: the shard's content as a manifest states it, where there is one.
    """

    out: str
    config: Config
    shard: Shard
    stated: ShardContent | None = None

    advice: ClassVar[str] = "run the same command again: complete shards are kept"
    gpus: ClassVar[int] = 0

    @property
    def title(self) -> str:
        """The file of the shard."""
        return self.shard.file

    @property
    def group(self) -> str:
        """The configuration. Its splits are done in turn where one process does them: they share draws."""
        return self.config.name

    @property
    def rows(self) -> int:
        """The number of rows of the shard."""
        return self.shard.stop - self.shard.start


def shard_jobs(
    configs: Iterable[Config], out: str, stated: Mapping[str, ShardContent] = NO_CONTENTS
) -> list[ShardJob]:
    """Every shard of some configurations, the largest first, so that no worker finishes long after the others.

    Args:
        configs: the configurations.
        out: the folder.
        stated: contents of the shards as a manifest states them, by file.
    """
    jobs = [
        ShardJob(out, config, shard, stated.get(shard.file))
        for config in configs
        for shard in config.shards()
    ]
    return sorted(jobs, key=lambda job: -job.rows)


def check_shard(job: ShardJob, progress: Progress) -> ShardContent | None:
    """The content of a shard left by an earlier run; None when it is missing, incomplete, damaged or not as stated."""
    content = shard_reader.intact_content(_path(job), _rows(job), job.shard.start, job.shard.stop)
    if content is None or (job.stated and job.stated.sha256 and job.stated != content):
        return None
    progress(content.rows)
    return content


def write_shard(job: ShardJob, progress: Progress) -> ShardContent:
    """Write a shard unless an intact one is there; return its content."""
    existing = check_shard(job, progress)
    return existing or shard.write(_path(job), _rows(job), job.shard.start, job.shard.stop, progress)


def _rows(job: ShardJob) -> Rows:
    """The rows of a job. All splits of its configuration are opened, because open splits may share draws."""
    for split in job.config.sizes:
        job.config.rows(split)
    return job.config.rows(job.shard.split)


def _path(job: ShardJob) -> StoragePath:
    return storage_path(job.out) / job.shard.file


@dataclass(frozen=True)
class ShardPart:
    """One of several equal parts of the shards, counted from 1.

    Raises:
        InputError: unless 1 <= number <= of.

    >>> ShardPart.parse("2/3").select(["a", "b", "c", "d", "e"])
    ['b', 'e']
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        for name in ("number", "of"):
            object.__setattr__(self, name, check_integer(f"{name} of a part", getattr(self, name), 1))
        if self.number > self.of:
            raise InputError(_invalid_part(str(self)))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> "ShardPart":
        """Parse `i/N`.

        Raises:
            InputError: for anything else.
        """
        number, _, of = text.partition("/")
        try:
            return cls(parse_integer(number), parse_integer(of))
        except ValueError:
            raise InputError(_invalid_part(text)) from None

    def select(self, shards: Sequence[T]) -> list[T]:
        """The shards of this part: every `of`-th, so that parts of sorted shards take equally long."""
        return list(shards[self.number - 1 :: self.of])


def _invalid_part(received: str) -> str:
    return f"a part must be i/N with i from 1 to N, such as 1/4. Received: '{received}'."
