"""The questions of the entries of a round, and their scores."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mathbench import formats
from mathbench.errors import InputError
from mathbench.leaderboard import seal
from mathbench.leaderboard.check import check_rows, split_predictions
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.submission import content_digest, sort_predictions
from mathbench.rows import open_rows
from mathbench.scores.metrics import align_predictions
from mathbench.scores.scorer import regenerate_split, score_split
from mathbench.task import Task

_TYPES = {"split": pa.string(), "row": pa.int64(), "question": pa.string(), "task": pa.string()}
QUESTION_COLUMNS = tuple(_TYPES)


def draw_questions(round_: Round, seed: str, weights: str) -> pa.Table:
    """The questions of one entry: split, row, question, task; no answers."""
    own = seal.entry_seed(seed, weights)
    parts = [
        open_rows(task, split, own)
        .batch(range(size))
        .append_column("split", pa.array([split] * size, pa.string()))
        .select(list(QUESTION_COLUMNS))
        for task in round_.tasks
        for split, size in round_.rows(task).items()
    ]
    plain = [pa.table({name: part[name].cast(_TYPES[name]) for name in QUESTION_COLUMNS}) for part in parts]
    return pa.concat_tables(plain).combine_chunks()


def questions_digest(table: pa.Table) -> str:
    """SHA-256 over the content of questions, independent of their file format."""
    return content_digest(table, QUESTION_COLUMNS)


def check_answers(round_: Round, answers: pa.Table) -> None:
    """Check that answers are to questions of the round, each at most once.

    Raises:
        InputError: with a count and the first three.
    """
    names = pa.array([task.name for task in round_.tasks])
    foreign = answers.filter(pc.invert(pc.is_in(answers["task"], names)))
    if foreign.num_rows:
        first = ", ".join(map(ascii, foreign["task"].slice(0, 3).to_pylist()))
        raise InputError(f"{foreign.num_rows:,} answers are for tasks outside the round; the first: {first}.")
    for task in round_.tasks:
        for split, (rows, _) in _given(answers, task).items():
            if split not in (sizes := round_.rows(task)):
                raise InputError(
                    f"{task.name} has no split {split!a} in this round. Allowed: {', '.join(sizes)}."
                )
            check_rows(rows, split, sizes[split])


def score_answers(round_: Round, seed: str, weights: str, answers: pa.Table | None) -> dict[str, Any]:
    """The counts n and correct per task and split; a row without an answer is wrong."""
    own = seal.entry_seed(seed, weights)
    return {
        task.name: {
            split: _score(
                task, own, split, size, None if answers is None else _given(answers, task).get(split)
            )
            for split, size in round_.rows(task).items()
        }
        for task in round_.tasks
    }


def _given(answers: pa.Table, task: Task) -> Mapping[str, Any]:
    return split_predictions(sort_predictions(answers.filter(pc.equal(answers["task"], task.name))))


def _score(task: Task, seed: str, split: str, size: int, given: Any) -> dict[str, int]:
    if given is None:
        return {"n": size, "correct": 0}
    rows, predictions = given
    truth = regenerate_split(task.plain, seed, split, size)
    written = align_predictions(rows, predictions, truth["row"].to_numpy())
    total = score_split(truth, formats.for_task(task).undo_answers(written, truth)).total
    return {"n": total.n, "correct": total.correct}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces.

    Raises:
        InputError: when there is no such file.
    """
    if not path.is_file():
        raise InputError(f"there is no file '{path}'.")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
