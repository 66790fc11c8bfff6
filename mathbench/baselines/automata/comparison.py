"""Comparison of the automaton of a network with the true one, for all numbers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mathbench.baselines.automata.reader import NumberAutomaton
from mathbench.certificates.automaton import Automaton

Word = tuple[int, ...]
_Pair = tuple[int, int, bool]  # a state of either automaton, and whether the last symbol was a zero

SAMPLED = 2000  # random words
LENGTH = 12


def shortest_difference(found: NumberAutomaton, truth: Automaton, reverse: bool = False) -> Word | None:
    """Return a shortest number that two automata answer differently, by a search over pairs of states.

    Args:
        found: the automaton of a network.
        truth: the true automaton.
        reverse: whether the units are read first.

    Returns:
        The number as symbols in reading order, without leading zeros; None if all numbers are answered equally.

    >>> truth = Automaton((0, 1), ((0, 1), (1, 0)), ("even", "odd"))
    >>> shortest_difference(NumberAutomaton((truth.first,), truth.table, (("even", "even"),)), truth)
    (1,)
    """
    for length in range(1, found.width):
        word = _search(found, truth, reverse, length, length)
        if word is not None:
            return word
    return _search(found, truth, reverse, found.width, None)


def _search(
    found: NumberAutomaton, truth: Automaton, reverse: bool, shortest: int, longest: int | None
) -> Word | None:
    """Search the numbers from one length to another, all of which are read with the same blanks."""
    first, answers = found.first_of(shortest), found.answers_of(shortest)
    layer: dict[_Pair, Word] = {}
    for symbol, (a, b) in enumerate(zip(first, truth.first, strict=True)):
        layer.setdefault((a, b, symbol == 0), (symbol,))
    seen: set[_Pair] = set()
    length = 1
    while layer:
        if length >= shortest:
            layer = {pair: word for pair, word in layer.items() if pair not in seen}
            for (a, b, zero), word in layer.items():
                if answers[a] != truth.answers[b] and not (reverse and zero and length > 1):
                    return word
        if length == longest:
            return None
        if length == 1 and not reverse:
            # no longer number begins with a zero
            layer = {pair: word for pair, word in layer.items() if not pair[2]}
        if length >= shortest:
            seen.update(layer)
        layer, length = _longer(found, truth, layer), length + 1
    return None


def _longer(found: NumberAutomaton, truth: Automaton, layer: dict[_Pair, Word]) -> dict[_Pair, Word]:
    """Return the pairs that one more symbol leads to, with a word for each."""
    after: dict[_Pair, Word] = {}
    for (a, b, _), word in layer.items():
        for symbol, (c, d) in enumerate(zip(found.table[a], truth.table[b], strict=True)):
            after.setdefault((c, d, symbol == 0), (*word, symbol))
    return after


def align(automaton: Automaton, truth: Automaton) -> tuple[int, ...]:
    """Return for each state the true one that random words most often lead to at the same time, (states,)."""
    symbols = np.random.default_rng(0).integers(0, len(truth.first), (LENGTH, SAMPLED))
    ours, theirs = (_states(each, symbols) for each in (automaton, truth))
    shape = len(automaton.table), len(truth.table)
    counts = np.bincount(ours * shape[1] + theirs, minlength=shape[0] * shape[1]).reshape(shape)
    return tuple(counts.argmax(axis=1).tolist())


def state_names(states: Sequence[int], names: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each state: that of its true state, with a letter from the second one on.

    Args:
        states: the true state of each state, see `align`.
        names: the names of the true states.

    >>> state_names([0, 1, 0], ["0", "1"])
    ('0', '1', '0b')
    """
    uses: Counter[int] = Counter()
    result = []
    for state in states:
        uses[state] += 1
        result.append(names[state] + ("" if uses[state] == 1 else _letter(uses[state])))
    return tuple(result)


def _letter(number: int) -> str:
    """Return b for 2, ..., z for 26, and numbers beyond."""
    return chr(ord("a") + number - 1) if number <= 26 else f"({number})"


def _states(automaton: Automaton, symbols: np.ndarray) -> np.ndarray:
    """Return the states after every prefix of words, int64 (length * words,), for symbols (length, words)."""
    table, state = np.array(automaton.table), np.array(automaton.first)[symbols[0]]
    states = [state]
    for row in symbols[1:]:
        state = table[state, row]
        states.append(state)
    return np.concatenate(states)
