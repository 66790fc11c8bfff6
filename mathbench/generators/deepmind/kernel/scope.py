"""Scopes: the random stream, entropy, letters and level of one module of each question.

A composed question is a tree of modules. The root is the question itself, and every other module defines a value that
its parent refers to by a letter. Each module uses its share of the entropy and passes the rest to its children.
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
LETTERS_EACH = 4  # letters of each module
_STEPS = [s for s in range(1, len(ALPHABET)) if s % 5]  # coprime to 25: all letters are reached
# letter orders: where they start in the alphabet, and the step from one letter to the next; (2, orders)
LETTER_ORDERS = np.stack([grid.ravel() for grid in np.meshgrid(np.arange(len(ALPHABET)), _STEPS)])
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8).astype(np.uint64)


@dataclass(frozen=True)
class Scope(Columns):
    """One module of each question.

    Attributes:
        row: int64 (n,), the question of the batch that the module belongs to.
        number: int64 (n,), the number of the module in its question; 0 for the root, larger than its parent's else.
        modules: int64 (n,), the number of modules of the subtree, this one included.
        entropy: int64 (n,), units for the subtree.
        word: uint64 (n,), a random word.
        letters: int64 (n,), the column of `LETTER_ORDERS` that the question uses.
        level: int64 (n,), the number of the question's level; -1 below the root.
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
        """The random stream of the module. It starts anew at every call, so call it once."""
        return RandomStream(self.word)

    def pick(self, count: int) -> Int:
        """Choose among a few templates of a sentence whose problem has no wording, int64 (n,)."""
        return (self.word % np.uint64(count)).view(np.int64)

    def own_entropy(self) -> Int:
        """The module's own share of the entropy, int64 (n,), in units."""
        return self.entropy // self.modules

    def code(self, position: int) -> Int:
        """The code of the letter at a position, int64 (n,), from 0 to 24, different for different positions.

        The first `LETTERS_EACH` positions belong to the module alone. A question of one module may use all letters.
        """
        start, step = self._start_and_step
        return (start + step * (LETTERS_EACH * self.number + position)) % len(ALPHABET)

    @cached_property
    def _start_and_step(self) -> Int:
        return LETTER_ORDERS.take(self.letters, axis=1)

    def letter(self, position: int) -> text.TextPiece:
        """The letter at a position as text."""
        return letter_text(self.code(position))

    def hide(
        self, rng: RandomStream, values: Sequence[Numbers | Polynomials], live: Bool | None = None
    ) -> "HiddenValues":
        """Replace some values of this module by letters that child modules define.

        The modules below are distributed over the values at random, and the remaining entropy in proportion.

        Args:
            rng: the module's random streams.
            values: the values, n of each.
            live: bool (values, n), the values that may be hidden; None: all.
        """
        codes, rows = np.full((len(values), len(self)), -1), np.flatnonzero(self.modules > 1)
        if not len(rows):
            rng.skip()
            return HiddenValues(tuple(values), codes, [])
        live = np.ones(codes.shape, np.bool_) if live is None else live
        children = self.take(rows)._child_scopes(rng.take(rows), live[:, rows])
        requests = []
        for slot, (value, (scope, index)) in enumerate(zip(values, children, strict=True)):
            if len(index):
                codes[slot, rows[index]] = scope.code(0)
                requests.append(Request(scope, value.take(rows[index])))
        return HiddenValues(tuple(values), codes, requests)

    def _child_scopes(self, rng: RandomStream, live: Bool) -> "list[tuple[Scope, Int]]":
        """The child scopes of each value, and the indices of their problems."""
        # a fork, since the number of draws depends on the number of values
        counts = rng.fork().composition_among(self.modules - 1, live)
        shares = rng.dirichlet(self.entropy - self.own_entropy(), counts)
        order = rng.permutation(len(live))  # siblings are introduced in random order
        first = self.number + 1 + _modules_before(counts, order)
        indices = [np.flatnonzero(count) for count in counts]
        return [
            (self._child_scope(rng, first[slot], counts[slot], shares[slot]).take(index), index)
            for slot, index in enumerate(indices)
        ]

    def _child_scope(self, rng: RandomStream, number: Int, modules: Int, entropy: Int) -> "Scope":
        words, no_level = rng.words(), np.full_like(self.level, -1)
        return Scope(self.row, number, modules, entropy, words, self.letters, no_level)


class Request(NamedTuple):
    """Values to be defined by child modules.

    Attributes:
        scope: the scopes of the children.
        values: the value that each defines.
    """

    scope: Scope
    values: Numbers | Polynomials


@dataclass(frozen=True)
class HiddenValues(Columns):
    """Values of a module, some of which are replaced by the letter of a child module that defines them.

    Attributes:
        values: the values.
        codes: int64 (values, n), the letter of each; -1: not hidden.
        requests: the values that child modules must define; None after `take`.
    """

    values: tuple[Numbers | Polynomials, ...]
    codes: Int
    requests: list[Request] | None = None

    def take(self, index: Int) -> "HiddenValues":
        return HiddenValues(
            tuple(value.take(index) for value in self.values), self.codes.take(index, axis=-1)
        )

    def hidden(self, slot: int) -> Bool:
        """Which problems show a letter in place of the value, bool (n,)."""
        return self.codes[slot] >= 0

    def number(self, slot: int) -> text.TextPiece:
        """The number, or its letter, as text."""
        value, hidden = self.values[slot], self.hidden(slot)
        if not isinstance(value, Numbers):
            raise TypeError(f"slot {slot} holds no number")
        if not hidden.any():
            return value.rendered()
        shown = tuple(word.masked(~hidden) for word in value.rendered())
        return (*self.letter(slot), *shown)

    def letter(self, slot: int) -> text.TextPiece:
        """The letter of the value as text, empty where it is not hidden."""
        return letter_text(self.codes[slot])


def letter_text(codes: Int) -> text.TextPiece:
    """Letters as text, empty where the code, int64 (n,), is -1.

    >>> text.join(letter_text(np.array([0, -1, 4]))).to_pylist()
    ['a', '', 'f']
    """
    shown = codes >= 0
    return (text.PaddedText(_LETTERS.take(codes * shown) * shown, shown.astype(np.uint64), 1),)


def letter_order(random_bits: U64) -> Int:
    """Choose a letter order for each question from a random word: `Scope.letters`."""
    return ((random_bits >> np.uint64(32)) * np.uint64(LETTER_ORDERS.shape[1]) >> np.uint64(32)).view(
        np.int64
    )


def _modules_before(counts: Int, order: Int) -> Int:
    """The number of modules that belong to the values before each value in an order, int64 (values, n)."""
    sorted_counts = np.take_along_axis(counts, order, axis=0)
    before = np.empty_like(counts)
    np.put_along_axis(before, order, np.cumsum(sorted_counts, axis=0) - sorted_counts, axis=0)
    return before
