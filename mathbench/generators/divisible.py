"""Multiples of k: `2225` -> `false` for k = 3; or the residue itself."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench import operands as tuples
from mathbench import text
from mathbench.errors import InputError
from mathbench.formats import reach, steps
from mathbench.hashing import U64
from mathbench.parameters import parameter
from mathbench.stratum import Stratum
from mathbench.task import Int, Problems, Task

MOST_RESIDUES = 100  # beyond this many, the residues that are not zero share one stratum


@dataclass(frozen=True)
class Divisible(Task):
    """Say whether a number is a multiple of k, or which residue it leaves.

    Half of the numbers of every length are multiples; the others are balanced over the other residues. With
    ``answer="residue"`` all residues are equally likely.

    >>> Divisible(k=3).oracle("2225"), Divisible(k=3, answer="residue").oracle("2225")
    ('false', '2')
    """

    family: ClassVar[str] = "divisible"
    summary: ClassVar[str] = "2225 -> false (is it a multiple of k?)"

    k: int = parameter(7, "the divisor", low=2, high=1 << 40, always=True)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    digits: int = parameter(5, "digits of the longest number", low=1, high=61)
    answer: str = parameter("label", "what to answer", choices=("label", "residue"))
    distribution: str = parameter("lengths", "what is equally likely", choices=("lengths", "numbers"))
    shortest: int = parameter(1, "digits of the shortest number", low=1, high=61)
    longer: int = parameter(2, "extrapolate: up to so many digits more", low=1, high=40)

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_digits(self, largest_result=2 * self.base ** (self.digits + self.longer))
        if 10 * self.k > self.base**self.digits:
            raise InputError(
                f"divisible: numbers of up to digits={self.digits} in base {self.base} hold fewer than ten multiples "
                f"of k={self.k}. Give more digits."
            )

    longest = reach.of_residues
    steps = steps.divisible

    @property
    def recognition(self) -> bool:
        return self.answer == "label"

    def inner(self) -> list[Stratum]:
        return self._strata(range(self.shortest, self.digits + 1), self.distribution)

    def outer(self) -> list[Stratum]:
        return self._strata(range(self.digits + 1, self.digits + self.longer + 1), "lengths")

    def _strata(self, lengths: range, distribution: str) -> list[Stratum]:
        shares = [1] * len(lengths)
        if distribution == "numbers":
            parts = max(16, tuples.SHARES // (2 * min(self.k, MOST_RESIDUES)))
            shares = tuples.apportion([tuples.Numbers(self.base).count(n) for n in lengths], parts)
        return [s for n, share in zip(lengths, shares, strict=True) if share for s in self._length(n, share)]

    def _length(self, length: int, share: int) -> list[Stratum]:
        """The strata of one length, balanced."""
        low, high = tuples.Numbers(self.base).first(length), self.base**length
        if self.k > MOST_RESIDUES:
            return self._pooled(length, low, high, share)
        starts = {r: low + (r - low) % self.k for r in range(self.k)}
        starts = {r: start for r, start in starts.items() if start < high}
        zeros = len(starts) - 1 if self.recognition else 1
        group = f"digits={length}"
        return [
            Stratum(
                f"{group},residue={r}",
                (-(-(high - start) // self.k),),
                (start, self.k, 0),
                share * (zeros if r == 0 else 1),
                group=group,
            )
            for r, start in starts.items()
        ]

    def _pooled(self, length: int, low: int, high: int, share: int) -> list[Stratum]:
        group = f"digits={length}"
        if not self.recognition:
            return [Stratum(group, (high - low,), (low, 1, 0), share)]
        multiples = [-(-edge // self.k) for edge in (low, high)]  # multiples below each edge, zero included
        others = [edge - below for edge, below in zip((low, high), multiples, strict=True)]
        zero = ((multiples[1] - multiples[0]), (multiples[0] * self.k, self.k, 0))
        rest = ((others[1] - others[0]), (others[0], 0, self.k - 1))
        named = (("residue=0", zero), ("residue>0", rest))
        return [Stratum(f"{group},{n}", (size,), row, share, group=group) for n, (size, row) in named if size]

    def draw(self, coordinates: U64, low: Int) -> Int:
        """A point is a multiple of `step` from `start`, or, where step is 0, a number among the non-multiples."""
        start, step, others = low
        index = coordinates[0].astype(np.int64)
        numbers = start + step * index
        if others.any():
            index = index + start
            turn = index // np.maximum(others, 1)
            numbers = np.where(others > 0, index + turn + 1, numbers)
        return numbers[None, :]

    def solve(self, problems: Problems) -> Int:
        residues = problems.operands[0] % self.k
        return (residues == 0).astype(np.int64) if self.recognition else residues

    def questions(self, problems: Problems) -> pa.StringArray:
        return text.join(text.number(problems.operands[0], self.base))

    def answers(self, results: Int) -> pa.StringArray:
        return super().answers(results) if self.recognition else text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        residue = int(question, self.base) % self.k
        return str(residue == 0).lower() if self.recognition else text.show(residue, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return (int(question, self.base),)
