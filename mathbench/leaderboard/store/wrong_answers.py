"""The wrong answers of a submission as a small file: with the truth, which can be made again, they are all its answers.

A file has a row for each row of the scored splits whose answer is not, character by character, the text that the format
of the task writes for the true answer: wrong answers, right ones in other words, and rows without an answer.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.errors import InputError
from mathbench.families import from_spec
from mathbench.leaderboard.check import check_rows, split_predictions
from mathbench.leaderboard.submission import Manifest, Submission, canonical_json, sort_predictions
from mathbench.scores.metrics import Bool, align_predictions, exact_match, flat
from mathbench.scores.scorer import regenerate_split
from mathbench.scores.untrusted import MAX_ROWS, MAX_TEXT, check_length, compress_predictions, read_parquet

COLUMNS = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string(), "right": pa.bool_()}
_SPLIT = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema({**COLUMNS, "split": _SPLIT})
# all text of a submission, and for each row its number, its split and the length of its text
MAX_BYTES = MAX_TEXT + 32 * MAX_ROWS
TRUTHS = 4  # splits whose rows are remembered: submissions to the same rows often follow each other


@dataclass(frozen=True)
class WrongAnswers:
    """The answers of a submission that are not exactly the true ones.

    Args:
        table: split, row, prediction (null where the row was not answered), right; ordered by split, then by row.
    """

    table: pa.Table

    def predictions(self, manifest: Manifest, splits: Iterable[str]) -> pa.Table:
        """Make the table of predictions again, as `Submission` has it; regenerates the truth.

        Args:
            manifest: of the submission.
            splits: those that it was scored on.
        """
        parts = [self._split_predictions(manifest, split) for split in sorted(splits)]
        return sort_predictions(pa.concat_tables(parts))

    def right(self, sizes: Mapping[str, int]) -> dict[str, Bool]:
        """Which rows are right, bool (n,) per split, without the truth.

        Args:
            sizes: the rows of each scored split.
        """
        found = {}
        for split, size in sizes.items():
            found[split] = np.ones(size, dtype=bool)
            part = self._part(split)
            found[split][part["row"].to_numpy()] = part["right"].to_numpy()
        return found

    def to_bytes(self) -> bytes:
        """The file: Parquet, the same bytes for the same answers and version of Arrow."""
        return compress_predictions(
            self.table.cast(_SCHEMA).combine_chunks(),
            use_dictionary=["split", "prediction"],
            column_encoding={"row": "DELTA_BINARY_PACKED"},
            write_statistics=False,
        )

    def _part(self, split: str) -> pa.Table:
        return self.table.filter(pc.equal(self.table["split"], split))

    def _split_predictions(self, manifest: Manifest, split: str) -> pa.Table:
        truth, part = _written_truth(manifest, split), self._part(split)
        differs = np.zeros(truth.num_rows, dtype=bool)
        differs[part["row"].to_numpy()] = True
        texts = pc.replace_with_mask(truth["written"].combine_chunks(), differs, flat(part["prediction"]))
        columns = {
            "split": pa.array([split] * len(texts), pa.string()),
            "row": truth["row"],
            "prediction": texts,
        }
        return pa.table(columns).filter(texts.is_valid())


def from_submission(submission: Submission, splits: Iterable[str]) -> WrongAnswers:
    """Select the answers of a checked submission that are not exactly the true ones.

    Args:
        submission: the submission.
        splits: those that it was scored on; a submission has no predictions for others.
    """
    given = split_predictions(submission.predictions)
    nothing = np.empty(0, np.int64), pa.array([], pa.string())
    parts = [_differing(submission.manifest, split, *given.get(split, nothing)) for split in sorted(splits)]
    return WrongAnswers(pa.concat_tables(parts))


def _differing(manifest: Manifest, split: str, rows: NDArray[np.int64], predictions: pa.Array) -> pa.Table:
    """The answers to one split that are not exactly the true ones."""
    truth = _written_truth(manifest, split)
    aligned = align_predictions(rows, predictions, truth["row"].to_numpy())
    index = np.flatnonzero(~exact_match(aligned, truth["written"]))
    answers, truth = aligned.take(pa.array(index)), truth.take(pa.array(index))
    right = np.zeros(0, dtype=bool)
    if len(index):
        plain = flat(formats.for_task(manifest.task).undo_answers(answers, truth))
        right = exact_match(plain, truth["answer"])
    columns = {"split": [split] * len(index), "row": truth["row"], "prediction": answers, "right": right}
    return pa.table(columns, schema=pa.schema(COLUMNS))


def _written_truth(manifest: Manifest, split: str) -> pa.Table:
    """The rows of a split: row, question, answer, and written, the answer in the format of the task."""
    spec = {name: manifest.summary.task[name] for name in ("id", "parameters")}
    return _remembered(canonical_json(spec), manifest.seed, split, manifest.sizes[split])


@lru_cache(maxsize=TRUTHS)
def _remembered(spec: str, seed: int | str, split: str, size: int) -> pa.Table:
    described = json.loads(spec)
    task = from_spec(described["id"], described["parameters"])
    truth = regenerate_split(task.plain, seed, split, size).select(["row", "question", "answer"])
    return truth.append_column("written", formats.for_task(task).answers(truth["question"], truth["answer"]))


def read(data: bytes, name: str, sizes: Mapping[str, int]) -> WrongAnswers:
    """Read a file of wrong answers of any origin.

    Args:
        data: the bytes of the file.
        name: its name in errors.
        sizes: the rows of each scored split.

    Raises:
        InputError: for a file with other columns, nulls, rows out of range or twice, other splits, or too much of
            anything.
    """
    if (total := sum(sizes.values())) > MAX_ROWS:
        raise InputError(f"at most {MAX_ROWS:,} rows can be scored. Received: {total:,}.")
    table = read_parquet(data, name, COLUMNS, max_bytes=MAX_BYTES)
    _check_columns(table, name)
    table = pa.table({column: _plain(table[column], f"{name}: {column}") for column in COLUMNS})
    table = table.take(pc.sort_indices(table, [("split", "ascending"), ("row", "ascending")]))
    _check_rows(table, name, sizes)
    return WrongAnswers(table.combine_chunks())


def _check_columns(table: pa.Table, name: str) -> None:
    """Check the types of the columns, and that only predictions are null."""
    for column, kind in COLUMNS.items():
        found = table[column].type
        if found not in (kind, pa.dictionary(pa.int32(), kind)):
            raise InputError(f"{name}: {column} must be {kind}. Received: {found}.")
        if column != "prediction" and table[column].null_count:
            raise InputError(
                f"{name}: {column} must have no null values. Received: {table[column].null_count:,}."
            )


def _plain(column: pa.ChunkedArray, where: str) -> pa.Array:
    """A column without a dictionary; the length of its text is checked before."""
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    check_length(whole, where)
    return whole.cast(pa.string())


def _check_rows(table: pa.Table, name: str, sizes: Mapping[str, int]) -> None:
    """Check splits and rows, and that no row without an answer is right."""
    if foreign := sorted(set(table["split"].unique().to_pylist()) - set(sizes)):
        raise InputError(f"{name}: split must be one of {', '.join(sizes)}. Received: {foreign[0][:30]!a}.")
    for split, size in sizes.items():
        check_rows(table.filter(pc.equal(table["split"], split))["row"].to_numpy(), f"{name}: {split}", size)
    if pc.any(pc.and_(table["right"], table["prediction"].is_null())).as_py():
        raise InputError(f"{name}: a row without an answer is not right. Received: right.")
