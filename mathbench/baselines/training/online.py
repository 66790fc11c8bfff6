"""Training rows that are generated while a network trains: an endless stream that is not stored.

They are rows of the split train, whose problems are in no other split of the task, whatever the seed (see
docs/splits.md). No row repeats before all rows have been used.
"""

from mathbench.baselines.training.batches import Batch
from mathbench.baselines.training.labels import LabelEncoder
from mathbench.streaming import open_stream
from mathbench.task import Task
from mathbench.tokenizer import PRINTABLE

# rows to prefetch: one block of a stream, so that the next block is made while they are used up
PREFETCHED_ROWS = 16_384
MAX_AHEAD = 256  # batches


class OnlineBatches:
    """Batches from the generator of a task. Memory does not grow with the number of steps.

    Args:
        task: the task.
        seed: seed of the rows.
        batch: rows of a step; fewer in the last step of an epoch.
        labels: maps rows to tokens and labels.

    >>> from mathbench.baselines.encoding import Encoding
    >>> from mathbench.baselines.settings import EncodingOptions
    >>> from mathbench.families import task
    >>> sums, encoding = task("addition"), Encoding(EncodingOptions(), "0123456789+", (7,), 4)
    >>> batches = OnlineBatches(sums, 0, 64, LabelEncoder(sums, encoding))
    >>> questions, labels = batches.batch(1000)
    >>> questions.shape, labels.shape
    ((64, 7), (64, 4))
    """

    def __init__(self, task: Task, seed: int | str, batch: int, labels: LabelEncoder):
        self.stream = open_stream(task, "train", seed, None, None, {}, batch_size=batch, epochs=None)
        self._labels = labels

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        table = self.stream.table(step, first_epoch=0, sequential=True)
        return self._labels.batch(table)


def prefetch_depth(batch: int) -> int:
    """Return the number of batches to prefetch.

    >>> prefetch_depth(128), prefetch_depth(16), prefetch_depth(100_000)
    (128, 256, 2)
    """
    return max(2, min(MAX_AHEAD, PREFETCHED_ROWS // batch))


def stream_vocabulary(task: Task, seen: str) -> str:
    """Return the alphabet of a stream, given the characters of some rows: for texts beyond numbers all printable ones.

    >>> from mathbench.families import task
    >>> stream_vocabulary(task("addition"), "+0123456789")
    '+0123456789'
    """
    return seen if task.numeric else "".join(sorted({*seen, *PRINTABLE}))
