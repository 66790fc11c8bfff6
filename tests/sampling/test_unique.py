"""Unique problems of strata in turn, however they are asked for and however many are drawn and cached at a time."""

from itertools import count

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.hashing import mix64_int
from mathbench.sampling import unique
from mathbench.sampling.rejection import Accepted
from mathbench.sampling.unique import CandidatePool, UniqueProblems

SHARES = (1.0, 0.1, 0.5)


class Sampler:
    """Numbers of a stratum are accepted with its share; their problems are some of `space` numbers."""

    def __init__(self, space, shares=SHARES):
        self.space, self.shares, self.calls = space, shares, 0

    def problem(self, stratum, number):
        word = mix64_int(number * len(self.shares) + stratum)
        return word % self.space if word >> 32 < self.shares[stratum] * 2**32 else None

    def accepted(self, stratum, number):
        self.calls += 1
        found = [self.problem(*pair) for pair in zip(stratum.tolist(), number.tolist(), strict=True)]
        positions = [i for i, problem in enumerate(found) if problem is not None]
        problems = [found[i] for i in positions]
        texts = pa.array(map(str, problems), pa.string())
        return Accepted(np.array(positions, np.int64), np.array(problems, np.uint64), texts, texts)

    def pool(self):
        return CandidatePool(self.shares)

    def unique(self, rows):
        """The first unique problems of each stratum, by hand: one candidate of each in turn."""
        numbers = [count() for _ in self.shares]
        found, seen = [[] for _ in self.shares], set()
        for _ in range(rows):
            for stratum, number in enumerate(numbers):
                problem = next(p for n in number if (p := self.problem(stratum, n)) is not None)
                if problem not in seen:
                    found[stratum].append(problem)
                seen.add(problem)
        return found


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 60), max_size=6)), min_size=1, max_size=6),
    st.sampled_from([400, 1 << 40]),
    st.sampled_from([(1, 1), (3, 7), (32, 1 << 14)]),
    st.sampled_from([2, 50, 1 << 16]),
    st.sampled_from([0, 30, 1 << 16]),
)
def test_problems_are_those_of_the_turns(queries, space, batches, drawn, cached):
    sampler = Sampler(space)
    expected = sampler.unique(150)
    problems = UniqueProblems(sampler, len(SHARES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique, "MIN_BATCH", batches[0])
        patch.setattr(unique, "MAX_BATCH", batches[1])
        patch.setattr(unique, "BATCH_CANDIDATES", drawn)
        patch.setattr(unique, "CACHE_ROWS", cached)
        for stratum, ranks in queries:
            assert problems.count(stratum, max(ranks, default=-1) + 1) > max(ranks, default=-1)
            strata, ranks = np.full(len(ranks), stratum), np.array(ranks, np.int64)
            right = [expected[stratum][rank] for rank in ranks]
            assert problems.fingerprints(strata, ranks).tolist() == right
            for texts in problems.rendered(strata, ranks):
                assert texts.to_pylist() == list(map(str, right))
    # all strata in one query, in any order
    known = [(s, r) for s in (2, 0, 1) for r in range(problems.count(s, 0)) if r < 60][::-1]
    strata, ranks = (np.array(column, np.int64) for column in ([s for s, _ in known], [r for _, r in known]))
    assert problems.fingerprints(strata, ranks).tolist() == [expected[s][r] for s, r in known]
    assert problems.rendered(strata, ranks)[1].to_pylist() == [str(expected[s][r]) for s, r in known]


def test_all_problems_of_a_small_space_are_found_and_no_more():
    sampler = Sampler(97, (1.0,))
    problems = UniqueProblems(sampler, 1)
    for needed in range(80, 98):  # however long the last ones take
        assert problems.count(0, needed) >= needed
    assert problems.count(0, 1_000) == 97
    assert sorted(problems.fingerprints(np.zeros(97, np.int64), np.arange(97)).tolist()) == list(range(97))


def test_most_problems_of_a_space_may_be_asked_for():
    assert UniqueProblems(Sampler(3_000, (1.0,)), 1).count(0, 2_800) >= 2_800
    assert 2_900 < UniqueProblems(Sampler(3_000, (1.0,)), 1).count(0, 4_000) <= 3_000


def test_what_was_written_is_not_written_again(monkeypatch):
    sampler = Sampler(1 << 40)
    problems = UniqueProblems(sampler, len(SHARES))
    one, ranks = np.zeros(20, np.int64), np.arange(20)
    problems.count(0, 20)
    before = sampler.calls
    first = problems.rendered(one, ranks)
    assert sampler.calls == before and problems.rendered(one, ranks) == first
    # unless too much was written since
    monkeypatch.setattr(unique, "CACHE_ROWS", 10)
    problems.count(0, 2_000)
    before = sampler.calls
    assert problems.rendered(one, ranks) == first and sampler.calls == before + 1
    # and what was written last is there: the last problem of some stratum
    for stratum in range(3):
        place = np.array([stratum]), np.array([problems.count(stratum, 0) - 1])
        right = [str(word) for word in problems.fingerprints(*place).tolist()]
        assert problems.rendered(*place)[0].to_pylist() == right
    assert sampler.calls < before + 4


def test_few_draws_are_needed_for_many_problems():
    for shares in ((1.0,), (0.01,), (0.001, 1.0)):
        sampler = Sampler(1 << 40, shares)
        UniqueProblems(sampler, len(shares)).count(0, 30)
        assert sampler.calls <= 4


def test_a_stratum_without_problems_is_an_error_after_so_many_candidates(monkeypatch):
    monkeypatch.setattr(unique, "MAX_CANDIDATES", 500)
    sampler = Sampler(1 << 40, (0.0,))
    monkeypatch.setattr(sampler, "pool", lambda: CandidatePool((1.0,)))
    with pytest.raises(RuntimeError, match=r"^no problem was found in 500 attempts$"):
        UniqueProblems(sampler, 1).count(0, 1)
