"""Batches of questions of one length, so that no network reads padding, with as many rows of each answer.

Short numbers are rare among uniformly drawn lengths and hold few problems, but a network that reads digit by digit
learns them first. `short` adds all of them that lie in the train reserve, and `growth` begins with the shortest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.columns import rows_of_equal_shape
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.settings import SequenceSettings
from mathbench.baselines.training.batches import Batch, Int
from mathbench.baselines.training.labels import LabelEncoder
from mathbench.errors import InputError
from mathbench.hashing import GOLDEN, key_of, mix64, to_range
from mathbench.numbers import text
from mathbench.reserve import fingerprints
from mathbench.task import Task

MAX_NUMBERS = 1 << 22  # short numbers in memory


@dataclass(frozen=True)
class LengthPool:
    """The training rows of one length.

    Args:
        questions: int64 (n, T), without padding.
        labels: int64 (n, positions).
        by_answer: the indices of the rows of each class; of all rows where answers are text.
    """

    questions: Tokens
    labels: Tokens
    by_answer: tuple[Int, ...]

    def rows(self, random_bits: np.ndarray) -> Int:
        """Return one row per random word: each answer as often as the others, then any of its rows."""
        answers = np.array(len(self.by_answer), dtype=np.uint64)
        turn = np.arange(len(random_bits)) % int(answers)
        rows = np.empty(len(random_bits), dtype=np.int64)
        for answer, members in enumerate(self.by_answer):
            here = turn == answer
            size = np.array(len(members), dtype=np.uint64)
            rows[here] = members[to_range(random_bits[here], size).astype(np.int64)]
        return rows


class LengthBatches:
    """Batches of one length each, drawn by the square root of its rows.

    While the lengths grow, half of the batches have the longest one that is allowed at that step.

    Args:
        pools: the rows of each length, ascending.
        batch: rows per step.
        growth: steps after which the next length is allowed; 0: all from the start.
        seed: seed of what is drawn.
    """

    def __init__(self, pools: Sequence[LengthPool], batch: int, growth: int, seed: int | str):
        self._pools, self._batch, self._growth = pools, batch, growth
        self._weights = np.sqrt([len(pool.questions) for pool in pools])
        self._key = key_of("lengths", seed)

    def batch(self, step: int) -> Batch:
        """Return the questions (B, T) and labels (B, positions) of a step."""
        words = mix64(
            np.arange(self._batch + 2, dtype=np.uint64) * np.uint64(GOLDEN)
            + np.uint64(key_of(self._key, step))
        )
        pool = self._pools[self._length(step, words[:2])]
        rows = pool.rows(words[2:])
        return pool.questions[rows], pool.labels[rows]

    def _length(self, step: int, random_bits: np.ndarray) -> int:
        """The index of the pool of a step."""
        allowed = len(self._pools)
        if self._growth:
            allowed = min(1 + step // self._growth, allowed)
            if allowed < len(self._pools) and random_bits[0] >> np.uint64(63):
                return allowed - 1
        shares = np.cumsum(self._weights[:allowed])
        return int(np.searchsorted(shares / shares[-1], float(random_bits[1]) / 2.0**64, side="right"))


def make_length_batches(
    settings: SequenceSettings, rows: pa.Table, labels: LabelEncoder, seed: int | str
) -> LengthBatches:
    """Return batches of one length each.

    Args:
        settings: the hyperparameters.
        rows: the training rows.
        labels: maps rows to tokens and labels; does not pad where all questions have one length.
        seed: seed of what is drawn.

    Raises:
        InputError: when `short` is set for a task whose questions are not single numbers.
    """
    texts = rows.select(["question", "answer"])
    if settings.short:
        texts = _with_short_numbers(texts, labels.task, settings.short)
    shapes = labels.encoding.padded_shapes(texts["question"])
    pools = [_pool(texts.take(pa.array(rows)), labels) for rows in rows_of_equal_shape(shapes)]
    most = max(len(pool.by_answer) for pool in pools)
    # a batch in which an answer is missing would teach that it does not exist
    complete = [pool for pool in pools if len(pool.by_answer) == most]
    return LengthBatches(complete, settings.batch, settings.growth, seed)


def _pool(rows: pa.Table, encoder: LabelEncoder) -> LengthPool:
    questions, labels = encoder.batch(rows)
    if not encoder.encoding.classes:
        return LengthPool(questions, labels, (np.arange(len(questions)),))
    answers = rows["answer"].cast(pa.string()).combine_chunks().dictionary_encode()
    codes = answers.indices.to_numpy(zero_copy_only=False)
    members = tuple(np.flatnonzero(codes == code) for code in range(len(answers.dictionary)))
    return LengthPool(questions, labels, members)


def _with_short_numbers(rows: pa.Table, task: Task, digits: int) -> pa.Table:
    """Replace the rows of up to some digits by all numbers of these lengths that train may show."""
    answers = task.answers_by_residue()
    if answers is None:
        raise InputError(
            f"short adds numbers, so the questions must be single numbers. Received: {task.name}."
        )
    if task.number_base**digits > MAX_NUMBERS:
        raise InputError(
            f"short may add at most {MAX_NUMBERS:,} numbers. Received: short={digits} in base {task.number_base}."
        )
    numbers = np.arange(task.number_base**digits)
    inside = task.reserve("train").contains(fingerprints(task.reserve_family, numbers[None, :]))
    numbers = numbers[inside]
    questions = text.join(text.number(numbers, task.number_base))
    added = pa.table(
        {"question": questions, "answer": pa.array(answers).take(pa.array(numbers % len(answers)))}
    )
    longer = rows.filter(pc.greater(pc.utf8_length(rows["question"]), digits))
    columns = {name: longer[name].cast(pa.string()).combine_chunks() for name in ("question", "answer")}
    return pa.concat_tables([added, pa.table(columns)])
