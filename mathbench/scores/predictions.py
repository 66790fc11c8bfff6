"""Tables of predictions: read from local files or made from a mapping, and scored against a dataset."""

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
COLUMNS = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string()}
COLUMNS_WITH_TASK = {**COLUMNS, "task": pa.string()}  # the name of the task in every row


def read_predictions(path: Path) -> pa.Table:
    """Read predictions from Parquet, JSON lines or a run directory.

    `COLUMNS` are cast to their types; further columns are kept. Files from strangers are read by
    `mathbench.scores.untrusted.read_untrusted` instead.

    Raises:
        InputError: when the file is missing, unreadable, or lacks a column.
    """
    file = path / PREDICTIONS if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"there is no predictions file {file}.")
    table = _read(file)
    for name, kind in COLUMNS.items():
        if name not in table.column_names:
            raise InputError(f"{file}: the column '{name}' is missing. Required: {', '.join(COLUMNS)}.")
        try:
            table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
        except pa.ArrowInvalid as error:
            raise InputError(f"{file}: column {name} must be {kind}: {error}.") from None
        if name != "prediction" and table[name].null_count:
            raise InputError(f"{file}: column {name} has {table[name].null_count:,} null values.")
    return table


def _read(file: Path) -> pa.Table:
    import pyarrow.json as pj
    import pyarrow.parquet as pq

    try:
        if file.suffix in (".jsonl", ".json"):
            return pj.read_json(file)
        return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file} is damaged or not Parquet: {str(error).splitlines()[0]}") from None


def from_mapping(answers: Mapping[int, str | None], split: str) -> pa.Table:
    """Make a table of predictions for one split.

    Args:
        answers: from row number to answer; None is no answer, which counts as wrong.
        split: the split.

    Raises:
        InputError: when a row number is not an integer or an answer is not text.

    >>> from_mapping({3: "65", 0: None}, "interpolate").to_pylist()[0]
    {'split': 'interpolate', 'row': 3, 'prediction': '65'}
    """
    for row, answer in answers.items():
        if isinstance(row, bool) or not hasattr(row, "__index__"):
            raise InputError(f"the keys of predictions must be row numbers. Received: {row!r}.")
        if answer is not None and not isinstance(answer, str):
            raise InputError(f"an answer must be text, as in the column answer. Received: {answer!r}.")
    columns = [[split] * len(answers), [int(row) for row in answers], list(answers.values())]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, COLUMNS.values(), strict=True)]
    return pa.table(arrays, list(COLUMNS))


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
    """Score one split in plain text, with its strata sorted by name."""
    answers = formatted.undo_answers(truth["answer"])
    plain = formatted.undo_answers(predictions)
    found = score_split(truth.set_column(truth.column_names.index("answer"), "answer", answers), plain)
    steps = None
    if formatted.steps:
        right = exact_match(predictions, truth["answer"])
        steps = Score(len(right), int(right.sum()))
    strata = dict(sorted(found.strata.items()))
    return replace(found, strata=strata, characters=characters(plain, answers), steps=steps)


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
