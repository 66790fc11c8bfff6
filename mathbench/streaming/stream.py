"""Streams with adapters for PyTorch, Keras, TensorFlow and Hugging Face."""

from typing import TYPE_CHECKING, Any

from mathbench.errors import require_extra
from mathbench.streaming.base import BaseStream
from mathbench.streaming.share import WorkerShard

if TYPE_CHECKING:
    import datasets
    import tensorflow

    from mathbench.streaming.encoder import Encode
    from mathbench.streaming.keras import KerasStream
    from mathbench.streaming.torch import TorchStream
    from mathbench.streaming.torch_rows import TorchRows, TorchSampler


class Stream(BaseStream):
    """A stream of rows or batches, see `mathbench.streaming.base.BaseStream`, that converts to other frameworks.

    Args:
        source: the source of the rows; `mathbench.stream` makes it.
        batch_size: rows per batch; None: single rows.
        epochs: the number of passes over the rows; None: endless.
        drop_last: drop the last batch of an epoch if it is not full.

    Raises:
        InputError: for a size that is not a positive integer, or fewer rows than a batch with `drop_last`.

    >>> import mathbench
    >>> stream = mathbench.stream("gcd", rows=100, batch_size=40)
    >>> len(stream), [len(batch["answer"]) for batch in stream], [table.num_rows for table in stream.tables()]
    (3, [40, 40, 20], [40, 40, 20])
    """

    def torch(
        self,
        *,
        encode: "Encode" = None,
        rank: int | None = None,
        world: int | None = None,
        deal: str = "batches",
        even: bool = False,
    ) -> "TorchStream":
        """The stream as a PyTorch `IterableDataset`: see `mathbench.streaming.torch.TorchStream`.

        Raises:
            InputError: when torch is not installed, or for invalid arguments.
        """
        require_extra("torch", "torch")
        from mathbench.streaming.torch import TorchStream

        return TorchStream(self, encode=encode, rank=rank, world=world, deal=deal, even=even)

    def torch_rows(self, *, encode: "Encode" = None) -> "TorchRows":
        """The rows by index as a PyTorch `Dataset`: see `mathbench.streaming.torch_rows.TorchRows`."""
        require_extra("torch", "torch")
        from mathbench.streaming.torch_rows import TorchRows

        return TorchRows(self, encode=encode)

    def torch_sampler(
        self, *, rank: int | None = None, world: int | None = None, even: bool = False
    ) -> "TorchSampler":
        """Batches of indices for `torch_rows`: see `mathbench.streaming.torch_rows.TorchSampler`."""
        require_extra("torch", "torch")
        from mathbench.streaming.torch_rows import TorchSampler

        return TorchSampler(self, rank=rank, world=world, even=even)

    def keras(self, *, encode: "Encode" = True, **options: Any) -> "KerasStream":
        """The stream as a Keras `PyDataset`: see `mathbench.streaming.keras.KerasStream`."""
        require_extra("keras", "keras")
        from mathbench.streaming.keras import KerasStream

        return KerasStream(self, encode=encode, **options)

    def tf(self, *, encode: "Encode" = None, rank: int = 0, world: int = 1) -> "tensorflow.data.Dataset[Any]":
        """The stream as a `tf.data.Dataset`: see `mathbench.streaming.tensorflow.dataset`."""
        require_extra("tensorflow", "keras")
        from mathbench.streaming.tensorflow import dataset

        return dataset(self, encode, WorkerShard(rank, world))

    def hf(self, *, shards: int | None = None) -> "datasets.IterableDataset":
        """The stream as a Hugging Face `IterableDataset`: see `mathbench.streaming.huggingface.dataset`."""
        from mathbench.streaming.huggingface import dataset

        return dataset(self, shards)
