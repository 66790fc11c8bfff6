"""Problems without repetition, for the test splits of a sampled task.

The accepted problems of a stratum, in order, are its candidates. Candidates of all strata are taken in turn, so that no
stratum uses up the problems of another, and those whose problem occurred before are skipped. The batch size affects
time only.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mathbench.hashing import U64, Int
from mathbench.numbers.text import int_array
from mathbench.sampling.rejection import BATCH_CANDIDATES, MAX_CANDIDATES, RejectionSampler

MIN_BATCH, MAX_BATCH = 1 << 5, 1 << 14  # candidates of each stratum compared at a time
MIN_SAMPLE = 1 << 10  # candidates after which a stratum with hardly a new problem counts as exhausted
CACHE_ROWS = 1 << 16  # texts that are cached, so that rows in order are written once
_FITTING_SHARE = 0.7  # initial estimate of the share of problems that are short enough


class UniqueProblems:
    """Problems of the strata of one split, each different from all earlier ones of any stratum.

    Args:
        sampler: draws problems.
        shares: the share of all problems that lies in the reserve of each stratum.
    """

    def __init__(self, sampler: RejectionSampler, shares: Sequence[float]):
        self._sampler, self._likely = sampler, np.array(shares) * _FITTING_SHARE
        self._tried = np.zeros(len(shares), np.int64)
        # number, hash and cache index of the candidates of each stratum, and of the unique ones among them
        self._candidates = [np.empty((3, 0), np.int64) for _ in shares]
        self._found = [np.empty((3, 0), np.int64) for _ in shares]
        self._seen, self._compared, self._texts = np.array([], np.uint64), 0, _TextCache()

    def count(self, stratum: int, needed: int) -> int:
        """The number of different problems of a stratum: at least `needed`, unless new ones have become very rare."""
        compared = 0
        while (before := self._found[stratum].shape[1]) < needed:
            count = int(np.clip(max((needed - before) * 9 // 8, compared), MIN_BATCH, MAX_BATCH))
            self._fill(self._compared + count)
            self._find_unique(self._compared + count)
            compared += count
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
        if self._texts.has(position):
            return self._texts.at(position)
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
        while (missing := np.array([needed - c.shape[1] for c in self._candidates]).clip(0)).any():
            accepted = np.array([c.shape[1] for c in self._candidates])
            expected = missing * (self._tried + 32) / (accepted + 32 * self._likely)
            count = np.where(missing > 0, expected + 3 * np.sqrt(expected) + 8, 0)
            self._draw_more(np.ceil(count * min(BATCH_CANDIDATES / count.sum(), 1)).astype(np.int64))

    def _draw_more(self, count: Int) -> None:
        """Draw `count` more numbers of each stratum, int64 (strata,)."""
        stratum, stops = np.repeat(np.arange(len(count)), count), np.cumsum(count)
        number = np.arange(len(stratum)) + (self._tried - stops + count).take(stratum)
        accepted = self._sampler.accepted(stratum, number)
        self._tried += count
        text = self._texts.add(accepted.questions, accepted.answers)
        known = np.stack([number.take(accepted.positions), accepted.fingerprints.view(np.int64), text])
        parts = np.split(known, np.searchsorted(accepted.positions, stops[:-1]), axis=1)
        for s, part in enumerate(parts):
            self._candidates[s] = np.concatenate([self._candidates[s], part], axis=1)
            if self._tried[s] > MAX_CANDIDATES * (self._candidates[s].shape[1] + 1):
                raise RuntimeError(f"no problem was found in {MAX_CANDIDATES} attempts")

    def _find_unique(self, stop: int) -> None:
        """Compare the next candidates of all strata, in turn, with all earlier ones."""
        block = np.stack([c[:, self._compared : stop] for c in self._candidates], axis=2)
        fingerprints = block[1].ravel().view(np.uint64)
        different, first = np.unique(fingerprints, return_index=True)
        fresh = np.zeros(len(fingerprints), np.bool_)
        fresh[first[~np.isin(different, self._seen, assume_unique=True)]] = True
        self._seen = np.union1d(self._seen, different)
        for s, here in enumerate(fresh.reshape(block.shape[1:]).T):
            self._found[s] = np.concatenate([self._found[s], block[:, here, s]], axis=1)
        self._compared = stop


class _TextCache:
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
