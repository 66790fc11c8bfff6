"""Sampled tasks: rows by hash, reserves by the canonical problem, no repeats in test splits."""

from dataclasses import dataclass
from itertools import count, islice
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from mathbench.errors import SpaceExhausted
from mathbench.families import family
from mathbench.hashing import GOLDEN, MASK, key_of, mix64_int, to_range
from mathbench.numbers import text
from mathbench.reserve import fingerprint, fingerprints
from mathbench.rows import Rows
from mathbench.sampling import rejection, sampled, unique
from mathbench.sampling.sampled import Sampled
from mathbench.stratum import Stratum

SIZE = 40_000


@dataclass
class Drawn:
    """Numbers below SIZE; the odd ones of them are no problems."""

    numbers: np.ndarray

    def __post_init__(self):
        self.fingerprints = fingerprints("evens", self.numbers[None])
        self.good = self.numbers % 2 == 0

    def write(self, index):
        numbers = text.join(text.number(self.numbers[index], 10))
        return numbers, numbers


@dataclass(frozen=True)
class Evens(Sampled):
    """Two strata that overlap: all numbers, and the lower half."""

    family: ClassVar[str] = "evens"
    summary: ClassVar[str] = "4 -> 4"
    longest_answer: ClassVar[int] = 4  # 10000 and more are too long

    def inner(self):
        return [Stratum("all", holds=20), Stratum("lower", holds=20)]

    def outer(self):
        return [Stratum("all", holds=20)]

    def candidates(self, split, stratum, random_bits):
        sizes = np.where(stratum == 0, SIZE, SIZE // 2).astype(np.uint64)
        return Drawn(to_range(random_bits, sizes).astype(np.int64))

    def oracle(self, question):
        return question


def numbers(split: str, rows, seed=0) -> list[int]:
    return list(map(int, Rows(Evens(), split, seed).batch(rows)["question"].to_pylist()))


def test_rows_are_problems_that_fit():
    found = numbers("train", range(30_000))
    assert max(found) < 10_000 and not any(n % 2 for n in found)
    assert len(set(found)) < len(found)  # 4000 or so problems: train repeats them


def test_splits_share_nothing_whatever_the_seed():
    seen = {
        split: {n for seed in (0, 1, "x") for n in numbers(split, range(many), seed)}
        for split, many in (("train", 30_000), ("validation", 40), ("interpolate", 20), ("extrapolate", 15))
    }
    assert sum(map(len, seen.values())) == len(set().union(*seen.values()))
    assert len(seen["train"]) > 2500


def test_test_splits_repeat_nothing_even_between_strata():
    found = numbers("validation", range(40))
    assert len(set(found)) == 40


def test_rows_do_not_depend_on_what_else_is_asked():
    rows = Rows(Evens(), "validation").batch(range(40))
    backwards = Rows(Evens(), "validation").batch(list(range(39, -1, -1)))
    assert backwards.take(list(range(39, -1, -1))).equals(rows)
    assert all(Rows(Evens(), "validation").batch([row]).equals(rows.slice(row, 1)) for row in range(0, 40, 7))


def test_how_many_attempts_are_made_at_once_changes_nothing(monkeypatch):
    wanted = {split: numbers(split, range(20)) for split in ("train", "validation", "interpolate")}
    monkeypatch.setattr(rejection, "MAX_TRIALS", 3)
    monkeypatch.setattr(rejection, "FIRST_TRIALS", 1)
    monkeypatch.setattr(rejection, "BATCH_CANDIDATES", 70)
    monkeypatch.setattr(unique, "BATCH_CANDIDATES", 70)
    monkeypatch.setattr(sampled, "BATCH_ROWS", 5)
    monkeypatch.setattr(unique, "MIN_BATCH", 3)
    monkeypatch.setattr(unique, "MAX_BATCH", 5)
    monkeypatch.setattr(unique, "CACHE_ROWS", 0)
    assert {split: numbers(split, range(20)) for split in wanted} == wanted


def test_a_split_says_how_many_rows_it_holds():
    with pytest.raises(SpaceExhausted, match="validation holds 40 different rows"):
        Rows(Evens(), "validation").batch(range(41))


class TooMany(Evens):
    """Promises more rows than there are problems."""

    def outer(self):
        return [Stratum("all", holds=1000)]


def test_a_stratum_that_promises_too_much_is_an_error_and_not_endless():
    with pytest.raises(SpaceExhausted, match="extrapolate cannot have many more than"):
        Rows(TooMany(), "extrapolate").batch(range(900))


def test_repeats_are_measured():
    first = numbers("train", range(5000))
    assert Evens().repeated_rows(0, 5000) == pytest.approx(1 - len(set(first)) / 5000)


def test_no_rows_are_no_error():
    table = Rows(Evens(), "train").batch(range(0))
    assert table.num_rows == 0 and pa.types.is_string(table.schema.field("question").type)


def by_hand(split, stratum, number, attempt):
    """The problem of one attempt, with Python integers; None where it is no problem of this split that fits."""
    key = key_of(Evens().key(split, 0), Evens().strata(split)[stratum].name)
    word = mix64_int((number * GOLDEN + key) & MASK)
    bits = mix64_int(word ^ mix64_int(attempt + 1))
    drawn = (bits >> 32) * (SIZE, SIZE // 2)[stratum] >> 32
    low, high = {"train": (0, 0.6), "validation": (0.6, 0.7)}[split]
    inside = low <= fingerprint("evens", (drawn,)) / 2**64 < high
    return drawn if inside and drawn % 2 == 0 and drawn < 10_000 else None


def test_a_row_of_train_is_its_first_attempt_that_succeeds():
    strata, ranks = Evens().source("train", 0).plan.locate(np.arange(60))
    expected = []
    for stratum, rank in zip(strata.tolist(), ranks.tolist(), strict=True):
        attempts = (by_hand("train", stratum, rank, attempt) for attempt in count())
        expected.append(next(found for found in attempts if found is not None))
    assert numbers("train", range(60)) == expected


def succeeding(stratum):
    """The problems of a stratum of validation whose first attempt succeeds."""
    first = (by_hand("validation", stratum, number, 0) for number in count())
    return (found for found in first if found is not None)


def test_a_row_of_a_test_split_is_a_first_attempt_that_no_stratum_had_before():
    seen, unique_ones = set(), ([], [])
    for pair in islice(zip(succeeding(0), succeeding(1), strict=False), 60):  # in turn
        for stratum, found in enumerate(pair):
            unique_ones[stratum].extend({found} - seen)
            seen.add(found)
    source = Evens().source("validation", 0)
    places = zip(*(column.tolist() for column in source.plan.locate(np.arange(40))), strict=True)
    expected = [unique_ones[stratum][rank] for stratum, rank in places]
    assert numbers("validation", range(40)) == expected
    assert source.fingerprints(range(40)).tolist() == [fingerprint("evens", (n,)) for n in expected]


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_problem_that_never_succeeds_ends_after_so_many_attempts(monkeypatch, split):
    monkeypatch.setattr(Evens, "longest_answer", 0)
    monkeypatch.setattr(rejection, "MAX_CANDIDATES", 200)
    monkeypatch.setattr(unique, "MAX_CANDIDATES", 200)
    with pytest.raises(RuntimeError, match=r"^no problem was found in 200 attempts$"):
        numbers(split, range(1))


def test_open_splits_share_their_draws():
    task, drawn = family("deepmind/numbers__gcd_composed").of({}), []

    class Counted(type(task)):
        def candidates(self, split, stratum, random_bits):
            drawn.append(split)
            return super().candidates(split, stratum, random_bits)

    sizes = {"train": 50, "validation": 30, "interpolate": 30, "extrapolate": 30}
    opened = {split: Rows(Counted(), split) for split in sizes}
    shared = {split: rows.batch(range(sizes[split])) for split, rows in opened.items()}
    assert drawn[0] == sampled.ALL_SPLITS and len(drawn) <= 3
    for split, rows in sizes.items():
        opened.clear()
        assert Rows(task, split).batch(range(rows)).equals(shared[split])


def test_a_split_that_is_read_alone_draws_for_itself_alone():
    drawn = []

    class Counted(type(family("deepmind/numbers__gcd").of({}))):
        def candidates(self, split, stratum, random_bits):
            drawn.append(len(set(stratum.tolist())))
            return super().candidates(split, stratum, random_bits)

    Rows(Counted(), "train").batch(range(10))
    assert drawn and max(drawn) <= len(Counted().strata("train"))


def test_repeats_of_rows_that_were_just_rendered_are_not_drawn_again(monkeypatch):
    Rows(Evens(), "train", "fresh").batch(range(300))
    with monkeypatch.context() as patch:
        patch.setattr(Evens, "candidates", None)
        share = Evens().repeated_rows("fresh", 300), Evens().repeated_rows("fresh", 200)
    source = Evens().source("train", "fresh")
    assert share == tuple(1 - len(set(source.fingerprints(range(n)).tolist())) / n for n in (300, 200))
