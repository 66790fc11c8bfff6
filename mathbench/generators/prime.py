"""Primes: `101` -> `true`."""

from dataclasses import dataclass
from functools import lru_cache
from math import log, prod
from typing import Any, ClassVar, NamedTuple

import gmpy2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import ranges, residues
from mathbench.generators.toolkit.longest import longest_operand
from mathbench.generators.toolkit.ranges import TaskNumbers
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic, long_primality
from mathbench.numbers.primality import SMALL_PRIMES, TABLE_LIMIT, are_prime, with_smallest_factor
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum
from mathbench.task import LABELS

MAX_DIGITS = 500  # testing a prime of that length takes about 5 milliseconds
POOLED_BELOW = 1 << 14  # numbers below this are too few to be stratified by smallest prime factor
MIN_REGULAR = 1 << 19  # from here on, the theorems give the shares of primes and of small factors
_WITNESSES = (2, 325, 9375, 28178, 450775, 9780504, 1795265022)


class Factors(NamedTuple):
    """A class of composites: smallest prime factor from `first` to `last`; no upper limit if `last` is 0."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """The class in the name of a stratum."""
        if not self.last:
            return f"spf>{SMALL_PRIMES[-1]}"
        return f"spf={self.first}" + (f"-{self.last}" if self.last > self.first else "")

    @property
    def share(self) -> float:
        """The share of large numbers that have such a smallest factor."""
        below = prod(1 - 1 / q for q in SMALL_PRIMES if q < self.first)
        return below * (1 - prod(1 - 1 / q for q in SMALL_PRIMES if self.first <= q <= self.last))


CLASSES = tuple(
    Factors(*c) for c in ((2, 2), (3, 3), (5, 5), (7, 7), (11, 11), (13, 13), (17, 29), (31, 97), (101, 0))
)


class WheelNumbers(NamedTuple):
    """The numbers `low` of a stratum: integers in the stratum, int64 (1,) in :meth:`Prime.draw`.

    Attributes:
        start: the number of numbers of the wheel below the first one.
        modulus: the modulus of the wheel.
        wheel: the index of the wheel in `_WHEELS`.
        first, last: the smallest prime factors allowed, see :class:`Factors`; both 0 for primes.
    """

    start: Any
    modulus: Any
    wheel: Any
    first: Any
    last: Any


@dataclass(frozen=True)
class Prime(Enumerated):
    """Decide whether a number is prime; half of the numbers of every length are, as far as there are enough of both.

    ``negatives`` selects the composites: ``natural``, all of them; ``coprime``, without a factor 2, 3 or 5 and coprime
    to the base, so that neither the last digit nor the digit sum reveals them; ``hard``, with a smallest prime factor
    above 29, or as large as possible in numbers too short for that. 0 and 1 are excluded. With ``labels="natural"`` all
    numbers of a length are equally likely, so that primes are as rare as they are.

    >>> Prime().oracle("101"), Prime(base=2, digits=8).oracle("1001")
    ('true', 'false')
    """

    family: ClassVar[str] = "prime"
    summary: ClassVar[str] = "101 -> true"
    asks_primality: ClassVar[bool] = True
    version: ClassVar[int] = 2

    base: int = parameter(10, "number base", low=2, high=36, always=True)
    digits: int = parameter(6, "digits of the longest number", low=2, high=MAX_DIGITS)
    negatives: str = parameter("natural", "kind of composites", choices=("natural", "coprime", "hard"))
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(2, "digits of the shortest number", low=1, high=MAX_DIGITS)
    longer: int = parameter(2, "extrapolate: maximum number of additional digits", low=1, high=MAX_DIGITS)
    step: int = parameter(1, "difference between consecutive lengths in digits", low=1, high=MAX_DIGITS)
    # no negative number is prime
    smallest: int | None = ranges.smallest("number", low=0)
    largest: int | None = ranges.largest("number", low=0)
    labels: str = parameter(
        "balanced", "share of primes", choices=("balanced", "natural"), kw_only=True, added=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels == "natural" != self.negatives:
            raise InputError(
                f"prime: labels=natural goes with negatives=natural. Received: negatives={self.negatives}."
            )
        lengths, numbers = tuples.lengths(self), ranges.check(self, least=2).inner
        ranges.check_limbs(self, numbers, lengths.inner, self._inner_limbs)
        if self.base**self.digits < 32:
            raise InputError(f"prime: digits={self.digits} in base {self.base} contains too few primes.")
        if self.balanced_labels:
            self._check_primes(numbers.first_number)

    def _check_primes(self, first: int) -> None:
        """Check that a range has a prime and a composite number."""
        last = self.base**self.digits - 1 if self.largest is None else self.largest
        composite = max(first, 4) + gmpy2.is_prime(max(first, 4))
        missing = "prime" if gmpy2.next_prime(first - 1) > last else "composite" if composite > last else ""
        if missing:
            raise InputError(
                f"prime: there is no {missing} number from smallest={first} to largest={last}. Give a wider range."
            )

    longest = longest_operand

    @property
    def recognition(self) -> bool:
        return True

    @property
    def balanced_labels(self) -> bool:
        return self.labels == "balanced"

    @property
    def expensive_to_count(self) -> bool:
        return self.balanced_labels and self.base ** (self.digits + self.longer) > TABLE_LIMIT

    def inner(self) -> list[Stratum]:
        return list(_inner_strata(self))

    def outer(self) -> list[Stratum]:
        return list(_outer_strata(self))

    def _inner(self) -> list[Stratum]:
        numbers = TaskNumbers.of(self).inner
        lengths = [n for n in tuples.lengths(self).inner if numbers.count(n)]
        shares = [1] * len(lengths)
        if self.distribution == "numbers":
            shares = tuples.apportion([numbers.count(n) for n in lengths], 16)
        shared = [(n, share) for n, share in zip(lengths, shares, strict=True) if share]
        return [s for n, share in shared for s in self._length(n, numbers, share, self._inner_limbs)]

    @property
    def _inner_limbs(self) -> int:
        """Limbs of the numbers of train, validation and interpolate."""
        return tuples.limb_count(self.digits, self.base, TaskNumbers.of(self).inner.stop(self.digits))

    def _outer(self) -> list[Stratum]:
        """The strata of longer numbers; a last length that crosses 2^63 ends there."""
        lengths, numbers = tuples.lengths(self).outer, TaskNumbers.of(self).outer
        limb_count = tuples.limb_count(lengths[-1], self.base, numbers.first(lengths[-1]))
        return [s for n in lengths for s in self._length(n, numbers, 1, limb_count)]

    def _length(self, length: int, numbers: tuples.NumberRange, share: int, limb_count: int) -> list[Stratum]:
        """Primes and composites of one length, half of the rows each."""
        cut, low, count = limb_count > 1, numbers.first(length), numbers.count(length)
        high = low + count if cut else min(low + count, (1 << 63) - 1)
        if not self.balanced_labels:
            return self._all_numbers(length, numbers, high, share, limb_count)
        whole = count == tuples.NumberRange(self.base).count(length)
        few = high <= POOLED_BELOW or (not whole and count <= POOLED_BELOW)
        if few:
            strata = self._pooled(length, max(low, 2), high, share)
        else:
            strata = self._classes(length, numbers, high, share, cut, whole)
        return [residues.from_limbs(s, length, self.base, limb_count) for s in strata]

    def _all_numbers(
        self, length: int, numbers: tuples.NumberRange, high: int, share: int, limb_count: int
    ) -> list[Stratum]:
        """A stratum of all numbers of a length, whatever their label."""
        low, end = residues.residue_counts(length, numbers, 0, limb_count > 1)
        low, end = max(low, 2) if length == 1 else low, min(end, high)
        row = WheelNumbers(low, 1, 0, 0, 0)
        found = Stratum(f"digits={length}", (end - low,), row, share, share=1.0)
        return [residues.from_limbs(found, length, self.base, limb_count)] if end > low else []

    def _pooled(self, length: int, low: int, high: int, share: int) -> list[Stratum]:
        """A stratum of primes and one of composites, where there are too few numbers for more."""
        if high <= low:
            return []
        group = f"digits={length}"
        classes = (("prime", 0, 1), ("composite", self._least_factor(high), 0))
        return [
            Stratum(
                f"{group},{name}",
                (high - low,),
                WheelNumbers(low, 1, 0, first, 0),
                share,
                kind=prime,
                group=group,
                label=LABELS[prime],
            )
            for name, first, prime in classes
        ]

    def _classes(
        self, length: int, numbers: tuples.NumberRange, high: int, share: int, cut: bool, whole: bool
    ) -> list[Stratum]:
        """A stratum of primes, and strata of composites by smallest prime factor. `whole`: of all of a length."""
        group, first_number = f"digits={length}", high // self.base
        chosen = [c for c in CLASSES if self._requested(c) and 4 * c.first**2 < high]
        weights = tuples.apportion([round(1e6 * self._share(c, high)) for c in chosen], 120)
        names = [f"{group},prime", *(f"{group},{c.name}" for c in chosen)]
        classes = [Factors(0, 0), *chosen]
        strata = []
        for name, factors, weight in zip(names, classes, [sum(weights), *weights], strict=True):
            wheel = _wheel(factors.first)
            low, end = residues.residue_counts(length, numbers, wheel.modulus, cut)
            start, end = _count_below(max(low, 2), wheel), _count_below(min(end, high), wheel)
            row = WheelNumbers(start, wheel.modulus, wheel.number, *factors)
            regular = whole and first_number >= MIN_REGULAR
            known = _density(factors, wheel, first_number, self.base) if regular else 0.0
            prime, size = int(factors.first == 0), (end - start,)
            strata.append(
                Stratum(
                    name, size, row, share * weight, kind=prime, group=group, label=LABELS[prime], share=known
                )
            )
        return [s for s in strata if s.weight]

    def _requested(self, factors: Factors) -> bool:
        if self.negatives == "hard":
            return factors.first > 29
        return self.negatives == "natural" or (factors.first > 5 and self.base % factors.first != 0)

    def _least_factor(self, high: int) -> int:
        """The lower limit of the smallest factor of composites among numbers too short for strata."""
        feasible = [p for p in SMALL_PRIMES if 4 * p * p <= high]
        if self.negatives == "hard":
            return min(max(feasible, default=2), 31)
        return 2 if self.negatives == "natural" or high < 200 else 7

    @staticmethod
    def _share(factors: Factors, high: int) -> float:
        if factors.last:
            return factors.share
        survivors = prod(1 - 1 / q for q in SMALL_PRIMES)
        return max(survivors - 1 / (log(high) - 1), survivors / 50)

    def draw(self, coordinates: U64, low: Int) -> Int:
        """Point i of a wheel is the i-th number that has one of the wheel's residues."""
        row, upper = residues.split_low(WheelNumbers, low)
        index = coordinates[0].view(np.int64) + row.start
        modulus, wheel = int(row.modulus[0]), int(row.wheel[0])
        spokes = _SPOKE_COUNTS[wheel]
        turns = index // spokes
        numbers = turns * modulus + _SPOKES[wheel].take(index - turns * spokes)
        if not len(upper):
            return numbers[None, :]
        return residues.numbers(numbers, modulus, coordinates[1:], upper, self.base)

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_unsorted(operands, 1, self.base)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        """Whether the number is prime (`first` is 0) or has a smallest factor from `first` to `last`."""
        if not self.balanced_labels:
            return None
        row, _ = residues.split_low(WheelNumbers, low)
        numbers, first, last = arithmetic.single(operands), int(row.first[0]), int(row.last[0])
        if numbers.ndim == 1:
            return with_smallest_factor(numbers, first, last)
        fits = np.zeros(operands.shape[1], dtype=bool)
        fits[self._long_in_class(numbers, first, last)] = True
        return fits

    def _long_in_class(self, numbers: Int, first: int, last: int) -> Int:
        """The indices of the long numbers of a class, int64 (k,)."""
        left = np.arange(numbers.shape[1])
        if last:  # the required factors first: one division excludes most numbers
            requested = tuple(q for q in SMALL_PRIMES if first <= q <= last)
            left = left[long_primality.has_any(numbers, requested, self.base)]
        left = left[~long_primality.is_below_two(numbers[:, left])]
        below = SMALL_PRIMES[: np.searchsorted(SMALL_PRIMES, first)]
        left = long_primality.without(numbers, left, below, self.base)
        return left if last else left[long_primality.are_prime(numbers[:, left], self.base) == (first == 0)]

    def solve(self, problems: Problems) -> Int:
        """Primality: the kind of the stratum, where each of its numbers was tested when it was drawn."""
        if self.balanced_labels:
            return problems.kind
        numbers = arithmetic.single(problems.operands)
        prime = are_prime(numbers) if numbers.ndim == 1 else long_primality.are_prime(numbers, self.base)
        return prime.astype(np.int64)

    def questions(self, problems: Problems) -> pa.StringArray:
        return arithmetic.written(arithmetic.single(problems.operands), self.base)

    def oracle(self, question: str) -> str:
        return str(_is_prime(int(question, self.base))).lower()

    def operands_of(self, question: str) -> tuple[int, ...]:
        return (int(question, self.base),)


# asked for several times per split, and slow for many lengths
@lru_cache(maxsize=32)
def _inner_strata(task: Prime) -> tuple[Stratum, ...]:
    return tuple(task._inner())


@lru_cache(maxsize=32)
def _outer_strata(task: Prime) -> tuple[Stratum, ...]:
    return tuple(task._outer())


class Wheel(NamedTuple):
    """Numbers with certain residues modulo `modulus`; `number` is the index of the wheel in `_WHEELS`."""

    number: int
    modulus: int
    spokes: tuple[int, ...]


_WHEELS = (
    Wheel(0, 1, (0,)),
    Wheel(1, 2, (0,)),
    Wheel(2, 6, (3,)),
    Wheel(3, 30, (5, 25)),
    Wheel(4, 30, (1, 7, 11, 13, 17, 19, 23, 29)),
)
_SPOKE_COUNTS = np.array([len(w.spokes) for w in _WHEELS])
_SPOKES = np.array([w.spokes + (0,) * (8 - len(w.spokes)) for w in _WHEELS])


def _density(factors: Factors, wheel: Wheel, low: int, base: int) -> float:
    """A low estimate of the share of numbers of a class among the numbers of a wheel of one length.

    Args:
        factors: the class; (0, 0) for primes.
        wheel: the wheel.
        low: the smallest number of that length, at least `MIN_REGULAR`.
        base: the base.
    """
    share = factors.share
    if not factors.last:
        primes = (base * _prime_share(log(low) + log(base)) - _prime_share(log(low))) / (base - 1)
        share = prod(1 - 1 / q for q in SMALL_PRIMES) - primes if factors.first else primes
    return 0.97 * share * wheel.modulus / len(wheel.spokes)


def _prime_share(size: float) -> float:
    """The share of primes among the numbers up to e^size, by the asymptotic series of the logarithmic integral."""
    return (1 + 1 / size + 2 / size**2 + 6 / size**3) / size


def _wheel(first: int) -> Wheel:
    """The wheel of the numbers whose smallest factor is `first`; the last wheel above 5 and for primes."""
    return _WHEELS[{2: 1, 3: 2, 5: 3}.get(first, 4)]


def _count_below(edge: int, wheel: Wheel) -> int:
    """The number of numbers of a wheel below an edge."""
    full, rest = divmod(edge, wheel.modulus)
    return full * len(wheel.spokes) + sum(spoke < rest for spoke in wheel.spokes)


def _is_prime(n: int) -> bool:
    """Miller-Rabin with Sinclair's seven witnesses, which decide every n below 2^64."""
    if n < 2 or any(n % p == 0 for p in (2, 3, 5, 7)):
        return n in (2, 3, 5, 7)
    twos = ((n - 1) & -(n - 1)).bit_length() - 1
    for witness in _WITNESSES:
        x = pow(witness, n - 1 >> twos, n)
        if witness % n and x not in (1, n - 1) and all(pow(x, 1 << i, n) != n - 1 for i in range(1, twos)):
            return False
    return True
