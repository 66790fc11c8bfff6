"""Predictions: read from a file or given as a mapping, and scored against the truth of one split."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.folder import PREDICTIONS
from mathbench.baselines.runner import score_table
from mathbench.data import Data
from mathbench.errors import InputError
from mathbench.metrics import SplitScore

TYPES = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string()}


def read(path: Path) -> pa.Table:
    """Read predictions from Parquet, JSON lines or a run directory.

    Raises:
        InputError: when the file is missing, unreadable, or lacks a column.
    """
    file = path / PREDICTIONS if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"there is no predictions file {file}.")
    table = _read(file)
    for name, kind in TYPES.items():
        if name not in table.column_names:
            raise InputError(f"{file}: the column '{name}' is missing. Needed: {', '.join(TYPES)}.")
        try:
            table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
        except pa.ArrowInvalid as error:
            raise InputError(f"{file}: column {name} must be {kind}: {error}.") from None
        if name != "prediction" and table[name].null_count:
            raise InputError(f"{file}: column {name} has {table[name].null_count:,} empty entries.")
    return table


def of_mapping(answers: Mapping[int, str | None], split: str) -> pa.Table:
    """Predictions of one split from row number -> answer; None is no answer, which is wrong.

    Raises:
        InputError: when a row is no integer or an answer no text.

    >>> of_mapping({3: "65", 0: None}, "interpolate").to_pylist()[0]
    {'split': 'interpolate', 'row': 3, 'prediction': '65'}
    """
    for row, answer in answers.items():
        if isinstance(row, bool) or not hasattr(row, "__index__"):
            raise InputError(f"predictions map row numbers to answers. Received the row {row!r}.")
        if answer is not None and not isinstance(answer, str):
            raise InputError(f"an answer must be text, as in the column answer. Received: {answer!r}.")
    columns = [[split] * len(answers), [int(row) for row in answers], list(answers.values())]
    return pa.table([pa.array(c, t) for c, t in zip(columns, TYPES.values(), strict=True)], list(TYPES))


def score(predictions: pa.Table, truth: Data, split: str) -> SplitScore:
    """Score the predictions of one split; others may stand beside them.

    Raises:
        InputError: when there are none of this split, or for foreign or repeated rows.
    """
    mine = predictions.filter(pc.equal(predictions["split"], split))
    if not mine.num_rows:
        found = ", ".join(predictions["split"].unique().to_pylist()) or "none"
        raise InputError(f"there are no predictions of {split}. Received: {found}.")
    return score_table(mine, truth)[split]


def _read(file: Path) -> pa.Table:
    import pyarrow.json as lines
    import pyarrow.parquet as pq

    try:
        if file.suffix in (".jsonl", ".json"):
            return lines.read_json(file)
        return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file} is damaged or not Parquet: {str(error).splitlines()[0]}") from None
