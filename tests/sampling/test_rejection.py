"""Rejection sampling candidate by candidate, with a stand-in for the problems of a task."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mathbench.hashing import mix64_int
from mathbench.reserve import TEST, TRAIN, VALIDATION
from mathbench.sampling import rejection
from mathbench.sampling.rejection import RejectionSampler

WORD, GOLDEN = 1 << 64, 0x9E3779B97F4A7C15
KEYS = (5, 77)


@dataclass
class Drawn:
    """Candidates that are their random word; one of `rarity` is a problem. Questions are the last digit of the word."""

    fingerprints: np.ndarray
    rarity: int

    def __post_init__(self):
        self.good = self.fingerprints % self.rarity == 0

    def write(self, index):
        words = pa.array([str(word)[-1] for word in self.fingerprints[index].tolist()], pa.string())
        return words, words


def sampler(rarity):
    return RejectionSampler(
        lambda _, bits: Drawn(bits, rarity), np.array(KEYS, np.uint64), [TRAIN, VALIDATION], (1, 1)
    )


def by_hand(stratum, number, rarity):
    """The first accepted candidate of a number."""
    word, low, high = mix64_int((number * GOLDEN + KEYS[stratum]) % WORD), *((0, 0.8), (0.8, 0.9))[stratum]
    candidates = (mix64_int(word ^ mix64_int(attempt + 1)) for attempt in range(100_000))
    return next(bits for bits in candidates if bits % rarity == 0 and low <= bits / WORD < high)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2**40)), max_size=25),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([1, 8, 40, 1 << 16]),
    st.sampled_from([9, 40, 1 << 16]),
    st.sampled_from([1, 6]),
)
@example([(i % 2, i) for i in range(20)], 3, 3, 60, 9, 1)
def test_the_first_candidates_however_many_are_drawn_at_once(numbers, first, most, least, batch, rarity):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("FIRST_TRIALS", first),
            ("MAX_TRIALS", most),
            ("MIN_BATCH", least),
            ("BATCH_CANDIDATES", batch),
        ):
            patch.setattr(rejection, name, value)
        stratum, number = np.array(numbers, np.int64).reshape(-1, 2).T
        found = sampler(rarity).first_accepted(stratum, number)
    expected = [by_hand(s, n, rarity) for s, n in numbers]
    assert found.positions.tolist() == list(range(len(numbers)))
    assert found.fingerprints.tolist() == expected
    assert found.questions.to_pylist() == found.answers.to_pylist() == [str(word)[-1] for word in expected]


@dataclass
class Given:
    """Candidates with hashes and texts that a test gives."""

    fingerprints: np.ndarray
    good: np.ndarray
    questions: pa.Array
    answers: pa.Array

    def write(self, index):
        return self.questions.take(pa.array(index)), self.answers.take(pa.array(index))


def accepted(hashes, questions, answers, reserve):
    drawn = Given(
        np.array(hashes, np.uint64), np.ones(len(hashes), bool), *map(pa.array, (questions, answers))
    )
    source = RejectionSampler(lambda *_: drawn, np.zeros(1, np.uint64), [reserve], (3, 2))
    return source.accepted(np.zeros(len(hashes), np.int64), np.arange(len(hashes)))


@pytest.mark.parametrize("reserve", [TRAIN, VALIDATION, TEST])
def test_a_reserve_begins_and_ends_with_one_hash(reserve):
    edges = {round(share * 2**32) * 2**32 + step for share in (0, 0.8, 0.9, 1) for step in (-2, -1, 0, 1)}
    hashes = sorted(edge for edge in edges if 0 <= edge < WORD)
    found = accepted(hashes, ["q"] * len(hashes), ["a"] * len(hashes), reserve)
    inside = reserve.contains(np.array(hashes, np.uint64)).tolist()
    assert found.fingerprints.tolist() == [h for h, here in zip(hashes, inside, strict=True) if here]
    assert 0 < sum(inside) < len(hashes)


def test_questions_and_answers_have_lengths_of_their_own():
    found = accepted([1, 2, 3, 4], ["qqq", "qqqq", "qqq", "qqqq"], ["aa", "aa", "aaa", "aaa"], TRAIN)
    assert (found.positions.tolist(), found.questions.to_pylist()) == ([0], ["qqq"])


@pytest.mark.parametrize("attempts", [5, 6])
def test_a_problem_has_as_many_candidates_as_are_allowed(monkeypatch, attempts):
    for name in ("FIRST_TRIALS", "MAX_TRIALS", "MIN_BATCH"):
        monkeypatch.setattr(rejection, name, 1)
    monkeypatch.setattr(rejection, "MAX_CANDIDATES", 5)
    drawn = iter([7] * (attempts - 1) + [6] * 9)
    source = RejectionSampler(
        lambda *_: Drawn(np.array([next(drawn)], np.uint64), 6), np.zeros(1, np.uint64), [TRAIN], (1, 1)
    )
    one = np.zeros(1, np.int64)
    if attempts == 5:
        assert source.first_accepted(one, one).questions.to_pylist() == ["6"]
    else:
        with pytest.raises(RuntimeError, match=r"^no problem was found in 5 attempts$"):
            source.first_accepted(one, one)
