"""Reserves: the fixed assignment of problems to train, validation and test.

A problem's reserve is decided by a hash of its family and its canonical operands alone: not by the seed, the number
base, the number of digits, the divisor, the order of operands or the wording. So no training row of any task of a
family equals a test row of any other task of that family, and a single row can be checked on its own.

A user may exclude further problems from train and validation. They are known by their fingerprints, too.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.errors import InputError
from mathbench.hashing import ABSENT, LONG_MODULUS, LONG_OPERAND, MASK, U64, Int, key_of, mix64, mix64_int

TABLE_PER_ENTRY = 32  # entries of the table per fingerprint of a set
MAX_TABLE_BITS = 24  # of the number of entries


@dataclass(frozen=True)
class Reserve:
    """A part of the unit interval; a problem belongs to it when its fingerprint / 2^64 lies inside.

    Args:
        name: the name of the reserve.
        low, high: the part; `high` is excluded.
        excluded: problems that do not belong to it nevertheless.

    >>> TRAIN.share, TEST.share
    (0.8, 0.1)
    """

    name: str
    low: float
    high: float
    excluded: "FingerprintSet | None" = field(default=None, compare=False, repr=False)

    @property
    def share(self) -> float:
        """The share of all problems in this reserve, 0 to 1, before any are excluded."""
        return round(self.high - self.low, 12)

    def subset(self, share: float) -> "Reserve":
        """The part of this reserve with a `share` of all problems; shares of one reserve are nested."""
        return replace(self, high=self.low + min(share, self.share))

    def without(self, excluded: "FingerprintSet") -> "Reserve":
        """This reserve without some problems."""
        return replace(self, excluded=excluded)

    def contains(self, fingerprints: U64) -> NDArray[np.bool_]:
        """Whether each fingerprint, uint64 (n,), lies in this reserve and is not excluded."""
        inside = fingerprints >= np.uint64(_threshold(self.low))
        if self.high < 1:
            inside &= fingerprints < np.uint64(_threshold(self.high))
        return inside if self.excluded is None else inside & ~self.excluded.contains(fingerprints)

    @property
    def excluded_problems(self) -> int:
        """The number of excluded problems that would belong to this reserve."""
        return 0 if self.excluded is None else int(self.without_any.contains(self.excluded.sorted).sum())

    @property
    def without_any(self) -> "Reserve":
        """This reserve with nothing excluded."""
        return replace(self, excluded=None)

    def select(
        self, family: str, canonical: Int, operands: Int, requested: NDArray[np.bool_] | None = None
    ) -> tuple[Int, Int, U64]:
        """Select the problems that lie in this reserve.

        Args:
            family: the name under which related families share their reserves.
            canonical: int64 (words, n), as for :func:`fingerprints`.
            operands: int64 (m, n).
            requested: bool (n,), which problems to look at; None: all.

        Returns:
            Indices, int64 (k,), operands, int64 (m, k), and fingerprints, uint64 (k,).
        """
        if not compiled.LIBRARY:
            hashes = fingerprints(family, canonical)
            inside = self.contains(hashes)
            selected = np.flatnonzero(inside if requested is None else inside & requested)
            return selected, operands.take(selected, axis=1), hashes.take(selected)
        stops = _threshold(self.low), _threshold(self.high) - 1
        index, inside_, hashes = compiled.reserved(operands, canonical, requested, _start(family), stops)
        if self.excluded is None or not (left_out := self.excluded.contains(hashes)).any():
            return index, inside_, hashes
        return index[~left_out], inside_.compress(~left_out, axis=1), hashes[~left_out]


class FingerprintSet:
    """A set of fingerprints. A table of bits rules out most others without a search.

    Args:
        fingerprints: uint64 (n,), at least one.

    >>> FingerprintSet(np.array([5, 9], dtype=np.uint64)).contains(np.array([4, 5], dtype=np.uint64)).tolist()
    [False, True]
    """

    def __init__(self, fingerprints: U64):
        self.sorted: U64 = np.unique(fingerprints)
        bits = min(max((TABLE_PER_ENTRY * len(self.sorted)).bit_length(), 10), MAX_TABLE_BITS)
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, dtype=np.bool_)
        self._table[self.sorted >> self._shift] = True

    def contains(self, fingerprints: U64) -> NDArray[np.bool_]:
        """Whether each fingerprint, uint64 (n,), is in the set, bool (n,)."""
        found = self._table.take((fingerprints >> self._shift).view(np.int64))
        possible = np.flatnonzero(found)
        wanted = fingerprints.take(possible)
        place = np.searchsorted(self.sorted, wanted)
        found[possible] = self.sorted.take(place, mode="clip") == wanted
        return found


@dataclass(frozen=True)
class Excluded:
    r"""Problems that train and validation leave out, known by the digest of their list, with or without the list.

    Args:
        digest: SHA-256 of the list as 64 hexadecimal digits; empty: no problems.
        content: the list: JSON lines of canonical operands, sorted, those of 2^63 or more as hexadecimal text; None
            where only its digest is known.

    Attributes:
        known: whether the list is known. Rows of train are cached for a list, not for a digest.

    >>> excluded = Excluded.of([(29, 12), (8, 57), (29, 12)])
    >>> excluded.content, excluded.count, str(excluded)[:12]
    (b'[8,57]\n[29,12]\n', 2, 'dc9db497c042')
    """

    digest: str = ""
    content: bytes | None = field(default=None, compare=False, repr=False)
    known: bool = field(init=False, repr=False)

    allowed_text: ClassVar[str] = "a file (in load, stream and generate), or the digest of a list"

    def __post_init__(self) -> None:
        if self.content is not None and hashlib.sha256(self.content).hexdigest() != self.digest:
            raise ValueError("the list of excluded problems does not have its digest")
        object.__setattr__(self, "known", self.content is not None)

    @classmethod
    def of(cls, problems: Iterable[Sequence[int]]) -> Self:
        """Exclude some problems, each given by its canonical operands."""
        lines = [
            json.dumps([_written(n) for n in p], separators=(",", ":"))
            for p in sorted(set(map(tuple, problems)))
        ]
        content = "".join(f"{line}\n" for line in lines).encode()
        return cls(hashlib.sha256(content).hexdigest(), content)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The excluded problems with a digest, without their list.

        Raises:
            ValueError: for any other text.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise ValueError(text)
        return cls(text)

    def __bool__(self) -> bool:
        """Whether any problems are excluded."""
        return bool(self.digest)

    def __str__(self) -> str:
        return self.digest

    @property
    def short(self) -> str:
        """The digest as names have it."""
        return self.digest[:12]

    @property
    def count(self) -> int:
        """The number of problems; 0 where the list is not known."""
        return (self.content or b"").count(b"\n")

    def fingerprints(self, family: str) -> FingerprintSet:
        """The fingerprints of the problems in a reserve family.

        Raises:
            InputError: when only the digest is known.
        """
        if self.content is None:
            raise InputError(
                f"the problems that train and validation exclude (excluded-{self.short}.jsonl) are not known here. "
                "Give the dataset whose folder holds them, or the list that was excluded."
            )
        return _fingerprint_set(self, family)


NOTHING_EXCLUDED = Excluded()


@lru_cache(maxsize=32)
def _fingerprint_set(excluded: Excluded, family: str) -> FingerprintSet:
    """The fingerprints of a list, cached because its text is slow to read."""
    problems: dict[int, list[Any]] = {}
    for problem in json.loads(b"[%s]" % b",".join((excluded.content or b"").splitlines())):
        problems.setdefault(len(problem), []).append(problem)
    return FingerprintSet(np.concatenate([_fingerprints_of(family, some) for some in problems.values()]))


def _fingerprints_of(family: str, problems: list[Any]) -> U64:
    """The fingerprints of problems with the same number of operands, which are integers or hexadecimal text."""
    try:
        columns = np.array(problems, dtype=np.int64).T
    except (ValueError, OverflowError):  # some are too long for an array
        columns = np.full((1, 1), ABSENT)
    if columns.min() >= 0:
        return fingerprints(family, columns)
    found = [fingerprint(family, [_read(operand) for operand in problem]) for problem in problems]
    return np.array(found, dtype=np.uint64)


def _written(operand: int) -> Any:
    # Python writes and reads no decimals of more than 4,300 digits
    return operand if abs(operand) < LONG_OPERAND else hex(operand)


def _read(operand: Any) -> int:
    return int(operand, 16) if isinstance(operand, str) else int(operand)


def _threshold(share: float) -> int:
    return round(share * (1 << 32)) << 32


TRAIN = Reserve("train", 0.0, 0.8)
VALIDATION = Reserve("validation", 0.8, 0.9)
TEST = Reserve("test", 0.9, 1.0)
RESERVE_OF_SPLIT = {"train": TRAIN, "validation": VALIDATION, "interpolate": TEST, "extrapolate": TEST}
SPLITS = tuple(RESERVE_OF_SPLIT)


def fingerprints(family: str, canonical: Int) -> U64:
    """Hash canonical problems to 64 bits.

    Args:
        family: the name under which related families share their reserves, such as ``"addition"``.
        canonical: int64 of shape (words, n), the operands in canonical order; `ABSENT` marks a missing operand. A long
            operand is two words, see :func:`fingerprint`; `ABSENT` marks a missing second word.

    Returns:
        uint64 of shape (n,).

    >>> a = fingerprints("addition", np.array([[29], [12]]))
    >>> int(a[0]) == fingerprint("addition", (29, 12))
    True
    """
    if compiled.LIBRARY:
        return compiled.fingerprints(canonical, _start(family))
    state: U64 = np.array(_start(family), dtype=np.uint64)
    for operand in canonical:
        mixed = mix64(operand.view(np.uint64) ^ state)
        state = np.where(operand == ABSENT, state, mixed) if operand.min(initial=0) < 0 else mixed
    return state


@cache
def _start(family: str) -> int:
    return key_of("reserve", family)


def fingerprint(family: str, canonical: Sequence[int]) -> int:
    """Hash one canonical problem of Python integers of any size to 64 bits.

    An integer of 2^63 or more is absorbed as two words: its last 63 bits and its residue modulo a prime, both of which
    are quick to compute in any base. Different long integers may have the same words, which is harmless: a fingerprint
    has to be fixed and to look random, not to be unique.
    """
    state = _start(family)
    for operand in canonical:
        for word in (
            (operand,) if operand < LONG_OPERAND else (operand % LONG_OPERAND, operand % LONG_MODULUS)
        ):
            state = mix64_int(state ^ (word & MASK))
    return state


def reserve_of(family: str, canonical: Sequence[int]) -> str:
    """Return the name of the reserve of one problem: ``"train"``, ``"validation"`` or ``"test"``.

    >>> reserve_of("addition", (29, 12)) in ("train", "validation", "test")
    True
    """
    hashed = fingerprint(family, canonical)
    for reserve in (TRAIN, VALIDATION):
        if hashed < _threshold(reserve.high):
            return reserve.name
    return TEST.name
