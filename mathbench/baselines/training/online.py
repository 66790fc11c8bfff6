"""Training rows that are generated while a network trains: an endless stream that is not stored.

They are rows of the split train, whose problems are in no other split of the task, whatever the seed (see
docs/splits.md). No row repeats before all rows have been used.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench.baselines.encoding import Encoding, Tokens, prefix_labels
from mathbench.baselines.models.interface import IGNORE_INDEX
from mathbench.baselines.training.batches import Batch
from mathbench.streaming import open_stream
from mathbench.task import Task
from mathbench.tokenizer import PRINTABLE, as_string_array

# rows to prefetch: one block of a stream, so that the next block is made while they are used up
PREFETCHED_ROWS = 16_384
MAX_AHEAD = 256  # batches


class OnlineBatches:
    """Batches from the generator of a task. Memory does not grow with the number of steps.

    Args:
        task: the task.
        seed: seed of the rows.
        batch: rows of a step; fewer in the last step of an epoch.
        encoding: maps text to tokens.

    >>> from mathbench.baselines.settings import EncodingOptions
    >>> from mathbench.families import task
    >>> batches = OnlineBatches(task("addition"), 0, 64, Encoding(EncodingOptions(), "0123456789+", (7,), 4))
    >>> questions, labels = batches.batch(1000)
    >>> questions.shape, labels.shape
    ((64, 7), (64, 4))
    """

    def __init__(self, task: Task, seed: int | str, batch: int, encoding: Encoding):
        self.stream = open_stream(task, "train", seed, None, None, {}, batch_size=batch, epochs=None)
        self._task, self._encoding = task, encoding

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        table = self.stream.table(step, first_epoch=0, sequential=True)
        questions = self._encoding.questions(table["question"])
        return questions, encode_labels(self._encoding, self._task, questions, table["answer"])


def prefetch_depth(batch: int) -> int:
    """Return the number of batches to prefetch.

    >>> prefetch_depth(128), prefetch_depth(16), prefetch_depth(100_000)
    (128, 256, 2)
    """
    return max(2, min(MAX_AHEAD, PREFETCHED_ROWS // batch))


def encode_labels(encoding: Encoding, task: Task, questions: Tokens, answers: Any) -> Tokens:
    """Return labels, int64 (n, positions), of answers that the encoding may not have been fitted on.

    Answers longer than the answer width are cut off, and answers outside the classes have no label: a network built for
    this encoding cannot give them.
    """
    if encoding.classes and encoding.choices.labels == "prefix":
        return prefix_labels(encoding, questions, task)
    if encoding.layout and not encoding.classes:
        return encoding.answers(answers, questions.shape[1])
    if not encoding.classes:
        return encoding.answers(answers)[:, : encoding.answer_width]
    classes = pc.index_in(as_string_array(answers), pa.array(list(encoding.classes), pa.string()))
    labels = pc.fill_null(classes, IGNORE_INDEX).to_numpy(zero_copy_only=False)
    return np.asarray(labels, dtype=np.int64)[:, None]


def stream_vocabulary(task: Task, seen: str) -> str:
    """Return the alphabet of a stream, given the characters of some rows: for texts beyond numbers all printable ones.

    >>> from mathbench.families import task
    >>> stream_vocabulary(task("addition"), "+0123456789")
    '+0123456789'
    """
    return seen if task.numeric else "".join(sorted({*seen, *PRINTABLE}))
