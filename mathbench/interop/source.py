"""The dataset that is exported. Every file is read and compared with the manifest before anything is written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset import shard_reader
from mathbench.dataset.manifest import Config, Shard
from mathbench.dataset.read import Dataset, open_dataset
from mathbench.errors import CheckFailed, InputError, did_you_mean, shown
from mathbench.reserve import SPLITS
from mathbench.tokenizer import bytes_and_offsets

TEST_SPLITS = ("validation", "interpolate", "extrapolate")
Progress = Callable[[int], None]


@dataclass
class Measures:
    """What formats of a fixed width have to know about the text of a configuration.

    Attributes:
        question, answer, stratum: the number of characters of the longest.
        characters: all characters of questions and answers.
        lines: whether a question or an answer has several lines.
    """

    question: int = 0
    answer: int = 0
    stratum: int = 0
    characters: set[str] = field(default_factory=set)

    @property
    def lines(self) -> bool:
        """Whether a question or an answer has several lines."""
        return not self.characters.isdisjoint("\r\n")

    def update(self, rows: pa.Table) -> None:
        """Include some rows."""
        for column in ("question", "answer", "stratum"):
            longest = pc.max(pc.utf8_length(rows[column])).as_py() or 0
            setattr(self, column, max(getattr(self, column), longest))
            if column != "stratum":
                self.characters |= _characters(rows[column])


def _characters(column: pa.ChunkedArray) -> set[str]:
    """All characters of a column of text."""
    data, _ = bytes_and_offsets(column)
    if data.max(initial=0) < 128:
        return set(map(chr, np.unique(data).tolist()))
    return set(data.tobytes().decode())


@dataclass(frozen=True)
class Source:
    """Some configurations and splits of a dataset.

    Args:
        dataset: the dataset.
        configs: the configurations.
        splits: the splits, of which a configuration may lack some.
    """

    dataset: Dataset
    configs: tuple[Config, ...]
    splits: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the dataset's folder."""
        return self.dataset.folder.name

    @property
    def row_count(self) -> int:
        """The number of all rows."""
        return sum(shard.stop - shard.start for config in self.configs for shard in self.shards(config))

    def splits_of(self, config: Config) -> list[str]:
        """The splits that a configuration has."""
        return [split for split in self.splits if config.sizes.get(split)]

    def shards(self, config: Config) -> list[Shard]:
        """The files of a configuration."""
        return [shard for split in self.splits_of(config) for shard in config.shards_of(split)]

    def files(self, config: Config, split: str) -> list[str]:
        """The paths of the files of a split, relative to the dataset."""
        return [shard.file for shard in config.shards_of(split)]

    def tables(self, config: Config, split: str) -> Iterator[pa.Table]:
        """Read the rows of a split in parts, of which one is in memory at a time."""
        return chain.from_iterable(self.shard_tables(config, split))

    def shard_tables(self, config: Config, split: str) -> Iterator[Iterator[pa.Table]]:
        """The parts of each file of a split."""
        for shard in config.shards_of(split):
            yield shard_reader.read_tables(self.dataset.folder / shard.file)

    def check(self, progress: Progress = lambda rows: None) -> dict[str, Measures]:
        """Read all files once and compare them with the manifest.

        Args:
            progress: called with the number of rows read since its last call.

        Returns:
            The measures of each configuration by its name.

        Raises:
            CheckFailed: when a file is missing, damaged or not the one of the manifest.
        """
        found = {}
        for config in self.configs:
            measures = found[config.name] = Measures()
            for shard in self.shards(config):
                self._check_file(shard, measures, progress)
        return found

    def _check_file(self, shard: Shard, measures: Measures, progress: Progress) -> None:
        def visit(first: int, table: pa.Table) -> None:
            measures.update(table)
            progress(table.num_rows)

        found = shard_reader.read_content(self.dataset.folder / shard.file, visit)
        stated = self.dataset.manifest.contents[shard.file]
        if difference := shard_reader.content_difference(shard.file, found, stated):
            raise CheckFailed(f"{self.dataset.folder} is damaged: {difference}.")


def open_source(
    folder: str, configs: Sequence[str] = (), splits: Sequence[str] = (), among: Sequence[str] = SPLITS
) -> Source:
    """Open a dataset for export.

    Args:
        folder: its path or URL.
        configs: the names of configurations; by default all.
        splits: the names of splits; by default all of `among` that the dataset has.
        among: the splits that can be exported.

    Raises:
        InputError: when there is no dataset, configuration or split of a name.
    """
    dataset = open_dataset(folder)
    chosen = [dataset.config(name) for name in dict.fromkeys(configs)] or list(dataset.manifest.configs)
    present = [s for s in among if any(config.sizes.get(s) for config in chosen)]
    for split in splits:
        if split not in present:
            raise InputError(
                f"{dataset.folder} has no split {shown(split)} to export. {did_you_mean(split, present)}"
            )
    if not present:
        raise InputError(f"{dataset.folder} has none of the splits {', '.join(among)}.")
    return Source(dataset, tuple(chosen), tuple(s for s in present if not splits or s in splits))
