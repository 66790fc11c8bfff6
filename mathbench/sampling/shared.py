"""Draws that the splits of a sampled task share.

A draw costs as much as thousands of candidates, however few it has. So the first draw of any split includes the
candidates with which the open test splits begin. A candidate depends on its own random word alone, so this affects time
only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mathbench.hashing import U64, Int
from mathbench.reserve import Reserve
from mathbench.sampling.rejection import Accepted, Candidates, RejectionSampler
from mathbench.sampling.unique import CandidatePool


@dataclass(frozen=True)
class SplitStrata:
    """The strata of one split.

    Args:
        keys: uint64 (strata,), the key of each stratum's order.
        reserves: the reserve of the problems of each stratum.
    """

    keys: U64
    reserves: Sequence[Reserve]

    def empty_pool(self) -> CandidatePool:
        """A pool for candidates of the split."""
        return CandidatePool([reserve.share for reserve in self.reserves])


class SharedDraws(RejectionSampler):
    """Draws the problems of several splits, whose strata are numbered one split after the other.

    Args:
        draw: draws candidates from strata, int64 (n,), and random words, uint64 (n,).
        splits: the strata of each split.
        longest: the largest numbers of characters of a question and an answer.
    """

    def __init__(
        self,
        draw: Callable[[Int, U64], Candidates],
        splits: Mapping[str, SplitStrata],
        longest: tuple[int, int],
    ):
        keys = np.concatenate([split.keys for split in splits.values()])
        super().__init__(draw, keys, [r for split in splits.values() for r in split.reserves], longest)
        stops = np.cumsum([len(split.keys) for split in splits.values()]).tolist()
        self._starts = dict(zip(splits, [0, *stops], strict=False))
        self._splits = splits
        # rows of each stratum that splits begin with; their pools once they are filled
        self._expected: dict[str, Int] = {}
        self._filled: dict[str, CandidatePool] = {}

    def of(self, split: str) -> "SplitSampler":
        """The sampler of one split."""
        return SplitSampler(self, split, self._starts[split])

    def expect(self, split: str, needed: Int) -> None:
        """Include so many problems of each stratum of a test split, int64 (strata,), in the next draw."""
        self._expected[split] = needed

    def pool(self, split: str) -> CandidatePool:
        """A pool of a test split, filled if it was expected."""
        if split in self._expected:
            self._accept(np.empty(0, np.int64), np.empty(0, np.uint64))
        return self._filled.pop(split, None) or self._splits[split].empty_pool()

    def _accept(self, stratum: Int, random_bits: U64) -> Accepted:
        expected, self._expected = self._expected, {}
        if not expected:
            return super()._accept(stratum, random_bits)
        pools = {split: self._splits[split].empty_pool() for split in expected}
        own = self._fill(pools, expected, stratum, random_bits)
        while any(pool.is_missing(expected[split]) for split, pool in pools.items()):
            self._fill(pools, expected, stratum[:0], random_bits[:0])
        self._filled |= pools
        return own

    def _fill(
        self, pools: Mapping[str, CandidatePool], needed: Mapping[str, Int], stratum: Int, random_bits: U64
    ) -> Accepted:
        """Draw candidates for pools and from random words, uint64 (n,); return those of the words that are accepted."""
        requests = [pool.request(needed[split]) for split, pool in pools.items()]
        starts = [self._starts[split] for split in pools]
        strata = [stratum, *(s + start for (s, _), start in zip(requests, starts, strict=True))]
        numbers = np.concatenate([number for _, number in requests])
        first = self.first_bits(np.concatenate(strata[1:]), numbers)
        accepted = super()._accept(np.concatenate(strata), np.concatenate([random_bits, first]))
        own, *others = accepted.split(np.cumsum([len(part) for part in strata]))
        for pool, request, part in zip(pools.values(), requests, others, strict=True):
            pool.keep(*request, part)
        return own


@dataclass(frozen=True)
class SplitSampler:
    """Draws the problems of one split.

    Args:
        draws: draws the problems of all splits.
        split: the split.
        start: the number of its first stratum.
    """

    draws: SharedDraws
    split: str
    start: int

    def accepted(self, stratum: Int, number: Int) -> Accepted:
        """Draw one candidate for each number, int64 (n,), and return those that are accepted."""
        return self.draws.accepted(stratum + self.start, number)

    def first_accepted(self, stratum: Int, number: Int) -> Accepted:
        """The first accepted candidate of each number, int64 (n,), in the order of the numbers."""
        return self.draws.first_accepted(stratum + self.start, number)

    def expect(self, needed: Int) -> None:
        """Include so many problems of each stratum, int64 (strata,), in the next draw of any split."""
        self.draws.expect(self.split, needed)

    def pool(self) -> CandidatePool:
        """A pool of this split, filled if it was expected."""
        return self.draws.pool(self.split)
