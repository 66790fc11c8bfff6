"""The base of streams: rows or batches from the generator, by index or in order, for any number of epochs."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Self, SupportsIndex, overload

import numpy as np
import pyarrow as pa

from mathbench.errors import InputError, shown
from mathbench.integers import as_integer
from mathbench.parameters import check_flag
from mathbench.streaming.share import WorkerShard
from mathbench.streaming.source import Source

Item = dict[str, Any]
Convert = Callable[[pa.Table], Any]

READ_ROWS = 1 << 10  # rows read at a time when a stream iterates over single rows


class BaseStream:
    """A sequence of rows as dicts, or of batches as dicts of lists, equal to the dataset on disk.

    Iterating over a stream passes over its rows `epochs` times. Every loop starts at the same item, so two loops see
    the same items. The first epoch is in the order of the rows, later ones are shuffled (see
    `mathbench.streaming.order`). No batch spans two epochs.

    Args:
        source: the source of the rows.
        batch_size: rows per batch; None: single rows.
        epochs: the number of passes over the rows; None: endless.
        drop_last: drop the last batch of an epoch if it is not full.

    Raises:
        InputError: for a size that is not a positive integer, or fewer rows than a batch with `drop_last`.

    >>> import mathbench
    >>> stream = mathbench.stream("addition", rows=1000, batch_size=300)
    >>> len(stream), [len(batch["question"]) for batch in stream]
    (4, [300, 300, 300, 100])
    >>> stream[3]["row"][0]
    900
    """

    def __init__(
        self,
        source: Source,
        *,
        batch_size: int | None = None,
        epochs: int | None = 1,
        drop_last: bool = False,
    ):
        drop_last = check_flag("drop_last", drop_last)
        batch_size, epochs = positive("batch_size", batch_size), positive("epochs", epochs)
        if drop_last and batch_size is None:
            raise InputError("drop_last requires batch_size. Received: drop_last=True.")
        self.source: Source = source
        self.batch_size: int | None = batch_size
        self.epochs: int | None = epochs
        self.drop_last: bool = drop_last
        if self.per_epoch == 0:
            raise InputError(
                f"{source.rows:,} rows do not fill a batch of {batch_size:,}: the stream is empty with drop_last."
            )
        self.epoch: int = 0
        self._skip = 0
        self._reader: Reader | None = None

    @property
    def per_epoch(self) -> int | None:
        """The number of items of one epoch; None: endless."""
        if self.source.rows is None:
            return None
        size = self.batch_size or 1
        return self.source.rows // size if self.drop_last else -(-self.source.rows // size)

    @property
    def total(self) -> int | None:
        """The number of items of all epochs; None: endless."""
        if self.per_epoch is None or self.epochs is None:
            return None
        return self.per_epoch * self.epochs

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that determines the items, as JSON values."""
        return {**self.source.spec, "batch_size": self.batch_size, "drop_last": self.drop_last}

    def __len__(self) -> int:
        """The number of items of all epochs.

        Raises:
            TypeError: when the stream is endless.
        """
        if self.total is None:
            raise TypeError("an endless stream has no len()")
        return self.total

    def __bool__(self) -> bool:
        """True: a stream has at least one item."""
        return True

    @overload
    def __getitem__(self, index: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Item | list[Item]:
        """The item at an index, counted over all epochs, or the list of items in a slice.

        Raises:
            IndexError: for an index out of range.
            InputError: for a slice of an endless stream that has no end or a negative bound.
        """
        if isinstance(index, slice):
            return [self._item(i) for i in self._slice_range(index)]
        number = operator.index(index)
        position = number + (self.total or 0) if number < 0 else number
        if position < 0 or (self.total is not None and position >= self.total):
            raise IndexError(
                f"the stream has {self.total or 'infinitely many'} items. Received: index {number}."
            )
        return self._item(position)

    def _slice_range(self, indices: slice) -> range:
        if self.total is not None:
            return range(*indices.indices(self.total))
        if indices.stop is None or min(indices.start or 0, indices.stop, indices.step or 1) < 0:
            raise InputError("a slice of an endless stream requires an end and no negative bounds.")
        return range(indices.start or 0, indices.stop, indices.step or 1)

    def _item(self, index: int) -> Item:
        table = self.table(index)
        return to_lists(table) if self.batch_size else table.to_pylist()[0]

    def table(self, index: int, first_epoch: int | None = None, sequential: bool = False) -> pa.Table:
        """One item as an Arrow table, with the columns and types of the files of a dataset.

        Args:
            index: the index of the item, counted over all epochs.
            first_epoch: the epoch of index 0; None: that of `set_epoch`.
            sequential: a hint that the following items will be read next.
        """
        epoch, position = divmod(index, self.per_epoch) if self.per_epoch else (0, index)
        size = self.batch_size or 1
        start, stop = position * size, (position + 1) * size
        if self.source.rows is not None:
            stop = min(stop, self.source.rows)
        first = self.epoch if first_epoch is None else first_epoch
        return self.source.table(first + epoch, np.arange(start, stop), sequential)

    def tables(self) -> "Reader":
        """Iterate over Arrow tables of `batch_size` rows: the fastest way to read.

        >>> import mathbench
        >>> next(iter(mathbench.stream("gcd", batch_size=2).tables())).column_names
        ['question', 'answer', 'task', 'stratum', 'row']
        """
        if self.batch_size is None:
            raise InputError("tables() requires batch_size.")
        return self.read(lambda table: table)

    def __iter__(self) -> "Reader":
        self._reader = self.read(to_lists)
        return self._reader

    def read(
        self,
        convert: Convert,
        shard: WorkerShard | None = None,
        epoch: int | None = None,
        done: int | None = None,
    ) -> "Reader":
        """Iterate over the items of a shard, with each batch converted.

        Args:
            convert: converts an Arrow table to an item; unused for single rows, which are dicts.
            shard: the items to read; None: all.
            epoch: the first epoch; None: that of `set_epoch`.
            done: the number of items of the shard to skip; None: that of a loaded state, once.
        """
        if done is None:
            done, self._skip = self._skip, 0
        return Reader(self, convert, shard or WorkerShard(), self.epoch if epoch is None else epoch, done)

    def set_epoch(self, epoch: int) -> Self:
        """Set the first epoch of every later pass, 0 or more; each epoch has another order of the same rows.

        >>> import mathbench
        >>> stream = mathbench.stream("modular", rows=500)
        >>> first, second = [row["row"] for row in stream], [row["row"] for row in stream.set_epoch(1)]
        >>> first == second, sorted(second) == first
        (False, True)
        """
        check_epoch(epoch)
        self.epoch = int(epoch)
        return self

    def state_dict(self) -> dict[str, Any]:
        """The position of the latest loop over this stream, as JSON values.

        >>> import mathbench
        >>> stream = mathbench.stream("gcd", rows=10)
        >>> for row in stream:
        ...     if row["row"] == 6:
        ...         break
        >>> state = stream.state_dict()
        >>> again = mathbench.stream("gcd", rows=10)
        >>> again.load_state_dict(state)
        >>> [row["row"] for row in again]
        [7, 8, 9]
        """
        if self._reader is None:
            return {"stream": self.spec, "epoch": self.epoch, "done": self._skip}
        return {"stream": self.spec, "epoch": self._reader.epoch, "done": self._reader.done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resume the next loop at the position of a state; later loops start from the beginning.

        Raises:
            InputError: for the state of another stream.
        """
        check_state(state, self.spec, ("epoch", "done"))
        self.epoch, self._skip, self._reader = state["epoch"], state["done"], None


class Reader(Iterator[Any]):
    """An iterator over a shard of a stream.

    Args:
        stream: the stream.
        convert: converts an Arrow table to an item.
        shard: the items to read.
        epoch: the first epoch.
        done: the number of items of the shard to skip.

    Attributes:
        done: the number of items of the shard that were skipped or read so far.
    """

    def __init__(self, stream: BaseStream, convert: Convert, shard: WorkerShard, epoch: int, done: int):
        self.shard: WorkerShard = shard
        self.epoch: int = epoch
        self.done: int = done
        self._stream, self._convert = stream, convert
        self._items = self._batches() if stream.batch_size else self._rows()

    def __next__(self) -> Any:
        item = next(self._items)
        self.done += 1
        return item

    def _batches(self) -> Iterator[Any]:
        for position in count(self.done):
            items = self.shard.items(position, position + 1, self._stream.total)
            if not len(items):
                return
            yield self._convert(self._stream.table(int(items[0]), self.epoch, sequential=True))

    def _rows(self) -> Iterator[Item]:
        for position in count(self.done, READ_ROWS):
            items = self.shard.items(position, position + READ_ROWS, self._stream.total)
            if not len(items):
                return
            per_epoch = self._stream.per_epoch or int(items[-1]) + 1
            for epoch in range(int(items[0]) // per_epoch, int(items[-1]) // per_epoch + 1):
                positions = items[items // per_epoch == epoch] - epoch * per_epoch
                table = self._stream.source.table(self.epoch + epoch, positions, sequential=True)
                yield from iter_rows(table)


def iter_rows(table: pa.Table) -> Iterator[Item]:
    """Iterate over the rows of a table as dicts."""
    names = table.column_names
    for values in zip(*to_lists(table).values(), strict=True):
        yield dict(zip(names, values, strict=True))


def to_lists(table: pa.Table) -> Item:
    """Convert the columns of a table to lists."""
    return {
        name: column.to_numpy(zero_copy_only=False).tolist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def check_state(state: Mapping[str, Any], spec: Mapping[str, Any], counts: Sequence[str]) -> None:
    """Check that a state belongs to a stream and contains some counts.

    Args:
        state: the state.
        spec: the specification of the stream.
        counts: keys whose values must be integers of 0 or more.

    Raises:
        InputError: names the first difference.
    """
    stored = state.get("stream") if isinstance(state, Mapping) else None
    if not isinstance(stored, Mapping) or not all(_is_count(state.get(name)) for name in counts):
        raise InputError(f"a state must be the result of state_dict(). Received: {state!r:.200}.")
    for name in {**stored, **spec}:
        if stored.get(name) != spec.get(name):
            raise InputError(
                f"the state belongs to another stream: its {name} is {stored.get(name)!r}, not {spec.get(name)!r}."
            )


def check_epoch(epoch: object) -> None:
    """Check the number of an epoch.

    Raises:
        InputError: unless it is an integer of 0 or more.
    """
    if not _is_count(epoch):
        raise InputError(f"an epoch must be an integer of 0 or more. Received: {shown(epoch)}.")


def positive(name: str, value: object) -> int | None:
    """Return a positive integer as a Python integer, and None for None.

    Raises:
        InputError: for anything else.
    """
    count = as_integer(value)
    if value is not None and (count is None or not 0 < count < 1 << 63):
        raise InputError(f"{name} must be a positive integer. Received: {shown(value)}.")
    return count


def _is_count(value: object) -> bool:
    count = as_integer(value)
    return count is not None and 0 <= count < 1 << 63
