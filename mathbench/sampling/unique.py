"""Problems without repetition, for the test splits of a sampled task.

The accepted problems of a stratum, in order, are its candidates. Candidates of all strata are taken in turn, so that no
stratum uses up the problems of another, and those whose problem occurred before are skipped. The batch size affects
time only.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa

from mathbench.hashing import U64, Int
from mathbench.numbers.text import int_array
from mathbench.sampling.rejection import BATCH_CANDIDATES, MAX_CANDIDATES, Accepted

T = TypeVar("T", int, Int)

MIN_BATCH, MAX_BATCH = 1 << 5, 1 << 14  # candidates of each stratum compared at a time
MIN_SAMPLE = 1 << 10  # candidates after which a stratum with hardly a new problem counts as exhausted
CACHE_ROWS = 1 << 16  # texts that are cached, so that rows in order are written once
MIN_REQUEST = 1 << 11  # this many candidates cost hardly more than one
_FITTING_SHARE = 0.8  # initial estimate of the share of problems that are short enough


class PoolSampler(Protocol):
    """Draws the problems of one split."""

    def accepted(self, stratum: Int, number: Int) -> Accepted:
        """Draw one candidate for each number, int64 (n,), and return those that are accepted."""
        ...

    def pool(self) -> "CandidatePool":
        """A pool for the candidates of this split, which may be filled already."""
        ...


def candidates_for(problems: T) -> T:
    """The number of candidates in which so many different problems are sought first, an integer or int64 (strata,)."""
    return problems * 9 // 8


class UniqueProblems:
    """Problems of the strata of one split, each different from all earlier ones of any stratum.

    Args:
        sampler: draws problems.
        strata: the number of strata.
    """

    def __init__(self, sampler: PoolSampler, strata: int):
        self._sampler = sampler
        # number, hash and cache index of the unique candidates of each stratum
        self._found = [np.empty((3, 0), np.int64) for _ in range(strata)]
        self._seen, self._compared = np.empty(0, np.uint64), 0

    @cached_property
    def _pool(self) -> "CandidatePool":
        return self._sampler.pool()

    def count(self, stratum: int, needed: int) -> int:
        """The number of different problems of a stratum: at least `needed`, unless new ones have become very rare."""
        least = MIN_BATCH
        while (before := self._found[stratum].shape[1]) < needed:
            count = min(max(candidates_for(needed - before), least), MAX_BATCH)
            self._fill(self._compared + count)
            self._find_unique(self._compared + count)
            least *= 2
            after = self._found[stratum].shape[1]
            if count >= MIN_SAMPLE and after - before <= count // 64:
                return after
        return before

    def fingerprints(self, stratum: Int, rank: Int) -> U64:
        """Hashes of some problems by stratum and rank, int64 (n,) each; uint64 (n,)."""
        return self._lookup(stratum, rank)[1].view(np.uint64)

    def rendered(self, stratum: Int, rank: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers of some problems."""
        number, _, position = self._lookup(stratum, rank)
        if self._pool.texts.has(position):
            return self._pool.texts.at(position)
        accepted = self._sampler.accepted(stratum, number)
        return accepted.questions, accepted.answers

    def _lookup(self, stratum: Int, rank: Int) -> Int:
        """Number, hash and cache index of some problems, int64 (3, n)."""
        known = np.empty((3, len(rank)), np.int64)
        for s in np.unique(stratum):
            here = stratum == s
            known[:, here] = self._found[s][:, rank[here]]
        return known

    def _fill(self, needed: int) -> None:
        """Draw candidates until every stratum has `needed` of them."""
        while self._pool.is_missing(needed):
            request = self._pool.request(needed)
            self._pool.keep(*request, self._sampler.accepted(*request))

    def _find_unique(self, stop: int) -> None:
        """Compare the next candidates of all strata, in turn, with all earlier ones."""
        block = np.stack([c[:, self._compared : stop] for c in self._pool.candidates], axis=2)
        fingerprints = block[1].ravel().view(np.uint64)
        different, first = np.unique(fingerprints, return_index=True)
        fresh = np.zeros(len(fingerprints), np.bool_)
        fresh[first[~np.isin(different, self._seen, assume_unique=True)]] = True
        self._seen = np.union1d(self._seen, different)
        for s, here in enumerate(fresh.reshape(block.shape[1:]).T):
            self._found[s] = np.concatenate([self._found[s], block[:, here, s]], axis=1)
        self._compared = stop


class CandidatePool:
    """The accepted candidates of the strata of one split.

    Args:
        shares: the share of all problems that lies in the reserve of each stratum.

    Attributes:
        candidates: number, hash and cache index of the accepted candidates of each stratum, int64 (3, n) each.
        texts: the cache of their texts.
    """

    def __init__(self, shares: Sequence[float]):
        self._likely = np.array(shares) * _FITTING_SHARE
        self._tried = np.zeros(len(shares), np.int64)
        self.candidates = [np.empty((3, 0), np.int64) for _ in shares]
        self.texts = TextCache()

    def is_missing(self, needed: int | Int) -> bool:
        """Whether a stratum has fewer accepted candidates than `needed`, an integer or int64 (strata,)."""
        return bool((self._accepted() < needed).any())

    def request(self, needed: int | Int) -> tuple[Int, Int]:
        """Strata and numbers, int64 (n,) each, of the candidates to draw until there are probably `needed` of them."""
        missing, accepted = (needed - self._accepted()).clip(0), self._accepted()
        expected = missing * (self._tried + 32) / (accepted + 32 * self._likely)
        wanted = np.where(missing > 0, expected + 2 * np.sqrt(expected) + 8, 0)
        total = np.clip(wanted.sum(), min(MIN_REQUEST, BATCH_CANDIDATES), BATCH_CANDIDATES)
        count = np.ceil(wanted * (total / max(wanted.sum(), 1))).astype(np.int64)
        stratum, stops = np.repeat(np.arange(len(count)), count), np.cumsum(count)
        return stratum, np.arange(len(stratum)) + (self._tried - stops + count).take(stratum)

    def keep(self, stratum: Int, number: Int, accepted: Accepted) -> None:
        """Add the accepted ones of the requested candidates."""
        count = np.bincount(stratum, minlength=len(self._tried))
        self._tried += count
        text = self.texts.add(accepted.questions, accepted.answers)
        known = np.stack([number.take(accepted.positions), accepted.fingerprints.view(np.int64), text])
        parts = np.split(known, np.searchsorted(accepted.positions, np.cumsum(count)[:-1]), axis=1)
        for s, part in enumerate(parts):
            self.candidates[s] = np.concatenate([self.candidates[s], part], axis=1)
            if self._tried[s] > MAX_CANDIDATES * (self.candidates[s].shape[1] + 1):
                raise RuntimeError(f"no problem was found in {MAX_CANDIDATES} attempts")

    def _accepted(self) -> Int:
        """The number of accepted candidates of each stratum, int64 (strata,)."""
        return np.array([candidates.shape[1] for candidates in self.candidates])


class TextCache:
    """Cache of questions and answers by the order in which they were written; old entries are dropped."""

    def __init__(self) -> None:
        self._parts: list[tuple[pa.StringArray, pa.StringArray]] = []
        self._first = self._next = 0

    def add(self, questions: pa.StringArray, answers: pa.StringArray) -> Int:
        """Add texts and return their positions, int64 (n,)."""
        if self._next - self._first > CACHE_ROWS:
            self._parts, self._first = [], self._next
        start, self._next = self._next, self._next + len(questions)
        self._parts.append((questions, answers))
        return np.arange(start, self._next)

    def has(self, positions: Int) -> bool:
        """Whether all positions, int64 (n,), are cached."""
        return bool(self._parts) and bool(positions.min(initial=self._next) >= self._first)

    def at(self, positions: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers at some positions."""
        questions, answers = (pa.concat_arrays(column) for column in zip(*self._parts, strict=True))
        self._parts = [(questions, answers)]
        index = int_array(positions - self._first)
        return questions.take(index), answers.take(index)
