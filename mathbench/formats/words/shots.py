"""Solved examples before the question, in one text or as turns of a chat."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.formats.format import Format, FormatContext, Formatted, write_all
from mathbench.formats.text_columns import Int, Mask, TextColumn
from mathbench.hashing import GOLDEN, key_of, mix64, to_range
from mathbench.numbers.text import int_array
from mathbench.parameters import parameter

POOL = 10_000  # rows of train that examples are chosen from


class RowKeys(NamedTuple):
    """Names of rows: the seed of the data, the split, and the row numbers, int64 (n,)."""

    seed: int | str
    split: str
    rows: Int


@dataclass(frozen=True)
class Shots(Format):
    """Solved examples before the question: each a question, `between`, its answer and `after`.

    The examples are rows of train, of the same task and seed, among the first 10,000. The seed, the split and the row
    number choose them; no example occurs twice in a question, and a row of train is not an example of itself.
    """

    name: ClassVar[str] = "shots"
    summary: ClassVar[str] = "solved examples from train before the question"
    order: ClassVar[int] = 7
    rewrites_digits: ClassVar[bool] = False

    n: int = parameter(1, "number of examples", low=1, high=64)
    between: str = parameter("\n", "text between the question and the answer of an example")
    after: str = parameter("\n\n", "text after an example")

    def unsupported_reason(self, task: Formatted) -> str:
        """Too few rows of train, or questions that contain the text between examples."""
        if not self.after:
            return "after must not be empty"
        if not task.knows_train:
            return ""
        held = task.unrestricted.source("train", 0).capacity_up_to(self.n + 1)
        if held <= self.n:
            return f"{self.n} examples need {self.n + 1} rows of train. Received: {held}"
        return ""

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Examples depend on the row, not on the text: `FormattedTask` puts them in front."""
        return text

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Keep the text after the last example."""
        if context.answers:
            return text
        return TextColumn.of(_after_last(text.to_array(), self.after))

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Whether as many examples as there should be stand before a question."""
        if context.answers:
            return np.ones(len(text.offsets) - 1, dtype=bool)
        examples = pc.count_substring(text.to_array(), self.after)
        return np.asarray(pc.greater_equal(examples, self.n).to_numpy(zero_copy_only=False), dtype=bool)

    def examples(
        self, task: Formatted, before: tuple[Format, ...], keys: RowKeys
    ) -> list[tuple[pa.StringArray, pa.StringArray]]:
        """The questions and answers of the examples, in the formats before this one: `n` pairs of columns."""
        pool = _pool(cast(Any, task.plain), before, keys.seed)
        chosen = _chosen(len(pool.questions), self.n, task.name, keys)
        return [(pool.questions.take(int_array(i)), pool.answers.take(int_array(i))) for i in chosen]

    def joined(
        self, examples: list[tuple[pa.StringArray, pa.StringArray]], question: pa.StringArray
    ) -> pa.StringArray:
        """The examples and the question as one text."""
        between, after = pa.scalar(self.between), pa.scalar(self.after)
        parts = [part for asked, answer in examples for part in (asked, between, answer, after)]
        return pc.binary_join_element_wise(*parts, question, "")


class _Pool(NamedTuple):
    """Formatted rows of train."""

    questions: pa.StringArray
    answers: pa.StringArray


@lru_cache(maxsize=8)
def _pool(task: Any, before: tuple[Format, ...], seed: int | str) -> _Pool:
    source = task.source("train", seed)
    pieces = list(source.rendered(range(source.capacity_up_to(POOL))))
    questions = pa.concat_arrays([piece.questions for piece in pieces])
    answers = pa.concat_arrays([piece.answers for piece in pieces])
    context = FormatContext(task, False, questions, answers)
    written = write_all(before, questions, context)
    return _Pool(written, write_all(before, answers, FormatContext(task, True, questions, answers)))


def _chosen(pool: int, count: int, task: str, keys: RowKeys) -> list[Int]:
    """The rows of train of every example, int64 (n,) each: different ones, and not the row itself."""
    key = np.uint64(key_of("shots", task, keys.seed, keys.split))
    bits = mix64(keys.rows.astype(np.uint64) * np.uint64(GOLDEN) ^ key)
    own = keys.rows if keys.split == "train" else np.full(len(keys.rows), pool)
    size = pool - (own < pool)
    if not (size >= count).all():
        raise InputError(f"{count} examples need {count + 1} rows of train. Received: {pool}.")
    start = to_range(bits, size.astype(np.uint64)).astype(np.int64)
    step = 1 + to_range(mix64(bits), (size // count).astype(np.uint64)).astype(np.int64)
    found = [(start + i * step) % size for i in range(count)]
    return [row + (row >= own) for row in found]


def _after_last(column: pa.StringArray, mark: str) -> pa.StringArray:
    """The text after the last mark."""
    parts = pc.split_pattern(column, mark, max_splits=1, reverse=True)
    last = parts.offsets.to_numpy()[1:].astype(np.int64) - 1
    return parts.values.take(int_array(last))
