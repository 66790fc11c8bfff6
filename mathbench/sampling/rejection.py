"""Rejection sampling: problems drawn by hash, accepted if they lie in their reserve and are short enough.

A candidate is a pure function of (task, seed, split, stratum, number, trial of that number). Drawing many candidates
costs little more than drawing a few, so they are drawn in batches; the batch size affects time only.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, U64, Int, mix64
from mathbench.numbers import text
from mathbench.reserve import Reserve

BATCH_CANDIDATES = 1 << 16  # candidates drawn at a time
MAX_CANDIDATES = 1 << 16  # candidates per problem
FIRST_TRIALS, MAX_TRIALS = 12, 64  # candidates of one number that are drawn together
MIN_BATCH = 1 << 13  # this many candidates cost hardly more than one


class NoProblemFound(RuntimeError):
    """No candidate of a row is accepted."""


class Candidates(Protocol):
    """Problems that are drawn but not yet written as text.

    Attributes:
        fingerprints: uint64 (n,), hashes of the canonical problems.
        good: bool (n,), which candidates are problems at all.
    """

    fingerprints: U64
    good: NDArray[np.bool_]

    def write(self, index: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers of the candidates at some indices."""
        ...


class Accepted(NamedTuple):
    """Accepted candidates.

    Attributes:
        positions: int64 (k,), their indices among all candidates.
        fingerprints: uint64 (k,), hashes of their problems.
        questions, answers: strings (k,).
    """

    positions: Int
    fingerprints: U64
    questions: pa.StringArray
    answers: pa.StringArray

    def reindexed(self, positions: Int) -> "Accepted":
        """Map positions through an index array, int64 (n,)."""
        return self._replace(positions=positions.take(self.positions))

    def filtered(self, which: NDArray[np.bool_]) -> "Accepted":
        """The candidates selected by a mask, bool (k,)."""
        if which.all():
            return self
        selected = np.flatnonzero(which)
        index = text.int_array(selected)
        return Accepted(
            self.positions[selected],
            self.fingerprints[selected],
            self.questions.take(index),
            self.answers.take(index),
        )

    def split(self, stops: Int) -> "list[Accepted]":
        """The candidates before the first stop, from there to the second, and so on; each part counts from 0."""
        edges = np.searchsorted(self.positions, stops).tolist()
        return [
            Accepted(
                self.positions[begin:end] - start,
                self.fingerprints[begin:end],
                self.questions[begin:end],
                self.answers[begin:end],
            )
            for start, begin, end in zip([0, *stops[:-1].tolist()], [0, *edges[:-1]], edges, strict=True)
        ]


class RejectionSampler:
    """Draws problems of some strata.

    Args:
        draw: draws candidates from strata, int64 (n,), and random words, uint64 (n,).
        keys: uint64 (strata,), the key of each stratum's order.
        reserves: the reserve of the problems of each stratum.
        longest: the largest numbers of characters of a question and an answer.
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
        """Draw one candidate for each number, int64 (n,), and return those that are accepted."""
        return self._accept(stratum, self.first_bits(stratum, number))

    def first_accepted(self, stratum: Int, number: Int) -> Accepted:
        """The first accepted candidate of each number, int64 (n,), in the order of the numbers."""
        words, left, attempt = self._words(stratum, number), np.ones(len(number), np.bool_), 0
        parts: list[Accepted] = []
        while len(pending := np.flatnonzero(left)) or not parts:
            # several trials per number where few are pending and rounds would cost more than candidates
            trials = min(max(MIN_BATCH // max(len(pending), 1), 1), MAX_TRIALS if attempt else FIRST_TRIALS)
            for start in range(0, len(pending) or 1, BATCH_CANDIDATES // trials):
                here = pending[start : start + BATCH_CANDIDATES // trials]
                parts.append(
                    self._accepted_first(stratum[here], words[here], attempt, trials).reindexed(here)
                )
                left[parts[-1].positions] = False
            attempt += trials
            if attempt > MAX_CANDIDATES:
                raise NoProblemFound(f"no problem was found in {MAX_CANDIDATES} attempts")
        return concatenated(parts)

    def first_bits(self, stratum: Int, number: Int) -> U64:
        """The random word of the first trial of each number, uint64 (n,)."""
        return mix64(self._words(stratum, number) ^ _salts(0, 1))

    def _accepted_first(self, stratum: Int, words: U64, attempt: int, trials: int) -> Accepted:
        """The first accepted one of `trials` candidates of each number, starting with trial `attempt`."""
        if trials == 1:
            return self._accept(stratum, mix64(words ^ _salts(attempt, 1)))
        random_bits = mix64(words[:, None] ^ _salts(attempt, trials)).ravel()
        accepted = self._accept(np.repeat(stratum, trials), random_bits)
        positions = accepted.positions // trials
        return accepted._replace(positions=positions).filtered(np.diff(positions, prepend=-1) != 0)

    def _words(self, stratum: Int, number: Int) -> U64:
        """A random word for each number, uint64 (n,)."""
        return mix64(number.astype(np.uint64) * np.uint64(GOLDEN) + self._keys.take(stratum))

    def _accept(self, stratum: Int, random_bits: U64) -> Accepted:
        """Draw candidates from random words, uint64 (n,), and return those that are accepted."""
        candidates = self._draw(stratum, random_bits)
        hashes = candidates.fingerprints
        in_reserve = (hashes >= self._first.take(stratum)) & (hashes <= self._last.take(stratum))
        chosen = np.flatnonzero(in_reserve & candidates.good)
        questions, answers = candidates.write(chosen)
        lengths = (np.diff(text.bytes_and_offsets(strings)[1]) for strings in (questions, answers))
        short = [length <= longest for length, longest in zip(lengths, self._longest, strict=True)]
        return Accepted(chosen, hashes.take(chosen), questions, answers).filtered(short[0] & short[1])


def concatenated(parts: Sequence[Accepted]) -> Accepted:
    """Concatenate parts that have all positions from 0 on, each once, in the order of the positions."""
    if len(parts) == 1:
        return parts[0]
    positions = np.concatenate([part.positions for part in parts])
    order = np.empty_like(positions)
    order[positions] = np.arange(len(positions))
    fingerprints = np.concatenate([part.fingerprints for part in parts]).take(order)
    index = text.int_array(order)
    questions = pa.concat_arrays([part.questions for part in parts]).take(index)
    answers = pa.concat_arrays([part.answers for part in parts]).take(index)
    return Accepted(positions.take(order), fingerprints, questions, answers)


def _salts(attempt: int, trials: int) -> U64:
    """A word per trial, by which the candidates of one number differ, uint64 (trials,)."""
    return mix64(np.arange(attempt + 1, attempt + trials + 1, dtype=np.uint64))


def _interval(reserve: Reserve) -> tuple[int, int]:
    """The smallest and the largest fingerprint of a reserve."""
    return round(reserve.low * (1 << 32)) << 32, (round(reserve.high * (1 << 32)) << 32) - 1
