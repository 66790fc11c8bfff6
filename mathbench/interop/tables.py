"""Questions in tables of any tool: CSV, JSON lines, Parquet, and what `datasets.load_dataset` opens."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.dataset.imported.blocks import Block
from mathbench.dataset.imported.overlap import share_positions
from mathbench.errors import InputError, did_you_mean, shown
from mathbench.interop.untrusted_files import bounded_lines, open_bytes
from mathbench.numbers.text import from_list
from mathbench.reserve import SPLITS
from mathbench.scores import answers
from mathbench.scores.text_files import check_columns, csv_rows, json_objects
from mathbench.storage.location import local_path

# names that other tools give to splits
SPLIT_NAMES = {
    **{name: name for name in SPLITS},
    **dict.fromkeys(("valid", "val", "dev", "eval"), "validation"),
    "test": "interpolate",
}
DEFAULT_SHARES = {"train": 0.8, "validation": 0.1, "interpolate": 0.1}
BLOCK_BYTES = 4 << 20
BLOCK_ROWS = 1 << 14


@dataclass(frozen=True)
class Columns:
    """Names of columns.

    Args:
        question, answer: of the two texts.
        stratum: of a class of questions; empty: all rows have the stratum `all`.
        split: of the name of a split; empty: splits are named by the source, or cut by shares.
    """

    question: str = "question"
    answer: str = "answer"
    stratum: str = ""
    split: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(filter(None, (self.question, self.answer, self.stratum, self.split)))

    def __post_init__(self) -> None:
        for what in ("question", "answer"):
            if not getattr(self, what):
                raise InputError(f"{what} must be the name of a column. Received: ''.")
        if len(set(self.names)) < len(self.names):
            raise InputError(
                f"question, answer, stratum and split need columns of their own. Received: {', '.join(self.names)}."
            )


@dataclass(frozen=True)
class Cut:
    """How rows without a split are divided: by a hash of the text of the question, without case and white space.

    Args:
        shares: the share of each split; together 1.
    """

    shares: Mapping[str, float] = field(default_factory=lambda: DEFAULT_SHARES)

    def __post_init__(self) -> None:
        for split in self.shares:
            if split not in SPLITS:
                raise InputError(f"unknown split {shown(split)}. {did_you_mean(split, SPLITS)}")
        shares = self.shares.values()
        # a comparison with NaN is false
        if not (all(share >= 0 for share in shares) and abs(sum(shares) - 1) < 1e-9):
            raise InputError(f"shares must be 0 or more and add up to 1. Received: {self.rule()}.")

    @classmethod
    def parse(cls, text: str) -> "Cut":
        """Read shares.

        Raises:
            InputError: for anything else.

        >>> Cut.parse("train=0.9,interpolate=0.1").shares
        {'train': 0.9, 'interpolate': 0.1}
        """
        try:
            pairs = [part.split("=") for part in text.split(",")]
            shares = {name.strip(): float(share) for name, share in pairs}
        except ValueError:
            raise InputError(
                f"shares must be given as train=0.8,validation=0.1,interpolate=0.1. Received: {shown(text)}."
            ) from None
        return cls(shares)

    def rule(self) -> str:
        """The shares in words."""
        return ", ".join(f"{split}={share:.4g}" for split, share in self.shares.items())

    def divide(self, block: Block) -> Iterator[Block]:
        """The rows of each split."""
        position, low = share_positions(block.questions), 0.0
        names = [split for split in SPLITS if self.shares.get(split)]
        for split in names:
            high = 1.0 if split == names[-1] else low + self.shares[split]
            yield block.where(pa.array((position >= low) & (position < high)), split)
            low = high


Tables = Iterator[pa.Table]  # with the chosen columns as text
Reader = Callable[[Path, Columns], Tables]


def read_files(
    name: str, files: Sequence[str], reader: Reader, columns: Columns, cut: Cut
) -> Iterator[Block]:
    """Read tables, block by block, as one configuration.

    Args:
        name: the name of the configuration.
        files: paths, or ``SPLIT=PATH`` for files that are one split each.
        reader: reads one file.
        columns: the names of the columns.
        cut: how rows without a split are divided.

    Raises:
        InputError: one line for a file that cannot be read, and for splits that are given twice.
    """
    for file in files:
        split, path = _named_file(file)
        if split and columns.split:
            raise InputError(f"the split is given by the file or by a column, not by both. Received: {file}.")
        yield from _blocks(name, split, reader(local_path(path), columns), columns, cut)


def _named_file(text: str) -> tuple[str, str]:
    """The split and the path of ``SPLIT=PATH``; no split for a path alone."""
    name, equals, path = text.partition("=")
    if not equals or "/" in name or "\\" in name or Path(text).exists():
        return "", text
    return split_name(name), path


def split_name(name: object) -> str:
    """The split that a name of another tool stands for.

    Raises:
        InputError: for any other name.

    >>> split_name("test"), split_name("valid")
    ('interpolate', 'validation')
    """
    if not isinstance(name, str) or name not in SPLIT_NAMES:
        raise InputError(f"unknown split {shown(name)}. {did_you_mean(name, SPLIT_NAMES)}")
    return SPLIT_NAMES[name]


def _blocks(name: str, split: str, tables: Tables, columns: Columns, cut: Cut) -> Iterator[Block]:
    for table in tables:
        questions, texts = (table[column].combine_chunks() for column in (columns.question, columns.answer))
        strata = (
            table[columns.stratum].combine_chunks()
            if columns.stratum
            else from_list(["all"] * table.num_rows)
        )
        block = Block(name, split or "train", questions, texts, strata)
        if split:
            yield block
        elif columns.split:
            yield from _by_column(block, table[columns.split].combine_chunks())
        else:
            yield from cut.divide(block)


def _by_column(block: Block, splits: pa.StringArray) -> Iterator[Block]:
    for name in pc.unique(splits).to_pylist():
        yield block.where(pc.equal(splits, name), split_name(name))


def read_csv(path: Path, columns: Columns) -> Tables:
    """Read a CSV file with a header, also compressed by gzip. Every field is the text that it is.

    Raises:
        InputError: one line with the position and the reason.
    """
    name = str(path)
    with open_bytes(path) as file:
        rows = csv_rows(_decoded(bounded_lines(file, name), name), name)
        header = next(rows, (1, []))[1]
        check_columns(header, columns.names, name)
        indices = [header.index(column) for column in columns.names]
        records = (
            (line, [fields[i] for i in indices]) for line, fields in _complete(rows, len(header), name)
        )
        yield from _text_tables(records, columns, name)


def _decoded(lines: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{name}: line {number:,} is not UTF-8 text.") from None


def _complete(
    rows: Iterable[tuple[int, list[str]]], width: int, name: str
) -> Iterator[tuple[int, list[str]]]:
    for line, fields in rows:
        if len(fields) != width:
            raise InputError(
                f"{name}: line {line} must have {width} fields, as the header. Received: {len(fields)}."
            )
        yield line, fields


def read_json_lines(path: Path, columns: Columns) -> Tables:
    """Read JSON lines, also compressed by gzip: one object per line. Integers are the digits that are written.

    Raises:
        InputError: one line with the position and the reason.
    """
    name = str(path)
    with open_bytes(path) as file:
        records = _json_records(json_objects(bounded_lines(file, name), name, None), columns, name)
        yield from _text_tables(records, columns, name)


def _json_records(
    objects: Iterable[tuple[int, int, dict[str, object]]], columns: Columns, name: str
) -> Iterator[tuple[int, list[object]]]:
    for line, _, found in objects:
        check_columns(list(found), columns.names, f"{name}: line {line}")
        yield line, [found[column] for column in columns.names]


def _text_tables(records: Iterable[tuple[int, Sequence[object]]], columns: Columns, name: str) -> Tables:
    """Tables of records, each with the number of its line; answers may be integers, all else must be text."""
    lines: list[int] = []
    rows: list[Sequence[object]] = []
    size, empty = 0, True
    for line, values in records:
        lines.append(line)
        rows.append(values)
        size += sum(len(value) for value in values if isinstance(value, str))
        empty = False
        if size >= BLOCK_BYTES or len(rows) >= BLOCK_ROWS:
            yield _checked(rows, lines, columns, name)
            lines, rows, size = [], [], 0
    if empty:
        raise InputError(f"{name} has no rows.")
    if rows:
        yield _checked(rows, lines, columns, name)


def _checked(rows: Sequence[Sequence[object]], lines: Sequence[int], columns: Columns, name: str) -> pa.Table:
    def where(i: int) -> str:
        return f"line {lines[i]} of {name}"

    made = {}
    for column, values in zip(columns.names, zip(*rows, strict=True), strict=True):
        if column == columns.answer:
            made[column] = answers.complete_answers(values, where)
        else:
            made[column] = _complete_text(answers.name_array(values, column, where), column, where)
    return pa.table(made)


def _complete_text(texts: pa.StringArray, column: str, where: Callable[[int], str]) -> pa.StringArray:
    if texts.null_count:
        answers.refuse(f"{column} must be text", None, where(pc.index(texts.is_null(), True).as_py()))
    return texts


def read_parquet(path: Path, columns: Columns) -> Tables:
    """Read a Parquet file, some rows at a time.

    Raises:
        InputError: one line with the position and the reason.
    """
    import pyarrow.parquet as pq

    name = str(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    try:
        with pq.ParquetFile(path) as file:
            check_columns(file.schema_arrow.names, columns.names, name)
            read = file.iter_batches(BLOCK_ROWS, columns=list(columns.names))
            yield from from_batches((pa.Table.from_batches([batch]) for batch in read), columns, name)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is damaged or not Parquet: {str(error).strip().splitlines()[0]}.") from None


def from_batches(tables: Iterable[pa.Table], columns: Columns, name: str) -> Tables:
    """Check tables of any source, and convert integers that are answers to text.

    Args:
        tables: with the columns to read, possibly others.
        columns: the names of the columns.
        name: the name of the source, for errors.

    Raises:
        InputError: for a value that is neither text nor, as an answer, an integer; for null; for no rows.
    """
    start = 0
    for table in tables:

        def where(i: int, first: int = start) -> str:
            return f"record {first + i + 1:,} of {name}"

        made = {}
        for column in columns.names:
            kind = answers.answer_column if column == columns.answer else None
            texts = (
                kind(table[column], where) if kind else answers.name_column(table[column], column, where)
            ).cast(pa.string())
            what = answers.ANSWER if kind else f"{column} must be text"
            if texts.null_count:
                answers.refuse(what, None, where(pc.index(texts.is_null(), True).as_py()))
            made[column] = texts
        start += table.num_rows
        yield pa.table(made)
    if not start:
        raise InputError(f"{name} has no rows.")


def read_hf(
    name: str, path: str, subset: str | None, columns: Columns, cut: Cut, revision: str | None = None
) -> Iterator[Block]:
    """Read a dataset of the Hub, or of a local folder, by `datasets.load_dataset`.

    Args:
        name: the name of the configuration.
        path: as for `load_dataset`.
        subset: its configuration there.
        columns: the names of the columns.
        cut: how rows are divided when the dataset has one split.
        revision: a commit, tag or branch of the Hub.

    Raises:
        InputError: one line for a dataset that cannot be loaded, or has other splits or columns.
    """
    found = _load(path, subset, revision)
    for split, rows in found.items():
        check_columns(rows.column_names, columns.names, f"{path}, split {split}")
        chosen = "" if columns.split or (len(found) == 1 and split == "train") else split_name(split)
        batches = rows.select_columns(list(columns.names)).with_format("arrow").iter(BLOCK_ROWS)
        tables = from_batches(batches, columns, f"{path}, split {split}")
        yield from _blocks(name, chosen, tables, columns, cut)


def _load(path: str, subset: str | None, revision: str | None) -> Any:
    """The splits of a dataset by name; whatever goes wrong is one line."""
    import datasets

    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(path, subset, revision=revision)
    except Exception as error:  # the library, its network and a dataset's files raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} cannot be loaded by datasets.load_dataset: {reason}") from None


READERS: dict[str, Reader] = {"csv": read_csv, "jsonl": read_json_lines, "parquet": read_parquet}
