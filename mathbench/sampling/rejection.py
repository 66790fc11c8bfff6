"""Attempts: problems drawn by hash, and which of them lie in their reserve and are short enough.

An attempt is a pure function of (task, seed, split, stratum, number, attempt at that number). A draft of many costs
little more than one of a few, so they are made many at a time; how many changes nothing but the time it takes.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import GOLDEN, U64, Int, mix
from mathbench.numbers import text
from mathbench.reserve import Reserve

BATCH = 1 << 16  # attempts made at a time
MOST_ATTEMPTS = 1 << 16  # at one problem
FIRST_TRIES, MOST_TRIES = 12, 64  # attempts at one number made side by side
WORTH = 1 << 13  # so many attempts cost hardly more than one


class Draft(Protocol):
    """Problems that are drawn but not yet written.

    Attributes:
        prints: uint64 (n,), hashes of the canonical problems.
        good: bool (n,), which ones are problems at all.
    """

    prints: U64
    good: NDArray[np.bool_]

    def write(self, index: Int) -> tuple[pa.StringArray, pa.StringArray]:
        """Questions and answers of some of them."""
        ...


class Made(NamedTuple):
    """Attempts that succeeded.

    Attributes:
        places: int64 (k,), which ones.
        prints: uint64 (k,), hashes of their problems.
        questions, answers: strings (k,).
    """

    places: Int
    prints: U64
    questions: pa.StringArray
    answers: pa.StringArray

    def moved(self, places: Int) -> "Made":
        """The same at other places: those that have these places among some, int64 (n,)."""
        return self._replace(places=places.take(self.places))

    def only(self, which: NDArray[np.bool_]) -> "Made":
        """Some of them, bool (k,)."""
        if which.all():
            return self
        kept = np.flatnonzero(which)
        index = text.integers(kept)
        return Made(
            self.places[kept], self.prints[kept], self.questions.take(index), self.answers.take(index)
        )


class Attempts:
    """Attempts at the problems of one split.

    Args:
        draw: gives the draft of problems with the strata int64 (n,) and the random words uint64 (n,).
        keys: uint64 (strata,), the key of each stratum's order.
        reserves: where the problems of each stratum must lie.
        longest: characters that a question and an answer may have.
    """

    def __init__(
        self,
        draw: Callable[[Int, U64], Draft],
        keys: U64,
        reserves: Sequence[Reserve],
        longest: tuple[int, int],
    ):
        self._draw, self._keys, self._longest = draw, keys, longest
        self._first, self._last = np.array([_ends(r) for r in reserves], dtype=np.uint64).reshape(-1, 2).T

    def made(self, stratum: Int, number: Int) -> Made:
        """The first attempts at some numbers, int64 (n,), if they succeed."""
        return self._of(stratum, mix(self._words(stratum, number) ^ _salts(0, 1)))

    def first(self, stratum: Int, number: Int) -> Made:
        """The first attempt at each number that succeeds, in the order of the numbers, int64 (n,)."""
        words, left, attempt = self._words(stratum, number), np.ones(len(number), np.bool_), 0
        parts: list[Made] = []
        while len(pending := np.flatnonzero(left)) or not parts:
            # side by side where there are so few that the number of rounds costs more than the attempts
            tries = min(max(WORTH // max(len(pending), 1), 1), MOST_TRIES if attempt else FIRST_TRIES)
            for start in range(0, len(pending) or 1, BATCH // tries):
                here = pending[start : start + BATCH // tries]
                parts.append(self._tried(stratum[here], words[here], attempt, tries).moved(here))
                left[parts[-1].places] = False
            attempt += tries
            if attempt > MOST_ATTEMPTS:
                raise RuntimeError(f"{MOST_ATTEMPTS} attempts at a problem failed")
        return joined(parts)

    def _tried(self, stratum: Int, words: U64, attempt: int, tries: int) -> Made:
        """The first of some attempts, from one on, that succeeds."""
        if tries == 1:
            return self._of(stratum, mix(words ^ _salts(attempt, 1)))
        luck = mix(words[:, None] ^ _salts(attempt, tries)).ravel()
        made = self._of(np.repeat(stratum, tries), luck)
        places = made.places // tries
        return made._replace(places=places).only(np.diff(places, prepend=-1) != 0)

    def _words(self, stratum: Int, number: Int) -> U64:
        """A random word for each number, uint64 (n,)."""
        return mix(number.astype(np.uint64) * np.uint64(GOLDEN) + self._keys.take(stratum))

    def _of(self, stratum: Int, luck: U64) -> Made:
        """The attempts that succeed, of those with some random words, uint64 (n,)."""
        draft = self._draw(stratum, luck)
        held = (draft.prints >= self._first.take(stratum)) & (draft.prints <= self._last.take(stratum))
        chosen = np.flatnonzero(held & draft.good)
        questions, answers = draft.write(chosen)
        asked, answered = (np.diff(text.raw(strings)[1]) for strings in (questions, answers))
        fits = (asked <= self._longest[0]) & (answered <= self._longest[1])
        return Made(chosen, draft.prints.take(chosen), questions, answers).only(fits)


def joined(parts: Sequence[Made]) -> Made:
    """Parts that have all places from 0 on, each once, in the order of the places."""
    if len(parts) == 1:
        return parts[0]
    places = np.concatenate([part.places for part in parts])
    order = np.empty_like(places)
    order[places] = np.arange(len(places))
    prints, index = np.concatenate([part.prints for part in parts]).take(order), text.integers(order)
    questions = pa.concat_arrays([part.questions for part in parts]).take(index)
    answers = pa.concat_arrays([part.answers for part in parts]).take(index)
    return Made(places.take(order), prints, questions, answers)


def _salts(attempt: int, tries: int) -> U64:
    """What sets attempts at one number apart, uint64 (tries,)."""
    return mix(np.arange(attempt + 1, attempt + tries + 1, dtype=np.uint64))


def _ends(reserve: Reserve) -> tuple[int, int]:
    """The smallest and the largest fingerprint of a reserve."""
    return round(reserve.low * (1 << 32)) << 32, (round(reserve.high * (1 << 32)) << 32) - 1
