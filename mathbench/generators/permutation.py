"""Products of permutations: `20143*10234` -> `02143`."""

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from math import factorial
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.hashing import U64, Int
from mathbench.numbers import text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum


@dataclass(frozen=True)
class Permutation(Enumerated):
    """Multiply permutations of a few elements.

    A permutation is written as its images: `20143` maps 0 to 2, 1 to 0, 2 to 1, 3 to 4 and 4 to 3. Products apply the
    right factor first. ``compose`` asks for `x*y`, ``conjugate`` for `x*y*x^-1`, ``xyx`` for `x*y*x`, the operations of
    the grokking experiments on the symmetric group S5 (Power et al., 2022, arXiv 2201.02177).

    The splits partition the table of ordered pairs, the same for every operation. ``train_share`` selects less than the
    80 % of train; shares of different size are nested.

    >>> Permutation().oracle("20143*10234"), Permutation(size=3).oracle("120*102*120^-1")
    ('02143', '021')
    """

    family: ClassVar[str] = "permutation"
    summary: ClassVar[str] = "20143*10234 -> 02143"
    extrapolates: ClassVar[str] = "one more element"
    # digits are elements, not places
    numeric: ClassVar[bool] = False

    size: int = parameter(5, "number of elements", low=3, high=6, always=True)
    operation: str = parameter(
        "compose", "the operation", choices=("compose", "conjugate", "xyx"), always=True
    )
    train_share: float = parameter(
        0.8, "share of all problems that train draws from", low=0.01, high=0.8, kw_only=True
    )

    def inner(self) -> list[Stratum]:
        return [_pairs(self.size)]

    def outer(self) -> list[Stratum]:
        return [_pairs(self.size + 1)]

    def draw(self, coordinates: U64, low: Int) -> Int:
        # points beyond the end of a space are drawn too, and left out later
        return _numbers(int(low[0, 0])).take(coordinates.view(np.int64), mode="clip")

    def solve(self, problems: Problems) -> Int:
        x, y = (_images(numbers, _size(problems)) for numbers in problems.operands)
        found = np.take_along_axis(x, y, axis=0)
        if self.operation == "compose":
            return found
        right = x if self.operation == "xyx" else x.argsort(axis=0)
        return np.take_along_axis(found, right, axis=0)

    def questions(self, problems: Problems) -> pa.StringArray:
        x, y = (_written(numbers, _size(problems)) for numbers in problems.operands)
        rows = len(problems.stratum)
        pieces = [x, text.literal("*", rows), y]
        if self.operation != "compose":
            pieces += [text.literal("*", rows), x]
        if self.operation == "conjugate":
            pieces.append(text.literal("^-1", rows))
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        size = len(results)
        return text.join(_written(_places(size) @ results, size))

    def oracle(self, question: str) -> str:
        product, *others = map(_factor, question.split("*"))
        for factor in others:
            product = [product[element] for element in factor]
        return "".join(map(str, product))

    def operands_of(self, question: str) -> tuple[int, ...]:
        x, y, *_ = question.split("*")
        return int(x), int(y)


def _pairs(size: int) -> Stratum:
    """The pairs of permutations of some elements."""
    return Stratum(f"size={size}", (factorial(size), factorial(size)), (size,), kind=size, share=1.0)


def _size(problems: Problems) -> int:
    """The number of elements, the same in all strata of a split."""
    return int(problems.kinds[0])


@cache
def _numbers(size: int) -> Int:
    """The permutations of some elements as decimal numbers, int64 (size!,), ascending.

    Only 0 can be missing in front, so that different permutations, of whatever size, are different numbers.
    """
    return np.array([int("".join(map(str, images))) for images in permutations(range(size))])


def _places(size: int) -> Int:
    return 10 ** np.arange(size - 1, -1, -1)


def _images(numbers: Int, size: int) -> Int:
    """The images of each element, int64 (size, n)."""
    return numbers // _places(size)[:, None] % 10


def _written(numbers: Int, size: int) -> text.TextPiece:
    """Permutations as text, all of the same length."""
    zero = text.literal("0", len(numbers), numbers < 10 ** (size - 1))
    return *zero, *text.number(numbers, 10)


def _factor(written: str) -> list[int]:
    """The images of one factor of a product, from its text."""
    images = [int(image) for image in written.removesuffix("^-1")]
    if not images or sorted(images) != list(range(len(images))):
        raise ValueError(f"not a permutation: {written}")
    return [images.index(element) for element in range(len(images))] if written.endswith("^-1") else images
