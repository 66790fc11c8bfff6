"""Questions as columns: the digits of all numbers, aligned at their units, with the sign before each number.

A column holds one digit of each number. Numbers are filled with leading zeros, and the answer is read from the same
columns, so that digits of equal weight meet. Which digits meet is given; what they make is learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.tokenizer import as_string_array, bytes_and_offsets

Int = NDArray[np.int64]

TIMES = "*"
CLAIMED = "="
MINUS = "-"
NO_DIGIT = 255  # of a character that is no digit


@dataclass(frozen=True)
class ColumnLayout:
    """How questions are laid out in columns.

    A token is a sign and a digit: ``base * sign + digit``. An output is a digit, or `base` for a minus sign, which
    stands in the last column.

    Args:
        base: the base of the numbers.
        signs: the texts before numbers, such as ``("", "+")``.
        extra: columns beyond the longest number, for carries and a minus sign.

    >>> layout = ColumnLayout(10, ("", "+"), extra=1)
    >>> layout.tokens(pa.array(["57+8"])).tolist()
    [[[7, 18], [5, 10], [0, 10]]]
    >>> layout.text(layout.targets(pa.array(["65"]), 3)).to_pylist()
    ['65']
    """

    base: int
    signs: tuple[str, ...]
    extra: int

    @property
    def symbols(self) -> int:
        """Number of tokens."""
        return self.base * len(self.signs)

    @property
    def outputs(self) -> int:
        """Number of outputs of a column."""
        return self.base + 1

    @property
    def product(self) -> bool:
        """Whether numbers are multiplied, so that the answer has as many columns as both together."""
        return any(TIMES in sign for sign in self.signs)

    def shapes(self, questions: Any) -> Int:
        """Return the number of columns and of numbers of every question, int64 (n, 2)."""
        numbers = NumberTexts.read(questions, self.base)
        return np.stack([self._columns(numbers), (numbers.lengths > 0).sum(axis=1)], axis=1)

    def tokens(self, questions: Any) -> Int:
        """Return the tokens of questions with equally many numbers, int64 (n, columns, numbers).

        Raises:
            InputError: for a text before a number that no training question has.
        """
        numbers = NumberTexts.read(questions, self.base)
        digits = numbers.digits(int(self._columns(numbers).max(initial=1)))
        signs = pc.index_in(numbers.signs, pa.array(self.signs, pa.string()))
        if signs.null_count:
            found = numbers.signs.filter(pc.is_null(signs))[0].as_py()
            raise InputError(
                f"no training question has {found!r} before a number. Allowed: {', '.join(map(repr, self.signs))}."
            )
        return digits + self.base * signs.to_numpy().reshape(len(digits), 1, -1)

    def targets(self, answers: Any, columns: int) -> Int:
        """Return the outputs that write answers, int64 (n, columns). Digits that do not fit are left out."""
        numbers = NumberTexts.read(answers, self.base)
        digits = numbers.digits(columns)[:, :, 0]
        negative = pc.equal(numbers.signs, MINUS).to_numpy(zero_copy_only=False)
        digits[negative, -1] = self.base
        return digits

    def text(self, outputs: Int) -> pa.StringArray:
        """Return the numbers that outputs (n, columns) write, without leading zeros."""
        negative, digits = outputs[:, -1] == self.base, outputs[:, ::-1].copy()
        digits[negative, 0] = 0
        shown = np.maximum.accumulate(digits != 0, axis=1)
        shown[:, -1] = True
        characters = np.frombuffer((text.DIGITS[: self.base] + MINUS).encode(), dtype=np.uint8)[digits]
        unsigned = text.string_array(characters[shown], shown.sum(axis=1))
        return pc.binary_join_element_wise(
            text.choose_text(negative.astype(np.int64), ("", MINUS)), unsigned, ""
        )

    def read_texts(self, tokens: Int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        """Return the digits of each column, and the numbers up to it, as text, (n, columns) each.

        >>> layout = ColumnLayout(10, ("", "+"), extra=0)
        >>> [texts.tolist() for texts in layout.read_texts(layout.tokens(pa.array(["57+8"])))]
        [[['7+8', '5+0']], [['7+8', '57+08']]]
        """
        digits = np.array(list(text.DIGITS[: self.base]))[tokens % self.base]  # (n, columns, numbers)
        signs = np.array(self.signs)[tokens // self.base]
        numbers = [digits[:, 0]]
        for column in range(1, digits.shape[1]):
            numbers.append(np.char.add(digits[:, column], numbers[-1]))
        return _joined(np.char.add(signs, digits)), _joined(np.char.add(signs, np.stack(numbers, axis=1)))

    def _columns(self, numbers: "NumberTexts") -> Int:
        longest: Int = numbers.lengths.max(axis=1, initial=0)
        if self.product:
            longest = np.maximum(numbers.lengths[:, :2].sum(axis=1), longest)
        return longest + self.extra

    @property
    def claims(self) -> bool:
        """Whether questions are statements, whose last number is a claimed result."""
        return self.signs[-1] == CLAIMED

    @property
    def operand_signs(self) -> tuple[str, ...]:
        """The signs before the operands, without that of a claimed result."""
        return self.signs[:-1] if self.claims else self.signs

    @property
    def operand_symbols(self) -> int:
        """Number of tokens of the operands."""
        return self.base * len(self.operand_signs)


@dataclass(frozen=True)
class Statements:
    """Statements judged by a network that writes results: a claimed one is right if every digit is the one written.

    Such a network learns from true statements alone, whose claimed digits are those to write.

    Args:
        layout: the layout of the statements.
        true: the class of true statements, 0 or 1.
    """

    layout: ColumnLayout
    true: int

    @classmethod
    def of(cls, layout: ColumnLayout, classes: Sequence[str]) -> "Statements | None":
        """Return how statements are judged; None for questions that are none."""
        judged = layout.claims and sorted(classes) == ["false", "true"]
        return cls(layout, classes.index("true")) if judged else None

    def operands(self, tokens: Int) -> Int:
        """Return the tokens of the numbers before the claimed result, (n, C, numbers - 1)."""
        return tokens[:, :, :-1]

    def claimed(self, tokens: Int) -> Int:
        """Return the digits of the claimed results, (n, C)."""
        return np.ascontiguousarray(tokens[:, :, -1] % self.layout.base)

    def targets(self, tokens: Int, classes: Int, ignored: int) -> Int:
        """Return the digits to write, (n, C), given the class of each statement, (n, 1); none for false ones."""
        return np.where(classes == self.true, self.claimed(tokens), ignored)

    def judge(self, tokens: Int, shares: NDArray[np.float32]) -> tuple[Int, NDArray[np.float32]]:
        """Return classes and their probabilities, both (n, 1), given those of all outputs, (n, C, outputs)."""
        claimed = self.claimed(tokens)
        right = (shares.argmax(axis=2) == claimed).all(axis=1, keepdims=True)
        likelihood = np.take_along_axis(shares, claimed[:, :, None], axis=2)[:, :, 0].prod(
            axis=1, keepdims=True
        )
        classes = np.where(right, self.true, 1 - self.true)
        return classes, np.where(right, likelihood, 1 - likelihood)


def carries(questions: Any, answers: Any, base: int, columns: int) -> Int:
    """Return the carry into every column of a sum, or what is borrowed from every column of a difference.

    Args:
        questions: sums of numbers, or differences of two.
        answers: their results, of which only the sign is read.
        base: the base of the numbers.
        columns: the columns wanted.

    Returns:
        int64 (n, columns), units first.

    Raises:
        InputError: for other questions, such as those with negative numbers or decimals.

    >>> carries(pa.array(["57+68", "1+2"]), pa.array(["125", "3"]), 10, 3).tolist()
    [[0, 1, 1], [0, 0, 0]]
    """
    numbers = NumberTexts.read(questions, base)
    n, count = numbers.lengths.shape
    signs = pc.utf8_trim_whitespace(numbers.signs).to_numpy(zero_copy_only=False).reshape(n, count)
    found = {*signs[:, 1:].ravel().tolist()} - {""}
    if (signs[:, 0] != "").any() or found not in ({"+"}, {MINUS}) or (found == {MINUS} and count != 2):
        raise InputError("carries need sums of integers, or differences of two, of 0 or more.")
    factors = np.ones((n, count), dtype=np.int64)
    if found == {MINUS}:
        negative = np.asarray(pc.starts_with(as_string_array(answers), MINUS))
        factors = np.where(negative[:, None], [-1, 1], [1, -1])
    digits, carry = numbers.digits(columns), np.zeros((columns, n), dtype=np.int64)
    for column in range(columns - 1):
        carry[column + 1] = ((factors * digits[:, column]).sum(axis=1) + carry[column]) // base
    return np.abs(carry).T


def residues_of(numbers: Any, base: int, modulus: int) -> Int:
    """Return the residues of single numbers of any length, int64 (n,).

    >>> residues_of(pa.array(["2225", "9" * 40]), 10, 7).tolist()
    [6, 3]
    """
    digits = NumberTexts.read(numbers, base)
    residue = np.zeros(len(digits.lengths), dtype=np.int64)
    for column in digits.digits(int(digits.lengths.max(initial=0))).T[0, ::-1]:
        residue = (residue * base + column) % modulus
    return residue


def _joined(texts: NDArray[np.str_]) -> NDArray[np.str_]:
    """Join the last axis."""
    joined = texts[..., 0]
    for i in range(1, texts.shape[-1]):
        joined = np.char.add(joined, texts[..., i])
    return joined


def fit_layout(questions: Any, answers: Any, base: int, classes: bool) -> ColumnLayout:
    """Fit a layout to training rows.

    Args:
        questions: training questions.
        answers: training answers.
        base: the base of the numbers.
        classes: whether the answers are classes instead of numbers.

    Raises:
        InputError: for questions without numbers, or answers that are not numbers.
    """
    numbers = NumberTexts.read(questions, base)
    if not numbers.lengths.size or not numbers.lengths.min():
        raise InputError("padding=columns needs questions that have equally many numbers each.")
    signs = tuple(sorted(pc.unique(numbers.signs).to_pylist()))
    layout = ColumnLayout(base, signs, extra=0)
    if classes:
        return replace(layout, extra=1)
    missing = int((_columns_of_answers(answers, base) - layout.shapes(questions)[:, 0]).max())
    return replace(layout, extra=max(0 if layout.product else 1, missing))


def _columns_of_answers(answers: Any, base: int) -> Int:
    """Return the columns that each answer takes, int64 (n,)."""
    numbers = NumberTexts.read(answers, base)
    if numbers.lengths.shape[1] != 1 or set(pc.unique(numbers.signs).to_pylist()) - {"", MINUS}:
        raise InputError("padding=columns needs answers that are labels or integers.")
    return np.asarray(numbers.lengths[:, 0] + pc.equal(numbers.signs, MINUS).to_numpy(zero_copy_only=False))


@dataclass(frozen=True)
class NumberTexts:
    """The numbers of texts.

    Args:
        values: the digits of all numbers, uint8 (d,).
        lengths: the number of digits of each number, int64 (n, numbers); 0 where a text has fewer numbers.
        signs: the texts before numbers, strings (n * numbers,).
    """

    values: NDArray[np.uint8]
    lengths: Int
    signs: pa.StringArray

    @classmethod
    def read(cls, column: Any, base: int) -> "NumberTexts":
        """Read the numbers of texts, strings (n,)."""
        column = as_string_array(column)
        data, offsets = bytes_and_offsets(column)
        values = _digit_values(base)[data]
        row = np.repeat(np.arange(len(column)), np.diff(offsets))
        inside = values != NO_DIGIT
        # a number begins with a digit that follows no digit of the same text
        follows = np.concatenate([[False], inside[:-1] & (row[1:] == row[:-1])]) if len(row) else inside
        begins = inside & ~follows
        number = np.cumsum(begins) - np.concatenate([[0], np.cumsum(begins)])[offsets[:-1]][row]
        count = int(number.max(initial=0))
        lengths = np.bincount((row * count + number - 1)[inside], minlength=len(column) * count)
        before = ~inside & (number < count)
        signs = np.bincount((row * count + number)[before], minlength=len(column) * count)
        return cls(
            values[inside],
            lengths.reshape(len(column), count),
            text.string_array(data[before], signs),
        )

    def digits(self, columns: int) -> Int:
        """Return the digits of each column, units first, int64 (n, columns, numbers)."""
        n, count = self.lengths.shape
        lengths = self.lengths.ravel()
        number = np.repeat(np.arange(n * count), lengths)
        ends = np.cumsum(lengths)
        column = ends[number] - 1 - np.arange(len(self.values))
        out = np.zeros((n * count, columns), dtype=np.int64)
        fits = column < columns
        out[number[fits], column[fits]] = self.values[fits]
        return np.ascontiguousarray(out.reshape(n, count, columns).transpose(0, 2, 1))


def _digit_values(base: int) -> NDArray[np.uint8]:
    """Return the value of each byte as a digit, uint8 (256,), and `NO_DIGIT` of other bytes."""
    values = np.full(256, NO_DIGIT, dtype=np.uint8)
    values[np.frombuffer(text.DIGITS[:base].encode(), dtype=np.uint8)] = np.arange(base)
    return values


def count_tokens(tokens: Int, symbols: int) -> NDArray[np.float32]:
    """Return how often each token stands in a column: (n, columns, numbers) to float32 (n, columns, symbols).

    >>> count_tokens(np.array([[[1, 3], [0, 0]]]), 4).tolist()
    [[[0.0, 1.0, 0.0, 1.0], [2.0, 0.0, 0.0, 0.0]]]
    """
    n, columns, numbers = tokens.shape
    out = np.zeros((n * columns, symbols), dtype=np.float32)
    rows = np.arange(n * columns)
    for number in range(numbers):
        out[rows, tokens[:, :, number].ravel()] += 1
    return out.reshape(n, columns, symbols)


def rows_of_equal_shape(shapes: Int) -> list[Int]:
    """Return the rows of each shape, int64 (rows,), given the sizes of every row, (n, sizes)."""
    _, group = np.unique(shapes, axis=0, return_inverse=True)
    return [np.flatnonzero(group.ravel() == number) for number in range(int(group.max(initial=-1)) + 1)]
