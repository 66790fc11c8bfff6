"""Which training rows a step sees: a pure function of seed and step, so that a run can resume anywhere."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, key_of, mix, scale
from mathbench.permute import shuffled
from mathbench.task import Task

Int = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Feed:
    """Batches of row indices.

    Args:
        rows: how many training rows there are.
        batch: rows per step.
        seed: decides the order.
        members: for drawing by strata, the row indices of each stratum; empty for whole epochs.
        bounds: for drawing by strata, uint64 upper bounds that cut 2^64 by weight.
    """

    rows: int
    batch: int
    seed: int | str
    members: tuple[Int, ...] = ()
    bounds: NDArray[np.uint64] | None = None

    def indices(self, step: int) -> Int:
        """The rows of one step, int64 (batch,).

        >>> feed = Feed(rows=5, batch=2, seed=0)
        >>> sorted(int(i) for step in range(5) for i in feed.indices(step))
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        """
        at = np.arange(step * self.batch, (step + 1) * self.batch)
        if self.members:
            return self._by_strata(at)
        epochs, places = at // self.rows, at % self.rows
        found = [
            _order(self.rows, self.seed, int(epoch))[places[epochs == epoch]] for epoch in np.unique(epochs)
        ]
        return np.concatenate(found)

    def _by_strata(self, at: Int) -> Int:
        """A stratum by weight, then one of its rows, with repetition: small strata are seen often enough."""
        key = np.uint64(key_of("draw", self.seed))
        words = mix(at.astype(np.uint64) * np.uint64(GOLDEN) + key)
        stratum = np.searchsorted(self.bounds if self.bounds is not None else words[:0], words, side="right")
        luck, out = mix(words ^ key), np.empty(len(at), dtype=np.int64)
        for number in np.unique(stratum):
            here, rows = stratum == number, self.members[number]
            out[here] = rows[scale(luck[here], np.full(1, len(rows), np.uint64)).astype(np.int64)]
        return out


def feed_of(task: Task, train: pa.Table, batch: int, sampling: str, seed: int | str) -> Feed:
    """The feed that a recipe asks for.

    Args:
        task: for the weights of its strata.
        train: the training rows, with their strata.
        batch: rows per step.
        sampling: ``rows`` for epochs in a new order each, ``strata`` for drawing strata by their weight.
        seed: decides the order.
    """
    if sampling == "rows":
        return Feed(train.num_rows, batch, seed)
    encoded = train.column("stratum").cast(pa.string()).combine_chunks().dictionary_encode()
    codes, names = encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()
    weights = {stratum.name: stratum.weight for stratum in task.inner()}
    # the plan has used small strata up in the first rows of train; the weights are those it began with
    share = np.cumsum([weights.get(name, 1) for name in names], dtype=np.float64)
    bounds = (share[:-1] / share[-1] * 2.0**64).astype(np.uint64)
    return Feed(
        train.num_rows, batch, seed, tuple(np.flatnonzero(codes == i) for i in range(len(names))), bounds
    )


@lru_cache(maxsize=2)
def _order(rows: int, seed: int | str, epoch: int) -> Int:
    return shuffled(rows, key_of("order", seed, epoch)).astype(np.int64)
