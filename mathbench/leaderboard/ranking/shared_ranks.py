"""Ranks from comparisons of each model with each, shared by models that cannot be told from one another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]

# the best models of a ranking that are compared, each with each; further ones share the last rank. The time of the
# comparisons grows with the square of it, and more pairs leave each of them a stricter level
MAX_COMPARED = 100


@dataclass(frozen=True)
class SharedRank:
    """The place of a model.

    Args:
        rank: 1 + the number of models that are significantly better, and at least the rank of every model with a
            higher mean; models share ranks.
        wins: the number of models that are significantly worse.
        losses: the number of models that are significantly better.
        group: models with one rank are a group; the first one is 1.
    """

    rank: int
    wins: int
    losses: int
    group: int


def shared_ranks(shares: Float, better: Bool) -> tuple[SharedRank, ...]:
    """Rank models.

    A model of which little is known, such as one with two seeds that differ much, loses against nobody. So that it
    does not stand above better models, no rank is better than that of a model with a higher mean. The other way, to
    give the better models its rank, would let one such model put everybody on the first rank. `losses` keeps the number
    that was shown.

    Args:
        shares: float (M,), the means.
        better: bool (M, M), whether the first model is significantly better than the second.

    >>> better = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]], dtype=bool)
    >>> [model.rank for model in shared_ranks(np.array([0.9, 0.8, 0.7]), better)]
    [1, 2, 2]
    """
    wins, losses = better.sum(axis=1), better.sum(axis=0)
    higher = shares[:, None] > shares[None, :]
    counted = 1 + losses
    above = np.where(higher, counted[:, None], 1).max(axis=0, initial=1)
    ranks = np.maximum(counted, above)
    groups = 1 + np.unique(ranks, return_inverse=True)[1]
    columns = (column.tolist() for column in (ranks, wins, losses, groups))
    return tuple(SharedRank(*model) for model in zip(*columns, strict=True))
