"""Columns of exact rational numbers and of polynomials."""

from dataclasses import dataclass

import numpy as np

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.hashing import Int
from mathbench.numbers import text


@dataclass(frozen=True)
class Numbers(Columns):
    """Exact rational numbers in lowest terms.

    Attributes:
        top: int64 (n,), numerators.
        bottom: int64 (n,), denominators, 1 or more.
        decimal: bool (n,), whether the number is written as a decimal; its denominator then divides a power of ten.
    """

    top: Int
    bottom: Int
    decimal: Bool

    @classmethod
    def integers(cls, values: Int) -> "Numbers":
        """From integers, int64 (n,)."""
        return cls(values, np.ones_like(values), np.zeros(len(values), np.bool_))

    @classmethod
    def rationals(cls, top: Int, bottom: Int) -> "Numbers":
        """From numerators and denominators, int64 (n,), in any terms; no denominator is zero.

        >>> found = Numbers.rationals(np.array([6, 3]), np.array([-4, 1]))
        >>> found.top.tolist(), found.bottom.tolist()
        ([-3, 3], [2, 1])
        """
        common = np.gcd(top, bottom) * np.sign(bottom)
        return cls(top // common, bottom // common, np.zeros(len(top), np.bool_))

    @classmethod
    def decimals(cls, top: Int, places: Int) -> "Numbers":
        """From decimals top / 10^places, int64 (n,) each; places from 0 to 18."""
        found = cls.rationals(top, _tens().take(places))
        return cls(found.top, found.bottom, np.ones(len(top), np.bool_))

    @classmethod
    def where(cls, condition: Bool, first: "Numbers", second: "Numbers") -> "Numbers":
        """The first numbers where the condition, bool (n,), holds, else the second ones."""
        return cls(
            np.where(condition, first.top, second.top),
            np.where(condition, first.bottom, second.bottom),
            np.where(condition, first.decimal, second.decimal),
        )

    @property
    def integer(self) -> Bool:
        """Which numbers are integers, bool (n,)."""
        return self.bottom == 1

    def rendered(self) -> text.TextPiece:
        """As text: ``-3``, ``3/4``, ``0.75``.

        >>> numbers = Numbers(np.array([-3, 3, -3]), np.array([1, 4, 4]), np.array([False, False, True]))
        >>> text.join(numbers.rendered()).to_pylist()
        ['-3', '3/4', '-0.75']
        """
        integer = self.integer
        if integer.all():
            return templates.signed_text(self.top)
        split = self.decimal & ~integer
        over = np.where(split, self.bottom, 1)
        size = np.abs(self.top)
        pieces = [text.literal("-", len(size), self.top < 0), text.number(size // over, 10)]
        if split.any():
            pieces += [text.literal(".", len(size), split), _places(size % over, over, split)]
        fraction = ~integer & ~split
        if fraction.any():
            pieces += [text.literal("/", len(size), fraction), text.number(self.bottom, 10, fraction)]
        return tuple(word for piece in pieces for word in piece)


@dataclass(frozen=True)
class Polynomials(Columns):
    """Polynomials in one variable with rational coefficients.

    Attributes:
        top: int64 (d + 1, n), numerators; row i belongs to the power i.
        bottom: int64 (d + 1, n), denominators, 1 or more, in lowest terms.
    """

    top: Int
    bottom: Int

    @classmethod
    def integers(cls, coefficients: Int) -> "Polynomials":
        """From integer coefficients, int64 (d + 1, n)."""
        return cls(coefficients, np.ones_like(coefficients))

    @classmethod
    def concatenate(cls, parts: "list[Polynomials]") -> "Polynomials":
        """Concatenate batches, padded with zeros to the highest degree."""
        rows = max(len(part.top) for part in parts)
        fill = [((0, rows - len(part.top)), (0, 0)) for part in parts]
        top = [np.pad(part.top, more) for part, more in zip(parts, fill, strict=True)]
        bottom = [
            np.pad(part.bottom, more, constant_values=1) for part, more in zip(parts, fill, strict=True)
        ]
        return cls(np.concatenate(top, axis=1), np.concatenate(bottom, axis=1))

    @property
    def integer(self) -> Bool:
        """Which polynomials have only integer coefficients, bool (n,)."""
        return (self.bottom == 1).all(axis=0)


def _tens() -> Int:
    return np.concatenate([[1], text.powers(10)])


def _places(rest: Int, bottom: Int, where: Bool) -> text.TextPiece:
    """The decimals of rest / bottom, without trailing zeros."""
    places, there = np.zeros_like(rest), np.flatnonzero(where)
    # the first power of ten that is a multiple of the denominator
    places[there] = np.argmax(_tens()[:, None] % bottom[there] == 0, axis=0)
    digits = rest * (_tens().take(places) // bottom)
    leading = places - text.length(digits, 10)
    zeros = text.literal("0" * 18, len(rest))
    return tuple(
        word
        for piece in (templates.truncate(zeros, np.where(where, leading, 0)), text.number(digits, 10, where))
        for word in piece
    )
