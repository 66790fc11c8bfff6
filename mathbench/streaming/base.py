"""A stream without its adapters: rows or batches from the generator, by index or in order, for many epochs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Self, SupportsIndex, overload

import numpy as np
import pyarrow as pa

from mathbench.errors import InputError
from mathbench.streaming.share import WorkerShard
from mathbench.streaming.source import Source

Item = dict[str, Any]
Convert = Callable[[pa.Table], Any]

READ = 1 << 10  # rows taken at a time when they are asked for one by one


class BaseStream:
    """Rows as dicts, or batches as dicts of lists; the same sequence as the dataset on disk.

    Iterating it gives one pass, or as many as `epochs`. Every loop over it starts at the same place, so two loops see
    the same items. The first epoch is in the order of the rows, the next ones in other orders (see
    `mathbench.streaming.order`); batches do not reach across epochs.

    Args:
        source: where the rows come from.
        batch_size: rows of a batch; None: rows one by one.
        epochs: how often the rows are passed over; None: endless.
        drop_last: leave out a last batch that is not full.

    Raises:
        InputError: for a size that is not a positive integer, or rows that fill no batch.

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
        _check_positive("batch_size", batch_size)
        _check_positive("epochs", epochs)
        if drop_last and batch_size is None:
            raise InputError("drop_last is about batches: give batch_size. Received: drop_last=True.")
        self.source, self.batch_size, self.epochs, self.drop_last = source, batch_size, epochs, drop_last
        if self.per_epoch == 0:
            raise InputError(
                f"{source.rows:,} rows fill no batch of {batch_size:,}: nothing is left to read with drop_last."
            )
        self.epoch = self._begin = 0
        self._reader: Reader | None = None

    @property
    def per_epoch(self) -> int | None:
        """Items of one epoch; None: endless."""
        if self.source.rows is None:
            return None
        size = self.batch_size or 1
        return self.source.rows // size if self.drop_last else -(-self.source.rows // size)

    @property
    def total(self) -> int | None:
        """Items of all epochs; None: endless."""
        if self.per_epoch is None or self.epochs is None:
            return None
        return self.per_epoch * self.epochs

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that decides the items, as JSON values."""
        return {**self.source.spec, "batch_size": self.batch_size, "drop_last": self.drop_last}

    def __len__(self) -> int:
        """Items of all epochs.

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
        """The item at an index, counted over all epochs, or the list of those in a slice.

        Raises:
            IndexError: for an index beyond the last item.
            InputError: for a slice of an endless stream that has no end.
        """
        if isinstance(index, slice):
            return [self._item(i) for i in self._sliced(index)]
        number = index.__index__()
        at = number + (self.total or 0) if number < 0 else number
        if at < 0 or (self.total is not None and at >= self.total):
            raise IndexError(f"the stream has {self.total or 'endless'} items. Received: index {number}.")
        return self._item(at)

    def _sliced(self, part: slice) -> range:
        if self.total is None:
            if part.stop is None or min(part.start or 0, part.stop, part.step or 1) < 0:
                raise InputError("a slice of an endless stream needs an end, and counts from its beginning.")
            return range(part.start or 0, part.stop, part.step or 1)
        return range(*part.indices(self.total))

    def _item(self, index: int) -> Item:
        table = self.table(index)
        return to_lists(table) if self.batch_size else table.to_pylist()[0]

    def table(self, index: int, first_epoch: int | None = None, ahead: bool = False) -> pa.Table:
        """One item as an Arrow table, with the columns and types of the files of a dataset.

        Args:
            index: counted over all epochs.
            first_epoch: the epoch to count from; None: that of `set_epoch`.
            ahead: whether the next items are likely to follow.
        """
        epoch, place = divmod(index, self.per_epoch) if self.per_epoch else (0, index)
        size = self.batch_size or 1
        stop = (place + 1) * size if self.source.rows is None else min((place + 1) * size, self.source.rows)
        first = self.epoch if first_epoch is None else first_epoch
        return self.source.table(first + epoch, np.arange(place * size, stop), ahead)

    def tables(self) -> "Reader":
        """The same sequence as Arrow tables of `batch_size` rows: the fastest way to read.

        >>> import mathbench
        >>> next(iter(mathbench.stream("gcd", batch_size=2).tables())).column_names
        ['question', 'answer', 'task', 'stratum', 'row']
        """
        if self.batch_size is None:
            raise InputError("tables are batches: give batch_size.")
        return self.read(lambda table: table)

    def __iter__(self) -> "Reader":
        self._reader = self.read(to_lists)
        return self._reader

    def read(
        self,
        convert: Convert,
        share: WorkerShard | None = None,
        epoch: int | None = None,
        done: int | None = None,
    ) -> "Reader":
        """Read a share of the items, each batch converted.

        Args:
            convert: from a batch as an Arrow table to what is wanted; rows that come one by one are dicts.
            share: which items; None: all.
            epoch: the first epoch; None: that of `set_epoch`.
            done: items of the share that are passed over; None: where a loaded state says, once.
        """
        if done is None:
            done, self._begin = self._begin, 0
        return Reader(self, convert, share or WorkerShard(), self.epoch if epoch is None else epoch, done)

    def set_epoch(self, epoch: int) -> Self:
        """Let every pass begin with this epoch, 0 or more: another order of the same rows.

        >>> import mathbench
        >>> stream = mathbench.stream("modular", rows=500)
        >>> first, second = [row["row"] for row in stream], [row["row"] for row in stream.set_epoch(1)]
        >>> first == second, sorted(second) == first
        (False, True)
        """
        check_epoch(epoch)
        self.epoch = epoch
        return self

    def state_dict(self) -> dict[str, Any]:
        """Where the latest loop over this stream stands, as JSON values.

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
        at = (self.epoch, self._begin) if self._reader is None else (self._reader.epoch, self._reader.done)
        return {"stream": self.spec, "epoch": at[0], "done": at[1]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next loop go on where a state stands; the loops after it are whole again.

        Raises:
            InputError: for the state of another stream.
        """
        check_state(state, self.spec, ("epoch", "done"))
        self.epoch, self._begin, self._reader = state["epoch"], state["done"], None


class Reader(Iterator[Any]):
    """One pass over a share of a stream; `done` counts the items of the share that were read, in all passes.

    Args:
        stream: what is read.
        convert: from an Arrow table to an item.
        share: which items.
        epoch: the first epoch.
        done: items of the share that are passed over.
    """

    def __init__(self, stream: BaseStream, convert: Convert, share: WorkerShard, epoch: int, done: int):
        self.share, self.epoch, self.done = share, epoch, done
        self._stream, self._convert = stream, convert
        self._items = self._batches() if stream.batch_size else self._rows()

    def __next__(self) -> Any:
        item = next(self._items)
        self.done += 1
        return item

    def _batches(self) -> Iterator[Any]:
        for position in count(self.done):
            items = self.share.items(position, position + 1, self._stream.total)
            if not len(items):
                return
            yield self._convert(self._stream.table(int(items[0]), self.epoch, ahead=True))

    def _rows(self) -> Iterator[Item]:
        for position in count(self.done, READ):
            items = self.share.items(position, position + READ, self._stream.total)
            if not len(items):
                return
            per_epoch = self._stream.per_epoch or int(items[-1]) + 1
            for epoch in range(int(items[0]) // per_epoch, int(items[-1]) // per_epoch + 1):
                here = items[items // per_epoch == epoch] - epoch * per_epoch
                yield from iter_rows(self._stream.source.table(self.epoch + epoch, here, ahead=True))


def iter_rows(table: pa.Table) -> Iterator[Item]:
    """The rows of a table, one by one."""
    names = table.column_names
    for values in zip(*to_lists(table).values(), strict=True):
        yield dict(zip(names, values, strict=True))


def to_lists(table: pa.Table) -> Item:
    """The columns of a table as lists."""
    return {
        name: column.to_numpy(zero_copy_only=False).tolist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def check_state(state: Mapping[str, Any], spec: Mapping[str, Any], counts: Sequence[str]) -> None:
    """Check that a state belongs to a stream and has certain counts in it.

    Raises:
        InputError: names what differs.
    """
    given = state.get("stream") if isinstance(state, Mapping) else None
    if not isinstance(given, Mapping) or not all(_counts(state.get(name)) for name in counts):
        raise InputError(f"a state is what state_dict() gave. Received: {state!r:.200}.")
    for name in {**given, **spec}:
        if given.get(name) != spec.get(name):
            raise InputError(
                f"the state belongs to another stream: its {name} is {given.get(name)!r}, not {spec.get(name)!r}."
            )


def check_epoch(epoch: object) -> None:
    """Check the number of an epoch.

    Raises:
        InputError: when it is no integer of 0 or more.
    """
    if not _counts(epoch):
        raise InputError(f"an epoch is an integer of 0 or more. Received: {epoch!r}.")


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_positive(name: str, value: object) -> None:
    if value is not None and not (_counts(value) and value):
        raise InputError(f"{name} must be a positive integer. Received: {value!r}.")
