"""Streams as Keras datasets of batches, for `fit`, `evaluate` and `predict`."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.streaming.base import BaseStream
from mathbench.streaming.encoder import Encode, Encoder, make_encoder

try:
    import keras
except ImportError as error:
    raise InputError(
        f"Keras requires a backend: pip install 'mathbench-toolkit[keras]'. Import error: {error}."
    ) from None


class Pairs:
    """Converts a batch to inputs and targets: question tokens, and labels or, without labels, answer tokens.

    Args:
        encoder: the encoder of the tokens.
    """

    def __init__(self, encoder: Encoder):
        self._encoder = encoder

    def __call__(self, table: pa.Table) -> tuple[Any, Any]:
        arrays = self._encoder(table)
        return arrays["question"], arrays["label" if "label" in arrays else "answer"]


if TYPE_CHECKING:

    class _PyDataset:
        """The types of `keras.utils.PyDataset`; Keras states none."""

        def __init__(
            self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
        ) -> None: ...
else:
    _PyDataset = keras.utils.PyDataset


class KerasStream(_PyDataset):
    """The batches of one epoch of a stream; every later epoch has another order.

    Threads or processes may generate the batches (`workers`, `use_multiprocessing`). An endless mixture has no
    length and needs the argument ``steps_per_epoch`` of `fit`.

    Args:
        stream: a stream of batches.
        encode: see `mathbench.streaming.encoder.make_encoder`. An `Encoder` yields ``(x, y)``: question tokens, and
            labels or answer tokens. The result of any other function goes to Keras unchanged.
        options: arguments of `keras.utils.PyDataset`: workers, use_multiprocessing, max_queue_size.

    Raises:
        InputError: for a stream of single rows, or without an encoder.

    >>> import mathbench
    >>> batches = mathbench.stream("divisible", k=7, rows=100, batch_size=40).keras()
    >>> len(batches), batches[2][1].shape
    (3, (20,))
    """

    def __init__(self, stream: BaseStream, *, encode: Encode = True, **options: Any):
        super().__init__(**options)
        encoder = make_encoder(encode)
        if encoder is None or stream.batch_size is None:
            raise InputError("Keras requires batches of numbers: give batch_size to the stream, and encode.")
        self.stream: BaseStream = stream
        self._convert = Pairs(encoder) if isinstance(encoder, Encoder) else encoder
        self._epoch, self._running = stream.epoch, False

    @property
    def num_batches(self) -> int | None:
        """The number of batches of an epoch; None: endless."""
        return self.stream.per_epoch

    def __len__(self) -> int:
        if self.num_batches is None:
            raise TypeError("an endless stream has no len()")
        return self.num_batches

    def __getitem__(self, index: int) -> Any:
        if self.num_batches is not None and not 0 <= index < self.num_batches:
            raise IndexError(f"the stream has batches 0 to {self.num_batches - 1}. Received: {index}.")
        return self._convert(self.stream.table(int(index), self._epoch, sequential=True))

    def on_epoch_begin(self) -> None:
        """Note that an epoch is running; called by Keras before an epoch."""
        self._running = True

    def on_epoch_end(self) -> None:
        """Advance to the next epoch; called by Keras after an epoch, and also before the first one."""
        self._epoch += self._running
        self._running = False
