"""A unit of work is one shard, and what can be done with it: look whether it is whole, write it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeVar

from mathbench.dataset import shard
from mathbench.dataset.manifest import Config, Shard, ShardContent
from mathbench.dataset.shard import Progress
from mathbench.errors import InputError
from mathbench.rows import Rows, open_rows
from mathbench.storage.location import StoragePath, storage_path

NO_CONTENTS: Mapping[str, ShardContent] = MappingProxyType({})
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class ShardJob:
    """One shard to write or to look at; small, and the same to every process on every machine.

    Args:
        out: the dataset's folder, as text.
        config: the configuration that the shard belongs to.
        shard: the rows, and the file inside the folder.
        stated: what a manifest says that the shard holds, where there is one.
    """

    out: str
    config: Config
    shard: Shard
    stated: ShardContent | None = None

    @property
    def rows(self) -> int:
        """How many rows the shard has."""
        return self.shard.stop - self.shard.start


class ShardFunction(Protocol[T_co]):
    """A function that engines call on units."""

    def __call__(self, unit: ShardJob, progress: Progress, /) -> T_co:
        """Do it; call `progress` with the rows finished since its last call."""


def shard_jobs(
    configs: Iterable[Config], out: str, stated: Mapping[str, ShardContent] = NO_CONTENTS
) -> list[ShardJob]:
    """Every shard of some configurations, the largest first, so that no worker ends long after the others.

    Args:
        configs: the configurations.
        out: the folder.
        stated: what a manifest says that the shards hold, by file.
    """
    made = [
        ShardJob(out, config, part, stated.get(part.file)) for config in configs for part in config.shards()
    ]
    return sorted(made, key=lambda unit: -unit.rows)


def check_shard(unit: ShardJob, progress: Progress) -> ShardContent | None:
    """What a shard left by an earlier run holds; None when it is missing, unfinished, damaged or not as stated."""
    held = shard.intact_content(_path(unit), _rows(unit), unit.shard.start, unit.shard.stop)
    if held is None or (unit.stated and unit.stated.sha256 and unit.stated != held):
        return None
    progress(held.rows)
    return held


def write_shard(unit: ShardJob, progress: Progress) -> ShardContent:
    """Keep a shard that is whole, write any other; what it holds."""
    kept = check_shard(unit, progress)
    return kept or shard.write(_path(unit), _rows(unit), unit.shard.start, unit.shard.stop, progress)


def _rows(unit: ShardJob) -> Rows:
    return open_rows(unit.config.task, unit.shard.split, unit.config.seed)


def _path(unit: ShardJob) -> StoragePath:
    return storage_path(unit.out) / unit.shard.file


@dataclass(frozen=True)
class ShardPart:
    """One of several equal parts of the shards, counted from 1.

    Raises:
        InputError: unless 1 <= number <= of.

    >>> ShardPart.parse("2/3").of_all(["a", "b", "c", "d", "e"])
    ['b', 'e']
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise InputError(_wrong(str(self)))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> "ShardPart":
        """Read `i/N`.

        Raises:
            InputError: for anything else.
        """
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal()):
            raise InputError(_wrong(text))
        return cls(int(number), int(of))

    def of_all(self, shards: Sequence[T_co]) -> list[T_co]:
        """The part's share: every `of`-th, so that parts of sorted shards take equally long."""
        return list(shards[self.number - 1 :: self.of])


def _wrong(received: str) -> str:
    return f"a part is i/N, counted from 1: 1/4, 2/4, 3/4, 4/4. Received: '{received}'."
