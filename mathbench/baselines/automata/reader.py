"""A network that reads numbers digit by digit, and the automaton of such a network.

Short numbers may be padded: a network that was trained so reads blanks before or after the digits of a number that is
shorter than the widest training question. Numbers at least as long are read without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.interface import StateMachine, States
from mathbench.certificates.automaton import Automaton
from mathbench.numbers import text
from mathbench.tokenizer import PAD

Int = NDArray[np.int64]


@dataclass(frozen=True)
class NumberReader:
    """A network as a map of states over the symbols 0, 1, ... of numbers.

    Args:
        machine: the network.
        tokens: the token of each symbol, int64 (symbols,).
        answers: the answer of each output.
        padding: where blanks are read: ``none``, ``before`` or ``after`` the digits.
        width: the number of digits from which on no blanks are read, 1 without padding.
        reverse: whether the units are read first.
        filler: the token of a blank.
    """

    machine: StateMachine
    tokens: Int
    answers: tuple[str, ...]
    padding: str = "none"
    width: int = 1
    reverse: bool = False
    filler: int = PAD

    @classmethod
    def of(cls, machine: StateMachine, encoding: Encoding, base: int) -> "NumberReader":
        """Return the reader of single numbers in some base. The encoding must have a token for every digit."""
        tokens = np.array([encoding.alphabet.index(digit) + 1 for digit in text.DIGITS[:base]])
        reverse, width = encoding.choices.query == "reversed", encoding.question_width
        if machine.skips_padding or width <= 1:
            return cls(machine, tokens, encoding.classes, reverse=reverse)
        before = (encoding.choices.padding != "right") != reverse
        padding = "before" if before else "after"
        return cls(machine, tokens, encoding.classes, padding, width, reverse, encoding.filler)

    @property
    def symbols(self) -> int:
        """The number of symbols."""
        return len(self.tokens)

    def start(self, blanks: int = 0) -> States:
        """Return the state before the first digit, after some blanks, (H,)."""
        return self._pad(self.machine.start[None], blanks)[0]

    def step(self, states: States, symbols: Int) -> States:
        """Return the states (n, H) after one more symbol each, int64 (n,)."""
        return self.machine.step(states, self.tokens[symbols])

    def classes(self, states: States, blanks: int = 0) -> Int:
        """Return the class with the largest output in each state (n, H), after some blanks, int64 (n,)."""
        return self.machine.logits(self._pad(states, blanks)).argmax(axis=1)

    def answer(self, word: Sequence[int]) -> str:
        """Return the answer of the network to a word of symbols."""
        blanks = max(self.width - len(word), 0)
        state = self.start(blanks if self.padding == "before" else 0)[None]
        for symbol in word:
            state = self.step(state, np.array([symbol]))
        return self.answers[int(self.classes(state, blanks if self.padding == "after" else 0)[0])]

    def written(self, word: Sequence[int]) -> str:
        """Return a word of symbols as a number, the units last."""
        return "".join(text.DIGITS[symbol] for symbol in (reversed(word) if self.reverse else word))

    def _pad(self, states: States, blanks: int) -> States:
        for _ in range(blanks):
            states = self.machine.step(states, np.full(len(states), self.filler))
        return states


@dataclass(frozen=True)
class NumberAutomaton:
    """A finite automaton that answers numbers, with blanks around short ones.

    Args:
        firsts: the state after the first symbol, (b, symbols): row i after i blanks, of which there is one row only
            where no blanks are read before the digits.
        table: the state after a further symbol, (states, symbols).
        answers: the answer at each state, (a, states): row i after i blanks, one row only where none are read after
            the digits.
        width: the number of symbols from which on no blanks are read.
    """

    firsts: tuple[tuple[int, ...], ...]
    table: tuple[tuple[int, ...], ...]
    answers: tuple[tuple[str, ...], ...]
    width: int = 1

    @cached_property
    def unpadded(self) -> Automaton:
        """The automaton of numbers that are read without blanks."""
        return Automaton(self.firsts[0], self.table, self.answers[0])

    def first_of(self, length: int) -> tuple[int, ...]:
        """Return the states after the first symbol of a word of some length, (symbols,)."""
        return self.firsts[self._row(length, len(self.firsts))]

    def answers_of(self, length: int) -> tuple[str, ...]:
        """Return the answers at the states after all symbols of a word of some length, (states,)."""
        return self.answers[self._row(length, len(self.answers))]

    def answer(self, word: Sequence[int]) -> str:
        """Return the answer to a word of symbols.

        >>> padded = NumberAutomaton(((0, 1), (1, 0)), ((0, 1), (1, 0)), (("even", "odd"),), width=2)
        >>> padded.answer([1]), padded.answer([1, 1])
        ('even', 'even')
        """
        state = self.first_of(len(word))[word[0]]
        for symbol in word[1:]:
            state = self.table[state][symbol]
        return self.answers_of(len(word))[state]

    def _row(self, length: int, rows: int) -> int:
        return min(max(self.width - length, 0), rows - 1)
