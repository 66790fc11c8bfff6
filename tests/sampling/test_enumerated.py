"""Enumerated tasks: a row is the problem of its stratum and rank, posed by bits of its own, however it is asked for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from mathbench.hashing import key_of, mix64_int
from mathbench.numbers import text
from mathbench.reserve import RESERVE_OF_SPLIT, SPLITS, Reserve
from mathbench.sampling import enumerated
from mathbench.sampling.domain import Domain
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.sampling.plan import Plan
from mathbench.sampling.sampler import Sampler
from mathbench.stratum import Spaces, Stratum


@dataclass(frozen=True)
class Sums(Enumerated):
    """Sums of two numbers, posed in either order and with the kind of the stratum."""

    family: ClassVar[str] = "sums"
    summary: ClassVar[str] = "1+2;0 -> 3"
    words: ClassVar[int] = 1

    def inner(self):
        return [
            Stratum("short", (30, 40), low=(10, 1), kind=8, weight=2),
            Stratum("long", (2000, 1500), low=(100, 50), kind=9),
        ]

    def outer(self):
        return [Stratum("longer", (5000, 2000), low=(3000, 2500), kind=3)]

    def draw(self, coordinates, low):
        return np.repeat(coordinates.astype(np.int64) + low, self.words, axis=0)

    def pose(self, problems, random_bits):
        swapped = random_bits % np.uint64(2) == 1
        operands = np.where(swapped, problems.operands[::-1], problems.operands)
        return Problems(operands, problems.stratum, problems.kinds)

    def solve(self, problems):
        return problems.operands[0] + problems.operands[-1]

    def questions(self, problems):
        a, b, kind = (
            text.number(n, 10) for n in (problems.operands[0], problems.operands[-1], problems.kind)
        )
        plus, semicolon = (text.literal(sign, len(problems.stratum)) for sign in "+;")
        return text.join(a, plus, b, semicolon, kind)

    def answers(self, results):
        return text.join(text.number(results, 10))

    def oracle(self, question):
        return str(sum(map(int, question.partition(";")[0].split("+"))))

    def operands_of(self, question):
        return tuple(map(int, question.partition(";")[0].split("+")))


class Rare(Sums):
    """Of the long problems every eighth is valid, which is hard to see."""

    expensive_to_count = True

    def inner(self):
        return [Stratum("long", (1 << 40, 1 << 20), low=(100, 50))]

    def valid(self, operands, coordinates, low):
        return coordinates.sum(axis=0) % np.uint64(8) == 3


class Windows(Rare):
    """The same with windows of many ranks."""

    one_per_window = False


class Wide(Sums):
    """Numbers of 20 words."""

    words = 20


def texts(pieces):
    """Question, answer and stratum of each row."""
    rows = [
        zip(p.questions.to_pylist(), p.answers.to_pylist(), p.stratum.tolist(), strict=True) for p in pieces
    ]
    return [row for piece in rows for row in piece]


def by_hand(task, split, seed, many):
    """The first rows, one by one."""
    key, strata = task.key(split, seed), task.strata(split)
    reserve = RESERVE_OF_SPLIT[split]
    if split == "train":
        reserve = Reserve("train", 0, task.train_share)
    sampler = Sampler(Domain(task, Spaces(strata), reserve), key)
    plan = Plan(strata, range(len(strata)), sampler.capacities(), key_of(key, "plan"))
    for stratum, rank in zip(*(column.tolist() for column in plan.locate(np.arange(many))), strict=True):
        operands, (hashed,) = sampler.sample(np.array([stratum]), np.array([rank]))
        bits = mix64_int(int(hashed) ^ key_of(key, "pose"))
        a, b = operands[[0, -1], 0].tolist()
        a, b = (b, a) if bits % 2 else (a, b)
        yield f"{a}+{b};{strata[stratum].kind}", str(a + b), stratum


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("task", [Sums(), Rare(train_share=0.05), Windows(train_share=0.05), Wide()])
def test_rows_are_problems_of_the_plan_posed_by_bits_of_their_own(task, split):
    assert texts(task.source(split, 4).rendered(range(50))) == list(by_hand(task, split, 4, 50))


def recorded(monkeypatch, name):
    """The arguments with which a method of plans is called."""
    calls, method = [], getattr(Plan, name)
    monkeypatch.setattr(Plan, name, lambda plan, *rows: calls.append(rows) or method(plan, *rows))
    return calls


def test_rows_in_a_run_one_by_one_and_in_small_parts_are_the_same(monkeypatch):
    source = Sums().source("train", 0)
    runs, looked_up = recorded(monkeypatch, "runs"), recorded(monkeypatch, "locate")
    whole = texts(source.rendered(range(3, 6003)))
    assert runs == [(3, 6003)] and not looked_up
    assert (
        texts(source.rendered(np.arange(3, 6003)))
        == texts(source.rendered(range(6002, 2, -1)))[::-1]
        == whole
    )
    assert texts(source.rendered(range(3, 6003, 2))) == whole[::2]
    assert len(runs) == 1 and len(looked_up) == 3
    monkeypatch.setattr(enumerated, "MAX_NUMBERS", 5000)
    monkeypatch.setattr(enumerated, "SLICE", 700)
    pieces = list(source.rendered(range(3, 6003)))
    assert texts(pieces) == whole
    assert runs[1:] == [(3, 2503), (2503, 5003), (5003, 6003)]
    assert [len(piece.answers) for piece in pieces] == [700, 700, 700, 400] * 2 + [700, 300]


def test_runs_are_drawn_from_256_rows_per_stratum_on(monkeypatch):
    runs = recorded(monkeypatch, "runs")
    for rows in (range(511), range(512), range(0, 1100, 2), np.arange(600), range(0)):
        Sums().source("train", 0).problems(rows)
    assert runs == [(0, 512)]


@pytest.mark.parametrize(
    ("task", "batch", "parts"),
    [(Sums(), 1 << 22, [16_384, 3616]), (Wide(), (1 << 23) // 40, [6553] * 3 + [341])],
)
def test_rows_are_made_and_written_in_parts_that_fit_into_memory(task, batch, parts):
    source = task.source("extrapolate", 0)
    assert source.batch_rows == batch
    assert [len(piece.stratum) for piece in source.rendered(range(20_000))] == parts


@pytest.mark.parametrize(("words", "batch"), [(1 << 20, 8), (1 << 24, 1)])
def test_very_long_problems_are_written_one_by_one(monkeypatch, words, batch):
    monkeypatch.setattr(Sampler, "words_per_problem", words)
    source = Sums().source("extrapolate", 0)
    assert source.batch_rows == batch
    assert [len(piece.answers) for piece in source.rendered(range(3))] == [1, 1, 1]
    assert [len(piece.answers) for piece in source.rendered(range(0))] == [0]


def test_no_rows_are_one_piece_of_none():
    source = Sums().source("train", 0)
    assert [len(piece.stratum) for piece in source.rendered(range(0))] == [0]
    assert source.problems(np.arange(0)).operands.shape == (2, 0)


class Even(Sums):
    """Whether a sum is even."""

    recognition = True
    answers = Enumerated.answers

    def solve(self, problems):
        return 1 - (problems.operands[0] + problems.operands[-1]) % 2


def test_labels_are_columns_only_where_answers_are_labels():
    (piece,) = Even().source("train", 0).rendered(range(40))
    even = [int(Even().oracle(question)) % 2 == 0 for question in piece.questions.to_pylist()]
    assert piece.labels.tolist() == even
    assert piece.answers.to_pylist() == [str(label).lower() for label in even]
    (piece,) = Sums().source("train", 0).rendered(range(40))
    assert piece.labels is None and isinstance(piece.answers, pa.StringArray)


@dataclass(frozen=True)
class Plain(Sums):
    """Problems with neither symmetry nor choice."""

    pose = Enumerated.pose


def test_what_a_family_leaves_out_changes_nothing():
    operands = np.array([[5, 3], [4, 9]])
    assert Plain().canonical(operands) is operands and Plain().valid(operands, operands, operands) is None
    found = Plain().source("train", 0).problems(range(9))
    assert found.fingerprints is not None and found.claimed is None
    assert Plain().balances_rest and Plain().one_per_window and Plain().expensive_to_count is False


def columns(problems):
    named = (problems.operands, problems.stratum, problems.kind, problems.claimed, problems.fingerprints)
    return [None if column is None else column.tolist() for column in named]


def test_problems_are_taken_and_joined_column_by_column():
    kinds = np.array([7, 0, 5])
    one = Problems(
        np.array([[1, 2], [3, 4]]), np.array([2, 0]), kinds, np.array([[5, 6]]), np.array([8, 9], np.uint64)
    )
    taken = one.take(np.array([1, 1, 0]))
    assert columns(taken) == [[[2, 2, 1], [4, 4, 3]], [0, 0, 2], [7, 7, 5], [[6, 6, 5]], [9, 9, 8]]
    joined = Problems.concatenated([one, taken])
    assert columns(joined) == [
        [[1, 2, 2, 2, 1], [3, 4, 4, 4, 3]],
        [2, 0, 0, 0, 2],
        [5, 7, 7, 7, 5],
        [[5, 6, 6, 6, 5]],
        [8, 9, 9, 9, 8],
    ]
    bare = Problems(one.operands, one.stratum, kinds)
    assert columns(bare.take(np.array([0]))) == [[[1], [3]], [2], [5], None, None]
    assert columns(Problems.concatenated([bare])) == columns(bare)
