"""The task of imported data, whose rows are read from files instead of generated.

The digest of the rows is a parameter, so that a run or a submission names the truth that it was scored with. A board
that has the data under that digest can recompute a score. It cannot solve the questions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset import digest as digests
from mathbench.dataset import manifest, shard_reader
from mathbench.dataset.imported import known
from mathbench.dataset.manifest import Config, Manifest
from mathbench.errors import CheckFailed, InputError, shown
from mathbench.formats import PLAIN
from mathbench.hashing import Int
from mathbench.numbers.text import from_list, int_array
from mathbench.parameters import parameter
from mathbench.reserve import SPLITS
from mathbench.storage.location import StoragePath
from mathbench.stratum import Stratum
from mathbench.task import RowSource, Task, TextRows, row_numbers

SEED = 0  # the only seed of imported data
READ_ROWS = 1 << 16


@dataclass(frozen=True)
class Imported(Task):
    """The rows of another tool. There is no generator, no solver and no reserve for them."""

    family: ClassVar[str] = "imported"
    summary: ClassVar[str] = "rows of another tool, in an imported dataset"
    extrapolates: ClassVar[str] = "what the source puts there"
    generated: ClassVar[bool] = False

    data: str = parameter("", "name of the data", always=True, value_only=True)
    digest: str = parameter("", "digest of its rows", always=True, value_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        manifest.check_name(self.data, "imported data")
        if not re.fullmatch("[0-9a-f]{64}", self.digest):
            raise InputError(
                "imported: digest must be the 64 hexadecimal digits that `mathbench import` prints. "
                f"Received: {shown(self.digest)}."
            )
        if self.format != PLAIN or self._is_given(type(self).__dataclass_fields__["train_share"]):
            raise InputError(
                "imported data has the text and the rows of its source: no format, no train_share."
            )

    @property
    def name(self) -> str:
        """The name of the data and the start of its digest."""
        return f"{self.family}-{self.data}-{self.digest[:12]}"

    @property
    def unique_name(self) -> str:
        """The name, which has enough of the digest to be unique."""
        return self.name

    @property
    def numeric(self) -> bool:
        """Not known: questions are any text."""
        return False

    def inner(self) -> list[Stratum]:
        return self.strata("train")

    def outer(self) -> list[Stratum]:
        return self.strata("extrapolate")

    def strata(self, split: str) -> list[Stratum]:
        """The strata of a split, as its files have them."""
        found = _dataset(self)
        return [Stratum(name) for name in found[1].strata(found[2], split)]

    def may_repeat(self, split: str) -> bool:
        """Always: nothing is known about the rows of others."""
        return True

    def source(self, split: str, seed: int | str) -> RowSource:
        """The rows of a split.

        Raises:
            InputError: when the data is not known here, for another seed than 0, or for changed files.
        """
        if seed != SEED:
            raise InputError(f"imported data has the seed {SEED}. Received: {shown(seed)}.")
        folder, stated, config = _dataset(self)
        _check_content(folder, stated, config, split)
        return StoredRows(folder, config, split, [stratum.name for stratum in self.strata(split)])

    def oracle(self, question: str) -> str:
        """Raise an error: nothing but the data knows the answers."""
        raise InputError(f"{self.name} has no independent solver.")


def content_digest(stated: Manifest, config: Config) -> str:
    """The digest of all rows of a configuration, by those of its files; 64 hexadecimal digits."""
    parts = [
        f"{shard.split} {stated.contents[shard.file].digest}"
        for split in SPLITS
        for shard in config.shards_of(split)
    ]
    return digests.combined(parts).removeprefix("sha256:")


@lru_cache(maxsize=32)
def _dataset(task: Imported) -> tuple[StoragePath, Manifest, Config]:
    """The folder of imported data, its manifest, and its configuration there.

    Raises:
        InputError: when the data is not known here, or the folder has other rows.
    """
    folder = known.find(task.digest, task.data)
    try:
        stated = manifest.read(folder)
    except CheckFailed as error:
        raise InputError(str(error)) from None
    for config in stated.configs:
        if config.task == task and content_digest(stated, config) == task.digest:
            return folder, stated, config
    raise InputError(f"{folder} does not hold the rows of {task.name} any more.")


def _check_content(folder: StoragePath, stated: Manifest, config: Config, split: str) -> None:
    """Check that the files of a split hold the rows that the digest stands for.

    Raises:
        InputError: names the file that does not.
    """
    for shard in config.shards_of(split):
        try:
            found = shard_reader.read_content(folder / shard.file)
        except CheckFailed as error:
            raise InputError(str(error)) from None
        if found.digest != stated.contents[shard.file].digest:
            raise InputError(f"{folder / shard.file} does not hold the rows of {config.task.name} any more.")


class StoredRows:
    """The rows of one split, read from the files of a dataset.

    Args:
        folder: the dataset.
        config: the configuration.
        split: the split.
        strata: the names of its strata, in order.
    """

    batch_rows = READ_ROWS

    def __init__(self, folder: StoragePath, config: Config, split: str, strata: Sequence[str]):
        self._folder, self._shards, self._strata = folder, config.shards_of(split), from_list(list(strata))
        self._rows = config.sizes.get(split, 0)

    def __len__(self) -> int:
        """The number of rows."""
        return self._rows

    def capacity_up_to(self, rows: int) -> int:
        """The smaller of `rows` and the number of rows."""
        return min(rows, self._rows)

    @property
    def block(self) -> int:
        """All rows: their order is that of the source."""
        return max(self._rows, 1)

    def rendered(self, rows: range | Int) -> Iterator[TextRows]:
        """Read some rows, in order."""
        numbers = row_numbers(rows)
        ordered, place = np.unique(numbers, return_inverse=True)
        table = self._read(ordered).take(int_array(place.astype(np.int64))).combine_chunks()
        names = table["stratum"].cast(pa.string())
        strata = pc.index_in(names, self._strata).to_numpy().astype(np.int64)
        yield TextRows(_array(table["question"]), _array(table["answer"]), strata)

    def _read(self, numbers: Int) -> pa.Table:
        """The rows with some numbers, ascending; reads only the row groups that have them."""
        parts: list[pa.Table] = [_EMPTY]
        for shard in self._shards:
            inside = numbers[(numbers >= shard.start) & (numbers < shard.stop)] - shard.start
            if len(inside):
                for first, table in shard_reader.row_groups(self._folder / shard.file, containing=inside):
                    here = inside[(inside >= first) & (inside < first + table.num_rows)] - first
                    parts.append(table.select(_EMPTY.column_names).take(int_array(here)))
        return pa.concat_tables(part.cast(_EMPTY.schema) for part in parts)


_EMPTY = pa.table({name: pa.array([], pa.string()) for name in ("question", "answer", "stratum")})


def _array(column: pa.ChunkedArray) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
