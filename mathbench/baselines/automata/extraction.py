"""A finite automaton from the states of a recurrent network: clusters of states, and transitions by majority."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.automata.clusters import Int, k_means, nearest
from mathbench.baselines.automata.reader import NumberAutomaton, NumberReader
from mathbench.baselines.models.interface import States

WORDS = 3000  # random words whose states are clustered
LENGTH = 12  # symbols of a word, where nothing else is said
FUTURE_WORDS = 250  # random words where states are compared by their answers after further symbols
MAX_VALUES = 1 << 25  # numbers of all states in memory
CLUSTERINGS = ("states", "classes", "futures")

Assign = Callable[[States], Int]  # the cluster of each state


@dataclass(frozen=True)
class Extraction:
    """An automaton that was read off a network.

    Attributes:
        clustering: what was clustered, see `extract`.
        automaton: the automaton; its states are the clusters.
        centres: the mean state of each cluster, (K, H).
        outputs: the class of each cluster, int64 (K,).
        agreement: the smallest share of states of a cluster that one symbol leads to the same cluster.
        mean_agreement: the share of all states and symbols that lead where the majority of their cluster goes.
        purity: the smallest share of states of a cluster with the same answer.
        spread: the largest distance of a coordinate of a state from its centre.
    """

    clustering: str
    automaton: NumberAutomaton
    centres: States
    outputs: Int
    agreement: float
    mean_agreement: float
    purity: float
    spread: float

    @property
    def separated(self) -> bool:
        """Whether each cluster leads to one cluster only, and has one answer."""
        return self.agreement == self.purity == 1.0


@dataclass(frozen=True)
class _Sample:
    """The states after all prefixes of random words.

    Attributes:
        states: (n, H).
        digits: symbols read so far, int64 (n,).
        blanks: blanks read before them, int64 (n,).
    """

    states: States
    digits: Int
    blanks: Int


def extract(
    reader: NumberReader,
    clusters: int,
    seed: int = 0,
    clustering: str = "states",
    zeros_first: bool = True,
    length: int = LENGTH,
) -> Extraction:
    """Read an automaton off a network.

    Args:
        reader: the network.
        clusters: number of clusters.
        seed: seed of the words and of the clusters.
        clustering: what is clustered: the states themselves by k-means (``states``), the network's own classes
            (``classes``), or what a state answers after further symbols, by k-means (``futures``).
        zeros_first: whether words of several symbols may begin with a zero.
        length: symbols of the random words.
    """
    rng = np.random.default_rng(seed)
    words = _words_in_memory(reader, FUTURE_WORDS if clustering == "futures" else WORDS, length)
    sample = _sample(reader, rng, zeros_first, words, length)
    assign = _clustering(reader, sample.states, clusters, rng, clustering)
    cluster = assign(sample.states)
    centres = _means(sample.states, cluster, len(reader.answers) if clustering == "classes" else clusters)
    table, smallest, mean = _transitions(reader, sample, cluster, assign, centres)
    outputs, purity = _outputs(reader, sample, cluster, centres)
    answers = tuple(tuple(reader.answers[output] for output in row) for row in outputs)
    firsts = _firsts(reader, assign)
    automaton = NumberAutomaton(firsts, tuple(map(tuple, table.tolist())), answers, reader.width)
    spread = float(np.abs(sample.states - centres[cluster]).max())
    return Extraction(clustering, automaton, centres, outputs[0], smallest, mean, purity, spread)


def _words_in_memory(reader: NumberReader, words: int, length: int) -> int:
    """Return a number of words of some length: fewer where words are longer than usual, or states are large."""
    longest = max(length, reader.width)
    most = MAX_VALUES // (longest * len(reader.machine.start))
    return max(min(words * LENGTH // max(longest, LENGTH), most), 1)


def _clustering(
    reader: NumberReader, states: States, clusters: int, rng: np.random.Generator, clustering: str
) -> Assign:
    """Return the map from states (n, H) to clusters, int64 (n,)."""
    if clustering == "classes":
        return reader.classes
    if clustering == "states":
        centres = k_means(states, clusters, rng)
        return lambda points: nearest(points, centres)
    suffixes = _suffixes(reader.symbols, clusters, rng)
    typical = k_means(_futures(reader, states, suffixes), clusters, rng)
    return lambda points: nearest(_futures(reader, points, suffixes), typical)


def _suffixes(symbols: int, clusters: int, rng: np.random.Generator) -> list[Int]:
    """Return words after which the answers tell states apart: the empty one, every symbol, and random longer ones."""
    longest = 1 + math.ceil(math.log(clusters + 1, symbols))
    longer = [rng.integers(0, symbols, rng.integers(2, longest + 1)) for _ in range(2 * clusters)]
    return [np.zeros(0, np.int64), *np.arange(symbols)[:, None], *longer]


def _futures(reader: NumberReader, states: States, suffixes: list[Int]) -> States:
    """Return the probabilities of the answers after each suffix, (n, suffixes * answers)."""
    parts = []
    for suffix in suffixes:
        after = states
        for symbol in suffix:
            after = reader.step(after, np.full(len(after), symbol))
        logits = reader.machine.logits(after)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        parts.append(shares / shares.sum(axis=1, keepdims=True))
    return np.concatenate(parts, axis=1)


def _means(states: States, cluster: Int, clusters: int) -> States:
    """Return the mean state of each cluster, (K, H); that of an empty one is the first state of all."""
    return np.stack(
        [states[cluster == c].mean(axis=0) if (cluster == c).any() else states[0] for c in range(clusters)]
    )


def _sample(
    reader: NumberReader, rng: np.random.Generator, zeros_first: bool, words: int, length: int
) -> _Sample:
    """Return the states after every prefix of random words, of which short ones are padded."""
    parts = [_words(reader, rng, zeros_first, 0, words, max(length, reader.width))]
    if reader.padding == "before":
        short = max(words // reader.width, 1)
        parts += [
            _words(reader, rng, zeros_first, blanks, short, reader.width - blanks)
            for blanks in range(1, reader.width)
        ]
    return _Sample(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in ("states", "digits", "blanks"))
    )


def _words(
    reader: NumberReader, rng: np.random.Generator, zeros_first: bool, blanks: int, words: int, length: int
) -> _Sample:
    state, states = np.tile(reader.start(blanks), (words, 1)), []
    symbols = rng.integers(0, reader.symbols, (length, words))
    if not zeros_first:
        symbols[0] = rng.integers(1, reader.symbols, words)
    for row in symbols:
        state = reader.step(state, row)
        states.append(state)
    digits = np.repeat(np.arange(1, length + 1), words)
    return _Sample(np.concatenate(states), digits, np.full(len(digits), blanks))


def _firsts(reader: NumberReader, assign: Assign) -> tuple[tuple[int, ...], ...]:
    """Return the cluster after each first symbol, (b, symbols), row i after i blanks."""
    symbols = np.arange(reader.symbols)
    rows = range(reader.width if reader.padding == "before" else 1)
    starts = [np.tile(reader.start(blanks), (reader.symbols, 1)) for blanks in rows]
    return tuple(tuple(assign(reader.step(start, symbols)).tolist()) for start in starts)


def _transitions(
    reader: NumberReader, sample: _Sample, cluster: Int, assign: Assign, centres: States
) -> tuple[Int, float, float]:
    """Return the cluster that each symbol leads to from each cluster, (K, symbols), and the shares that agree.

    Returns:
        The table, the smallest share of a cluster and a symbol, and the share of all states and symbols.
    """
    # after blanks come exactly as many digits as the width leaves
    continued = (sample.blanks == 0) | (sample.blanks + sample.digits < reader.width)
    states, inside, count = sample.states[continued], cluster[continued], len(centres)
    table, smallest, agreeing = np.empty((count, reader.symbols), dtype=np.int64), 1.0, 0.0
    for symbol in range(reader.symbols):
        after = assign(reader.step(states, np.full(len(states), symbol)))
        of_centre = assign(reader.step(centres, np.full(count, symbol)))
        table[:, symbol], shares, sizes = _majority(after, inside, of_centre, count)
        smallest = min(smallest, float(shares.min()))
        agreeing += float((shares * sizes).sum())
    return table, smallest, agreeing / (len(states) * reader.symbols)


def _outputs(reader: NumberReader, sample: _Sample, cluster: Int, centres: States) -> tuple[Int, float]:
    """Return the class of each cluster, int64 (a, K), row i after i blanks, and the smallest share that agrees."""
    rows, purity = [], 1.0
    for blanks in range(reader.width if reader.padding == "after" else 1):
        answered = _answered(reader, sample, blanks)
        found = reader.classes(sample.states[answered], blanks)
        of_centre = reader.classes(centres, blanks)
        row, shares, _ = _majority(found, cluster[answered], of_centre, len(reader.answers))
        rows.append(row)
        purity = min(purity, float(shares.min()))
    return np.stack(rows), purity


def _answered(reader: NumberReader, sample: _Sample, blanks: int) -> NDArray[np.bool_]:
    """Return which states of a sample answer a whole question if some blanks follow, bool (n,)."""
    read = sample.digits + sample.blanks + blanks
    return read == reader.width if blanks else read >= reader.width


def _majority(
    values: Int, cluster: Int, fallback: Int, limit: int
) -> tuple[Int, NDArray[np.float64], NDArray[np.int64]]:
    """Return the most frequent value in each cluster, its share there, and the size of each cluster.

    Args:
        values: int64 (n,), below `limit`.
        cluster: int64 (n,).
        fallback: the value of each cluster that is empty, (K,); its share counts as 1.
        limit: number of values.
    """
    count = len(fallback)
    votes = np.bincount(cluster * limit + values, minlength=count * limit).reshape(count, limit)
    sizes = votes.sum(axis=1)
    shares = np.where(sizes > 0, votes.max(axis=1) / np.maximum(sizes, 1), 1.0)
    return np.where(sizes > 0, votes.argmax(axis=1), fallback), shares, sizes
