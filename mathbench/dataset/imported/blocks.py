"""Rows as sources give them, and as they wait on disk until all are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset.manifest import check_name
from mathbench.errors import InputError, shown
from mathbench.reserve import SPLITS

COLUMNS = ("question", "answer", "stratum")
_WRITE = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True)
class Block:
    """Some rows of one split in the order of their source.

    Args:
        config: the name of the configuration that they belong to.
        split: the name of the split.
        questions, answers, strata: strings (n,).
        part: rows of part 0 come first in the split, then those of part 1, and so on.
    """

    config: str
    split: str
    questions: pa.StringArray
    answers: pa.StringArray
    strata: pa.StringArray
    part: int = 0

    def where(self, mask: pa.BooleanArray, split: str) -> "Block":
        """The rows of a mask, bool (n,), as rows of another split."""
        questions, answers, strata = (
            column.filter(mask) for column in (self.questions, self.answers, self.strata)
        )
        return Block(self.config, split, questions, answers, strata, self.part)

    def first(self, rows: int) -> "Block":
        """The first rows."""
        questions, answers, strata = (
            column.slice(0, rows) for column in (self.questions, self.answers, self.strata)
        )
        return Block(self.config, self.split, questions, answers, strata, self.part)


class WaitingRows:
    """Blocks in files of a temporary folder, one file each.

    Args:
        folder: the folder, which exists.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._files: dict[str, dict[str, list[tuple[int, int, Path]]]] = {}
        self._count = 0

    def add(self, block: Block) -> None:
        """Store a block. White space around answers is removed.

        Raises:
            InputError: for an empty question or answer.
        """
        answers = pc.utf8_trim_whitespace(block.answers)
        for what, texts in (("question", pc.utf8_trim_whitespace(block.questions)), ("answer", answers)):
            if (at := pc.index(texts, "").as_py()) >= 0:
                raise InputError(
                    f"{block.config}: a row of {block.split} has an empty {what}. Received: "
                    f"{shown((block.questions[at].as_py(), block.answers[at].as_py()))}."
                )
        if not len(answers):
            return
        check_name(block.config, "a configuration")
        path = self._folder / f"{self._count:08d}.arrow"
        columns = dict(zip(COLUMNS, (block.questions, answers, block.strata), strict=True))
        table = pa.table(columns)
        with (
            pa.OSFile(str(path), "wb") as file,
            pa.ipc.new_file(file, table.schema, options=_WRITE) as writer,
        ):
            writer.write_table(table)
        split = self._files.setdefault(block.config, {}).setdefault(block.split, [])
        split.append((block.part, self._count, path))
        self._count += 1

    def configs(self) -> list[str]:
        """The names of the configurations, sorted."""
        return sorted(self._files)

    def splits(self, config: str) -> list[str]:
        """The splits of a configuration that have rows, in order."""
        return [split for split in SPLITS if split in self._files[config]]

    def tables(self, config: str, split: str) -> Iterator[pa.Table]:
        """The rows of a split, in order, a block at a time."""
        for _, _, path in sorted(self._files[config][split]):
            with pa.OSFile(str(path)) as file:
                yield pa.ipc.open_file(file).read_all()
