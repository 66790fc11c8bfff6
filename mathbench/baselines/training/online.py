"""Training rows that are made while a network trains: endless, never stored, and never one of an evaluation split.

They are rows of the split train, whose problems no other split of the task holds, whatever the seed (see
docs/splits.md). Each comes once before any comes again.
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

PREFETCHED_ROWS = (
    16_384  # rows made ahead, a block of a stream: while they are used up the next block is made
)
MAX_AHEAD = 256  # batches


class OnlineBatches:
    """Batches straight from the generator; memory does not grow with the number of steps.

    Args:
        task: whose rows.
        seed: of the rows.
        batch: rows of a step; fewer in the last step of an epoch.
        encoding: what makes tokens of text.

    >>> from mathbench.baselines.encoding import EncodingOptions
    >>> from mathbench.families import task
    >>> made = OnlineBatches(task("addition"), 0, 64, Encoding(EncodingOptions(), "0123456789+", (7,), 4))
    >>> questions, labels = made.batch(1000)
    >>> questions.shape, labels.shape
    ((64, 7), (64, 4))
    """

    def __init__(self, task: Task, seed: int | str, batch: int, encoding: Encoding):
        self.stream = open_stream(task, "train", seed, None, None, {}, batch_size=batch, epochs=None)
        self._task, self._encoding = task, encoding

    def batch(self, step: int) -> Batch:
        """The rows of a step."""
        table = self.stream.table(step, first_epoch=0, ahead=True)
        questions = self._encoding.questions(table["question"])
        return questions, encode_labels(self._encoding, self._task, questions, table["answer"])


def prefetch_depth(batch: int) -> int:
    """How many batches to make ahead.

    >>> prefetch_depth(128), prefetch_depth(16), prefetch_depth(100_000)
    (128, 256, 2)
    """
    return max(2, min(MAX_AHEAD, PREFETCHED_ROWS // batch))


def encode_labels(encoding: Encoding, task: Task, questions: Tokens, answers: Any) -> Tokens:
    """Labels, int64 (n, positions), of answers that the encoding may not have been fitted on.

    An answer longer than its width is cut off, and one that is none of the classes has no label: a network built for
    this encoding cannot give it anyway.
    """
    if encoding.classes and encoding.choices.labels == "prefix":
        return prefix_labels(encoding, questions, task)
    if not encoding.classes:
        return encoding.answers(answers)[:, : encoding.answer_width]
    found = pc.index_in(as_string_array(answers), pa.array(list(encoding.classes), pa.string()))
    return np.asarray(pc.fill_null(found, IGNORE_INDEX).to_numpy(zero_copy_only=False), dtype=np.int64)[
        :, None
    ]


def stream_vocabulary(task: Task, seen: str) -> str:
    """The characters that may come, given those of some rows; of texts that are more than numbers, all that print.

    >>> from mathbench.families import task
    >>> stream_vocabulary(task("addition"), "+0123456789")
    '+0123456789'
    """
    return seen if task.numeric else "".join(sorted({*seen, *PRINTABLE}))
