"""Tables of predictions: read from local files or made from a mapping, and scored against a dataset."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.scores import answers
from mathbench.scores.metrics import align_predictions, characters, exact_match
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.schema_types import shorten
from mathbench.scores.scorer import score_split
from mathbench.scores.text_files import check_columns, read_csv, read_json_lines
from mathbench.stratum import natural_order

PREDICTIONS = "predictions.parquet"  # in a run directory
COLUMNS = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string()}
COLUMNS_WITH_TASK = {**COLUMNS, "task": pa.string()}  # the name of the task in every row
TEXT_SUFFIXES = (".jsonl", ".json", ".ndjson", ".csv")  # compressed with gzip too; all others are Parquet
PARQUET_MAGIC = b"PAR1"


def read_predictions(path: Path) -> pa.Table:
    """Read predictions from Parquet, JSON lines, CSV or a run directory.

    Only the columns of `COLUMNS_WITH_TASK` are read. Answers are text or integers, see `mathbench.scores.answers`.
    Files from strangers are read by `mathbench.scores.untrusted.read_untrusted` instead.

    Raises:
        InputError: when the file is missing or unreadable, lacks a column, or has a value that is not allowed.
    """
    file = path / PREDICTIONS if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"there is no predictions file {file}.")
    try:
        table = _read(file)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file} cannot be read: {str(error).strip().splitlines()[0]}.") from None
    answers.check_complete(table, str(file))
    return table


def _read(file: Path) -> pa.Table:
    """Read a file by its content if it is Parquet, else by its suffix."""
    suffix = text_suffix(file)
    if not suffix or _starts_with(file, PARQUET_MAGIC):
        return _read_parquet(file)
    open_file: Any = gzip.open if file.name.lower().endswith(".gz") else open
    shapes = list(COLUMNS_WITH_TASK), list(COLUMNS)
    with open_file(file, "rb") as opened:
        return (read_csv if suffix == ".csv" else read_json_lines)(opened, str(file), shapes)


def text_suffix(file: Path) -> str:
    """The suffix of a text file without that of gzip; empty for other names.

    >>> text_suffix(Path("p.csv.gz")), text_suffix(Path("p.parquet"))
    ('.csv', '')
    """
    suffix = Path(file.name.lower().removesuffix(".gz")).suffix
    return suffix if suffix in TEXT_SUFFIXES else ""


def _starts_with(file: Path, magic: bytes) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(magic)) == magic


def _read_parquet(file: Path) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        # not read_table, which makes columns of folders that are called name=value
        with pq.ParquetFile(file) as parquet:
            names = parquet.schema_arrow.names
            columns = [column for column in COLUMNS_WITH_TASK if column in names or column in COLUMNS]
            check_columns(names, columns, str(file))
            table = parquet.read(columns).select(columns)
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{file} is damaged or not Parquet: {str(error).strip().splitlines()[0].rstrip('.')}. "
            f"Names of other files end in {', '.join(TEXT_SUFFIXES)}."
        ) from None
    return answers.from_columns(table, answers.record_of(str(file)))


def from_mapping(found: Mapping[int, str | int | None], split: str) -> pa.Table:
    """Make a table of predictions for one split.

    Args:
        found: from row number to answer, text or an integer; None is no answer, which counts as wrong.
        split: the split.

    Raises:
        InputError: when a row number is not an integer, or an answer is neither text nor an integer.

    >>> from_mapping({3: "65", 4: 10**17 + 1, 0: None}, "interpolate").to_pylist()[1]
    {'split': 'interpolate', 'row': 4, 'prediction': '100000000000000001'}
    """
    for row in found:
        if not answers.is_integer(row):
            raise InputError(f"the keys of predictions must be row numbers. Received: {shorten(row)}.")
    columns: dict[str, list[Any]] = {"split": [split] * len(found)}
    columns |= {"row": list(found), "prediction": list(found.values())}
    return answers.from_values(columns, lambda i: f"entry {i + 1}")


def score_predictions(predictions: pa.Table, truth: Data, split: str) -> SplitScore:
    """Score the predictions of one split; those of other splits are ignored.

    Raises:
        InputError: when there are none for this split, or for foreign or repeated rows.
    """
    of_split = predictions.filter(pc.equal(predictions["split"], split))
    if not of_split.num_rows:
        found = ", ".join(predictions["split"].unique().to_pylist()) or "none"
        raise InputError(f"there are no predictions for {split}. Received: {found}.")
    return score_table(of_split, truth)[split]


def score_table(predictions: pa.Table, data: Data) -> dict[str, SplitScore]:
    """Score predictions against a dataset, per split; rows without a prediction are wrong.

    Args:
        predictions: the columns split, row, prediction and optionally task.
        data: the truth.

    Raises:
        InputError: for a missing column, foreign or repeated rows, or predictions of another task.
    """
    _check_columns(predictions, data)
    scores = {}
    for split in dict.fromkeys(predictions["split"].to_pylist()):
        if split not in data.splits:
            raise InputError(f"the data has no split '{split}'. Allowed: {', '.join(data.splits)}.")
        of_split = predictions.filter(pc.equal(predictions["split"], split))
        truth = data.splits[split]
        rows, requested = of_split["row"].to_numpy(), truth["row"].to_numpy()
        aligned = align_predictions(rows, of_split["prediction"], requested, where=f"predictions of {split}")
        scores[split] = _score(formats.for_task(data.task), aligned, truth)
    if not scores:
        raise InputError("there is nothing to score. Received: 0 predictions.")
    return scores


def _score(formatted: formats.FormattedTask, predictions: pa.Array, truth: pa.Table) -> SplitScore:
    """Score one split in plain text, with its strata sorted by name, numbers as numbers."""
    rows = formatted.undo(truth)
    plain = formatted.undo_answers(predictions, rows)
    found = score_split(rows, plain)
    steps = None
    if formatted.steps:
        right = exact_match(predictions, truth["answer"])
        steps = Score(len(right), int(right.sum()))
    strata = {name: found.strata[name] for name in sorted(found.strata, key=natural_order)}
    return replace(found, strata=strata, characters=characters(plain, rows["answer"]), steps=steps)


def _check_columns(predictions: pa.Table, data: Data) -> None:
    for name in COLUMNS:
        if name not in predictions.column_names:
            raise InputError(
                f"predictions require the columns split, row and prediction. '{name}' is missing."
            )
    if "task" in predictions.column_names:
        foreign = set(predictions["task"].unique().to_pylist()) - {data.task.name}
        if foreign:
            raise InputError(
                f"predictions must be for {data.task.name}. Received: predictions for {', '.join(sorted(foreign))}."
            )
