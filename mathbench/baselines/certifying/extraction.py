"""A finite automaton from the states of a recurrent network: clusters of states, and transitions by majority."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathbench.certificates.automaton import Automaton

States = NDArray[np.float64]
Int = NDArray[np.int64]

WORDS = 3000  # random words whose states are clustered
LENGTH = 12  # symbols of a word
TRIALS = 8  # starts of k-means, of which the best result counts
ITERATIONS = 12


@dataclass(frozen=True)
class StateMachine:
    """A recurrent network as a map of states.

    Attributes:
        step: maps states (n, H) and symbols int64 (n,) to the next states.
        classes: maps states (n, H) to the class with the largest output, int64 (n,).
        start: the first state, (H,).
        symbols: number of symbols.
        answers: the answer of each class.
    """

    step: Callable[[States, Int], States]
    classes: Callable[[States], Int]
    start: States
    symbols: int
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Extraction:
    """An automaton that was read off a network.

    Attributes:
        automaton: the automaton; its states are the clusters.
        centres: the mean state of each cluster, (K, H).
        outputs: the class of each cluster, int64 (K,).
        agreement: the smallest share of states of a cluster that one symbol leads to the same cluster.
        spread: the largest distance of a coordinate of a state from its centre.
    """

    automaton: Automaton
    centres: States
    outputs: Int
    agreement: float
    spread: float

    @property
    def separated(self) -> bool:
        """Whether each cluster leads to one cluster only."""
        return self.agreement == 1.0


def extract(machine: StateMachine, states: int, seed: int = 0, by_class: bool = False) -> Extraction:
    """Read an automaton off a network.

    Args:
        machine: the network.
        states: number of clusters.
        seed: seed of the words and of the clusters.
        by_class: take the network's own classes as clusters, instead of k-means.
    """
    rng = np.random.default_rng(seed)
    found = _states_of_words(machine, rng)
    centres = _class_means(machine, found) if by_class else _k_means(found, states, rng)
    nearest = machine.classes if by_class else lambda points: _nearest(points, centres)
    cluster = nearest(found)
    table, agreement = _transitions(machine, found, cluster, nearest, len(centres))
    symbols = np.arange(machine.symbols)
    first = nearest(machine.step(np.tile(machine.start, (machine.symbols, 1)), symbols))
    outputs = _majority(machine.classes(found), cluster, len(centres), len(machine.answers))[0]
    answers = tuple(machine.answers[output] for output in outputs)
    automaton = Automaton(tuple(first.tolist()), tuple(map(tuple, table.tolist())), answers)
    spread = float(np.abs(found - centres[cluster]).max())
    return Extraction(automaton, centres, outputs, agreement, spread)


def _states_of_words(machine: StateMachine, rng: np.random.Generator) -> States:
    """The states after every prefix of random words, (n, H)."""
    state, states = np.tile(machine.start, (WORDS, 1)), []
    for symbols in rng.integers(0, machine.symbols, (LENGTH, WORDS)):
        state = machine.step(state, symbols)
        states.append(state)
    return np.concatenate(states)


def _transitions(
    machine: StateMachine, states: States, cluster: Int, nearest: Callable[[States], Int], count: int
) -> tuple[Int, float]:
    """The cluster that each symbol leads to from each cluster, (K, symbols), and the smallest share that agrees."""
    table, agreement = np.empty((count, machine.symbols), dtype=np.int64), 1.0
    for symbol in range(machine.symbols):
        after = nearest(machine.step(states, np.full(len(states), symbol)))
        table[:, symbol], shares = _majority(after, cluster, count, count)
        agreement = min(agreement, float(shares.min()))
    return table, agreement


def _majority(values: Int, cluster: Int, count: int, limit: int) -> tuple[Int, NDArray[np.float64]]:
    """The most frequent value in each cluster, and its share there; empty clusters have the value 0."""
    votes = np.bincount(cluster * limit + values, minlength=count * limit).reshape(count, limit)
    return votes.argmax(axis=1), votes.max(axis=1) / np.maximum(votes.sum(axis=1), 1)


def _class_means(machine: StateMachine, states: States) -> States:
    classes = machine.classes(states)
    return np.stack(
        [
            states[classes == c].mean(axis=0) if (classes == c).any() else states[0]
            for c in range(len(machine.answers))
        ]
    )


def _k_means(points: States, count: int, rng: np.random.Generator) -> States:
    """The centres of the best of several runs of k-means, (K, H)."""
    runs = [_k_means_once(points, count, rng) for _ in range(TRIALS)]
    return min(runs, key=lambda run: run[1])[0]


def _k_means_once(points: States, count: int, rng: np.random.Generator) -> tuple[States, float]:
    centres = _spread_centres(points, count, rng)
    for _ in range(ITERATIONS):
        cluster = _nearest(points, centres)
        sizes = np.bincount(cluster, minlength=count)
        sums = np.stack([np.bincount(cluster, column, minlength=count) for column in points.T], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    return centres, float(((points - centres[_nearest(points, centres)]) ** 2).sum())


def _spread_centres(points: States, count: int, rng: np.random.Generator) -> States:
    """First centres that are points far from each other (k-means++)."""
    chosen = [points[rng.integers(len(points))]]
    squared = ((points - chosen[0]) ** 2).sum(axis=1)
    while len(chosen) < count:
        total = squared.sum()
        share = squared / total if total > 0 else None
        chosen.append(points[rng.choice(len(points), p=share)])
        squared = np.minimum(squared, ((points - chosen[-1]) ** 2).sum(axis=1))
    return np.stack(chosen)


def _nearest(points: States, centres: States) -> Int:
    """The index of the nearest centre of each point, int64 (n,)."""
    products = points @ centres.T
    return ((centres**2).sum(axis=1) - 2 * products).argmin(axis=1)
