"""Scope: what one module of each question has at its disposal: luck, entropy, modules below it, letters, settings.

A composed question is a tree of modules. The one at the top asks; a module below it defines a value that the one
above uses by its letter. Entropy is shared: each module takes its part, the rest goes to those below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.hashing import U64, Int
from mathbench.numbers import text

ALPHABET = "abcdfghijklmnopqrstuvwxyz"  # no e: it reads as Euler's number
LETTERS_EACH = 4  # letters that a module below the top may use
_STEPS = [s for s in range(1, len(ALPHABET)) if s % 5]  # coprime to 25: all letters are reached
# ways to choose letters: where they begin in the alphabet, and how far apart they are; (2, ways)
LETTER_ORDERS = np.stack([grid.ravel() for grid in np.meshgrid(np.arange(len(ALPHABET)), _STEPS)])
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8).astype(np.uint64)


@dataclass(frozen=True)
class Scope(Columns):
    """One module of each question.

    Attributes:
        row: int64 (n,), which question of the batch the module belongs to.
        number: int64 (n,), which module of the question it is; the top is 0, those below have larger numbers.
        modules: int64 (n,), how many modules there are from here on downwards, this one included.
        entropy: int64 (n,), units left for all of these.
        word: uint64 (n,), a random word.
        letters: int64 (n,), which of the `LETTER_ORDERS` the question takes.
        level: int64 (n,), the number of the question's stratum; below the top -1.
    """

    row: Int
    number: Int
    modules: Int
    entropy: Int
    word: U64
    letters: Int
    level: Int

    def __len__(self) -> int:
        return len(self.row)

    def rng(self) -> RandomStream:
        """The module's random choices; take it once."""
        return RandomStream(self.word)

    def own_entropy(self) -> Int:
        """The units that this module may use itself, int64 (n,)."""
        return self.entropy // self.modules

    def code(self, position: int) -> Int:
        """The code of a letter, int64 (n,): different places have different ones, 0 to 24.

        The first `LETTERS_EACH` places are the module's own in every question; a module alone in a question has all.
        """
        turn, step = self._turn_and_step
        return (turn + step * (LETTERS_EACH * self.number + position)) % len(ALPHABET)

    @cached_property
    def _turn_and_step(self) -> Int:
        return LETTER_ORDERS.take(self.letters, axis=1)

    def letter(self, position: int) -> text.TextPiece:
        """A letter as text."""
        return letter_text(self.code(position))

    def hide(
        self, rng: RandomStream, values: "Sequence[Numbers | Polynomials]", live: Bool | None = None
    ) -> "HiddenValues":
        """Have modules below define some of the values that this one uses.

        The modules below are shared out among the values at random, and the entropy left in proportion.

        Args:
            rng: the module's random choices.
            values: the values, n of each.
            live: bool (values, n), which ones may be hidden; None: all.
        """
        codes, rows = np.full((len(values), len(self)), -1), np.flatnonzero(self.modules > 1)
        if not len(rows):
            rng.skip()
            return HiddenValues(tuple(values), codes, [])
        live = np.ones(codes.shape, np.bool_) if live is None else live
        shared = self.take(rows)._child_scopes(rng.take(rows), live[:, rows])
        requests = []
        for slot, (value, (scope, index)) in enumerate(zip(values, shared, strict=True)):
            if len(index):
                codes[slot, rows[index]] = scope.code(0)
                requests.append(Request(scope, value.take(rows[index])))
        return HiddenValues(tuple(values), codes, requests)

    def _child_scopes(self, rng: RandomStream, live: Bool) -> "list[tuple[Scope, Int]]":
        """The scopes below for each value, and which problems they are for."""
        counts = rng.fork().composition_among(
            self.modules - 1, live
        )  # its draws depend on how many values there are
        shares = rng.dirichlet(self.entropy - self.own_entropy(), counts)
        turns = rng.permutation(len(live))  # siblings are introduced in any order
        first = self.number + 1 + _modules_before(counts, turns)
        indices = [np.flatnonzero(count) for count in counts]
        return [
            (self._child_scope(rng, first[slot], counts[slot], shares[slot]).take(index), index)
            for slot, index in enumerate(indices)
        ]

    def _child_scope(self, rng: RandomStream, number: Int, modules: Int, entropy: Int) -> "Scope":
        words, no_level = rng.words(), np.full_like(self.level, -1)
        return Scope(self.row, number, modules, entropy, words, self.letters, no_level)


class Request(NamedTuple):
    """Values that modules below are to define.

    Attributes:
        scope: one module each.
        values: what it is to define.
    """

    scope: Scope
    values: Numbers | Polynomials


@dataclass(frozen=True)
class HiddenValues(Columns):
    """Values that a module uses, some of them by the letter that another module gave them.

    Attributes:
        values: the values.
        codes: int64 (values, n), the letter of each; -1: shown as it is.
        requests: what the modules below must define; None once they are drawn.
    """

    values: tuple[Numbers | Polynomials, ...]
    codes: Int
    requests: list[Request] | None = None

    def take(self, index: Int) -> "HiddenValues":
        return HiddenValues(
            tuple(value.take(index) for value in self.values), self.codes.take(index, axis=-1)
        )

    def hidden(self, slot: int) -> Bool:
        """Which problems show a letter in place of a value, bool (n,)."""
        return self.codes[slot] >= 0

    def number(self, slot: int) -> text.TextPiece:
        """A number, or its letter, as text."""
        value, hidden = self.values[slot], self.hidden(slot)
        if not isinstance(value, Numbers):
            raise TypeError(f"slot {slot} holds no number")
        if not hidden.any():
            return value.rendered()
        shown = tuple(word.single(~hidden) for word in value.rendered())
        return (*self.letter(slot), *shown)

    def letter(self, slot: int) -> text.TextPiece:
        """The letter of a value, nothing where it is shown as it is."""
        return letter_text(self.codes[slot])


def letter_text(codes: Int) -> text.TextPiece:
    """Letters as text, nothing where the code, int64 (n,), is -1.

    >>> text.join(letter_text(np.array([0, -1, 4]))).to_pylist()
    ['a', '', 'f']
    """
    shown = codes >= 0
    return (text.PaddedText(_LETTERS.take(codes * shown) * shown, shown.astype(np.uint64), 1),)


def letter_order(random_bits: U64) -> Int:
    """Choose the letters of each question by a random word: `letters` of its scopes."""
    return ((random_bits >> np.uint64(32)) * np.uint64(LETTER_ORDERS.shape[1]) >> np.uint64(32)).view(
        np.int64
    )


def _modules_before(counts: Int, order: Int) -> Int:
    """For each value, how many modules belong to those that come before it in an order; int64 (values, n)."""
    sorted_counts = np.take_along_axis(counts, order, axis=0)
    before = np.empty_like(counts)
    np.put_along_axis(before, order, np.cumsum(sorted_counts, axis=0) - sorted_counts, axis=0)
    return before
