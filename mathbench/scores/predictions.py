"""Predictions: read from a file or given as a mapping, and scored against the truth of one split."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.scores.metrics import align_predictions, characters, exact_match
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.scorer import score_split

PREDICTIONS = "predictions.parquet"  # in a run directory
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


def score_table(predictions: pa.Table, data: Data) -> dict[str, SplitScore]:
    """Score predictions against the data; rows without a prediction are wrong.

    Args:
        predictions: split, row, prediction and, if there is one, task.
        data: the truth.

    Raises:
        InputError: for a missing column, foreign or repeated rows, or predictions of another task.
    """
    _check_columns(predictions, data)
    scores = {}
    for split in dict.fromkeys(predictions["split"].to_pylist()):
        if split not in data.splits:
            raise InputError(f"the data has no split '{split}'. It has: {', '.join(data.splits)}.")
        mine = predictions.filter(pc.equal(predictions["split"], split))
        truth = data.splits[split]
        rows, requested = mine["row"].to_numpy(), truth["row"].to_numpy()
        given = align_predictions(rows, mine["prediction"], requested, where=f"predictions of {split}")
        scores[split] = _score(formats.for_task(data.task), given, truth)
    if not scores:
        raise InputError("there is nothing to score. Received: 0 predictions.")
    return scores


def _score(written: formats.FormattedTask, given: pa.Array, truth: pa.Table) -> SplitScore:
    """The score of one split; predictions and answers are compared in plain text."""
    plain = truth.set_column(
        truth.column_names.index("answer"), "answer", written.undo_answers(truth["answer"])
    )
    predictions = written.undo_answers(given)
    found = score_split(plain, predictions)
    found = replace(
        found,
        strata=dict(sorted(found.strata.items())),
        characters=characters(predictions, plain["answer"]),
    )
    if not written.steps:
        return found
    whole = exact_match(given, truth["answer"])
    return replace(found, steps=Score(len(whole), int(whole.sum())))


def _check_columns(predictions: pa.Table, data: Data) -> None:
    for name in ("split", "row", "prediction"):
        if name not in predictions.column_names:
            raise InputError(f"predictions need the columns split, row and prediction. '{name}' is missing.")
    if "task" in predictions.column_names:
        foreign = set(predictions["task"].unique().to_pylist()) - {data.task.name}
        if foreign:
            raise InputError(
                f"these are predictions for {', '.join(sorted(foreign))}, not for {data.task.name}."
            )
