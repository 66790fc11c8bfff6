"""Clusters of states by k-means."""

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.models.interface import States

Int = NDArray[np.int64]

TRIALS = 8  # starts of k-means, of which the best result counts
ITERATIONS = 12


def k_means(points: States, count: int, rng: np.random.Generator) -> States:
    """Return the centres of the best of several runs of k-means, (K, H), for points (n, H).

    >>> k_means(np.array([[0.0], [0.2], [5.0]]), 2, np.random.default_rng(0)).round(3).ravel().tolist()
    [5.0, 0.1]
    """
    runs = [_k_means_once(points, count, rng) for _ in range(TRIALS)]
    return min(runs, key=lambda run: run[1])[0]


def nearest(points: States, centres: States) -> Int:
    """Return the index of the nearest centre of each point, int64 (n,)."""
    products = points @ centres.T
    return ((centres**2).sum(axis=1) - 2 * products).argmin(axis=1)


def _k_means_once(points: States, count: int, rng: np.random.Generator) -> tuple[States, float]:
    centres = _spread_centres(points, count, rng)
    for _ in range(ITERATIONS):
        cluster = nearest(points, centres)
        sizes = np.bincount(cluster, minlength=count)
        sums = np.stack([np.bincount(cluster, column, minlength=count) for column in points.T], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    return centres, float(((points - centres[nearest(points, centres)]) ** 2).sum())


def _spread_centres(points: States, count: int, rng: np.random.Generator) -> States:
    """Return first centres that are points far from each other (k-means++)."""
    chosen = [points[rng.integers(len(points))]]
    squared = ((points - chosen[0]) ** 2).sum(axis=1)
    while len(chosen) < count:
        total = squared.sum()
        share = squared / total if total > 0 else None
        chosen.append(points[rng.choice(len(points), p=share)])
        squared = np.minimum(squared, ((points - chosen[-1]) ** 2).sum(axis=1))
    return np.stack(chosen)
