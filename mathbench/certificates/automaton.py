"""Finite automata that answer: the true one of a claim, and the comparison of two for all words."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Automaton:
    """A finite automaton with an answer at every state, for words of at least one symbol.

    Args:
        first: the state after a first symbol, (symbols,).
        table: the state after a further symbol, (states, symbols).
        answers: the answer at each state, (states,).
    """

    first: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]
    answers: tuple[str, ...]

    def answer(self, word: Sequence[int]) -> str:
        """Return the answer to a word of symbols.

        >>> multiples = residues(3, 10, ["true", "false", "false"])
        >>> multiples.answer([1, 2]), multiples.answer([1, 3])
        ('true', 'false')
        """
        state = self.first[word[0]]
        for symbol in word[1:]:
            state = self.table[state][symbol]
        return self.answers[state]

    def minimal(self) -> "Automaton":
        """Return the smallest automaton with the same answers, by Moore's refinement of classes.

        >>> len(residues(4, 10, ["true", "false", "false", "false"]).minimal().table)
        3
        """
        states = self._reachable()
        number = _numbered([self.answers[state] for state in states])
        classes = dict(zip(states, number, strict=True))
        while True:
            signatures = [(classes[s], *(classes[t] for t in self.table[s])) for s in states]
            refined = dict(zip(states, _numbered(signatures), strict=True))
            if len(set(refined.values())) == len(set(classes.values())):
                return self._quotient(classes)
            classes = refined

    def _reachable(self) -> list[int]:
        found = dict.fromkeys(self.first)
        waiting = list(found)
        while waiting:
            for state in self.table[waiting.pop()]:
                if state not in found:
                    found[state] = None
                    waiting.append(state)
        return list(found)

    def _quotient(self, classes: dict[int, int]) -> "Automaton":
        member = {number: state for state, number in reversed(classes.items())}
        ordered = [member[number] for number in sorted(member)]
        return Automaton(
            tuple(classes[state] for state in self.first),
            tuple(tuple(classes[t] for t in self.table[state]) for state in ordered),
            tuple(self.answers[state] for state in ordered),
        )


def _numbered(keys: Sequence[object]) -> list[int]:
    """Number equal keys alike, in order of first appearance."""
    numbers: dict[object, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def residues(k: int, base: int, answers: Sequence[str]) -> Automaton:
    """Return the automaton that divides by k.

    Args:
        k: the divisor.
        base: the number of symbols; symbol d is the digit d.
        answers: the answer for each residue, (k,).

    >>> residues(7, 10, [str(r) for r in range(7)]).answer([2, 2, 2, 5])
    '6'
    """
    table = tuple(tuple((base * r + d) % k for d in range(base)) for r in range(k))
    return Automaton(tuple(d % k for d in range(base)), table, tuple(answers))


def difference(one: Automaton, other: Automaton) -> tuple[int, ...] | None:
    """Return a shortest word that two automata answer differently; None where they agree on all words.

    The search visits every pair of states that some word leads to, so that None is a proof.

    >>> labels = ["true", "false", "false"]
    >>> difference(residues(3, 10, labels), residues(3, 10, labels).minimal()) is None
    True
    >>> difference(residues(3, 10, labels), residues(2, 10, ["true", "false"]))
    (2,)
    """
    waiting: deque[tuple[int, int, tuple[int, ...]]] = deque()
    seen: set[tuple[int, int]] = set()

    def visit(a: int, b: int, word: tuple[int, ...]) -> None:
        if (a, b) not in seen:
            seen.add((a, b))
            waiting.append((a, b, word))

    for symbol, (a, b) in enumerate(zip(one.first, other.first, strict=True)):
        visit(a, b, (symbol,))
    while waiting:
        a, b, word = waiting.popleft()
        if one.answers[a] != other.answers[b]:
            return word
        for symbol, (c, d) in enumerate(zip(one.table[a], other.table[b], strict=True)):
            visit(c, d, (*word, symbol))
    return None
