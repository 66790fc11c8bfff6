"""Families whose problems are too irregular to count: row i is drawn by hashing i, and drawn again until it belongs.

An attempt is a pure function of (task, seed, split, stratum, number, attempt). A fixed hash of the canonical problem
says in which reserve it lies; the first attempt that lies in the split's reserve and whose text is not too long is the
row's problem. So train, validation and the two test splits cannot share a problem, whatever the seed or the level.

Train may repeat a problem where there are few of them. The other splits never do: their candidates are drawn in the
order of their numbers, the strata in turn, and the ones that repeat an earlier problem are passed over.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import text
from mathbench.errors import SpaceExhausted
from mathbench.hashing import GOLDEN, U64, key_of, mix
from mathbench.plan import MOST_ROWS, Plan
from mathbench.reserve import Reserve
from mathbench.stock import Held
from mathbench.task import Int, Task, Written, numbers

ROWS = 1 << 17  # rows made at a time
BATCH = 1 << 16  # attempts made at a time
FEWEST, MOST = 1 << 5, 1 << 12  # candidates of each stratum that are looked at for repeats at a time
MOST_ATTEMPTS = 1 << 16
MOST_TRIES = 64  # attempts at one row made side by side
WORTH = 1 << 13  # so many attempts cost hardly more than one
# Each split has a reserve of its own, because strata of two may overlap. The test splits have more than in families
# that are counted: a problem is drawn until it lies in the reserve, on average 1 / share times.
RESERVES = {
    "train": Reserve("train", 0.0, 0.6),
    "validation": Reserve("validation", 0.6, 0.7),
    "interpolate": Reserve("interpolate", 0.7, 0.85),
    "extrapolate": Reserve("extrapolate", 0.85, 1.0),
}
ALL = Reserve("all", 0.0, 1.0)


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


@dataclass(frozen=True)
class Sampled(Task):
    """A task whose problems are drawn by hash."""

    numeric: ClassVar[bool] = False
    longest_question: ClassVar[int] = 160  # characters
    longest_answer: ClassVar[int] = 30

    def may_repeat(self, split: str) -> bool:
        """Train may, where problems are few."""
        return split == "train"

    def repeated(self, seed: int | str, rows: int) -> float:
        """The share of the first rows of train, at least one, whose problem an earlier one of them has."""
        prints = self.source("train", seed).prints(range(rows))
        return 1 - len(np.unique(prints)) / len(prints)

    @abstractmethod
    def draft(self, split: str, stratum: Int, luck: U64) -> Draft:
        """Draw problems.

        Args:
            split: the split, which says what the strata are.
            stratum: int64 (n,), the number of each problem's stratum.
            luck: uint64 (n,), random words; a problem depends on its own word and its stratum alone.
        """

    def source(self, split: str, seed: int | str) -> "SampledSource":
        return SampledSource(self, split, self.key(split, seed))


class Accepted(NamedTuple):
    """The first acceptable attempt at each of some candidates.

    Attributes:
        prints: uint64 (n,), hashes of the problems.
        attempt: int64 (n,), which attempt it was.
        questions, answers: strings (n,).
    """

    prints: U64
    attempt: Int
    questions: pa.StringArray
    answers: pa.StringArray


class SampledSource:
    """Rows of one split of a sampled task.

    Args:
        task: the task.
        split: the split.
        key: 64-bit key of the order.
    """

    at_once = ROWS

    def __init__(self, task: Sampled, split: str, key: int):
        self._task, self._split, strata = task, split, task.strata(split)
        self._keys = np.array([key_of(key, s.name) for s in strata], dtype=np.uint64)
        reserves = [ALL if s.apart else RESERVES[split] for s in strata]
        self._first, self._last = np.array([_ends(r) for r in reserves], dtype=np.uint64).reshape(-1, 2).T
        self._repeats = task.may_repeat(split)
        held = [Held(MOST_ROWS if self._repeats else s.holds) for s in strata]
        self.plan = Plan(strata, range(len(strata)), held, key_of(key, "plan"))
        self._distinct = Distinct(len(strata))
        # half as many as it takes on average, where every stratum needs as many
        self._tries = max(int(0.5 / max([r.share for r in reserves], default=1)), 1)

    def __len__(self) -> int:
        return self.plan.rows

    def upto(self, rows: int) -> int:
        """So many rows, or all where there are fewer."""
        return self.plan.upto(rows)

    @property
    def block(self) -> int:
        """Rows after which every stratum had its share."""
        return self.plan.block

    def written(self, rows: range | Int) -> Iterator[Written]:
        """Some rows in order, in pieces."""
        for start in range(0, max(len(rows), 1), ROWS):
            stratum, rank = self.plan.place(numbers(rows[start : start + ROWS]))
            made = self._accepted(stratum, *self._candidates(stratum, rank))
            yield Written(made.questions, made.answers, stratum)

    def prints(self, rows: range | Int) -> U64:
        """Hashes of the canonical problems of some rows, uint64 (n,); equal problems have equal ones."""
        stratum, rank = self.plan.place(numbers(rows))
        return self._accepted(stratum, *self._candidates(stratum, rank)).prints

    def _candidates(self, stratum: Int, rank: Int) -> tuple[Int, Int]:
        """The candidate that each rank of a stratum stands for, and the attempt to begin with; int64 (n,) each."""
        if self._repeats:
            return rank, np.zeros_like(rank)
        for s in np.unique(stratum):
            self._extend(int(s), int(rank[stratum == s].max()) + 1)
        return self._distinct.of(stratum, rank)

    def _extend(self, stratum: int, needed: int) -> None:
        """Look at candidates of all strata, in turn, until one stratum has so many different problems."""
        found = self._distinct
        while len(found.candidates[stratum]) < needed:
            before = len(found.candidates[stratum])
            many = int(np.clip((needed - before) * 9 // 8, FEWEST, MOST))
            number = np.repeat(np.arange(found.looked_at, found.looked_at + many), len(self._keys))
            of = np.tile(np.arange(len(self._keys)), many)  # in turn, so that none takes what another needs
            found.add(of, number, self._accepted(of, number, np.zeros_like(number), self._tries))
            found.looked_at += many
            if len(found.candidates[stratum]) - before <= many // 64:
                name = self._task.strata(self._split)[stratum].name
                raise SpaceExhausted(
                    f"{self._task.name}: {self._split} holds hardly more than {before:,} rows of {name}."
                )

    def _accepted(self, stratum: Int, number: Int, attempt: Int, least: int = 1) -> Accepted:
        """The first acceptable attempt, from a given one on, at some candidates.

        How many attempts are made side by side, at first at least so many, changes nothing but the time it takes.
        """
        word = mix(number.astype(np.uint64) * np.uint64(GOLDEN) + self._keys.take(stratum))
        attempt, pending = attempt.copy(), np.arange(len(number))
        known = not self._repeats and attempt.any()  # made before: each succeeds at once
        tries = 1 if known else min(max(WORTH // max(len(number), 1), least), 4 * least, MOST_TRIES)
        prints = np.empty(len(number), np.uint64)
        done: list[Int] = []
        texts: list[tuple[pa.StringArray, pa.StringArray]] = []
        left = np.ones(len(number), np.bool_)
        while len(pending) or not done:
            for start in range(0, len(pending) or 1, BATCH // tries):
                here = pending[start : start + BATCH // tries]
                places, found = self._tried(stratum, word, attempt, here, tries)
                prints[places], attempt[places] = found.prints, found.attempt
                done.append(places)
                texts.append((found.questions, found.answers))
                left[places] = False
            before, pending = len(pending), np.flatnonzero(left)
            tries = _side_by_side(len(pending), before, tries)
        order = np.empty(len(number), np.int64)
        order[np.concatenate(done)] = np.arange(len(number))
        questions, answers = (
            pa.concat_arrays(column).take(text.integers(order)) for column in zip(*texts, strict=True)
        )
        return Accepted(prints, attempt, questions, answers)

    def _tried(self, stratum: Int, word: U64, attempt: Int, pending: Int, tries: int) -> tuple[Int, Accepted]:
        """Make some attempts at each pending candidate: which ones are done, and what they are.

        Moves `attempt` on for the others.
        """
        item = np.repeat(pending, tries) if tries > 1 else pending
        number = attempt.take(item)
        if tries > 1:
            number += np.tile(np.arange(tries), len(pending))
        if number.max(initial=0) > MOST_ATTEMPTS:
            raise RuntimeError(
                f"{self._task.name}: {MOST_ATTEMPTS} attempts at a problem of {self._split} failed"
            )
        luck = mix(word.take(item) ^ mix(number.astype(np.uint64) + np.uint64(1)))
        draft = self._task.draft(self._split, stratum.take(item), luck)
        chosen, first = _first(self._held(draft.prints, stratum.take(item)) & draft.good, tries)
        questions, answers = draft.write(chosen)
        fits = self._fits(questions, answers)
        attempt[pending] += first + 1
        kept = chosen
        if not fits.all():
            kept, keep = chosen[fits], pa.array(fits)
            questions, answers = questions.filter(keep), answers.filter(keep)
        return item.take(kept), Accepted(draft.prints.take(kept), number.take(kept), questions, answers)

    def _held(self, prints: U64, stratum: Int) -> NDArray[np.bool_]:
        """Which problems lie in the reserves of their strata."""
        return (prints >= self._first.take(stratum)) & (prints <= self._last.take(stratum))

    def _fits(self, questions: pa.StringArray, answers: pa.StringArray) -> NDArray[np.bool_]:
        asked, answered = (np.diff(text.raw(strings)[1]) for strings in (questions, answers))
        return (asked <= self._task.longest_question) & (answered <= self._task.longest_answer)


def _side_by_side(pending: int, before: int, tries: int) -> int:
    """How many attempts to make next at each pending candidate.

    One if most succeed, about as many as it takes if not, and more where there are so few candidates that the number
    of rounds costs more than the attempts.
    """
    needed = tries * before // max(before - pending, 1)
    return min(max(needed, WORTH // max(pending, 1), 1), MOST_TRIES)


def _first(right: NDArray[np.bool_], tries: int) -> tuple[Int, Int]:
    """The first right one of each group of so many.

    Returns:
        The places of those there are, and for each group its number in the group, or that of the last one.
    """
    if tries == 1:
        return np.flatnonzero(right), np.zeros(len(right), np.int64)
    groups = right.reshape(-1, tries)
    some, first = groups.any(axis=1), groups.argmax(axis=1)
    places = (np.arange(len(groups)) * tries + first)[some]
    return places, np.where(some, first, tries - 1)


def _ends(reserve: Reserve) -> tuple[int, int]:
    """The smallest and the largest fingerprint of a reserve."""
    return round(reserve.low * (1 << 32)) << 32, (round(reserve.high * (1 << 32)) << 32) - 1


class Distinct:
    """Candidates of some strata that repeat no earlier problem of any of them.

    Attributes:
        looked_at: how many candidates of each stratum were looked at.
        candidates, attempts: int64 (k,) per stratum, the ones found and the attempt that each stands for.
    """

    def __init__(self, strata: int):
        self.looked_at = 0
        self.candidates = [np.empty(0, np.int64) for _ in range(strata)]
        self.attempts = [np.empty(0, np.int64) for _ in range(strata)]
        self._seen = np.empty(0, np.uint64)

    def add(self, stratum: Int, number: Int, made: Accepted) -> None:
        """Take in the next candidates of all strata."""
        prints, first = np.unique(made.prints, return_index=True)
        fresh = np.sort(first[~np.isin(prints, self._seen, assume_unique=True)])
        self._seen = np.union1d(self._seen, prints)
        for s in range(len(self.candidates)):
            here = fresh[stratum[fresh] == s]
            self.candidates[s] = np.concatenate([self.candidates[s], number[here]])
            self.attempts[s] = np.concatenate([self.attempts[s], made.attempt[here]])

    def of(self, stratum: Int, rank: Int) -> tuple[Int, Int]:
        """The candidates at some ranks and their attempts, int64 (n,) each."""
        candidate, attempt = np.empty_like(rank), np.empty_like(rank)
        for s in np.unique(stratum):
            here = stratum == s
            candidate[here], attempt[here] = (
                table[s][rank[here]] for table in (self.candidates, self.attempts)
            )
        return candidate, attempt
