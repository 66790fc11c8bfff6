"""Probabilities of letters drawn without replacement: of a sequence, or of a number of each letter."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.random import AliasTable, Bool
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.probability import letters
from mathbench.generators.deepmind.probability.bags import LETTERS, Bags, BagType, table
from mathbench.hashing import GOLDEN, U64, Int, mix64
from mathbench.numbers import text

_QUESTIONS = Wordings(
    (
        "{Many} letters are drawn without replacement from {bag}. What is the probability of {event}?",
        "{Many} letters are drawn without replacement from {bag}. Find the probability of {event}.",
        "What is the probability of {event} when {many} letters are drawn without replacement from {bag}?",
        "Find the probability of {event} when {many} letters are drawn without replacement from {bag}.",
    ),
    added=(
        "{Many} letters are picked from {bag} without replacement. Calculate the prob. of {event}.",
        "{Many} letters are picked from {bag} without replacement. Give the prob. of {event}.",
        "Calculate the prob. of {event} if {many} letters are picked from {bag} without replacement.",
        "Give the prob. of {event} if {many} letters are picked from {bag} without replacement.",
    ),
)
_VERBS = ("drawing ", "picking ")  # of the templates of version 1 and of those added
_NUMBERS = [templates.cardinal(count) for count in range(10)]
_CAPITALS = [name.capitalize() for name in _NUMBERS]
_MAX_LETTERS = 32  # upper bound of the letters in a bag
_ITEMS = letters.ALPHABET * _MAX_LETTERS

# the text of one letter with its number in the bag, and with its number in the pick
_LISTED = (
    "",
    *(
        f"{lead}{chr(97 + x)}: {count}"
        for lead in ("{", ", ")
        for x in range(26)
        for count in range(_MAX_LETTERS)
    ),
)
_PICKED = (
    "",
    *(
        f"{lead}{count} {chr(97 + x)}"
        for lead in ("", ", ", " and ")
        for x in range(26)
        for count in range(_MAX_LETTERS)
    ),
)


@dataclass(frozen=True)
class DrawsProblem(Columns):
    """Letters drawn from a bag.

    Attributes:
        bag: int64 (n,), index in the table of bags.
        alphabet: int64 (n,), index of the order of the alphabet that names the columns of the table.
        sequence: int64 (n,), columns in the order drawn, four bits each from the lowest.
        sentence: int64 (n,), index of the question template.
        listed: bool (n,), whether the bag is written as a list of counts.
        random_bits: uint64 (n,), random words for the order of letters in the text.
    """

    bag: Int
    alphabet: Int
    sequence: Int
    sentence: Int
    listed: Bool
    random_bits: U64


@dataclass(frozen=True)
class Picking(Module):
    """The probability of letters drawn from a bag without replacement.

    The published modules have no levels. Here the levels are two, three and four letters, equally likely there.
    """

    kinds: tuple[BagType, ...] = ()

    def bags(self) -> tuple[Bags, AliasTable]:
        """The table of bags, and the random choice within each level."""
        return table(self.kinds)

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, (found, choice) = scope.rng(), self.bags()
        bag = choice.choose(rng, self.setting("kind", scope))
        random_bits, alphabet = rng.words(), rng.randint_below(letters.alphabets().shape[1])
        order = _draw_order(random_bits, found.picked[:, bag].T)
        problem = DrawsProblem(
            bag,
            alphabet,
            _pack(order),
            rng.randint_below(len(_QUESTIONS.of(self.version))),
            rng.bernoulli(),
            rng.words(),
        )
        return DrawnProblem(problem, self.canonical(found, bag, order))

    def canonical(self, found: Bags, bag: Int, order: Int) -> Int:
        """Numbers that identify each problem, int64 (k, n)."""
        return found.code.take(bag)[None, :]

    def question(self, problem: DrawsProblem, scope: Scope) -> pa.StringArray:
        found, _ = self.bags()
        counts, picked = found.counts[:, problem.bag].T, found.picked[:, problem.bag].T
        names = letters.alphabets()[:LETTERS, problem.alphabet].T
        count = picked.sum(axis=1)
        pieces = {
            "many": templates.choose_text(count, _NUMBERS),
            "Many": templates.choose_text(count, _CAPITALS),
            "bag": (*_scrambled(problem, names, counts), *_listed(problem, names, counts)),
            "event": self.event(problem, names, picked),
        }
        return text.join(templates.fill_template(problem.sentence, _QUESTIONS.of(self.version), **pieces))

    def event(self, problem: DrawsProblem, names: Int, picked: Int) -> text.TextPiece:
        """The picks as text; names and picked are int64 (n, LETTERS)."""
        raise NotImplementedError

    def answer(self, problem: DrawsProblem, scope: Scope) -> pa.StringArray:
        found, _ = self.bags()
        top, bottom = found.top.take(problem.bag), found.bottom.take(problem.bag)
        split = bottom > 1
        return text.join(
            text.number(top, 10), text.literal("/", len(top), split), text.number(bottom, 10, split)
        )


class Sequence(Picking):
    """The probability of a sequence of letters."""

    summary: ClassVar[str] = (
        "Two letters are drawn from aab. What is the probability of the sequence ab? -> 1/3"
    )
    symmetry: ClassVar[str] = "names of the letters, order of the letters in the bag"

    def canonical(self, found: Bags, bag: Int, order: Int) -> Int:
        """The bag and, for each draw, the number of its letter in the bag and the draw at which it came first."""
        counts = np.take_along_axis(found.counts[:, bag].T, np.maximum(order, 0), axis=1)
        first = np.argmax(order[:, :, None] == order[:, None, :], axis=2)
        drawn = (counts * 8 + first) * (order >= 0)
        return np.stack([found.code.take(bag), _pack(drawn, bits=8)])

    def event(self, problem: DrawsProblem, names: Int, picked: Int) -> text.TextPiece:
        order = problem.sequence[:, None] >> (4 * np.arange(text.WORD)) & 15
        drawn = np.take_along_axis(names, np.minimum(order, LETTERS - 1), axis=1)
        return (*text.literal("the sequence ", len(names)), *letters.letters_text(drawn, picked.sum(axis=1)))


class LevelSet(Picking):
    """The probability of a given number of each letter."""

    summary: ClassVar[str] = (
        "Two letters are drawn from aab. What is the probability of drawing 1 a and 1 b? -> 2/3"
    )
    symmetry: ClassVar[str] = "names of the letters, order of the letters"

    def event(self, problem: DrawsProblem, names: Int, picked: Int) -> text.TextPiece:
        shown = letters.shuffle(
            _derived_bits(problem.random_bits, 1), names * _MAX_LETTERS + picked, picked > 0
        )
        verb = templates.choose_text((problem.sentence >= len(_QUESTIONS.first)).astype(np.int64), _VERBS)
        return (*verb, *_series(shown, (picked > 0).sum(axis=1)))


def _draw_order(random_bits: U64, picked: Int) -> Int:
    """The columns of the letters picked in random order, int64 (n, WORD), with -1 after the last one.

    Args:
        random_bits: uint64 (n,), random words.
        picked: int64 (n, LETTERS), the number of each letter.
    """
    columns = np.broadcast_to(np.arange(1, LETTERS + 1), picked.shape)
    return letters.shuffle(random_bits, *letters.repeat_values(columns, picked, text.WORD)) - 1


def _pack(values: Int, bits: int = 4) -> Int:
    """Pack the small numbers of each row, int64 (n, k), into one integer."""
    masked = values & ((1 << bits) - 1)
    return (masked << (bits * np.arange(values.shape[1]))).sum(axis=1)


def _derived_bits(random_bits: U64, number: int) -> U64:
    """Further random words, derived from the first ones."""
    return mix64(random_bits ^ np.uint64(number * GOLDEN % 2**64))


def _series(shown: Int, count: Int) -> text.TextPiece:
    """The number of each letter, separated by commas and an "and" before the last."""
    words: list[text.PaddedText] = []
    for i in range(shown.shape[1]):
        lead = 0 if i == 0 else np.where(count == i + 1, 2, 1)
        words += templates.choose_text(np.where(i < count, 1 + lead * _ITEMS + shown[:, i], 0), _PICKED)
    return tuple(words)


def _listed(problem: DrawsProblem, names: Int, counts: Int) -> text.TextPiece:
    """The bags that are written as lists of letters and counts."""
    there = (counts > 0) & problem.listed[:, None]
    random_bits, count = _derived_bits(problem.random_bits, 2), there.sum(axis=1)
    shown = letters.shuffle(random_bits, names * _MAX_LETTERS + counts, there)
    words: list[text.PaddedText] = []
    for i in range(LETTERS):
        words += templates.choose_text(np.where(i < count, 1 + (i > 0) * _ITEMS + shown[:, i], 0), _LISTED)
    return (*words, *text.literal("}", len(count), problem.listed))


def _scrambled(problem: DrawsProblem, names: Int, counts: Int) -> text.TextPiece:
    """The bags that are written letter by letter."""
    there = np.flatnonzero(~problem.listed)
    sizes = counts[there].sum(axis=1)
    width = text.WORD * -(-int(sizes.max(initial=1)) // text.WORD)
    shown = letters.repeat_values(names[there], counts[there], width)
    piece = letters.letters_text(letters.shuffle(problem.random_bits[there], *shown), sizes)
    return tuple(_in_rows(word, there, len(names)) for word in piece)


def _in_rows(word: text.PaddedText, index: Int, rows: int) -> text.PaddedText:
    """Expand a column of some rows to all rows, empty in the others."""
    characters, lengths = np.zeros((2, rows), np.uint64)
    characters[index], lengths[index] = word.characters, word.lengths
    return text.PaddedText(characters, lengths, word.width)
