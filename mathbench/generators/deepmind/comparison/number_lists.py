"""Lists of numbers, separated by commas or as lettered choices, in which letters may replace some numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.comparison.compared_values import (
    Floats,
    draw_mixed,
    sort_keys,
    value_fingerprints,
)
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import (
    ALPHABET,
    LETTER_ORDERS,
    LETTERS_EACH,
    Scope,
    letter_text,
)
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import GOLDEN, Int, mix64
from mathbench.numbers import text

CHOICES = "abcdefghij"
_LEADS = (*(f" ({choice})" + " " for choice in CHOICES), " ", ", ", "")
_START, _COMMA, _NOTHING = range(len(CHOICES), len(CHOICES) + 3)


@dataclass(frozen=True)
class NumberList(Columns):
    """A list of numbers per row.

    Attributes:
        count: int64 (n,), the length of each list.
        top, bottom, decimal: (k, n), the numbers as in `Numbers`; 0/1 after the last.
        codes: int64 (k, n), the letter in place of each number; -1: none.
    """

    count: Int
    top: Int
    bottom: Int
    decimal: Bool
    codes: Int

    @classmethod
    def integers(cls, values: Int) -> "NumberList":
        """Lists of integers, int64 (k, n)."""
        count = np.full(values.shape[1], len(values))
        return cls(
            count, values, np.ones_like(values), np.zeros(values.shape, np.bool_), np.full(values.shape, -1)
        )

    @property
    def live(self) -> Bool:
        """Which numbers exist, bool (k, n)."""
        return np.arange(len(self.top))[:, None] < self.count

    def slots(self) -> list[Numbers]:
        """The first numbers of all lists, the second ones, and so on."""
        return [Numbers(*columns) for columns in zip(self.top, self.bottom, self.decimal, strict=True)]

    def with_codes(self, codes: Int) -> "NumberList":
        """The same lists with other letters."""
        return replace(self, codes=codes)

    def text_width(self) -> Int:
        """A lower bound of the length of each list as text, int64 (n,).

        Exact for integers; a fraction counts as three characters.
        """
        digits = text.length(np.abs(self.top).ravel(), 10).reshape(self.top.shape)
        each = np.where(self.bottom == 1, digits, 3) + (self.top < 0)
        return ((each + 2) * self.live).sum(axis=0) - 2

    def fingerprints(self) -> Int:
        """A hash of the numbers of each list in any order, int64 (n,)."""
        each = value_fingerprints(Numbers(self.top, self.bottom, self.decimal))
        return (each * self.live).sum(axis=0, dtype=np.uint64).view(np.int64)

    def order(self) -> Int:
        """Positions of the numbers in ascending order, int64 (n, k), with those that do not exist last."""
        return np.argsort(np.where(self.live, sort_keys(self.top, self.bottom), np.inf).T, axis=1)

    def at(self, position: Int, rows: Int | None = None) -> text.TextPiece:
        """The text of the number at a position, int64 (m,), of each of the rows, int64 (m,), by default all rows."""
        rows = np.arange(len(position)) if rows is None else rows
        numbers = Numbers(self.top[position, rows], self.bottom[position, rows], self.decimal[position, rows])
        return _shown(numbers, self.codes[position, rows])

    def rendered(self, order: Int | None = None) -> pa.StringArray:
        """The numbers separated by commas, strings (n,), in the order of their positions, int64 (n, k)."""
        lead = np.where(np.arange(len(self.top)) == 0, _NOTHING, _COMMA)
        return self._rendered(np.broadcast_to(lead, self.live.T.shape), order)

    def rendered_in_question(self, lettered: Bool) -> pa.StringArray:
        """The numbers after a space, as choices in the rows of a mask, else separated by commas; strings (n,)."""
        position = np.arange(len(self.top))
        return self._rendered(
            np.where(lettered[:, None], position, np.where(position == 0, _START, _COMMA)), None
        )

    def _rendered(self, lead: Int, order: Int | None) -> pa.StringArray:
        rows, position = np.nonzero(self.live.T)
        shown = self.at(position if order is None else order[rows, position], rows)
        return templates.concatenate_groups(
            text.join(templates.choose_text(lead[rows, position], _LEADS), shown), self.count
        )


def _shown(numbers: Numbers, codes: Int) -> text.TextPiece:
    """Numbers, or the letters in their place, as text."""
    hidden = codes >= 0
    if not hidden.any():
        return numbers.rendered()
    return (*letter_text(codes), *templates.masked(numbers.rendered(), ~hidden))


def draw_lists(
    rng: RandomStream,
    count: Int,
    entropy: Int,
    accept: Callable[[NumberList, Int], Bool],
    integral: Bool | None = None,
    width: int = 0,
) -> NumberList:
    """Draw lists of numbers by rejection sampling.

    Args:
        rng: random streams of n rows.
        count: int64 (n,), the lengths of the lists.
        entropy: int64 (n,), units, split at random among the numbers; each has at least one decade.
        accept: maps lists and the indices of their rows, int64 (m,), to bool (m,).
        integral: bool (n,), which rows have only integers.
        width: minimum number of slots. `Scope.hide` draws for each slot, so where it may hide numbers, the number of
            slots must not depend on the batch.
    """
    rng, pending = rng.fork(), np.arange(len(count))
    integral = np.zeros(len(count), np.bool_) if integral is None else integral
    shape = max(int(count.max(initial=1)), width), len(count)
    columns = np.zeros(shape, np.int64), np.ones(shape, np.int64), np.zeros(shape, np.bool_)
    found = NumberList(count, *columns, codes=np.full(shape, -1))
    again = rng.fork()
    while len(pending):
        lists = _draw_once(again, count[pending], entropy[pending], integral[pending], len(found.top))
        for column, part in zip(columns, (lists.top, lists.bottom, lists.decimal), strict=True):
            column[:, pending] = part
        rejected = np.flatnonzero(~accept(lists, pending))
        pending, again = pending[rejected], again.take(rejected)
    return found


def _draw_once(rng: RandomStream, count: Int, entropy: Int, integral: Bool, width: int) -> NumberList:
    """Draw lists of numbers once."""
    live = np.arange(width)[:, None] < count
    shares = np.maximum(rng.dirichlet(entropy, live.astype(np.int64)), UNIT)
    rows, position = np.nonzero(live.T)
    words = mix64(rng.words()[rows] + position.astype(np.uint64) * np.uint64(GOLDEN))
    values = draw_mixed(RandomStream(words), shares[position, rows], integral[rows])
    top, bottom, decimal = np.zeros(live.shape, np.int64), np.ones(live.shape, np.int64), np.zeros_like(live)
    at = position, rows
    top[at], bottom[at], decimal[at] = values.top, values.bottom, values.decimal
    return NumberList(count, top, bottom, decimal, np.full(live.shape, -1))


def distinct(values: Floats, live: Bool) -> Bool:
    """Whether the live values, float64 (k, n), all differ, bool (n,)."""
    ordered = np.sort(np.where(live, values, np.inf).T, axis=1)
    same = (ordered[:, 1:] == ordered[:, :-1]) & np.isfinite(ordered[:, 1:])
    return ~same.any(axis=1)


def avoid_choice_letters(scope: Scope, rng: RandomStream, choices: Int) -> Scope:
    """Change the letter orders of scopes so that child modules do not use the letters of lettered choices.

    Args:
        scope: the scopes.
        rng: random streams.
        choices: int64 (n,), the number of choices; 0: the scope does not change.
    """
    orders, starts, sizes = _allowed_letter_orders()
    modules = np.minimum(scope.modules, len(sizes) - 1)
    size = sizes[modules, choices]
    order = orders[starts[modules, choices] + rng.randint_below(np.maximum(size, 1))]
    return replace(scope, letters=np.where((choices > 0) & (size > 0), order, scope.letters))


@cache
def _allowed_letter_orders() -> tuple[Int, Int, Int]:
    """The letter orders without conflicts for each number of modules and of choices.

    Returns:
        Lists of indices into `LETTER_ORDERS`, concatenated, int64 (m,); and where each list starts and how long it is,
        int64 (modules, choices).
    """
    count = len(ALPHABET)
    start, step = LETTER_ORDERS
    lists = []
    for modules in range(1, count // LETTERS_EACH + 1):
        used = (start[:, None] + step[:, None] * np.arange(LETTERS_EACH, LETTERS_EACH * modules)) % count
        for choices in range(len(CHOICES) + 1):
            taken = [ALPHABET.index(choice) for choice in CHOICES[:choices] if choice in ALPHABET]
            good = ~np.isin(used, taken).any(axis=1)
            lists.append(np.flatnonzero(good))
    sizes = np.array([0] * (len(CHOICES) + 1) + [len(found) for found in lists]).reshape(-1, len(CHOICES) + 1)
    return (
        np.concatenate(lists),
        (np.cumsum(sizes.ravel()) - sizes.ravel()).reshape(sizes.shape),
        sizes,
    )


def fill_with_items(
    choice: Int, wordings: Sequence[str], items: pa.StringArray, **pieces: text.TextPiece
) -> pa.StringArray:
    """Fill templates in which ``{items}`` stands for a string.

    Args:
        choice: int64 (n,), the index of the template of each row.
        wordings: ASCII texts, each with one ``{items}``.
        items: strings (n,).
        pieces: columns of text by name, as in `templates.fill_template`.
    """
    before, after = zip(*(template.split("{items}") for template in wordings), strict=True)
    head, tail = (text.join(templates.fill_template(choice, part, **pieces)) for part in (before, after))
    return templates.join_strings(head, items, tail)
