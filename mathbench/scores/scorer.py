"""The scorer: regenerates a split and scores predictions by exact match, overall and per stratum."""

import numpy as np
import pyarrow as pa

from mathbench.rows import open_rows
from mathbench.scores.metrics import Bool, exact_match, flat
from mathbench.scores.results import Score, SplitScore
from mathbench.task import Task

SAMPLE_ROWS = 200  # rows that the exact solver answers


def regenerate_split(task: Task, seed: int | str, split: str, rows: int) -> pa.Table:
    """Generate the first rows of a split.

    Raises:
        SpaceExhausted: when the split has fewer rows.
    """
    return open_rows(task, split, seed).batch(range(rows))


def score_split(truth: pa.Table, predictions: pa.Array) -> SplitScore:
    """Score one split by exact match.

    Args:
        truth: the rows of the split; its columns answer and stratum are read.
        predictions: strings (n,) in the order of the rows, in plain text as the truth; null, which is wrong, where
            there is no prediction.

    Returns:
        The score, with its strata in the order of the truth's dictionary.

    Raises:
        InputError: for no rows, or columns of different lengths.

    >>> from mathbench.families import task
    >>> truth = regenerate_split(task("addition"), 0, "interpolate", 2)
    >>> score_split(truth, pa.array([truth["answer"][0].as_py(), None])).total
    Score(n=2, correct=1)
    """
    return score_rows(exact_match(predictions, truth["answer"]), truth["stratum"])


def score_rows(right: Bool, strata: pa.ChunkedArray | pa.Array) -> SplitScore:
    """Score a split whose right rows are known.

    Args:
        right: bool (n,), whether each row is right.
        strata: strings (n,), dictionary-encoded or not.

    Raises:
        InputError: for no rows.

    >>> score_rows(np.array([True, False]), pa.array(["easy", "hard"])).total
    Score(n=2, correct=1)
    """
    return SplitScore(Score(len(right), int(right.sum())), score_strata(right, strata))


def score_strata(right: Bool, strata: pa.ChunkedArray | pa.Array) -> dict[str, Score]:
    """Score every stratum that has rows.

    Args:
        right: bool (n,), whether each row is right.
        strata: strings (n,), dictionary-encoded or not.

    >>> score_strata(np.array([True, False]), pa.array(["easy", "hard"]))["easy"]
    Score(n=1, correct=1)
    """
    encoded = _encoded(strata)
    codes, names = np.asarray(encoded.indices), encoded.dictionary.to_pylist()
    n = np.bincount(codes, minlength=len(names)).tolist()
    correct = np.bincount(codes[right], minlength=len(names)).tolist()
    return {name: Score(n[i], correct[i]) for i, name in enumerate(names) if n[i]}


def solve_sample(task: Task, truth: pa.Table) -> Score:
    """Score the task's independent solver, which reads the text only, on rows spread over the split.

    >>> from mathbench.families import task
    >>> solve_sample(task("addition"), regenerate_split(task("addition"), 0, "interpolate", 1000))
    Score(n=200, correct=200)
    """
    rows = np.unique(np.linspace(0, truth.num_rows - 1, min(truth.num_rows, SAMPLE_ROWS), dtype=np.int64))
    sample = truth.select(["stratum", "question", "answer"]).take(pa.array(rows)).to_pylist()
    right = [task.part_of_stratum(row["stratum"]).oracle(row["question"]) == row["answer"] for row in sample]
    return Score(len(right), sum(right))


def _encoded(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """One dictionary array; an existing dictionary keeps its order."""
    if not pa.types.is_dictionary(column.type):
        return flat(column).dictionary_encode()
    return column.unify_dictionaries().combine_chunks() if isinstance(column, pa.ChunkedArray) else column
