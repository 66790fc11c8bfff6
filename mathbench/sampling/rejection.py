"""Attempts: problems drawn by hash, and which of them lie in their reserve and are short enough.

An attempt is a pure function of (task, seed, split, stratum, number, attempt at that number). A draft of many costs
little more than one of a few, so they are made many at a time; how many changes nothing but the time it takes.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, U64, Int, mix64
from mathbench.numbers import text
from mathbench.reserve import Reserve

BATCH_CANDIDATES = 1 << 16  # attempts made at a time
MAX_CANDIDATES = 1 << 16  # at one problem
FIRST_TRIALS, MAX_TRIALS = 12, 64  # attempts at one number made side by side
MIN_BATCH = 1 << 13  # so many attempts cost hardly more than one


class Candidates(Protocol):
    """Problems that are drawn but not yet written.

    Attributes:
        fingerprints: uint64 (n,), hashes of the canonical problems.
        good: bool (n,), which ones are problems at all.
    """

    fingerprints: U64
    good: NDArray[np.bool_]

    def write(self, index: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers of some of them."""
        ...


class Accepted(NamedTuple):
    """Attempts that succeeded.

    Attributes:
        positions: int64 (k,), which ones.
        fingerprints: uint64 (k,), hashes of their problems.
        questions, answers: strings (k,).
    """

    positions: Int
    fingerprints: U64
    questions: pa.StringArray
    answers: pa.StringArray

    def reindexed(self, positions: Int) -> "Accepted":
        """The same at other places: those that have these places among some, int64 (n,)."""
        return self._replace(positions=positions.take(self.positions))

    def filtered(self, which: NDArray[np.bool_]) -> "Accepted":
        """Some of them, bool (k,)."""
        if which.all():
            return self
        kept = np.flatnonzero(which)
        index = text.int_array(kept)
        return Accepted(
            self.positions[kept],
            self.fingerprints[kept],
            self.questions.take(index),
            self.answers.take(index),
        )


class RejectionSampler:
    """Attempts at the problems of one split.

    Args:
        draw: gives the draft of problems with the strata int64 (n,) and the random words uint64 (n,).
        keys: uint64 (strata,), the key of each stratum's order.
        reserves: where the problems of each stratum must lie.
        longest: characters that a question and an answer may have.
    """

    def __init__(
        self,
        draw: Callable[[Int, U64], Candidates],
        keys: U64,
        reserves: Sequence[Reserve],
        longest: tuple[int, int],
    ):
        self._draw, self._keys, self._longest = draw, keys, longest
        self._first, self._last = np.array([_interval(r) for r in reserves], dtype=np.uint64).reshape(-1, 2).T

    def accepted(self, stratum: Int, number: Int) -> Accepted:
        """The first attempts at some numbers, int64 (n,), if they succeed."""
        return self._accept(stratum, mix64(self._words(stratum, number) ^ _salts(0, 1)))

    def first_accepted(self, stratum: Int, number: Int) -> Accepted:
        """The first attempt at each number that succeeds, in the order of the numbers, int64 (n,)."""
        words, left, attempt = self._words(stratum, number), np.ones(len(number), np.bool_), 0
        parts: list[Accepted] = []
        while len(pending := np.flatnonzero(left)) or not parts:
            # side by side where there are so few that the number of rounds costs more than the attempts
            trials = min(max(MIN_BATCH // max(len(pending), 1), 1), MAX_TRIALS if attempt else FIRST_TRIALS)
            for start in range(0, len(pending) or 1, BATCH_CANDIDATES // trials):
                here = pending[start : start + BATCH_CANDIDATES // trials]
                parts.append(
                    self._accepted_first(stratum[here], words[here], attempt, trials).reindexed(here)
                )
                left[parts[-1].positions] = False
            attempt += trials
            if attempt > MAX_CANDIDATES:
                raise RuntimeError(f"{MAX_CANDIDATES} attempts at a problem failed")
        return concatenated(parts)

    def _accepted_first(self, stratum: Int, words: U64, attempt: int, trials: int) -> Accepted:
        """The first of some attempts, from one on, that succeeds."""
        if trials == 1:
            return self._accept(stratum, mix64(words ^ _salts(attempt, 1)))
        random_bits = mix64(words[:, None] ^ _salts(attempt, trials)).ravel()
        made = self._accept(np.repeat(stratum, trials), random_bits)
        positions = made.positions // trials
        return made._replace(positions=positions).filtered(np.diff(positions, prepend=-1) != 0)

    def _words(self, stratum: Int, number: Int) -> U64:
        """A random word for each number, uint64 (n,)."""
        return mix64(number.astype(np.uint64) * np.uint64(GOLDEN) + self._keys.take(stratum))

    def _accept(self, stratum: Int, random_bits: U64) -> Accepted:
        """The attempts that succeed, of those with some random words, uint64 (n,)."""
        draft = self._draw(stratum, random_bits)
        in_reserve = (draft.fingerprints >= self._first.take(stratum)) & (
            draft.fingerprints <= self._last.take(stratum)
        )
        chosen = np.flatnonzero(in_reserve & draft.good)
        questions, answers = draft.write(chosen)
        requested, answered = (
            np.diff(text.bytes_and_offsets(strings)[1]) for strings in (questions, answers)
        )
        fits = (requested <= self._longest[0]) & (answered <= self._longest[1])
        return Accepted(chosen, draft.fingerprints.take(chosen), questions, answers).filtered(fits)


def concatenated(parts: Sequence[Accepted]) -> Accepted:
    """Parts that have all places from 0 on, each once, in the order of the places."""
    if len(parts) == 1:
        return parts[0]
    positions = np.concatenate([part.positions for part in parts])
    order = np.empty_like(positions)
    order[positions] = np.arange(len(positions))
    fingerprints, index = (
        np.concatenate([part.fingerprints for part in parts]).take(order),
        text.int_array(order),
    )
    questions = pa.concat_arrays([part.questions for part in parts]).take(index)
    answers = pa.concat_arrays([part.answers for part in parts]).take(index)
    return Accepted(positions.take(order), fingerprints, questions, answers)


def _salts(attempt: int, trials: int) -> U64:
    """What sets attempts at one number apart, uint64 (tries,)."""
    return mix64(np.arange(attempt + 1, attempt + trials + 1, dtype=np.uint64))


def _interval(reserve: Reserve) -> tuple[int, int]:
    """The smallest and the largest fingerprint of a reserve."""
    return round(reserve.low * (1 << 32)) << 32, (round(reserve.high * (1 << 32)) << 32) - 1
