"""Problems that differ: what the test splits of a sampled task consist of.

The attempts of a stratum that succeed, in order, are its candidates. Candidates of all strata are looked at in turn,
so that none takes what another needs, and those whose problem came before are passed over. How many are made at a
time changes nothing but the time it takes.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mathbench.hashing import U64, Int
from mathbench.numbers.text import int_array
from mathbench.sampling.rejection import BATCH_CANDIDATES, MAX_CANDIDATES, RejectionSampler

MIN_BATCH, MAX_BATCH = 1 << 5, 1 << 14  # candidates of each stratum that are looked at for repeats at a time
MIN_SAMPLE = 1 << 10  # so many say whether hardly one is new
CACHE_ROWS = 1 << 16  # texts that are remembered, so that rows in order are written once
_FITTING_SHARE = 0.7  # a guess before anything is known: the share of problems that are short enough


class UniqueProblems:
    """Problems of the strata of one split that repeat no earlier one of any of them.

    Args:
        attempts: makes problems.
        shares: the share of all problems that lies in the reserve of each stratum.
    """

    def __init__(self, attempts: RejectionSampler, shares: Sequence[float]):
        self._sampler, self._likely = attempts, np.array(shares) * _FITTING_SHARE
        self._tried = np.zeros(len(shares), np.int64)
        # of each stratum the attempt, the hash and the text of its candidates, and of those of them that differ
        self._candidates = [np.empty((3, 0), np.int64) for _ in shares]
        self._found = [np.empty((3, 0), np.int64) for _ in shares]
        self._seen, self._looked_at, self._texts = np.empty(0, np.uint64), 0, _TextCache()

    def count(self, stratum: int, needed: int) -> int:
        """How many different problems of a stratum there are: as many as needed, unless hardly one more differs."""
        looked_at = 0
        while (before := self._found[stratum].shape[1]) < needed:
            count = int(np.clip(max((needed - before) * 9 // 8, looked_at), MIN_BATCH, MAX_BATCH))
            self._fill(self._looked_at + count)
            self._find_unique(self._looked_at + count)
            looked_at += count
            after = self._found[stratum].shape[1]
            if count >= MIN_SAMPLE and after - before <= count // 64:
                return after
        return before

    def fingerprints(self, stratum: Int, rank: Int) -> U64:
        """Hashes of some problems by stratum and rank, int64 (n,) each; uint64 (n,)."""
        return self._lookup(stratum, rank)[1].view(np.uint64)

    def rendered(self, stratum: Int, rank: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers of some problems."""
        attempt, _, position = self._lookup(stratum, rank)
        if self._texts.has(position):
            return self._texts.at(position)
        made = self._sampler.accepted(stratum, attempt)
        return made.questions, made.answers

    def _lookup(self, stratum: Int, rank: Int) -> Int:
        """Attempt, hash and text of some problems, int64 (3, n)."""
        known = np.empty((3, len(rank)), np.int64)
        for s in np.unique(stratum):
            here = stratum == s
            known[:, here] = self._found[s][:, rank[here]]
        return known

    def _fill(self, needed: int) -> None:
        """Make candidates until every stratum has so many."""
        while (missing := np.array([needed - c.shape[1] for c in self._candidates]).clip(0)).any():
            succeeded = np.array([c.shape[1] for c in self._candidates])
            expected = missing * (self._tried + 32) / (succeeded + 32 * self._likely)
            count = np.where(missing > 0, expected + 3 * np.sqrt(expected) + 8, 0)
            self._draw_more(np.ceil(count * min(BATCH_CANDIDATES / count.sum(), 1)).astype(np.int64))

    def _draw_more(self, count: Int) -> None:
        """Make so many further attempts at each stratum, int64 (strata,)."""
        stratum, stops = np.repeat(np.arange(len(count)), count), np.cumsum(count)
        number = np.arange(len(stratum)) + (self._tried - stops + count).take(stratum)
        made = self._sampler.accepted(stratum, number)
        self._tried += count
        text = self._texts.add(made.questions, made.answers)
        known = np.stack([number.take(made.positions), made.fingerprints.view(np.int64), text])
        parts = np.split(known, np.searchsorted(made.positions, stops[:-1]), axis=1)
        for s, part in enumerate(parts):
            self._candidates[s] = np.concatenate([self._candidates[s], part], axis=1)
            if self._tried[s] > MAX_CANDIDATES * (self._candidates[s].shape[1] + 1):
                raise RuntimeError(f"{MAX_CANDIDATES} attempts at a problem failed")

    def _find_unique(self, stop: int) -> None:
        """Look at the next candidates of all strata, in turn."""
        block = np.stack([c[:, self._looked_at : stop] for c in self._candidates], axis=2)
        fingerprints = block[1].ravel().view(np.uint64)
        different, first = np.unique(fingerprints, return_index=True)
        fresh = np.zeros(len(fingerprints), np.bool_)
        fresh[first[~np.isin(different, self._seen, assume_unique=True)]] = True
        self._seen = np.union1d(self._seen, different)
        for s, here in enumerate(fresh.reshape(block.shape[1:]).T):
            self._found[s] = np.concatenate([self._found[s], block[:, here, s]], axis=1)
        self._looked_at = stop


class _TextCache:
    """Questions and answers by the order in which they were written; old ones are forgotten."""

    def __init__(self) -> None:
        self._parts: list[tuple[pa.StringArray, pa.StringArray]] = []
        self._first = self._next = 0

    def add(self, questions: pa.StringArray, answers: pa.StringArray) -> Int:
        """Remember some; their places, int64 (n,)."""
        if self._next - self._first > CACHE_ROWS:
            self._parts, self._first = [], self._next
        start, self._next = self._next, self._next + len(questions)
        self._parts.append((questions, answers))
        return np.arange(start, self._next)

    def has(self, positions: Int) -> bool:
        """Whether all of some places, int64 (n,), are remembered."""
        return bool(self._parts) and bool(positions.min(initial=self._next) >= self._first)

    def at(self, positions: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers of some places."""
        questions, answers = (pa.concat_arrays(column) for column in zip(*self._parts, strict=True))
        self._parts = [(questions, answers)]
        index = int_array(positions - self._first)
        return questions.take(index), answers.take(index)
