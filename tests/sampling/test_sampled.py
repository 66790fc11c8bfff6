"""Sampled tasks: rows by hash, reserves by the canonical problem, no repeats in test splits."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from mathbench.errors import SpaceExhausted
from mathbench.hashing import to_range
from mathbench.numbers import text
from mathbench.reserve import fingerprints
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


def test_a_stratum_that_promises_too_much_is_an_error_and_not_endless(monkeypatch):
    monkeypatch.setattr(Evens, "outer", lambda self: [Stratum("all", holds=1000)])
    with pytest.raises(SpaceExhausted, match="extrapolate cannot have many more than"):
        numbers("extrapolate", range(900))


def test_repeats_are_measured():
    first = numbers("train", range(5000))
    assert Evens().repeated_rows(0, 5000) == pytest.approx(1 - len(set(first)) / 5000)


def test_no_rows_are_no_error():
    table = Rows(Evens(), "train").batch(range(0))
    assert table.num_rows == 0 and pa.types.is_string(table.schema.field("question").type)
